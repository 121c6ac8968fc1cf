// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Decorrelation
import JetTaggers
import NeuralEngine
import PluginKit
import Settings
import Testing
import Training

/// Trainings of decorrelated heads, on several threads.
@Suite struct DecorrelationTrainingTests {
  /// Background of one prong if `kind` is 0, and of two, as signal is, if it is 1.
  private static let lines: [String] = {
    var generator = SeededGenerator(seed: 11)
    return (0..<160).map { event in
      let (label, kind) = (event % 2, event / 2 % 2)
      let particles = ToyJets.particles(prongs: label == 1 || kind == 1 ? 2 : 1, using: &generator)
      return ToyJets.line(particles, "\"label\": \(label)", "\"kind\": \(kind)")
    }
  }()

  private func trainer(_ by: String, threads: Int = 2) throws -> Trainer {
    let configuration = try ConfigurationNode(
      yaml:
        "{head: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W]}}, nuisances: [kind], by: \(by)}",
      source: "test.yaml")
    let network = try Network(
      embedding: ToyJets.embedding(.simple),
      heads: [("tagger", DecorrelatedClassifier.self, configuration)],
      observables: ObservableCatalogue(plugins: ToyJets.plugins))
    let dataset = try ToyJets.dataset(Self.lines, truth: ["label", "kind"])
    let split = EventSplit(dataset, validationFraction: 0.4, seed: 1)
    return Trainer(
      try network.prepared(on: dataset, split.training, resuming: nil), headWeights: [1],
      section: try ToyJets.section(
        "{epochs: 6, batch-size: 32, learning-rate: 0.02, keep: last, threads: \(threads)}"),
      dataset: dataset, split: split)
  }

  private func train(_ trainer: Trainer) throws -> Trainer {
    while !trainer.isFinished { _ = try trainer.trainEpoch { _, _ in } }
    return trainer
  }

  private func metric(_ name: String, _ trainer: Trainer) -> Double {
    trainer.epochs.last!.metrics.first { $0.name == name }!.value
  }

  /// A penalty makes the spectra of passing and failing background alike, and the same bits again.
  @Test(arguments: [
    "{method: disco, strength: 5}",
    "{method: adversarial, strength: 1, adversary: {learning-rate: 0.02, steps: 3}}",
  ])
  func penaltiesTakeTheDependenceAway(_ by: String) throws {
    let name = "1/JSD of kind at 50 %"
    let plain = try train(trainer("none"))
    let penalised = try train(trainer(by))
    #expect(metric(name, plain) < 5)
    #expect(
      metric(name, penalised) > 2 * metric(name, plain), "\(metric(name, penalised)), \(metric(name, plain))")
    let again = try train(trainer(by))
    #expect(Array(penalised.parameters.values) == Array(again.parameters.values))
    #expect(penalised.epochs.map(\.validationLoss) == again.epochs.map(\.validationLoss))
  }

  /// Two threads share the batch of a distance correlation as one has it.
  @Test func oneThreadAndTwo() throws {
    let (one, two) = try (trainer("disco", threads: 1), trainer("disco", threads: 2))
    let batch = Array(0..<48)[...]
    let single = try one.learn(batch, 0).lossSums.reduce(0) { $0 + $1[0] }
    let shared = try two.learn(batch, 0).lossSums.reduce(0) { $0 + $1[0] }
    #expect(abs(single - shared) < 1e-4 * abs(single))
  }
}

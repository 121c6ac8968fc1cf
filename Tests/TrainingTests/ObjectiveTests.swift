// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import PluginKit
import TestFiles
import Testing
import Training

/// Objectives of groups of parameters, and what a head knows of the training.
@Suite struct ObjectiveTests {
  private func trainer(
    _ configuration: Duel.Configuration, _ training: String = "{epochs: 1, batch-size: 32, threads: 1}",
    resuming checkpoint: Checkpoint? = nil
  ) throws -> Trainer {
    let network = try Network(
      embedding: ToyJets.embedding(.simple),
      heads: [("duel", Duel.self, try JSONValue(encoding: configuration))])
    let dataset = try ToyJets.dataset(ToyJets.lines(80))
    return Trainer(
      network, headWeights: [1], section: try ToyJets.section(training), dataset: dataset,
      split: EventSplit(dataset, validationFraction: 0.3, seed: 1), resuming: checkpoint)
  }

  private func train(_ trainer: Trainer, epochs: Int = .max) throws {
    while !trainer.isFinished, trainer.epochs.count < epochs { _ = try trainer.trainEpoch { _, _ in } }
  }

  private func numbers(_ parameters: Parameters) -> [Float] { Array(parameters.values) }

  private let batch = Array(0..<32)[...]

  /// Which of the numbers are parameters of the adversary.
  private func areOfAdversary(_ layout: ParameterLayout) -> [Bool] {
    var result = Array(repeating: false, count: layout.count)
    for entry in layout.entries where entry.name.contains(".adversary.") {
      for i in entry.offset..<entry.offset + entry.count { result[i] = true }
    }
    return result
  }

  /// The gradient of each group is that of its own loss, by differences of the loss.
  @Test(arguments: [Duel.Loss.duel, .wholeBatch]) func gradients(_ loss: Duel.Loss) throws {
    let trainer = try trainer(Duel.Configuration(loss: loss))
    let start = numbers(trainer.parameters)
    try trainer.learn(batch, 0)
    // After one step the first moment is a tenth of the gradient.
    let gradient = numbers(Checkpoint(trainer, configuration: "").firstMoment).map { 10 * $0 }
    let isOfAdversary = areOfAdversary(trainer.network.layout)
    let probes = try [loss, .adversary].map { try self.trainer(Duel.Configuration(loss: $0)) }
    let places = trainer.network.layout.entries.flatMap { entry in
      [entry.offset, entry.offset + entry.count / 2]
    }
    let largest = gradient.map(abs).max()!
    #expect(largest > 0.01)
    for place in places {
      let probe = probes[loss == .duel && isOfAdversary[place] ? 1 : 0]
      let losses = try [-0.01, 0.01].map { (step: Float) in
        _ = probe.parameters.values.update(from: start)
        probe.parameters.values[place] += step
        let result = try probe.learn(batch, 0)
        return result.lossSums[0][0] / result.totalWeights[0]
      }
      let expected = Float((losses[1] - losses[0]) / 0.02)
      #expect(abs(gradient[place] - expected) < 0.01 * largest, "\(place): \(gradient[place]), \(expected)")
    }
  }

  /// Steps of each objective are those of a training of it alone from the same weights.
  @Test func groupsDoNotTouchEachOther() throws {
    let steps = 3
    let both = try trainer(Duel.Configuration(loss: .duel, rate: 0.01, alternatingSteps: steps))
    let isOfAdversary = areOfAdversary(both.network.layout)
    let start = numbers(both.parameters)
    try both.learn(batch, 0)
    let alternated = numbers(both.parameters)
    for place in start.indices where !isOfAdversary[place] { #expect(alternated[place] == start[place]) }
    // Adam by itself on the adversary's loss, the schedule being constant.
    let alone = try trainer(Duel.Configuration(loss: .adversary))
    let layout = alone.network.layout
    let optimiser = AdamW(layout: layout)
    let weights = Parameters(layout: layout)
    _ = weights.values.update(from: start)
    for _ in 0..<steps {
      alone.parameters.assign(weights)
      let fresh = try trainer(Duel.Configuration(loss: .adversary))
      fresh.parameters.assign(weights)
      try fresh.learn(batch, 0)
      let gradient = Parameters(layout: layout)
      let moment = Checkpoint(fresh, configuration: "").firstMoment
      for place in start.indices where isOfAdversary[place] {
        gradient.values[place] = 10 * moment.values[place]
      }
      optimiser.update(weights, gradient: gradient, learningRate: 0.01)
    }
    for place in start.indices {
      #expect(abs(weights.values[place] - alternated[place]) < 1e-5, "\(place)")
      #expect(
        !isOfAdversary[place] || start[place] == 0 && alternated[place] == 0
          || start[place] != alternated[place])
    }
    let checkpoint = Checkpoint(both, configuration: "")
    #expect(checkpoint.step == 1 && checkpoint.objectiveSteps == ["duel/adversary": steps])
  }

  /// Steps together with those of the training are taken from gradients at the same weights.
  @Test func together() throws {
    let both = try trainer(Duel.Configuration(loss: .duel, rate: 0.01))
    try both.learn(batch, 0.02)
    let single = try (trainer(Duel.Configuration(loss: .duel)), trainer(Duel.Configuration(loss: .adversary)))
    try single.0.learn(batch, 0.02)
    try single.1.learn(batch, 0.01)
    let isOfAdversary = areOfAdversary(both.network.layout)
    for place in isOfAdversary.indices {
      let expected = isOfAdversary[place] ? single.1.parameters.values : single.0.parameters.values
      #expect(abs(both.parameters.values[place] - expected[place]) < 1e-6)
    }
  }

  /// Also with random numbers of the phase, on two threads and after an interruption.
  @Test func theSameBits() throws {
    let configuration = Duel.Configuration(loss: .duel, rate: 0.01, alternatingSteps: 2, dropout: 0.3)
    let section = "{epochs: 4, batch-size: 16, gradient-clip: 1, weight-decay: 0.01, threads: 2}"
    let whole = try trainer(configuration, section)
    try train(whole)
    let again = try trainer(configuration, section)
    try train(again)
    #expect(numbers(whole.parameters) == numbers(again.parameters))
    let part = try trainer(configuration, section)
    try train(part, epochs: 2)
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(Checkpoint.file)
    try Checkpoint(part, configuration: "").write(to: file)
    let checkpoint = try Checkpoint(contentsOf: file, layout: part.network.layout)
    #expect(checkpoint.objectiveSteps == ["duel/adversary": 2 * checkpoint.step])
    let rest = try trainer(configuration, section, resuming: checkpoint)
    try train(rest)
    #expect(numbers(rest.parameters) == numbers(whole.parameters))
    #expect(rest.epochs.map(\.trainingLoss) == whole.epochs.map(\.trainingLoss))
    let other = try trainer(
      configuration, section.replacingOccurrences(of: "threads: 2", with: "threads: 2, seed: 5"))
    try train(other)
    #expect(numbers(other.parameters) != numbers(whole.parameters))
  }

  @Test func phases() {
    func phase(
      _ step: Int = 3, seed: UInt64 = 1, head: String = "a", thread: Int = 0, _ repetition: Int = 0
    ) -> UInt64 {
      TrainingPhase(
        epoch: 1, step: step, trainingSeed: seed, head: head, thread: thread, repetition: repetition
      ).seed
    }
    let phases = [
      phase(), phase(4), phase(seed: 2), phase(head: "b"), phase(head: "ab"), phase(thread: 1), phase(3, 1),
    ]
    #expect(Set(phases).count == phases.count && phase() == phases[0])
    #expect(!TrainingPhase().isTraining)
  }

  @Test(arguments: [
    (Duel.Fault.count, "The head duel gives 1 losses for its 2 objectives (main, adversary)"),
    (.shape, "The head duel gives a loss of 1 × 1 numbers for its objective adversary"),
    (.first, "The head duel has no first objective"), (.name, "called “main”"),
    (.overlap, "the parameter heads.duel.adversary.weight, which belongs to duel/adversary"),
    (.empty, "gives its objective adversary no parameters"), (.rate, "the learning rate -1.0"),
    (.steps, "alternates its objective adversary by 0 steps"),
  ]) func faults(_ fault: Duel.Fault, _ text: String) throws {
    let trainer = try trainer(Duel.Configuration(loss: .duel, fault: fault))
    let error = #expect(throws: PluginError.self) { _ = try trainer.trainEpoch { _, _ in } }
    #expect(error?.description.contains(text) == true, "\(String(describing: error))")
  }

  /// A loss of the whole batch is that of all of it, and not of what a thread sees: gradients, losses and validation are those
  /// of one thread, to rounding, and the same bits again.
  @Test func aWholeBatchOnSeveralThreads() throws {
    let configuration = Duel.Configuration(loss: .wholeBatch)
    let one = try trainer(configuration, "{epochs: 2, batch-size: 32, threads: 1}")
    let (two, again) = try (
      trainer(configuration, "{epochs: 2, batch-size: 32, threads: 2}"),
      trainer(configuration, "{epochs: 2, batch-size: 32, threads: 2}")
    )
    let single = try one.learn(batch, 0)
    let shared = try two.learn(batch, 0)
    #expect(shared.lossSums.count == 2)
    let sum = shared.lossSums.reduce(0) { $0 + $1[0] }
    #expect(abs(sum - single.lossSums[0][0]) < 1e-5 * abs(sum))
    let gradients = [one, two].map { numbers(Checkpoint($0, configuration: "").firstMoment) }
    let largest = gradients[0].map(abs).max()!
    #expect(largest > 0.001)
    for (a, b) in zip(gradients[0], gradients[1]) { #expect(abs(a - b) < 1e-4 * largest) }
    _ = try again.learn(batch, 0)
    try [one, two, again].forEach { try train($0) }
    for (a, b) in zip(one.epochs, two.epochs) {
      #expect(abs(a.trainingLoss - b.trainingLoss) < 1e-3 * abs(a.trainingLoss))
      #expect(abs(a.validationLoss! - b.validationLoss!) < 1e-3 * abs(a.validationLoss!))
    }
    #expect(numbers(two.parameters) == numbers(again.parameters))
    #expect(two.epochs.map(\.validationLoss) == again.epochs.map(\.validationLoss))
  }
}

/// A tagger and an adversary that guesses the flavour from its logit.
struct Duel: Head {
  enum Loss: String, Codable {
    case duel, adversary, wholeBatch
  }

  enum Fault: String, Codable {
    case count, shape, first, name, overlap, empty, rate, steps
  }

  struct Configuration: Codable, Sendable {
    var loss: Loss
    var rate: Double?
    var alternatingSteps: Int?
    var dropout: Float?
    var fault: Fault?
  }

  static let identifier = "duel"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Tells prongs and not flavours."
  static let example = HeadExample(
    configuration: Configuration(loss: .duel), truth: ["label": [0, 1], "flavour": [0, 1, 2]])

  let configuration: Configuration
  private let tagger: Dense
  private let adversary: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    tagger = try builder.dense("tagger", inputs: builder.jetEmbeddingWidth, outputs: 1)
    adversary = builder.dense("adversary", inputs: 1, outputs: 1)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { [.jetEmbedding] }
  var truthColumns: [String] { ["label", "flavour"] }
  var outputs: [HeadOutput] { [HeadOutput("logit")] }

  var objectives: [Objective] {
    func adversary(_ name: String = "adversary") -> Objective {
      let steps = configuration.fault == .steps ? 0 : configuration.alternatingSteps
      return Objective(
        name, parameters: configuration.fault == .empty ? [] : self.adversary.parameters,
        learningRate: configuration.fault == .rate ? -1 : configuration.rate, schedule: .constant,
        alternation: steps.map { .alternating(steps: $0) } ?? .together)
    }
    switch (configuration.loss, configuration.fault) {
    case (.duel, .first): return [adversary()]
    case (.duel, .name): return [.main, adversary("main")]
    case (.duel, .overlap): return [.main, adversary(), adversary("other")]
    case (.duel, _): return [.main, adversary()]
    case (.adversary, _): return [.main]
    case (.wholeBatch, _): return [.main, Objective("size", scope: .batch)]
    }
  }

  func check(_ truth: HeadTruth) {}

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    var generator = inputs.phase.generator()
    let embedding = inputs.jetEmbedding
    guard inputs.phase.isTraining, let dropout = configuration.dropout else { return tagger(embedding) }
    return tagger(embedding.dropout(dropout, using: &generator))
  }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let guess = guessLoss(result, truth)
    switch configuration.loss {
    case .adversary: return guess
    case .wholeBatch: return result.binaryCrossEntropy(targets: truth["label"])
    case .duel: return result.binaryCrossEntropy(targets: truth["label"]) - 0.5 * guess
    }
  }

  private func guessLoss(_ result: Variable, _ truth: HeadTruth) -> Variable {
    adversary(result).squaredError(targets: truth["flavour"])
  }

  func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    let loss = loss(of: result, truth: truth)
    switch configuration.loss {
    case .adversary: return [loss]
    // No mean over parts is this square of a mean.
    case .wholeBatch: return [loss, result.mean().squared()]
    case .duel:
      guard configuration.fault != .count else { return [loss] }
      let guess = guessLoss(result, truth)
      return [loss, configuration.fault == .shape ? guess.mean() : guess]
    }
  }

  func outputs(of result: Variable) -> Variable { result }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
    HeadEvaluation(metrics: [Metric("reach", Estimate(value: 1, error: nil))])
  }
}

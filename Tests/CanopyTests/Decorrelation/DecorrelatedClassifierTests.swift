// SPDX-License-Identifier: GPL-3.0-or-later

import Decorrelation
import JetTaggers
import PluginKit
import Testing

/// What the head makes of its settings and of the head inside, and what its losses are.
@Suite struct DecorrelatedClassifierTests {
  private func settings(_ keys: String) throws -> DecorrelationSettings {
    let head = "head: {plugin: jet-tagger, configuration: {truth: label, classes: [a, b]}}, "
    return try ConfigurationNode(
      yaml: "{\(keys.contains("head:") ? "" : head)\(keys)}", source: "test.yaml"
    ).decode(DecorrelationSettings.self)
  }

  private func builder() throws -> HeadBuilder {
    var plugins = PluginRegistry()
    try plugins.register(JetTagger.self)
    try plugins.register(DecorrelatedClassifier.self)
    return HeadBuilder(
      headName: "tagger", jetEmbeddingWidth: 3, layout: ParameterLayout(), plugins: plugins)
  }

  private func head(_ text: String) throws -> DecorrelatedClassifier {
    var builder = try builder()
    return try DecorrelatedClassifier(configuration: settings(text), builder: &builder)
  }

  private let truth = HeadTruth(
    rows: 6, columns: ["label": [0, 1, 0, 0, 1, 0], "mass": [60, 80, 70, 90, 81, 100]])
  private let weights: [Float] = [1, 1, 2, 1, 1, 0.5]

  /// Inputs of an epoch of a training; of 0 of a validation.
  private func inputs(_ tape: Tape, epoch: Int = 0) -> HeadInputs {
    var inputs = HeadInputs(eventCount: 6, eventOfJet: Array(0..<6), on: tape)
    let phase =
      epoch == 0
      ? TrainingPhase()
      : TrainingPhase(epoch: epoch, step: 0, trainingSeed: 1, head: "tagger", thread: 0)
    inputs.give(phase: phase, rowWeights: weights)
    return inputs
  }

  private func tape() -> Tape { Tape(parameters: Parameters(layout: ParameterLayout())) }

  private func prepared(_ head: DecorrelatedClassifier) throws -> DecorrelatedClassifier {
    var head = head
    try head.prepare(
      by: head.preparation(fitting: truth, weights: weights.map { Double($0) }, inputs: inputs(tape())))
    return head
  }

  /// The head inside is that which its own section makes, with its defaults filled in.
  @Test func theHeadInside() throws {
    var builder = try builder()
    let head = try DecorrelatedClassifier(
      configuration: settings("nuisances: [mass], by: none"), builder: &builder)
    var other = HeadBuilder(headName: "tagger", jetEmbeddingWidth: 3, layout: ParameterLayout())
    let tagger = try JetTagger(
      configuration: JetTagger.Configuration(truth: "label", classes: ["a", "b"]), builder: &other)
    #expect(builder.layout == other.layout)
    #expect(head.outputs == tagger.outputs && head.rows == .jets && head.inputs == tagger.inputs)
    #expect(head.truthColumns == ["label", "mass"] && head.observables.isEmpty)
    #expect(head.configuration.classes == ["a"])
    #expect(head.configuration.headVersion == JetTagger.version)
    #expect(
      try head.configuration.head.configuration.decode(JetTagger.Configuration.self).hidden == [3, 3])
    #expect(head.objectives == [.main])
  }

  /// The penalty is that of the classes that are asked for, times λ; its gradient has no part in the first objective.
  @Test func distanceCorrelation() throws {
    let head = try prepared(head("nuisances: [mass], by: {method: disco, strength: 3}"))
    let tape = tape()
    let logits = tape.constant([0.3, 2, -1, 0.5, 1, -0.2], rows: 6, columns: 1)
    let inputs = inputs(tape, epoch: 1)
    let losses = head.losses(of: logits, truth: truth, inputs: inputs)
    let background = [1, 0, 2, 1, 0, 0.5] as [Float]
    let expected = logits.sigmoid().distanceCorrelation(with: truth["mass"], weights: background)
    #expect(losses.count == 2 && head.objectives.map(\.scope) == [.rows, .batch])
    #expect(abs(losses[1].values[0] - 3 * expected.values[0]) < 1e-5)
    #expect(Array(losses[0].values) == Array(head.loss(of: logits, truth: truth).values))
  }

  /// In the epochs of the warm-up the penalty is 0, and it counts in the validation.
  @Test func warmUp() throws {
    let head = try prepared(head("nuisances: [mass], by: {method: disco, warm-up: 2}"))
    let penalties = [1, 2, 3, 0].map { epoch in
      let tape = tape()
      let logits = tape.constant([0.3, 2, -1, 0.5, 1, -0.2], rows: 6, columns: 1)
      return head.losses(of: logits, truth: truth, inputs: inputs(tape, epoch: epoch))[1].values[0]
    }
    #expect(penalties[0] == 0 && penalties[1] == 0 && penalties[2] > 0.01 && penalties[3] == penalties[2])
  }

  /// The network gains what the adversary loses, on the rows of the background alone, whose mean counts.
  @Test(arguments: ["mixture", "bins"]) func adversary(_ kind: String) throws {
    var builder = try builder()
    let head = try prepared(
      DecorrelatedClassifier(
        configuration: settings(
          "nuisances: [mass], by: {method: adversarial, strength: 2, adversary: {kind: \(kind), components: 3, hidden: [4]}}"
        ),
        builder: &builder))
    let tape = Tape(parameters: Parameters(layout: builder.layout))
    let logits = tape.constant([0.3, 2, -1, 0.5, 1, -0.2], rows: 6, columns: 1)
    let losses = head.losses(of: logits, truth: truth, inputs: inputs(tape, epoch: 1))
    let classification = head.loss(of: logits, truth: truth).values
    for row in 0..<6 {
      let (network, adversary) = (losses[0].values[row], losses[1].values[row])
      #expect(abs(network - classification[row] + 2 * adversary) < 1e-5)
      #expect((adversary == 0) == (truth["label"][row] == 1))
    }
    // The parameters are all zero: each bin has the same probability, in 4.5 of 6.5 of the weight.
    let even: Float = 6.5 / 4.5 * 1.0986122886681098
    if kind == "bins" { #expect(abs(losses[1].values[0] - even) < 1e-5) }
    let objective = head.objectives[1]
    #expect(objective.alternation == .alternating(steps: 1) && objective.learningRate == 2e-3)
    #expect(
      objective.parameters!.map { builder.layout[$0].name } == [
        "heads.tagger.adversary1.weight", "heads.tagger.adversary1.bias", "heads.tagger.adversary2.weight",
        "heads.tagger.adversary2.bias",
      ])
  }

  @Test(arguments: [
    ("nuisances: [mass], classes: [c], by: disco", "There is no class c"),
    ("nuisances: [x/a, x/b], by: quantile", "name one nuisance"),
    (
      "nuisances: [mass], by: disco, head: {plugin: decorrelated, configuration: {nuisances: [mass], by: none, head: {plugin: jet-tagger, configuration: {truth: label, classes: [a, b]}}}}",
      "learns in ways of its own"
    ),
    ("nuisances: [mass], by: disco, head: {plugin: nobody, configuration: {}}", "There is no plugin nobody"),
    (
      "nuisances: [mass], by: quantile, head: {plugin: jet-tagger, configuration: {truth: label, classes: [a, b, c]}}",
      "has 3 classes"
    ),
    (
      "nuisances: [mass], by: disco, head-version: 9.0.0",
      "was trained with jet-tagger 9.0.0"
    ),
  ]) func refusals(_ text: String, _ sentence: String) throws {
    let error = #expect(throws: PluginError.self) { try head(text) }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }

  /// What is wrong with the head inside is said with its place.
  @Test func placesOfErrors() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try head(
        "nuisances: [mass], by: disco, head: {plugin: jet-tagger, configuration: {truth: label, clases: [a, b]}}"
      )
    }
    #expect(error?.description.hasPrefix("test.yaml:1:") == true)
    #expect(error?.description.contains("head.configuration") == true, "\(String(describing: error))")
    let none = #expect(throws: ConfigurationError.self) { try head("nuisances: [], by: disco") }
    #expect(none?.description.contains("nuisances is refused: needs different names") == true)
    let other = #expect(throws: ConfigurationError.self) {
      try head("nuisances: [mass], by: {method: quantile, strength: 3}")
    }
    #expect(other?.description.contains("by.strength is refused: is for disco and adversarial") == true)
  }
}

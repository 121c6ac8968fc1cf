// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import TestFiles
import Testing
import Training

/// Predicts a column of events for jets; the layer learns it with mean 0 and width 1 over the training sample.
private struct ScaledRegression: Head {
  struct Configuration: Codable, Sendable {
    var truth: String
    var learnsNothing: Bool?
  }

  struct Preparation: Codable, Sendable {
    var mean: Double
    var width: Double
    /// Of the jets to learn from: proof that a head is given what it reads.
    var meanPt: Double
  }

  static let identifier = "scaled-regression"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Predicts a column."
  static let example = HeadExample(configuration: Configuration(truth: "mass"), truth: ["mass": [90, 120]])

  let configuration: Configuration
  private(set) var scaling: Preparation?
  private let layer: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    layer = try builder.dense("layer", inputs: builder.jetEmbeddingWidth, outputs: 1, initialisation: .glorot)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { [.jetEmbedding, .jetMomenta] }
  var truthColumns: [String] { [configuration.truth] }
  var outputs: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }

  func check(_ truth: HeadTruth) {}

  func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) throws -> Preparation {
    let values = truth[configuration.truth].map { Double($0) }
    let total = weights.reduce(0, +)
    func mean(_ numbers: [Double]) -> Double { zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 } / total }
    let centre = mean(values)
    let width = mean(values.map { ($0 - centre) * ($0 - centre) }).squareRoot()
    guard width > 0 else { throw MetricError(description: "All rows have the same \(configuration.truth).") }
    let isNothing = configuration.learnsNothing == true
    return Preparation(
      mean: isNothing ? .nan : centre, width: width, meanPt: mean(inputs.jetMomenta.map(\.pt)))
  }

  mutating func prepare(by preparation: Preparation) throws {
    guard preparation.width > 0, configuration.learnsNothing != true else {
      throw PluginError("The width \(preparation.width) is not positive.")
    }
    scaling = preparation
  }

  func callAsFunction(_ inputs: HeadInputs) -> Variable { layer(inputs.jetEmbedding) }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let (mean, width) = (Float(scaling!.mean), Float(scaling!.width))
    return result.squaredError(targets: truth[configuration.truth].map { ($0 - mean) / width })
  }

  func outputs(of result: Variable) -> Variable { Float(scaling!.width) * result + Float(scaling!.mean) }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
    let errors = zip(outputs.values, truth[configuration.truth]).map { Double(abs($0 - $1)) }
    let mean = zip(errors, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    return HeadEvaluation(metrics: [Metric("closeness", Estimate(value: -mean, error: nil))])
  }
}

/// What heads learn from the training sample before the first step.
@Suite struct PreparationTests {
  private let folder: TemporaryFolder
  private let events: String
  /// The mass and the weight of each event; NaN for none.
  private let masses: [Double]
  private let weights: [Double]

  private static let plugins: PluginRegistry = {
    var plugins = ToyJets.plugins
    try! plugins.register(ScaledRegression.self)
    return plugins
  }()

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 4)
    let masses = (0..<100).map { event -> Double in
      if event % 9 == 3 { return .nan }
      let mass = 100 + 40 * (event % 2) + event % 7
      return Double(mass)
    }
    let weights = (0..<100).map { event -> Double in 0.5 + Double(event % 3) }
    let lines = (0..<100).map { event in
      let mass = masses[event].isNaN ? "null" : "\(masses[event])"
      return ToyJets.line(
        ToyJets.particles(prongs: 1 + event % 2, using: &generator), "\"label\": \(event % 2)",
        "\"mass\": \(mass)", "\"w\": \(weights[event])")
    }
    events = try folder.write(lines.joined(), to: "toys.jsonl")
    (self.masses, self.weights) = (masses, weights)
  }

  @discardableResult
  private func train(
    into name: String, epochs: Int = 4, threads: Int = 2, configuration: String = "truth: mass",
    resuming: Bool = false
  ) throws -> Model {
    let yaml = ToyJets.configuration(
      events,
      training:
        "epochs: \(epochs), batch-size: 10, learning-rate: 0.02, schedule: constant, threads: \(threads)"
    ).replacing("data:\n", with: "data:\n  weight: w\n").replacing(
      "  prongs:\n",
      with: "  target:\n    plugin: scaled-regression\n    configuration: {\(configuration)}\n  prongs:\n")
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    return try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
    ).run(into: folder.url.appendingPathComponent(name), resuming: resuming, observer: ToyJets.Log())
  }

  private func read(_ name: String) throws -> Model {
    try Model(contentsOf: folder.url.appendingPathComponent(name), plugins: Self.plugins)
  }

  private func preparation(_ model: Model) throws -> ScaledRegression.Preparation {
    try #require(try model.description.heads[0].preparation?.decode(ScaledRegression.Preparation.self))
  }

  /// The mean and the width are those of the training events with truth, by their weights, on any number of threads; and
  /// the model predicts with them again when it was read.
  @Test func trainingEventsAlone() throws {
    let model = try train(into: "model")
    let dataset = try EventDataset(
      EventStream(inputs: [events], options: EventReadingOptions(weight: EventWeight("w"))),
      jets: ToyJets.finder(), for: model.network, keeping: ["label"], threads: 1)
    let split = EventSplit(dataset, validationFraction: 0.3, seed: 1)
    #expect(dataset.jetCount == 100 && !split.validation.isEmpty)
    var (total, sum, squares, momenta) = (0.0, 0.0, 0.0, 0.0)
    for event in split.training where !masses[event].isNaN {
      total += weights[event]
      sum += weights[event] * masses[event]
      squares += weights[event] * masses[event] * masses[event]
      momenta += weights[event] * dataset.sample.kinematics.jets[event].pt
    }
    let expected = try preparation(model)
    #expect(abs(expected.mean - sum / total) < 1e-9)
    #expect(abs(expected.width - (squares / total - sum * sum / total / total).squareRoot()) < 1e-6)
    #expect(abs(expected.meanPt - momenta / total) < 1e-9)
    #expect(model.description.heads[1].preparation == nil)

    let batch = try #require(try EventStream(inputs: [events]).next(upTo: 50))
    let copy = try read("model")
    let values = try #require(try Predictor(model).predict(batch)["target/mass"]).values
    #expect(try Predictor(copy).predict(batch)["target/mass"]?.values == values)
    #expect(copy.description == model.description)
    #expect(values.allSatisfy { $0 > 50 && $0 < 200 })

    let alone = try train(into: "alone", threads: 1)
    #expect(alone.description.heads[0].preparation == model.description.heads[0].preparation)
  }

  @Test func aTrainingThatGoesOnHasTheSameBits() throws {
    let whole = try train(into: "whole", epochs: 4)
    try train(into: "parts", epochs: 2)
    let file = folder.url.appendingPathComponent("parts/checkpoint.safetensors")
    let checkpoint = try Checkpoint(contentsOf: file, layout: whole.network.layout)
    #expect(checkpoint.preparations == ["target": try #require(whole.description.heads[0].preparation)])
    let parts = try train(into: "parts", epochs: 4, resuming: true)
    #expect(parts.parameters.values.elementsEqual(whole.parameters.values))
    #expect(parts.description.heads == whole.description.heads)
    #expect(
      parts.description.training?.epochs.map(\.validationLoss)
        == whole.description.training?.epochs.map(\.validationLoss))
  }

  /// What a checkpoint holds comes before what the events say.
  @Test func theCheckpointDecides() throws {
    let model = try train(into: "model", epochs: 1)
    let checkpoint = try Checkpoint(
      contentsOf: folder.url.appendingPathComponent("model/checkpoint.safetensors"),
      layout: model.network.layout)
    let network = try Network(
      embedding: ToyJets.embedding(.gated),
      heads: [("target", ScaledRegression.self, JSONValue.object(["truth": .string("mass")]))])
    let dataset = try EventDataset(
      EventStream(inputs: [events]), jets: ToyJets.finder(), for: network, threads: 1)
    let few = Array(0..<20)
    let fitted = try network.prepared(on: dataset, few)
    let resumed = try network.prepared(on: dataset, few, resuming: checkpoint)
    #expect(resumed.heads[0].preparation == model.description.heads[0].preparation)
    #expect(fitted.heads[0].preparation != resumed.heads[0].preparation)
    // So does a model that a training begins with.
    let known = ["target": try #require(resumed.heads[0].preparation)]
    let taken = try network.prepared(on: dataset, few, taking: known)
    #expect(taken.heads[0].preparation == resumed.heads[0].preparation)
    let other = try Network(
      embedding: ToyJets.embedding(.gated),
      heads: [
        (
          "target", ScaledRegression.self,
          JSONValue.object(["truth": .string("mass"), "learnsNothing": .bool(true)])
        )
      ])
    let misfit = #expect(throws: TrainingError.self) {
      try other.prepared(on: dataset, few, resuming: checkpoint)
    }
    #expect(
      misfit?.description.hasPrefix(
        "The checkpoint does not fit the network: the preparation of the head target: The width ") == true
        && misfit?.description.hasSuffix("; begin again in another folder.") == true,
      "\(String(describing: misfit))")
    #expect(!network.heads[0].isPrepared && fitted.heads[0].isPrepared)
    let trainer = Trainer(
      network, headWeights: [1], section: try ToyJets.section("{epochs: 1, threads: 1}"), dataset: dataset,
      split: EventSplit(dataset, validationFraction: 0.3, seed: 1))
    let error = #expect(throws: TrainingError.self) { _ = try trainer.trainEpoch { _, _ in } }
    #expect(error?.description.contains("The head target has not learnt") == true)
  }

  @Test func whatCannotBeStoredOrLearntIsRefusedBeforeTheFirstStep() throws {
    let nothing = #expect(throws: TrainingError.self) {
      try train(into: "a", configuration: "truth: mass, learnsNothing: true")
    }
    #expect(
      nothing?.description
        == "target cannot be prepared on the events to learn from: the preparation of the head target holds a number that "
        + "is not finite: mend the plugin scaled-regression.")
    let same = #expect(throws: TrainingError.self) {
      let network = try Network(
        embedding: ToyJets.embedding(.gated),
        heads: [("target", ScaledRegression.self, JSONValue.object(["truth": .string("mass")]))])
      let dataset = try EventDataset(
        EventStream(inputs: [events]), jets: ToyJets.finder(), for: network, threads: 1)
      _ = try network.prepared(on: dataset, [0])
    }
    #expect(
      same?.description
        == "target cannot be prepared on the events to learn from: All rows have the same mass."
    )
    #expect(!FileManager.default.fileExists(atPath: folder.path("a")))
  }

  /// A model's file may hold anything.
  @Test(arguments: [
    (
      "{ \"mean\": 1, \"meanPt\": 1, \"width\": 0 }",
      "the preparation of the head target: The width 0.0 is not positive"
    ),
    ("{ \"mean\": 1, \"meanPt\": 1 }", "the preparation of the head target: width is missing"),
    ("[1, 2]", "the preparation of the head target: it has another type than it should"),
    ("null", "the preparation of the head target is missing"),
  ]) func modelsThatDoNotFit(_ stored: String, _ sentence: String) throws {
    try train(into: "model", epochs: 1)
    let text = try folder.text("model/model.json")
    let changed = text.replacing(/"preparation" : \{[^}]*\}/, with: "\"preparation\" : \(stored)")
    #expect(changed != text)
    try folder.write(changed, to: "model/model.json")
    let error = #expect(throws: ModelError.self) { try read("model") }
    #expect(error?.description.contains("model.json: \(sentence).") == true, "\(String(describing: error))")
  }

  @Test func aHeadThatLearnsNothingHasNoPreparation() throws {
    try train(into: "model", epochs: 1)
    let text = try folder.text("model/model.json")
    let changed = text.replacing(
      "\"name\" : \"prongs\",", with: "\"name\" : \"prongs\", \"preparation\" : {},")
    #expect(changed != text)
    try folder.write(changed, to: "model/model.json")
    let error = #expect(throws: ModelError.self) { try read("model") }
    #expect(
      error?.description.contains(
        "the preparation of the head prongs: the plugin jet-tagger has none: take it out.") == true)
  }
}

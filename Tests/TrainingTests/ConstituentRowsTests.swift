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

/// Tells constituents apart by their momenta, their charge and the embedding of their jet.
private struct ConstituentTagger: ClassifyingHead {
  struct Configuration: Codable, Sendable {
    var truth: ClassTruth
    /// A column that rows may lack, which is counted.
    var counted: String?
  }

  static let identifier = "constituent-tagger"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Tells constituents apart."
  static let example = HeadExample(
    configuration: Configuration(truth: "origin"), truth: ["origin": [0, 1]])

  let configuration: Configuration
  var classification: Classification
  private let layers: Perceptron

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: ["soft", "hard"])
    layers = try builder.perceptron(
      inputs: try builder.jetEmbeddingWidth + 1, hidden: [8], outputs: classification.logitCount)
  }

  var rows: HeadRows { .constituents }
  var inputs: Set<HeadInput> { [.jetEmbedding, .constituentRows] }
  var truthColumns: [String] { classification.truthColumns + optionalTruthColumns }
  var optionalTruthColumns: Set<String> { Set([configuration.counted].compactMap(\.self)) }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var evaluation = try classification.evaluate(outputs, truth: truth, weights: weights)
    if let counted = configuration.counted {
      let count = truth[counted].indices.count { weights[$0] != 0 && truth[counted][$0].isNaN }
      evaluation.metrics.append(Metric("lacking", Estimate(value: Double(count), error: nil)))
    }
    return evaluation
  }

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let momenta = inputs.constituentRows.content.momenta
    let own = inputs.constant(momenta.map { Float($0.pt / 20) }, rows: momenta.count, columns: 1)
    return layers(own.concatenated(with: inputs.jetEmbedding.gatheringRows(inputs.jetOfConstituent)))
  }
}

/// A row for each splitting: whether it is a wide one.
private struct SplittingTagger: Head {
  struct Configuration: Codable, Sendable {}

  static let identifier = "splitting-width"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Predicts the angle of splittings."
  static let example = HeadExample(configuration: Configuration(), truth: [:])

  let configuration: Configuration
  private let layer: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    layer = builder.dense("layer", inputs: 1, outputs: 1)
  }

  var rows: HeadRows { .splittings }
  var inputs: Set<HeadInput> { [.trees] }
  var truthColumns: [String] { [] }
  var outputs: [HeadOutput] { [HeadOutput("node"), HeadOutput("pair", width: 2)] }
  func check(_ truth: HeadTruth) {}
  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let nodes = inputs.splittings.node
    return layer(inputs.constant(nodes.map { Float($0) }, rows: nodes.count, columns: 1))
  }
  func loss(of result: Variable, truth: HeadTruth) -> Variable { result * result }
  func outputs(of result: Variable) -> Variable {
    result.concatenated(with: result.concatenated(with: result))
  }
  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    HeadEvaluation(metrics: [Metric("rows", Estimate(value: Double(outputs.rows), error: nil))])
  }
}

/// Heads with a row for each constituent, whose truth is a column of particles, and for each splitting.
@Suite struct ConstituentRowsTests {
  private static let plugins: PluginRegistry = {
    var plugins = ToyJets.plugins
    try! plugins.register(ConstituentTagger.self)
    try! plugins.register(SplittingTagger.self)
    return plugins
  }()

  private let folder: TemporaryFolder
  private let events: String

  /// Jets of eight particles in any order, of which the hard ones have the origin 1; that of one in each tenth event is
  /// not known.
  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 9)
    let lines = (0..<120).map { event in
      let particles = ToyJets.particles(prongs: 1 + event % 2, using: &generator)
      var origins = particles.map { $0.pt > 15 ? "1" : "0" }
      if event % 10 == 0 { origins[event / 10 % 8] = "null" }
      return ToyJets.line(
        particles, "\"label\": \(event % 2)", "\"origin\": [\(origins.joined(separator: ", "))]",
        "\"depth\": [\(origins.map { $0 == "1" ? "2.5" : "null" }.joined(separator: ", "))]")
    }
    events = try folder.write(lines.joined(), to: "toys.jsonl")
  }

  private func train(
    _ truth: String = "origin", into name: String = "model", features: String = "lund",
    _ log: ToyJets.Log = ToyJets.Log()
  ) throws
    -> Model
  {
    let yaml =
      ToyJets.configuration(events, training: "epochs: 6, batch-size: 10, learning-rate: 0.02, threads: 2")
      .replacing(
        "  prongs:\n",
        with:
          "  origin:\n    plugin: constituent-tagger\n    configuration: {truth: \(truth)}\n  width: {plugin: splitting-width, weight: 1e-9, configuration: {}}\n  prongs:\n"
      )
      .replacing("  width: 4\n", with: "  width: 4\n  features: [\(features)]\n")
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    let run = TrainingRun(
      try TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins)
    return try run.run(into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
  }

  @Test func constituentsAreTrainedAndEvaluated() throws {
    let log = ToyJets.Log()
    let model = try train("origin", into: "model", log)
    #expect(
      log.remarks.contains {
        $0.hasPrefix("origin leaves out the constituents without truth: origin is missing in 12 of ")
      },
      "\(log.remarks)")
    let options = EventReadingOptions(particleColumns: ["origin"])
    let evaluation = try Evaluation(
      of: model, on: EventStream(inputs: [events], options: options), threads: 2)
    let result = evaluation.heads[0]
    let classifier = try #require(result.evaluation?.classifiers.first)
    #expect(result.rows == .constituents && (classifier.auc?.value ?? 0) > 0.95)
    // Counted without Canopy's rows: particles of the jets with a known origin.
    var expected = 0
    var constituents = 0
    let stream = try EventStream(inputs: [events])
    let clusterer = try JetClusterer(ToyJets.finder())
    while let batch = try stream.next(upTo: 50) {
      let jets = try clusterer.jets(in: batch)
      let origins = try #require(batch.particles.content.columns["origin"]).values
      for event in 0..<batch.eventCount {
        for jet in jets.jets(ofEvent: event) {
          for particle in jets.constituents[jet] {
            constituents += 1
            if !origins[batch.offsets[event] + Int(particle)].isNaN { expected += 1 }
          }
        }
      }
    }
    #expect(evaluation.constituentCount == constituents && constituents - expected == 12)
    #expect(classifier.signalCount + classifier.backgroundCount == expected)
    let splittings = evaluation.heads[1].evaluation?.metrics.first?.estimate?.value
    #expect(splittings == Double(constituents - evaluation.jetCount))
  }

  @Test func resultsHaveARowForEachConstituent() throws {
    let model = try train()
    let stream = try EventStream(inputs: [events])
    let batch = try #require(try stream.next(upTo: 7))
    let prediction = try Predictor(model).predict(batch)
    let scores = try #require(prediction["origin/score"])
    #expect(scores.rows == prediction.jets.constituents.content.count)
    let results = ResultBatch(prediction, embedding: false)
    let format = try #require(ResultFormats.builtIn["jsonl"])
    let writer = try format.makeWriter(to: .file(folder.path("r.jsonl")))
    try writer.append(results)
    try writer.finish()
    var first = 0
    var firstSplitting = 0
    let splittings = try #require(prediction["width/node"])
    for line in try folder.text("r.jsonl").split(separator: "\n") {
      let event = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      for jet in try #require(event["jets"] as? [[String: Any]]) {
        let rows = try #require(jet["constituent"] as? [String: [String: [Double]]])
        let values = try #require(rows["origin"]?["score"])
        for value in values {
          #expect(abs(value - Double(scores.values[first])) < 1e-6)
          first += 1
        }
        let others = try #require((jet["splitting"] as? [String: [String: Any]])?["width"])
        #expect((others["node"] as? [Double])?.count == values.count - 1)
        #expect((others["pair"] as? [[Double]])?.allSatisfy { $0.count == 2 } == true)
        firstSplitting += values.count - 1
      }
    }
    #expect(first == scores.rows && firstSplitting == splittings.rows && first > 20)
  }

  @Test func truthThatParticlesDoNotHaveIsNamed() throws {
    let error = #expect(throws: SampleError.self) { try train("color") }
    #expect(
      error?.description.contains("the particles have no column color") == true,
      "\(String(describing: error))")
    let wrong = #expect(throws: SampleError.self) { try train("label") }
    #expect(wrong?.description.contains("particles have no column label") == true)
  }

  /// Soft particles have no depth: they are learnt from all the same, and are without one when the head is judged.
  @Test func aColumnThatRowsMayLackLeavesNoneOut() throws {
    let log = ToyJets.Log()
    let model = try train("origin, counted: depth", log)
    #expect(
      log.remarks.contains { $0.hasSuffix("without truth: origin is missing in 12 of 960.") },
      "\(log.remarks)")
    let options = EventReadingOptions(particleColumns: ["origin", "depth"])
    let evaluation = try Evaluation(
      of: model, on: EventStream(inputs: [events], options: options), threads: 2
    ).heads[0].evaluation
    let classifier = try #require(evaluation?.classifiers.first)
    let lacking = evaluation?.metrics.first { $0.name == "lacking" }?.estimate?.value
    #expect(lacking == Double(classifier.backgroundCount) && classifier.backgroundCount > 100)
  }

  @Test func truthAmongTheFeaturesOfNodesIsRefused() {
    let error = #expect(throws: TrainingError.self) { try train(features: "lund, particle.origin") }
    #expect(
      error?.description
        == "origin would read its own truth: origin is a column of particles that embedding reads; leave it out there."
    )
  }
}

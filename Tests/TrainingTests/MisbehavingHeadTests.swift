// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import PluginKit
import RecursiveEmbedding
import Testing
import Training

/// What a plugin gives that it did not declare is said before anything is trained.
@Suite struct MisbehavingHeadTests {
  @Test(arguments: [
    (Careless.Fault.narrowOutputs, "The head a gives outputs of", "but value take"),
    (.missingRows, "The head a gives outputs of", "but value take"),
    (.wideLoss, "The head a gives a loss of", "× 2 numbers"),
    (.metric, "The head a gives nan for its metric reach", "mend the plugin careless"),
    (
      .figure, "The figure “reach” of the head a has a series s with 1 places for 2 values",
      "mend the plugin careless"
    ),
    (.table, "The table “a/b” of the head a is no name for a file", "mend the plugin careless"),
  ]) func isSaidBeforeTheFirstStep(_ fault: Careless.Fault, _ beginning: String, _ part: String) throws {
    let trainer = try trainer(fault)
    var steps = 0
    let error = #expect(throws: PluginError.self) { _ = try trainer.trainEpoch { _, _ in steps += 1 } }
    #expect(error?.description.hasPrefix(beginning) == true, "\(String(describing: error))")
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    #expect(steps == 0 && trainer.epochs.isEmpty)
  }

  @Test func noFaultIsFound() throws {
    #expect(try trainer(.none).trainEpoch { _, _ in }.metrics.map(\.name) == ["reach"])
  }

  /// A model with such outputs could be written, but not be used.
  @Test(arguments: [
    (Careless.Fault.sameName, "Two outputs have the same name: value, value"), (.slash, "“a/b” cannot be"),
    (.noName, "“” cannot be"), (.noWidth, "has the width 0"),
  ]) func outputsThatCannotBeTold(_ fault: Careless.Fault, _ sentence: String) {
    let error = #expect(throws: ModelError.self) { try network(fault) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("the head a: ") && text.contains(sentence), "\(text)")
  }

  private func network(_ fault: Careless.Fault) throws -> Network {
    try Network(
      embedding: ToyJets.embedding(.simple),
      heads: [("a", Careless.self, try JSONValue(encoding: Careless.Configuration(fault: fault)))])
  }

  private func trainer(_ fault: Careless.Fault) throws -> Trainer {
    let dataset = try ToyJets.dataset(ToyJets.lines(60))
    let section = try ToyJets.section("{epochs: 1, threads: 1}")
    return try Trainer(
      network(fault), headWeights: [1], section: section, dataset: dataset,
      split: EventSplit(dataset, validationFraction: 0.3, seed: 1))
  }
}

/// A regression that does not keep to what it says of itself.
struct Careless: Head {
  enum Fault: String, Codable {
    case none, narrowOutputs, missingRows, wideLoss, metric, sameName, slash, noName, noWidth, figure, table
  }

  struct Configuration: Codable, Sendable {
    var fault: Fault
  }

  static let identifier = "careless"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Does not keep to what it says."
  static let example = HeadExample(configuration: Configuration(fault: .none), truth: ["label": [0, 1]])

  let configuration: Configuration
  private let layer: Dense
  private var fault: Fault { configuration.fault }

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    layer = try builder.dense("layer", inputs: builder.jetEmbeddingWidth, outputs: 1)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { [.jetEmbedding] }
  var truthColumns: [String] { ["label"] }
  var outputs: [HeadOutput] {
    switch fault {
    case .narrowOutputs: [HeadOutput("value", width: 2)]
    case .sameName: [HeadOutput("value"), HeadOutput("value")]
    case .slash: [HeadOutput("a/b")]
    case .noName: [HeadOutput("")]
    case .noWidth: [HeadOutput("value", width: 0)]
    default: [HeadOutput("value")]
    }
  }

  func check(_ truth: HeadTruth) {}

  func callAsFunction(_ inputs: HeadInputs) -> Variable { layer(inputs.jetEmbedding) }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let loss = result.squaredError(targets: truth["label"])
    return fault == .wideLoss ? loss.concatenated(with: loss) : loss
  }

  func outputs(of result: Variable) -> Variable { fault == .missingRows ? result.columnSums() : result }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
    let axis = HeadFigure.Axis("x")
    return HeadEvaluation(
      metrics: [Metric("reach", Estimate(value: fault == .metric ? .nan : 1, error: nil))],
      figures: [
        HeadFigure(
          "reach", x: axis, y: axis, series: [.curve("s", x: fault == .figure ? [1] : [1, 2], y: [1, .nan])])
      ],
      tables: [
        HeadTable(fault == .table ? "a/b" : "numbers", columns: [HeadTable.Column("n", numbers: [1, .nan])])
      ])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import ONNX
import PluginKit
import TestFiles
import TestPlugins
import Testing

/// Models as graphs of ONNX; what the graphs compute is compared by `canopy export --check`.
@Suite struct GraphExportTests {
  /// A head of a plugin that doubles the first number of an embedding, by the engine or beside it.
  struct Doubler: Head {
    struct Configuration: Codable, Sendable { var isBesideTheEngine = false }
    static let identifier = "doubler"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Doubles a number."
    static let example = HeadExample(configuration: Configuration(), truth: [:])
    let configuration: Configuration
    init(configuration: Configuration, builder: inout HeadBuilder) { self.configuration = configuration }
    var rows: HeadRows { .jets }
    var inputs: Set<HeadInput> { [.jetEmbedding] }
    var truthColumns: [String] { [] }
    var outputs: [HeadOutput] { [HeadOutput("double")] }
    func check(_ truth: HeadTruth) {}
    func callAsFunction(_ inputs: HeadInputs) -> Variable {
      let first = inputs.jetEmbedding.columns(0..<1)
      guard configuration.isBesideTheEngine else { return 2 * first }
      return inputs.constant(first.values.map { 2 * $0 }, rows: inputs.jetCount, columns: 1)
    }
    func loss(of result: Variable, truth: HeadTruth) -> Variable { result }
    func outputs(of result: Variable) -> Variable { result }
    func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
      HeadEvaluation(metrics: [Metric("none", nil)])
    }
  }

  /// A stage of a plugin that embeds an event by the mean of its jets, or by how many constituents these have.
  struct Means: Stage {
    struct Configuration: Codable, Sendable { var countsConstituents = false }
    static let identifier = "means"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Embeds an event by the mean of its jets."
    static let example = Configuration()
    static let rows = HeadRows.events
    let configuration: Configuration
    private let layer: Dense
    init(configuration: Configuration, builder: inout StageBuilder) throws {
      self.configuration = configuration
      layer = Dense(
        builder.name("layer"), inputs: try builder.jetEmbeddingWidth, outputs: 2, in: &builder.layout)
    }
    var width: Int { 2 }
    var inputs: Set<HeadInput> { configuration.countsConstituents ? [.constituents] : [.jetEmbedding] }
    func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
      layer(inputs.jetEmbedding).segmentMeans(
        inputs.tape.segments(of: inputs.eventOfJet, count: inputs.eventCount))
    }
  }

  private static func shipped(_ name: String) throws -> Model {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    return try Model(
      contentsOf: root.appendingPathComponent("Resources/Models/\(name)"), plugins: .shipped)
  }

  private static func model(
    _ configuration: Doubler.Configuration = .init(), events: Means.Configuration? = nil
  ) throws -> Model {
    let shipped = try shipped("w-tagger")
    let stage = try #require(shipped.network.embedding).stage
    let network = try Network(
      embedding: StageChoice(stage), events: events.map { StageChoice(Means.self, $0) },
      heads: [("twice", Doubler.self, try JSONValue(encoding: configuration))])
    var generator = SeededGenerator(seed: 1)
    return Model(
      description: shipped.description, network: network,
      parameters: Parameters(layout: network.layout, using: &generator))
  }

  private static func holds(_ file: Data, _ text: String) -> Bool { file.range(of: Data(text.utf8)) != nil }

  @Test(arguments: ["w-tagger", "fat-jet-mass", "dihiggs", "ditau-mass"])
  func shippedModelsAreExported(name: String) throws {
    let model = try Self.shipped(name)
    let file = try model.onnx()
    for head in model.network.heads {
      for output in head.head.outputs { #expect(Self.holds(file, "\(head.name)/\(output.name)")) }
    }
    for condition in model.network.conditions { #expect(Self.holds(file, condition)) }
    #expect(Self.holds(file, #""algorithm":"antikt""#) && Self.holds(file, CanopyVersion.current))
    #expect(try model.onnx() == file)
    #expect(try model.onnx(precision: .float16).count < 3 * file.count / 4)
  }

  @Test func aHeadOfTheEnginesOperationsNeedsNothing() throws {
    #expect(Self.holds(try Self.model().onnx(), "twice/double"))
  }

  @Test func aHeadBesideTheEngineIsNamed() throws {
    let error = #expect(throws: GraphError.self) {
      _ = try Self.model(Doubler.Configuration(isBesideTheEngine: true)).onnx()
    }
    #expect(
      error?.description
        == "The head twice of the plugin doubler cannot be exported: it computes numbers of its rows beside the operations of NeuralEngine, which a graph cannot follow."
    )
  }

  @Test func aStageOfTheEnginesOperationsNeedsNothing() throws {
    let file = try Self.model(events: .init()).onnx()
    #expect(Self.holds(file, "event_embedding") && Self.holds(file, "jets_of_event"))
  }

  @Test func aStageBesideTheEngineIsNamed() throws {
    let error = #expect(throws: GraphError.self) {
      _ = try Self.model(events: .init(countsConstituents: true)).onnx()
    }
    #expect(
      error?.description
        == "The stage events of the plugin means cannot be exported: it reads constituents, which it works with beside the operations of NeuralEngine."
    )
  }

  @Test func aModelOfFoldsHasTheNetworksOfAll() throws {
    let shipped = try Self.shipped("w-tagger")
    var folds = EventFolds()
    folds.count = 2
    let members = (0..<2).map { fold in
      var description = shipped.description
      description.training?.fold = TrainingFold(fold, of: folds)
      return Model(description: description, network: shipped.network, parameters: shipped.parameters)
    }
    let file = try Model(members: members, folds: folds).onnx()
    for text in ["fold-1.embedding.", "fold-2.embedding.", "remainder by 2", "canopy.folds"] {
      #expect(Self.holds(file, text), "\(text)")
    }
    #expect(!Self.holds(try members[0].onnx(), "remainder"))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetTaggers
import PluginKit
import RecursiveEmbedding
import TestFiles
import TestPlugins
import Testing

/// Models that read observables, and whose jets meet cuts.
@Suite struct ObservableModelTests {
  /// A head that puts out a groomed mass and the hardest kT of each jet, as observables say.
  struct Repeater: Head {
    struct Configuration: Codable, Sendable { var mass = "groomed/mass" }
    static let identifier = "repeater"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Puts out what observables say."
    static let example = HeadExample(configuration: Configuration(), truth: [:])
    let configuration: Configuration
    init(configuration: Configuration, builder: inout HeadBuilder) { self.configuration = configuration }
    var rows: HeadRows { .jets }
    var inputs: Set<HeadInput> { [.trees] }
    var observables: Set<String> { [configuration.mass, "planes/kt", "missing-momentum/pt"] }
    var truthColumns: [String] { [] }
    var outputs: [HeadOutput] { [HeadOutput("mass"), HeadOutput("kt"), HeadOutput("missing")] }
    func check(_ truth: HeadTruth) {}
    func callAsFunction(_ inputs: HeadInputs) -> Variable {
      let (mass, kt) = (inputs.observable(configuration.mass), inputs.observable("planes/kt"))
      let missing = inputs.observable("missing-momentum/pt")
      var hardest = Array(repeating: 0.0, count: inputs.jetCount)
      for (splitting, jet) in inputs.splittings.jet.enumerated() {
        hardest[Int(jet)] = max(hardest[Int(jet)], kt[splitting])
      }
      let values = (0..<inputs.jetCount).flatMap {
        [Float(mass[$0]), Float(hardest[$0]), Float(missing[Int(inputs.eventOfJet[$0])])]
      }
      return inputs.constant(values, rows: inputs.jetCount, columns: 3)
    }
    func loss(of result: Variable, truth: HeadTruth) -> Variable { result.columns(0..<1) }
    func outputs(of result: Variable) -> Variable { result }
    func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
      HeadEvaluation(metrics: [Metric("none", nil)])
    }
  }

  private static let plugins: PluginRegistry = {
    var plugins = PluginRegistry.shipped
    try! plugins.register(Repeater.self)
    return plugins
  }()

  private static func model(
    cuts: [String] = [], _ configuration: Repeater.Configuration = .init()
  ) throws -> Model {
    let declared = try [
      ObservableChoice("groomed", plugins.observable("soft-drop")),
      ObservableChoice("planes", plugins.observable("lund")),
    ]
    let network = try Network(
      embedding: StageChoice(
        RecursiveStage.self,
        EmbeddingDescription(cell: .gated, width: 3, features: NodeFeatures(["lund", "planes/ln-kt"]))),
      heads: [("repeater", Repeater.self, try JSONValue(encoding: configuration))],
      observables: ObservableCatalogue(declared, plugins: plugins), cuts: cuts.map { try ObservableCut($0) })
    let (finder, events) = try (SampleModel.finder(), SampleModel.events.get())
    var sample = EventSample(network)
    try sample.replace(
      with: events,
      jets: JetReconstruction(finder, observables: network.observables).jets(in: events))
    var generator = SeededGenerator(seed: 3)
    return Model(
      description: ModelDescription(
        jets: finder, observables: try network.observables.members.map(ObservableDescription.init),
        cuts: network.cuts, embedding: network.embedding?.description,
        scaling: SampleScaling(fitting: sample, events: Array(0..<sample.eventCount)),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: Parameters(layout: network.layout, using: &generator))
  }

  private static func outputs(_ prediction: Prediction, _ name: String) throws -> [Float] {
    try #require(prediction["repeater/\(name)"]).values
  }

  @Test func headsReadTheNumbersOfTheirRows() throws {
    let model = try Self.model()
    #expect(model.network.observables.members.map(\.name) == ["planes", "groomed", "missing-momentum"])
    let events = try SampleModel.events.get()
    let prediction = try Predictor(model).predict(events)
    let jets = prediction.jets
    #expect(
      try Self.outputs(prediction, "mass") == jets.columns.jets["groomed/mass"]!.values.map { Float($0) })
    for (event, value) in jets.columns.events["missing-momentum/pt"]!.values.enumerated() {
      for jet in jets.jets(ofEvent: event) {
        #expect(try Self.outputs(prediction, "missing")[jet] == Float(value))
        let kt = jets.trees.nodes(ofTree: jet).compactMap {
          jets.trees.lundSplitting(ofNode: $0, first: jets.trees.offsets[jet])?.kt
        }
        #expect(try Self.outputs(prediction, "kt")[jet] == Float(kt.max() ?? 0))
      }
    }
    // An event has the same numbers alone.
    for event in 0..<events.eventCount {
      let alone = try Predictor(model).predict(events.events(at: event..<event + 1))
      let range = jets.jets(ofEvent: event)
      #expect(
        alone.heads[0].values
          == Array(prediction.heads[0].values[3 * range.lowerBound..<3 * range.upperBound]))
      #expect(alone.embedding == Array(prediction.embedding[3 * range.lowerBound..<3 * range.upperBound]))
    }
  }

  @Test func cutsTakeJetsOutOfThePrediction() throws {
    let events = try SampleModel.events.get()
    let all = try Predictor(Self.model()).predict(events)
    let cut = try Predictor(Self.model(cuts: ["groomed/mass > 40", "kinematics/constituents >= 20"])).predict(
      events)
    let isKept = (0..<all.jets.jetCount).map {
      all.jets.columns.jets["groomed/mass"]!.values[$0] > 40 && all.jets.constituents(ofJet: $0).count >= 20
    }
    let kept = isKept.indices.filter { isKept[$0] }
    #expect(kept.count > 5 && kept.count < isKept.count)
    #expect(cut.jets.pt == kept.map { all.jets.pt[$0] })
    #expect(cut.embedding == kept.flatMap { all.embedding[3 * $0..<3 * $0 + 3] })
    #expect(cut.heads[0].values == kept.flatMap { all.heads[0].values[3 * $0..<3 * $0 + 3] })
  }

  @Test func observablesAndCutsAreReadAgain() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(cuts: ["groomed/mass > 40"])
    try model.write(to: folder.url)
    let read = try Model(contentsOf: folder.url, plugins: Self.plugins)
    #expect(read.description == model.description && read.description.cuts.count == 1)
    let events = try SampleModel.events.get()
    let (a, b) = try (Predictor(model).predict(events), Predictor(read).predict(events))
    #expect(a.heads[0].values == b.heads[0].values && a.embedding == b.embedding)
  }

  /// What is wrong in `model.json` is said in one sentence that names the file.
  @Test(arguments: [
    (
      "\"plugin\" : \"soft-drop\"", "\"plugin\" : \"soft-dorp\"",
      "the observable groomed: There is no observable soft-dorp"
    ),
    ("\"z-cut\" : 0.1", "\"z-cut\" : 0.7", "the observable groomed: "),
    ("\"z-cut\" : 0.1", "\"zcut\" : 0.1", "the observable groomed: its configuration"),
    ("\"name\" : \"planes\"", "\"name\" : \"groomed\"", "two observables are called groomed"),
    ("\"name\" : \"planes\"", "\"name\" : \"a/b\"", "the observable a/b: “a/b” is no name"),
    ("\"z-cut\" : 0.1", "\"z-cut\" : \"no\"", "z-cut has another type"),
    ("groomed/mass > 40", "groomed/mass is 40", "a comparison is missing"),
    ("groomed/mass > 40", "planes/kt > 40", "is on a number of splittings"),
    ("groomed/mass > 40", "groomed/mss > 40", "did you mean groomed/mass?"),
    ("\"name\" : \"groomed\"", "\"name\" : \"repeater\"", "There is no observable groomed"),
    (
      "\"name\" : \"groomed\",\n      \"plugin\" : \"soft-drop\",\n      \"version\" : \"1.",
      "\"name\" : \"groomed\",\n      \"plugin\" : \"soft-drop\",\n      \"version\" : \"2.",
      "was computed with soft-drop 2.0.0, and this is 1.0.0"
    ),
  ]) func badDescriptionsAreRefused(old: String, new: String, problem: String) throws {
    let folder = try TemporaryFolder()
    try Self.model(cuts: ["groomed/mass > 40"]).write(to: folder.url)
    let file = folder.url.appendingPathComponent(Model.descriptionFile)
    let text = try String(contentsOf: file, encoding: .utf8)
    try #require(text.contains(old), "\(text)")
    try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
    let error = try #require(
      throws: ModelError.self, performing: { _ = try Model(contentsOf: folder.url, plugins: Self.plugins) })
    #expect(error.description.contains(problem) && error.description.hasPrefix(file.relativePath), "\(error)")
    #expect(!error.description.hasSuffix("?."))
  }

  @Test func whatIsNotThereIsRefused() throws {
    #expect(
      throws: ModelError(
        "the head repeater: There is no observable number groomed/mas; did you mean groomed/mass?")
    ) {
      try Self.model(.init(mass: "groomed/mas"))
    }
    #expect(throws: ModelError.self) {
      _ = try Network(
        embedding: nil,
        heads: [("repeater", Repeater.self, try JSONValue(encoding: Repeater.Configuration()))])
    }
    // What a caller asks for must not go by the name of another observable of the model.
    let other = try ObservableChoice("groomed", Self.plugins.observable("kinematics"))
    let otherSet = try ObservableSet([other])
    #expect(throws: PluginError.self) { try Predictor(Self.model(), observables: otherSet) }
  }
}

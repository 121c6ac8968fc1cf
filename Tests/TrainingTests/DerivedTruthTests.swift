// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Training

/// Learns numbers that it derives for whatever it has rows of, and says what it was given of them.
private struct Deriver: Head {
  enum Fault: String, Codable, CaseIterable {
    case count, name, none, undeclared, file, refusal, infinity
  }

  struct Configuration: Codable, Sendable {
    var rows: HeadRows
    var fault: Fault?
    /// Another truth column, which files have.
    var other: String?
    /// A number of an observable of jets to derive in place of a momentum.
    var observable: String?
  }

  struct Preparation: Codable, Sendable, Equatable {
    var sum: Double
    var known: Int
  }

  static let identifier = "deriver"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Learns what it derives."
  static let example = HeadExample(configuration: Configuration(rows: .jets), truth: [:])

  let configuration: Configuration
  private let layer: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    layer = builder.dense("layer", inputs: 1, outputs: 1)
  }

  var rows: HeadRows { configuration.rows }
  var inputs: Set<HeadInput> { [.jetMomenta, .trees] }
  var truthColumns: [String] {
    (configuration.fault == .undeclared ? [] : ["hardness"]) + [configuration.other].compactMap(\.self)
  }
  var derivedTruthColumns: Set<String> { ["hardness"] }
  var observables: Set<String> { Set([configuration.observable].compactMap(\.self)) }
  var outputs: [HeadOutput] { [HeadOutput("hardness")] }

  /// Sums and momenta; none for jets and events beyond a limit.
  static func hardness(_ rows: HeadRows, _ events: Events, _ jets: Jets) -> [Float] {
    func limited(_ pt: Double) -> Float { pt > 160 ? .nan : Float(pt) }
    switch rows {
    case .events:
      return (0..<jets.eventCount).map { event in
        limited(jets.jets(ofEvent: event).reduce(0) { $0 + jets.pt[$1] })
      }
    case .jets: return jets.pt.map(limited)
    case .constituents:
      return (0..<jets.eventCount).flatMap { event in
        jets.jets(ofEvent: event).flatMap { jet in
          jets.constituents[jet].map {
            Float(events.momentum(ofParticle: events.offsets[event] + Int($0)).pt)
          }
        }
      }
    case .splittings:
      return (0..<jets.jetCount).flatMap { jet -> [Float] in
        let nodes = jets.trees.nodes(ofTree: jet)
        return nodes.compactMap {
          jets.trees.lundSplitting(ofNode: $0, first: nodes.lowerBound).map { Float($0.kt) }
        }
      }
    }
  }

  func derivedTruth(of events: Events, jets: Jets) throws -> [String: [Float]] {
    if let observable = configuration.observable {
      return ["hardness": jets.columns.jets[observable]!.values.map { Float($0) }]
    }
    var values = Self.hardness(rows, events, jets)
    switch configuration.fault {
    case .count: values.append(0)
    case .name: return ["softness": values]
    case .none?: return [:]
    case .refusal:
      if let event = events.eventNumbers.firstIndex(of: 70) {
        throw PluginError("A hardness cannot be told.", row: jets.offsets[event])
      }
    case .infinity: if events.eventNumbers[0] == 64 { values[3] = .infinity }
    default: break
    }
    return ["hardness": values]
  }

  private static func sum(_ truth: HeadTruth, _ weights: [Double]) -> Double {
    zip(truth["hardness"], weights).reduce(0) { $0 + Double($1.0) * $1.1 }
  }

  func check(_ truth: HeadTruth) throws {
    if let row = truth["hardness"].firstIndex(where: { $0 < 0 }) { throw PluginError("Negative.", row: row) }
  }

  func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) -> Preparation {
    let known = weights.count { $0 != 0 }
    guard let observable = configuration.observable else {
      return Preparation(sum: Self.sum(truth, weights), known: known)
    }
    let numbers = inputs.observable(observable)
    return Preparation(sum: zip(numbers, weights).reduce(0) { $1.1 == 0 ? $0 : $0 + $1.0 }, known: known)
  }

  mutating func prepare(by preparation: Preparation) {}

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let count = inputs.count(of: rows)
    return layer(inputs.constant(Array(repeating: 1, count: count), rows: count, columns: 1))
  }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    result.squaredError(targets: truth["hardness"].map { $0 / 100 })
  }

  func outputs(of result: Variable) -> Variable { result }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
    HeadEvaluation(metrics: [
      Metric("sum", Estimate(value: Self.sum(truth, weights), error: nil)),
      Metric("known", Estimate(value: Double(weights.count { $0 != 0 }), error: nil)),
    ])
  }
}

/// Tells hard jets, by a limit on their momentum, from others.
private struct HardJetTagger: ClassifyingHead {
  struct Configuration: Codable, Sendable { var limit: Double }

  static let identifier = "hard-jets"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Tells hard jets."
  static let example = HeadExample(configuration: Configuration(limit: 120), truth: [:])

  let configuration: Configuration
  var classification: Classification
  private let layer: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    classification = try Classification(name: builder.headName, truth: "hard", classes: ["soft", "hard"])
    layer = builder.dense("layer", inputs: 1, outputs: 1, initialisation: .glorot)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { [.jetMomenta] }
  var derivedTruthColumns: Set<String> { ["hard"] }

  func derivedTruth(of events: Events, jets: Jets) -> [String: [Float]] {
    ["hard": jets.pt.map { $0 > configuration.limit ? 1 : 0 }]
  }

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    layer(
      inputs.constant(
        inputs.jetMomenta.map { Float($0.pt / 100 - 1.2) }, rows: inputs.jetCount, columns: 1))
  }
}

/// Truth that heads derive of events and jets, instead of files.
@Suite struct DerivedTruthTests {
  private static let plugins: PluginRegistry = {
    var plugins = ToyJets.plugins
    try! plugins.register(Deriver.self)
    try! plugins.register(HardJetTagger.self)
    return plugins
  }()

  private let folder: TemporaryFolder
  private let events: String

  /// Events of no, one and two jets.
  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 6)
    let lines = (0..<120).map { event in
      let particles = (0..<(event % 5 + 1) / 2).flatMap { jet in
        ToyJets.particles(prongs: 1 + event % 2, phi: 1 + 3 * Double(jet), using: &generator)
      }
      return ToyJets.line(
        particles, "\"label\": \(event % 2)", "\"mass\": \(event % 11 == 2 ? "null" : "\(event)")")
    }
    events = try folder.write(lines.joined(), to: "toys.jsonl")
  }

  private func train(_ head: String, threads: Int = 2, _ log: ToyJets.Log = ToyJets.Log()) throws -> Model {
    let yaml = ToyJets.configuration(
      events, training: "epochs: 1, batch-size: 10, threads: \(threads)"
    ).replacing("  prongs:\n", with: "  own: \(head)\n  prongs:\n")
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    let name = UUID().uuidString
    return try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
    ).run(into: folder.url.appendingPathComponent(name), resuming: false, observer: log)
  }

  private func network(_ configuration: Deriver.Configuration) throws -> Network {
    try Network(
      embedding: ToyJets.embedding(.gated),
      heads: [("own", Deriver.self, try JSONValue(encoding: configuration))])
  }

  private func dataset(_ network: Network, threads: Int = 1) throws -> EventDataset {
    try EventDataset(
      EventStream(inputs: [events]), jets: ToyJets.finder(), for: network,
      threads: threads)
  }

  /// What the head derives of each event, without the classes that carry it: `[events]` lists.
  private func expected(_ rows: HeadRows) throws -> [[Float]] {
    let stream = try EventStream(inputs: [events])
    let clusterer = try JetClusterer(ToyJets.finder())
    var values: [[Float]] = []
    while let batch = try stream.next(upTo: 1) {
      values.append(Deriver.hardness(rows, batch, try clusterer.jets(in: batch)))
    }
    return values
  }

  /// Training, validation and evaluation have the truth of the same rows, whatever these are.
  @Test(arguments: [HeadRows.events, .jets, .constituents, .splittings])
  func everyStepHasTheTruth(_ rows: HeadRows) throws {
    let expected = try expected(rows)
    let known = expected.map { $0.filter { !$0.isNaN } }
    #expect(known.joined().count > 50)
    let network = try network(Deriver.Configuration(rows: rows))
    let (one, three) = (try dataset(network), try dataset(network, threads: 3))
    let named = network.heads[0]
    for selection in [Array(0..<120), [7, 3, 90, 8]] {
      let truth = one.truth(of: named, of: selection)["hardness"]
      let weights = one.weights(for: named, of: selection)
      let values = selection.flatMap { expected[$0] }
      #expect(truth.count == values.count && weights.count == values.count)
      for row in values.indices {
        #expect(weights[row] == (values[row].isNaN ? 0 : 1))
        #expect(values[row].isNaN ? !truth[row].isNaN : truth[row] == values[row])
      }
      #expect(three.truth(of: named, of: selection)["hardness"] == truth)
    }

    let log = ToyJets.Log()
    let model = try train("{plugin: deriver, configuration: {rows: \(rows.rawValue)}}", log)
    let split = EventSplit(one, validationFraction: 0.3, seed: 1)
    func sum(_ events: [Int]) -> Double { events.reduce(0) { $0 + known[$1].reduce(0) { $0 + Double($1) } } }
    let preparation = try #require(
      try model.description.heads[0].preparation?.decode(Deriver.Preparation.self))
    #expect(abs(preparation.sum - sum(split.training)) < 1e-6 * preparation.sum)
    #expect(preparation.known == split.training.reduce(0) { $0 + known[$1].count })
    let validation = try #require(
      model.description.training?.epochs[0].metrics.first { $0.name == "own sum" })
    #expect(abs(validation.value - sum(split.validation)) < 1e-6 * validation.value)
    let missing = expected.joined().count - known.joined().count
    #expect(
      log.remarks.contains(
        "own leaves out the \(rows.rawValue) without truth: hardness is missing in \(missing) of \(expected.joined().count)."
      ) == (missing > 0))

    let evaluation = try Evaluation(of: model, on: EventStream(inputs: [events]), threads: 2)
    let metrics = try #require(evaluation.heads[0].evaluation?.metrics)
    #expect(abs(try #require(metrics[0].estimate).value - sum(Array(0..<120))) < 1e-3)
    #expect(metrics[1].estimate?.value == Double(known.joined().count))
    #expect(evaluation.remarks.contains { $0.hasPrefix("own leaves out") } == (missing > 0))
  }

  /// Rows lack truth if either kind of it is missing.
  @Test func derivedTruthBesideThatOfFiles() throws {
    let expected = try expected(.jets)
    let network = try network(Deriver.Configuration(rows: .jets, other: "mass"))
    let dataset = try dataset(network)
    let weights = dataset.weights(for: network.heads[0], of: 0..<120)
    let kept = expected.enumerated().flatMap { event, values in
      values.map { $0.isNaN || event % 11 == 2 ? Float(0) : 1 }
    }
    #expect(weights == kept && kept.contains(0) && kept.contains(1))
    #expect(network.truthColumns == ["mass"])
    let truth = dataset.truth(of: network.heads[0], of: [4])
    #expect(truth["mass"] == [4, 4])
  }

  /// What observables say of the jets of the training sample reaches the truth and the preparation of a head.
  @Test func truthFromObservables() throws {
    let configuration = Deriver.Configuration(rows: .jets, observable: "soft-drop/mass")
    let network = try Network(
      embedding: ToyJets.embedding(.gated),
      heads: [("own", Deriver.self, try JSONValue(encoding: configuration))],
      observables: ObservableCatalogue(plugins: .shipped))
    let dataset = try dataset(network)
    let training = Array(0..<120).filter { $0 % 4 != 1 }
    let truth = dataset.truth(of: network.heads[0], of: training)["hardness"]
    let weights = dataset.weights(for: network.heads[0], of: training)
    let sum = zip(truth, weights).reduce(0) { $0 + Double($1.0 * $1.1) }
    let preparation = try #require(
      try network.prepared(on: dataset, training).heads[0].preparation?.decode(Deriver.Preparation.self))
    #expect(sum > 100 && abs(preparation.sum - sum) < 1e-3 && preparation.known > 50)
  }

  @Test func aClassifierLearnsDerivedClasses() throws {
    let model = try train("{plugin: hard-jets, configuration: {limit: 140}}")
    let evaluation = try Evaluation(of: model, on: EventStream(inputs: [events]), threads: 1)
    let classifier = try #require(evaluation.heads[0].evaluation?.classifiers.first)
    let jets = try expected(.jets).joined().count
    #expect(classifier.signalCount + classifier.backgroundCount == jets && classifier.signalCount > 5)
    let error = #expect(throws: TrainingError.self) {
      try train("{plugin: hard-jets, configuration: {limit: 1000}}")
    }
    #expect(
      error?.description.contains("own: the jets of class hard (hard = 1) are absent") == true,
      "\(String(describing: error))")
  }

  @Test(arguments: [
    (Deriver.Fault.count, "values of hardness for"),
    (.name, "The head own derives the truth columns softness, but"),
    (.none, "The head own derives no truth, but its list of derived truth columns is hardness"),
  ]) fileprivate func otherTruthThanDeclared(_ fault: Deriver.Fault, _ text: String) throws {
    let network = try network(Deriver.Configuration(rows: .splittings, fault: fault))
    let error = #expect(throws: PluginError.self) { try dataset(network, threads: 2) }
    #expect(
      error?.description.contains(text) == true
        && error?.description.hasSuffix("mend the plugin deriver.") == true,
      "\(String(describing: error))")
  }

  @Test func columnsThatMakeNoSense() throws {
    let undeclared = #expect(throws: ModelError.self) {
      try network(Deriver.Configuration(rows: .jets, fault: .undeclared))
    }
    #expect(undeclared?.description.contains("derives the truth column hardness, which is not among") == true)
    let splittings = #expect(throws: ModelError.self) {
      try network(Deriver.Configuration(rows: .splittings, other: "mass"))
    }
    #expect(
      splittings?.description.contains("the truth column mass, but splittings have no columns in files")
        == true)
    for (rows, column, owner) in [
      (HeadRows.jets, "\"hardness\": 1", "events"), (.splittings, "\"hardness\": 2", "events"),
      (.constituents, "\"hardness\": [1, 2, 3, 4, 5, 6, 7, 8]", "particles"),
    ] {
      var generator = SeededGenerator(seed: 1)
      let file = try folder.write(
        ToyJets.line(ToyJets.particles(prongs: 1, using: &generator), column), to: "clash.jsonl")
      let network = try network(Deriver.Configuration(rows: rows))
      let options = EventReadingOptions(particleColumns: ["hardness"])
      let clash = #expect(throws: SampleError.self) {
        try EventDataset(
          EventStream(inputs: [file], options: options), jets: ToyJets.finder(), for: network,
          threads: 1)
      }
      #expect(
        clash?.description.hasSuffix(
          "clash.jsonl: the \(owner) have a column hardness, which own derives itself; leave it out of the file, or give "
            + "it another name.") == true, "\(String(describing: clash))")
    }
  }

  @Test func problemsNameFileAndEvent() throws {
    let refused = #expect(throws: SampleError.self) {
      try dataset(network(Deriver.Configuration(rows: .jets, fault: .refusal)))
    }
    // Event 70 has no jet, so that the row is that of the next event.
    #expect(
      refused?.description.hasSuffix("toys.jsonl, event 71: own: A hardness cannot be told.") == true,
      "\(String(describing: refused))")
    let infinite = #expect(throws: SampleError.self) {
      try train("{plugin: deriver, configuration: {rows: jets, fault: infinity}}")
    }
    let offset = try expected(.jets)[64...].map(\.count).reduce(into: [Int]()) {
      $0.append(($0.last ?? 0) + $1)
    }
    .firstIndex { $0 > 3 }!
    #expect(
      infinite?.description.contains(
        "toys.jsonl, event \(64 + offset): hardness is inf, but own needs a finite number there") == true,
      "\(String(describing: infinite))")
  }
}

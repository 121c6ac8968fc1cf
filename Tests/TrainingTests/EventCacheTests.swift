// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import NeuralEngine
import PluginKit
import Support
import TestFiles
import TestPlugins
import Testing
import Training

/// Scores jets by all that a head can read of them as plain numbers; learns the mean pT of a constituent before the first step.
private struct Reader: Head {
  struct Configuration: Codable, Sendable {}
  struct Preparation: Codable, Sendable, Equatable { var meanPt: Double }

  static let identifier = "reader"
  static let version = PluginVersion(1, 0, 0)
  static let summary = "Reads everything."
  static let example = HeadExample(configuration: Configuration(), truth: ["label": [0, 1]])

  let configuration: Configuration
  private var meanPt = 1.0
  private let layer: Dense

  init(configuration: Configuration, builder: inout HeadBuilder) {
    self.configuration = configuration
    layer = builder.dense("layer", inputs: 7, outputs: 1, initialisation: .glorot)
  }

  var rows: HeadRows { .jets }
  var inputs: Set<HeadInput> { HeadInput.kinematics }
  var observables: Set<String> { ["soft-drop/mass", "lund/ln-kt", "kinematics/constituents"] }
  var truthColumns: [String] { ["label"] }
  var outputs: [HeadOutput] { [HeadOutput("label")] }

  func check(_ truth: HeadTruth) {}

  func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) -> Preparation {
    let pt = inputs.constituents.momenta.map(\.pt)
    return Preparation(meanPt: pt.reduce(0, +) / Double(pt.count))
  }

  mutating func prepare(by preparation: Preparation) { meanPt = preparation.meanPt }

  func callAsFunction(_ inputs: HeadInputs) -> Variable {
    var values: [Float] = []
    for jet in 0..<inputs.jetCount {
      let constituents = inputs.constituents.constituents(ofJet: jet)
      let rows = inputs.constituentRows.range(of: jet)
      let nodes = inputs.trees.nodes(ofTree: jet)
      let splittings = rows.lowerBound - jet..<rows.upperBound - jet - 1
      let event = Int(inputs.eventOfJet[jet])
      values += [
        inputs.jetMomenta[jet].mass / 50, inputs.constituents.momenta[constituents.lowerBound].pt / meanPt,
        inputs.constituentRows.content.momenta[rows.lowerBound].energy / meanPt,
        inputs.trees.mergeScale[nodes.upperBound - 1].squareRoot() / 50,
        (inputs.missingMomentum.scalarSum[event] + inputs.missingMomentum.px[event]) / 200,
        inputs.observable("soft-drop/mass")[jet] / 50 + inputs.observable("kinematics/constituents")[jet]
          / 10,
        inputs.observable("lund/ln-kt")[splittings].reduce(0) { $1.isFinite ? $0 + $1 : $0 } / 10,
      ].map { Float($0) }
    }
    return layer(inputs.constant(values, rows: inputs.jetCount, columns: 7))
  }

  func loss(of result: Variable, truth: HeadTruth) -> Variable {
    result.squaredError(targets: truth["label"])
  }

  func outputs(of result: Variable) -> Variable { result }

  func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
    let error = zip(outputs.values, truth["label"]).reduce(0.0) { $0 - Double(abs($1.0 - $1.1)) }
    return HeadEvaluation(metrics: [Metric("closeness", Estimate(value: error, error: nil))])
  }
}

/// Trainings whose events lie in a file.
@Suite struct EventCacheTests {
  private let folder: TemporaryFolder
  private let events: String

  private static let plugins: PluginRegistry = {
    var plugins = PluginRegistry.shipped
    try! plugins.register(Reader.self)
    return plugins
  }()

  init() throws {
    folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 8)
    // Events of no, one and two jets, with a mass that means something for the events of label 1.
    let lines = (0..<150).map { event in
      let label = event % 2
      let jets = (0..<[1, 2, 0, 1, 2][event % 5]).map { jet in
        ToyJets.particles(prongs: 1 + label, phi: 1 + 3 * Double(jet), using: &generator)
      }
      return ToyJets.line(
        jets.flatMap(\.self), "\"label\": \(label)", "\"mass\": \(label == 1 ? Double(1 + event % 7) : 99)")
    }
    events = try folder.write(lines.joined(), to: "toys.jsonl")
    try FileManager.default.createDirectory(
      at: folder.url.appendingPathComponent("cache"), withIntermediateDirectories: false)
  }

  private final class Log: TrainingRun.Observer {
    var afterEpoch: () throws -> Void = {}
    var error: (any Error)?
    func begin(_ summary: TrainingRun.Summary) {}
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) { do { try afterEpoch() } catch { self.error = error } }
  }

  private enum Network: String, CaseIterable {
    case tagger, encoder, reader

    var sections: String {
      switch self {
      case .tagger:
        """
        embedding: {cell: gated, width: 4}
        heads: {prongs: {plugin: jet-tagger, configuration: {truth: label, classes: [one, two], working-points: [0.3]}}}
        """
      case .encoder:
        """
        embedding: {cell: simple, width: 3}
        events: {width: 4, inputs: {missing-momentum: true, scalar-sum: true, conditions: [mass]}}
        heads: {events: {plugin: event-classifier, configuration: {truth: label, classes: [one, two]}}}
        """
      case .reader:
        "heads: {reader: {plugin: reader, configuration: {}}}"
      }
    }
  }

  private func run(
    _ network: Network, cache: String?, data: String = "", training: String = "epochs: 2", threads: Int = 2,
    into name: String, resuming: Bool = false, log: Log = Log()
  ) throws -> Model {
    let yaml = """
      data:
        inputs: [\(events)]
        validation-fraction: 0.3
        \(cache.map { "cache: \($0)" } ?? "")
        \(data)
      jets: {radius: 1, min-pt: 20, recluster: kt}
      \(network.sections)
      training: {batch-size: 16, learning-rate: 0.02, schedule: constant, threads: \(threads), \(training)}
      """
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    return try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
    ).run(into: folder.url.appendingPathComponent(name), resuming: resuming, observer: log)
  }

  private var cache: String { folder.path("cache") }

  private func expectSame(_ one: Model, _ other: Model, sourceLocation: SourceLocation = #_sourceLocation) {
    for (one, other) in zip(
      one.folds == nil ? [one] : one.members, other.folds == nil ? [other] : other.members)
    {
      let bits = [one, other].map { $0.parameters.values.map(\.bitPattern) }
      #expect(bits[0] == bits[1] && !bits[0].isEmpty, sourceLocation: sourceLocation)
      #expect(one.description.scaling == other.description.scaling, sourceLocation: sourceLocation)
      #expect(one.description.heads == other.description.heads, sourceLocation: sourceLocation)
      let curves = [one, other].map { model in
        model.description.training!.epochs.map {
          [$0.trainingLoss, $0.validationLoss!] + $0.metrics.map(\.value)
        }
      }
      #expect(curves[0] == curves[1] && curves[0].count > 1, sourceLocation: sourceLocation)
      #expect(
        one.description.training?.ranges == other.description.training?.ranges, sourceLocation: sourceLocation
      )
      #expect(
        one.description.training?.inputs == other.description.training?.inputs
          && one.description.training?.inputs?.isEmpty == one.network.stages.isEmpty,
        sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: Network.allCases, [1, 2]) private func theSameBitsAsInMemory(
    _ network: Network, _ threads: Int
  ) throws {
    let log = Log()
    var content: [String] = ["?"]
    // Whatever ends the process, nothing is left.
    log.afterEpoch = { [cache] in content = try FileManager.default.contentsOfDirectory(atPath: cache) }
    let inMemory = try run(network, cache: nil, threads: threads, into: "memory")
    let cached = try run(network, cache: cache, threads: threads, into: "cached", log: log)
    #expect(log.error == nil && content == [])
    expectSame(inMemory, cached)
  }

  @Test(arguments: ["folds: 3", "redraw-conditions: {label: 0}", "stratify: label", "balance: label"])
  func theSameBitsWhateverBecomesOfTheEvents(_ data: String) throws {
    let models = try [nil, cache].map {
      try run(.encoder, cache: $0, data: data, into: $0 == nil ? "memory" : "cached")
    }
    #expect((models[0].folds != nil) == data.hasPrefix("folds"))
    expectSame(models[0], models[1])
  }

  /// A training goes on with a cache or without, whatever it began with.
  @Test(arguments: [true, false]) func aTrainingGoesOnEitherWay(_ cacheFirst: Bool) throws {
    let whole = try run(.encoder, cache: nil, training: "epochs: 4, keep: average", into: "whole")
    for (epochs, cached) in [(2, cacheFirst), (4, !cacheFirst)] {
      let part = try run(
        .encoder, cache: cached ? cache : nil, training: "epochs: \(epochs), keep: average", into: "part",
        resuming: epochs > 2)
      if epochs == 4 { expectSame(whole, part) }
    }
  }

  @Test func onlyTheSameEventsGoOn() throws {
    _ = try run(.tagger, cache: cache, training: "epochs: 1", into: "model")
    let text = try String(contentsOfFile: events, encoding: .utf8)
    try folder.write(text.replacingOccurrences(of: "[1", with: "[2"), to: "toys.jsonl")
    let error = #expect(throws: TrainingError.self) {
      try run(.tagger, cache: cache, training: "epochs: 2", into: "model", resuming: true)
    }
    #expect(
      error?.description.contains("other events: their features") == true, "\(String(describing: error))")
  }

  @Test func theBestRateIsFoundAlike() throws {
    func rates(_ cache: String?) throws -> RateTest {
      let yaml = """
        data: {inputs: [\(events)], validation-fraction: 0.3\(cache.map { ", cache: \($0)" } ?? "")}
        jets: {radius: 1, min-pt: 20, recluster: kt}
        \(Network.tagger.sections)
        training: {batch-size: 4, threads: 2}
        """
      let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
      return try TrainingRun(
        TrainingConfiguration(contentsOf: file, plugins: Self.plugins), plugins: Self.plugins
      ).testRates(observer: ToyJets.Log())
    }
    #expect(try rates(nil) == rates(cache))
  }

  // MARK: - Faults

  /// The path by which this process has a cache open, whose name is gone.
  private func openCache() throws -> String {
    let place = cache
    return try #require(
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").map { "/proc/self/fd/\($0)" }.first
      {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: $0))?.hasPrefix(place) == true
      })
  }

  private func complaint(of damage: @escaping (FileHandle) throws -> Void) throws -> String {
    let log = Log()
    log.afterEpoch = {
      let handle = try #require(FileHandle(forUpdatingAtPath: try openCache()))
      try damage(handle)
      try handle.close()
    }
    let error = #expect(throws: TrainingError.self) {
      try run(.tagger, cache: cache, into: "model", log: log)
    }
    #expect(log.error == nil && error?.fault == .work)
    // What was done is kept.
    #expect(
      try Model(contentsOf: folder.url.appendingPathComponent("model"), plugins: Self.plugins).description
        .training?.epochs.count == 1)
    return error?.description ?? ""
  }

  @Test func aCacheThatIsCutShortIsToldOf() throws {
    let text = try complaint { try $0.truncate(atOffset: 1000) }
    #expect(
      text.hasPrefix("\(cache): event ")
        && text.contains(" of the cache cannot be read back (the file was cut short)"),
      "\(text)")
  }

  /// Every bit of a record counts: lengths, links and numbers.
  @Test(arguments: [0, 8, 40, 64, 900]) func aDamagedCacheIsToldOf(_ place: UInt64) throws {
    let text = try complaint { handle in
      try handle.seek(toOffset: place)
      let byte = try #require(try handle.read(upToCount: 1))[0]
      try handle.seek(toOffset: place)
      try handle.write(contentsOf: Data([byte ^ 0x40]))
    }
    #expect(text.contains("event 0 of the cache cannot be read back (its checksum is not that"), "\(text)")
  }

  @Test func aFolderThatIsNoneIsToldOf() throws {
    let error = #expect(throws: FileOutputError.self) {
      try run(.tagger, cache: folder.path("nowhere"), into: "model")
    }
    #expect(error?.path == folder.path("nowhere") && error?.code == ENOENT)
    #expect(!FileManager.default.fileExists(atPath: folder.path("model")))
    let empty = #expect(throws: (any Error).self) { try run(.tagger, cache: "\"\"", into: "model") }
    #expect("\(String(describing: empty))".contains("is empty; name a folder"))
  }
}

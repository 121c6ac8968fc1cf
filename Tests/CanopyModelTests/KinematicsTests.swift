// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import JetPhysics
import NeuralEngine
import PluginKit
import TestFiles
import Testing

/// What heads read as plain numbers, seen by a head that gives back what it reads.
@Suite struct KinematicsTests {
  /// Outputs of each jet: its momentum, its hardest constituent's pT and identifier, the number of constituents, the
  /// number of its tree's nodes and its event's missing momentum and scalar sum, all times the calibration.
  private struct Mirror: Head {
    struct Configuration: Codable, Sendable {}
    struct Calibration: Codable, Sendable { var factor: Float }

    static let identifier = "mirror"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "Gives back what it reads."
    static let example = HeadExample(configuration: Configuration(), truth: [:])

    let configuration: Configuration
    var calibration: Calibration?
    let rows = HeadRows.jets
    let inputs: Set<HeadInput> = HeadInput.kinematics
    let truthColumns: [String] = []
    let outputs = [
      HeadOutput("momentum", width: 4, unit: "GeV"), HeadOutput("hardest", width: 3), HeadOutput("nodes"),
      HeadOutput("missing", width: 3, unit: "GeV"),
    ]

    init(configuration: Configuration, builder: inout HeadBuilder) { self.configuration = configuration }

    func check(_ truth: HeadTruth) {}

    func callAsFunction(_ inputs: HeadInputs) -> Variable {
      var values: [Float] = []
      let constituents = inputs.constituents
      for jet in 0..<inputs.jetCount {
        let p = inputs.jetMomenta[jet]
        values += [p.px, p.py, p.pz, p.energy].map { Float($0) }
        let range = constituents.constituents(ofJet: jet)
        let pt = range.map { constituents.momenta[$0].pt }
        precondition(zip(pt, pt.dropFirst()).allSatisfy { $0 >= $1 }, "constituents by falling pT")
        values += [Float(pt[0]), Float(constituents.pdgID[range.lowerBound]), Float(range.count)]
        values.append(Float(inputs.trees.nodes(ofTree: jet).count))
        let event = Int(inputs.eventOfJet[jet])
        let missing = inputs.missingMomentum
        values += [missing.px[event], missing.py[event], missing.scalarSum[event]].map { Float($0) }
      }
      return inputs.constant(values, rows: inputs.jetCount, columns: 11)
    }

    func loss(of result: Variable, truth: HeadTruth) -> Variable {
      result.squaredError(targets: Array(result.values))
    }

    func outputs(of result: Variable) -> Variable {
      let values = result.matrix.values.map { $0 * (calibration?.factor ?? 1) }
      return result.tape.constant(values, rows: result.rows, columns: result.columns)
    }

    mutating func calibrate(by calibration: Calibration) throws {
      guard calibration.factor > 0 else { throw PluginError("The factor is \(calibration.factor).") }
      self.calibration = calibration
    }

    func calibration(fitting results: Matrix, truth: HeadTruth, weights: [Double]) -> Calibration? {
      Calibration(factor: 2)
    }

    func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) -> HeadEvaluation {
      HeadEvaluation(metrics: [Metric("none", Estimate(value: 0, error: nil))])
    }
  }

  private static func model(calibration: JSONValue? = nil) throws -> Model {
    let network = try Network(embedding: nil, heads: [("mirror", Mirror.self, JSONValue.object([:]))])
    var heads = try network.heads.map { try $0.description() }
    heads[0].calibration = calibration
    return Model(
      description: ModelDescription(
        jets: try SampleModel.finder(), embedding: nil, scaling: SampleScaling(), heads: heads),
      network: network, parameters: Parameters(layout: network.layout))
  }

  @Test func aHeadReadsTheJetsOfItsEvents() throws {
    let events = try SampleModel.events.get()
    // Many pieces, so that jets are gathered from all over the batch.
    let prediction = try Predictor(Self.model()).predict(events)
    let jets = prediction.jets
    #expect(jets.jetCount > 40)
    let outputs = prediction.heads[0].matrix
    #expect(outputs.rows == jets.jetCount)
    for event in 0..<jets.eventCount {
      let particles = events.momenta(ofEvent: event)
      let missing = particles.reduce(FourMomentum.zero, +)
      for jet in jets.jets(ofEvent: event) {
        let p = jets.momentum(ofJet: jet)
        let constituents = jets.constituents[jet].map { Int($0) }
        let hardest = constituents.max { particles[$0].pt < particles[$1].pt }!
        let expected = [
          p.px, p.py, p.pz, p.energy, particles[hardest].pt,
          Double(events.pdgID[events.offsets[event] + hardest]), Double(constituents.count),
          Double(2 * constituents.count - 1), -missing.px, -missing.py,
          particles.reduce(0) { $0 + $1.pt },
        ]
        for (column, value) in expected.enumerated() {
          #expect(abs(Double(outputs[jet, column]) - value) <= 1e-5 * max(1, abs(value)), "\(jet) \(column)")
        }
      }
    }
  }

  /// An event that was written is the same when it is read, whatever lies before and after it.
  @Test func eventsAreReadAsTheyWereWritten() throws {
    var events = try SampleModel.events.get()
    var generator = SeededGenerator(seed: 3)
    let count = events.particleCount
    events.particles.content.columns["d0"] = Column(
      width: 2, values: (0..<2 * count).map { _ in .random(in: -1...1, using: &generator) }, unit: "mm")
    events.particles.content.columns["id"] = Column(
      wholeNumbers: (0..<count).map { _ in Int64.random(in: 0 ... .max, using: &generator) }, storage: .int64)
    // Whole numbers that no double holds keep all their digits.
    #expect(!events.particles.content.columns["id"]!.remainders.isEmpty)
    var jets = try JetClusterer(SampleModel.finder().withTrees(true)).jets(in: events)
    func numbers(_ rows: Int) -> Column {
      Column(values: (0..<rows).map { _ in .random(in: -1...1, using: &generator) }, unit: "GeV")
    }
    let constituents = jets.constituents.content.count
    jets.columns.events["toy/of-events"] = numbers(jets.eventCount)
    jets.columns.jets["toy/of-jets"] = numbers(jets.jetCount)
    jets.columns.constituents["toy/of-constituents"] = numbers(constituents)
    jets.columns.splittings["toy/of-splittings"] = numbers(constituents - jets.jetCount)
    let names = ["toy/of-events", "toy/of-jets", "toy/of-constituents", "toy/of-splittings"]
    var all = Kinematics(HeadInput.kinematics, observables: Set(names))
    all.replace(with: events, jets: jets)

    let order = Array((0..<jets.eventCount).shuffled(using: &generator))
    var expected = Kinematics(HeadInput.kinematics, observables: Set(names))
    expected.fill(all, events: order, jets: order.flatMap(jets.jets(ofEvent:)))
    var read = Kinematics(HeadInput.kinematics, observables: Set(names))
    for event in order {
      var record = EventRecordWriter()
      all.write(event: event, jets: jets.jets(ofEvent: event), to: &record)
      // Aligned as a cache reads them.
      var words = Array(repeating: UInt64(0), count: record.bytes.count / 8)
      try words.withUnsafeMutableBytes { words in
        words.copyBytes(from: record.bytes)
        var reader = EventRecordReader(UnsafeRawBufferPointer(words))
        try read.append(from: &reader)
        #expect(reader.isAtEnd)
        for length in stride(from: 0, to: words.count, by: max(8, words.count / 64 * 8)) {
          var part = EventRecordReader(UnsafeRawBufferPointer(rebasing: words[..<length]))
          var other = Kinematics(HeadInput.kinematics, observables: Set(names))
          #expect(throws: PluginError.self) { try other.append(from: &part) }
        }
      }
    }
    #expect(read.jets == expected.jets && read.missingMomentum == expected.missingMomentum)
    #expect(read.constituents == expected.constituents && read.trees == expected.trees)
    #expect(read.constituentRows.offsets == expected.constituentRows.offsets)
    #expect(read.constituentRows.content == expected.constituentRows.content)
    #expect(read.constituentRows.content.count == constituents && read.jets.count == jets.jetCount)
    for name in names { #expect(read.observable(name) == expected.observable(name)) }
  }

  @Test func aCalibrationIsStoredAndChecked() throws {
    var plugins = PluginRegistry()
    try plugins.register(Mirror.self)
    let folder = try TemporaryFolder()
    let plain = try Self.model()
    try Self.model(calibration: .object(["factor": .number(2)])).write(to: folder.url)
    let calibrated = try Model(contentsOf: folder.url, plugins: plugins)
    let events = try SampleModel.events.get().events(at: 0..<2)
    let before = try Predictor(plain).predict(events).heads[0].values
    let after = try Predictor(calibrated).predict(events).heads[0].values
    #expect(after == before.map { 2 * $0 })
    #expect(try calibrated.network.heads[0].description() == calibrated.description.heads[0])

    try Self.model(calibration: .object(["factor": .number(-1)])).write(to: folder.url)
    let error = #expect(throws: ModelError.self) { try Model(contentsOf: folder.url, plugins: plugins) }
    #expect(error?.description.hasSuffix("the calibration of the head mirror: The factor is -1.0.") == true)
    try Self.model(calibration: .string("two")).write(to: folder.url)
    #expect(throws: ModelError.self) { try Model(contentsOf: folder.url, plugins: plugins) }
  }

  @Test func aHeadOnTreesNeedsTrees() throws {
    var plugins = PluginRegistry()
    try plugins.register(Mirror.self)
    let folder = try TemporaryFolder()
    let model = try Self.model()
    var description = model.description
    description.jets = description.jets.withTrees(false)
    try Model(description: description, network: model.network, parameters: model.parameters)
      .write(to: folder.url)
    let error = #expect(throws: ModelError.self) { try Model(contentsOf: folder.url, plugins: plugins) }
    #expect(error?.description.hasSuffix("jets.trees is false, but the network reads trees.") == true)
  }
}

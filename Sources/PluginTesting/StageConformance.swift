// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import RecursiveEmbedding

/// Checks that a stage does what every stage has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: StageCheck.allCases) func conforms(_ check: StageCheck) throws {
///   try StageConformance(ConstituentTransformer.self).run(check)
/// }
/// ```
///
/// The stage is tried in a network of random weights, on events that are made for it; one of events that reads the
/// embedding of jets stands on a recursive network.
public struct StageConformance<S: Stage>: Sendable {
  private let configuration: S.Configuration
  private let plugins: PluginRegistry

  /// The conformance of a stage.
  ///
  /// - Parameters:
  ///   - type: the stage.
  ///   - configuration: what it is tried with; its own example unless given.
  ///   - observables: observables that the stage may read besides those that come with Canopy.
  public init(
    _ type: S.Type, configuration: S.Configuration = S.example, observables: [any Observable.Type] = []
  ) {
    self.init(type, configuration: configuration, plugins: ConformanceEvents.plugins(with: observables))
  }

  /// The conformance of a stage among other plugins.
  init(_ type: S.Type, configuration: S.Configuration, plugins: PluginRegistry) {
    self.configuration = configuration
    self.plugins = plugins
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` if the stage does not pass, or what the stage itself throws.
  public func run(_ check: StageCheck) throws {
    switch check {
    case .configuration: try checkConfiguration()
    case .shapes: try checkShapes()
    case .finiteness: try checkFiniteness()
    case .gradients: try checkGradients()
    case .determinism: try checkDeterminism()
    case .independence: try checkIndependence()
    case .saving: try checkSaving()
    case .records: try checkRecords()
    }
  }

  // MARK: - The network

  private static var place: StagePlace { S.rows == .jets ? .embedding : .events }

  private func network() throws -> Network {
    let choice = StageChoice(S.self, configuration)
    let observables = ObservableCatalogue(plugins: plugins)
    guard S.rows == .events else {
      return try Network(embedding: choice, heads: [], observables: observables)
    }
    let jets = StageChoice(RecursiveStage.self, RecursiveStage.example)
    let whole = try Network(embedding: jets, events: choice, heads: [], observables: observables)
    // Without jets' embeddings if none are read, so that the stage cannot count on them.
    return whole.events!.stage.inputs.contains(.jetEmbedding)
      ? whole : try Network(embedding: nil, events: choice, heads: [], observables: observables)
  }

  private func model() throws -> Model {
    let network = try network()
    return try ConformanceEvents.model(of: network)
  }

  private func sample(of events: Events, _ model: Model) throws -> EventSample {
    var sample = EventSample(model)
    try sample.replace(with: events, jets: model.makeReconstruction().jets(in: events))
    return sample
  }

  /// The embeddings of some events, and the gradients of a weighted sum of their components.
  private func pass(
    _ model: Model, _ events: Events, parameters: Parameters? = nil, throughRecords: Bool = false
  ) throws -> (embedding: Matrix, sum: Double, gradients: [Float]) {
    let network = model.network
    let parameters = parameters ?? model.parameters
    let events = ConformanceEvents.events(events, with: network.particleColumns)
    var sample = try sample(of: events, model)
    if throughRecords { sample = try Self.read(Self.records(of: sample), EventSample(model)) }
    sample.scale(by: model.description.scaling)
    let gradients = Parameters(layout: network.layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    let batch = NetworkBatch()
    batch.fill(sample, 0..<sample.eventCount)
    let pass = network(batch, NetworkWeights(network, parameters), on: tape)
    try pass.check()
    let embedding = (S.rows == .jets ? pass.jetEmbedding : pass.eventEmbedding)!
    var generator = SeededGenerator(seed: 4)
    let seed = (0..<embedding.count).map { _ in Float.random(in: -1...1, using: &generator) }
    let matrix = embedding.matrix
    if !seed.isEmpty {
      tape.seedGradient(of: embedding, UnsafeBufferPointer(tape.scratch(copying: seed)))
      tape.backward()
    }
    return (
      matrix, zip(matrix.values, seed).reduce(0) { $0 + Double($1.0) * Double($1.1) },
      network.layout.entries.flatMap { gradients.values[$0.offset..<$0.offset + $0.count] }
    )
  }

  // MARK: - Checks

  private func checkConfiguration() throws {
    let written = try JSONValue(encoding: stage().configuration)
    let again = try JSONValue(encoding: written.decode(S.Configuration.self, plugins: plugins))
    try ConformanceFailure.require(
      written == again, "The configuration \(written) is \(again) when it was written and read.")
    guard case .object = written else {
      throw ConformanceFailure("The configuration \(written) is no mapping of keys to values.")
    }
  }

  private func stage() throws -> S {
    let network = try network()
    return (Self.place == .embedding ? network.embedding : network.events)!.stage as! S
  }

  private func checkShapes() throws {
    let model = try model()
    let (ordinary, extreme) = (ConformanceEvents.ordinary, ConformanceEvents.extreme)
    for events in [
      ordinary.events(at: 0..<0), extreme.events(at: 0..<1), extreme.events(at: 1..<2), ordinary,
    ] {
      _ = try pass(model, events)
    }
  }

  private func checkFiniteness() throws {
    let model = try model()
    let extreme = ConformanceEvents.extreme
    for events in [ConformanceEvents.ordinary]
      + (0..<extreme.eventCount).map({ extreme.events(at: $0..<$0 + 1) })
    {
      let pass = try pass(model, events)
      try ConformanceFailure.require(
        pass.embedding.values.allSatisfy(\.isFinite) && pass.gradients.allSatisfy(\.isFinite),
        "Embeddings or gradients are not finite for an event of these particles: "
          + "\(ConformanceEvents.momenta(of: events)).")
    }
  }

  private func checkGradients() throws {
    let model = try model()
    let events = ConformanceEvents.ordinary
    let gradients = try pass(model, events).gradients
    let scale = gradients.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    var generator = SeededGenerator(seed: 9)
    var first = 0
    for entry in model.network.layout.entries {
      defer { first += entry.count }
      guard entry.isLearnt else { continue }
      let direction = (0..<entry.count).map { _ in
        (Bool.random(using: &generator) ? 1 : -1) / Float(entry.count).squareRoot()
      }
      let expected = (0..<entry.count).reduce(0.0) {
        $0 + Double(gradients[first + $1]) * Double(direction[$1])
      }
      func sum(_ step: Float) throws -> Double {
        let parameters = Parameters(layout: model.network.layout)
        parameters.assign(model.parameters)
        for i in 0..<entry.count { parameters.values[entry.offset + i] += step * direction[i] }
        return try pass(model, events, parameters: parameters).sum
      }
      var nearest = Double.infinity
      // A step may cross the corner of a ReLU, and a small one drowns in rounding: one of them has to agree.
      for step in [0.03, 0.01, 0.003, 0.001] as [Float] {
        let difference = (try sum(step) - sum(-step)) / (2 * Double(step))
        if abs(difference - expected) < abs(nearest - expected) { nearest = difference }
      }
      try ConformanceFailure.require(
        abs(nearest - expected) <= 0.02 * abs(expected) + 4e-3 * scale + 1e-5,
        "Along a direction in \(entry.name) the embeddings change by \(nearest), and the gradient says \(expected): "
          + "does an operation of the stage lose its gradient, or give a wrong one?")
    }
  }

  private func checkDeterminism() throws {
    let model = try model()
    let first = try pass(model, ConformanceEvents.ordinary)
    let second = try pass(model, ConformanceEvents.ordinary)
    try ConformanceFailure.require(
      first.embedding == second.embedding && first.gradients == second.gradients,
      "The same events give other numbers the second time.")
  }

  private func checkIndependence() throws {
    let model = try model()
    let events = ConformanceEvents.ordinary
    let places = Array((0..<events.eventCount).reversed())
    let reversed = try pass(model, events.events(at: places)).embedding
    var row = 0
    for place in places {
      let alone = try pass(model, events.events(at: place..<place + 1)).embedding
      for i in 0..<alone.rows {
        for column in 0..<alone.columns {
          let (a, b) = (alone[i, column], reversed[row + i, column])
          try ConformanceFailure.require(
            abs(a - b) <= 1e-4 * max(1, abs(a)),
            "A component is \(a) for an event alone, and \(b) for the same event among others.")
        }
      }
      row += alone.rows
    }
  }

  private func checkSaving() throws {
    let model = try model()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "canopy-conformance-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try model.write(to: folder)
    var plugins = plugins
    if plugins.origin(ofStage: S.identifier) == nil { try plugins.register(S.self) }
    let read = try Model(contentsOf: folder, plugins: plugins)
    let events = ConformanceEvents.ordinary
    try ConformanceFailure.require(
      try pass(read, events).embedding == pass(model, events).embedding,
      "The stage gives other numbers when its model was written and read.")
  }

  private func checkRecords() throws {
    let model = try model()
    for events in [ConformanceEvents.ordinary, ConformanceEvents.extreme] {
      let read = try pass(model, events, throughRecords: true)
      let expected = try pass(model, events)
      try ConformanceFailure.require(
        read.embedding == expected.embedding && read.gradients == expected.gradients,
        "The stage gives other numbers when what it works out of events was written and read.")
    }
    let events = ConformanceEvents.events(ConformanceEvents.ordinary, with: model.network.particleColumns)
    let records = try Self.records(of: sample(of: events, model))
    let again = Self.records(of: try Self.read(records, EventSample(model)))
    try ConformanceFailure.require(
      records == again,
      "What the stage works out of an event is written otherwise when it was written and read.")
    // Emptied, and filled again.
    var sample = try Self.read(records, EventSample(model))
    sample.removeAll()
    try ConformanceFailure.require(
      Self.records(of: try Self.read(records.reversed(), sample)) == records.reversed(),
      "Something stays of events when the stage is to forget them.")
  }

  /// Each event as it is written, in words of eight bytes.
  private static func records(of sample: EventSample) -> [[UInt64]] {
    (0..<sample.eventCount).map { event in
      var record = EventRecordWriter()
      sample.write(event: event, to: &record)
      return record.bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 8).map {
          bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self)
        }
      }
    }
  }

  /// The events of records, added to a sample.
  private static func read(_ records: [[UInt64]], _ empty: EventSample) throws -> EventSample {
    var sample = empty
    for record in records { try record.withUnsafeBytes { try sample.append($0) } }
    return sample
  }
}

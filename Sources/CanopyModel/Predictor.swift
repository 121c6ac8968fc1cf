// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import PluginKit

/// Uses a model on events, from particles to predictions, with memory that is kept from batch to batch.
///
/// A predictor belongs to one thread at a time. The prediction for an event has the same bits whatever other events are
/// in its batch, on one instruction set.
public final class Predictor {
  /// The model.
  public let model: Model
  /// How long the stages have taken since this was last set to zero.
  public var times = Times()
  /// Looks for events whose inputs the model was not trained on; nil unless it is set.
  public var inputMonitor: InputMonitor?
  /// Counts what the network reads; nil unless it is set.
  package var driftMonitor: DriftMonitor?

  private let reconstruction: JetReconstruction
  /// What works for the events of each fold; one for all events if there are no folds.
  private var engines: [Engine]
  private let batch = NetworkBatch()
  /// The events fold by fold: `[events]`; empty if there are no folds.
  private var order: [Int] = []
  /// The numbers of the events, to name one in an error: `[events]`; empty if they are not known.
  private var eventNumbers: [Int] = []
  /// What the heads predict for no events.
  private let heads: [HeadPrediction]

  /// The most jets that go through the network together, so that their numbers stay in a processor's cache.
  package static let jetsAtOnce = 64
  /// The number of nodes after which no further event goes through the network with those before.
  private static let nodesAtOnce = 8192

  /// A predictor for a model.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - observables: what is worked out of events and jets besides what the model reads.
  /// - Throws: `JetPhysicsError` if FastJet refuses the model's jet definition, `PluginError` if an observable differs from
  ///   one that the model reads under the same name.
  public init(_ model: Model, observables: ObservableSet = ObservableSet()) throws {
    self.model = model
    reconstruction = try model.makeReconstruction(observables: observables)
    engines = (model.members.isEmpty ? [model] : model.members).map(Engine.init)
    heads = model.network.heads.map(HeadPrediction.init)
  }

  /// The jets of `events`, the embeddings and what the heads predict.
  ///
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, what a stage throws of the
  ///   first that lacks what the network reads, ``EmbeddingRangeError`` for one whose embedding is out of range, `PluginError` if a
  ///   plugin gives other rows or columns than it declares.
  public func predict(_ events: Events, heads: Bool = true) throws -> Prediction {
    var prediction = Prediction()
    try predict(events, into: &prediction, heads: heads)
    return prediction
  }

  /// Replaces the content of `prediction` by that for `events`, and keeps its storage.
  ///
  /// - Parameters:
  ///   - events: any number of events.
  ///   - prediction: replaced.
  ///   - heads: whether the heads take part.
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, what a stage throws of the
  ///   first that lacks what the network reads, ``EmbeddingRangeError`` for one whose embedding is out of range, `PluginError` if a
  ///   plugin gives other rows or columns than it declares.
  public func predict(_ events: Events, into prediction: inout Prediction, heads: Bool = true) throws {
    var time = ProcessInfo.processInfo.systemUptime
    try reconstruction.findJets(in: events, into: &prediction.jets)
    times.clustering += Self.lap(&time)
    try engines[0].sample.replace(with: events, jets: prediction.jets)
    if let inputMonitor, let features = engines[0].sample.events {
      inputMonitor.look(at: features, eventCount: events.eventCount)
    }
    driftMonitor?.look(at: engines[0].sample)
    eventNumbers.replaceSubrange(eventNumbers.indices, with: events.eventNumbers)
    prediction.clear(for: model.network, heads ? self.heads : [])
    if model.members.isEmpty {
      engines[0].scale()
      try pass(over: 0..<events.eventCount, into: &prediction, &time)
    } else {
      try predictFolds(of: events, into: &prediction, &time)
    }
  }

  /// The events of the last prediction, as the network reads them; not those of a model of folds.
  var sample: EventSample { engines[0].sample }

  /// What the heads predict for some events of a sample that is scaled, in the order of the heads: `[rows × width]` each.
  ///
  /// - Throws: ``EmbeddingRangeError`` for the first event whose embedding is out of range, `PluginError` if a plugin gives other rows
  ///   or columns than it declares.
  func predict(_ scaled: EventSample, events: Range<Int>) throws -> [[Float]] {
    engines[0].sample = scaled
    eventNumbers.removeAll(keepingCapacity: true)
    var prediction = Prediction()
    prediction.clear(for: model.network, heads)
    var time = ProcessInfo.processInfo.systemUptime
    try pass(over: events, into: &prediction, &time)
    return prediction.heads.map(\.values)
  }

  /// Leads the events at some places through the network of an engine, and adds what comes out.
  private func pass(
    over places: Range<Int>, by engine: Int = 0, into prediction: inout Prediction, _ time: inout Double
  ) throws {
    var first = places.lowerBound
    while first < places.upperBound {
      let end = endOfPiece(from: first, before: places.upperBound, in: engines[engine].sample)
      if order.isEmpty {
        batch.fill(engines[engine].sample, first..<end)
      } else {
        batch.fill(engines[engine].sample, order[first..<end])
      }
      try predictBatch(by: engines[engine], into: &prediction, &time)
      first = end
    }
  }

  /// Adds what an engine predicts for the events of the batch.
  private func predictBatch(
    by engine: Engine, into prediction: inout Prediction, _ time: inout Double
  ) throws {
    times.features += Self.lap(&time)
    engine.tape.reset()
    let network = engine.network
    let pass = network(batch, engine.weights, on: engine.tape)
    try pass.check()
    if let jetEmbedding = pass.jetEmbedding {
      if let jet = jetEmbedding.rowOutOfRange { throw rangeError(row: Int(batch.eventOfJet[jet]), engine) }
      prediction.embedding.append(contentsOf: jetEmbedding.values)
    }
    if let eventEmbedding = pass.eventEmbedding {
      if let event = eventEmbedding.rowOutOfRange { throw rangeError(row: event, engine) }
      prediction.eventEmbedding.append(contentsOf: eventEmbedding.values)
    }
    times.network += Self.lap(&time)
    for index in prediction.heads.indices {
      let named = network.heads[index]
      let outputs = named.head.predict(pass.headInputs)
      let rows = pass.headInputs.count(of: prediction.heads[index].rows)
      if outputs.rows != rows || outputs.columns != prediction.heads[index].width {
        try named.head.check(shapeOfOutputs: outputs, rows: rows, name: named.name)
      }
      prediction.heads[index].values.append(contentsOf: outputs.values)
    }
    if !prediction.heads.isEmpty { times.heads += Self.lap(&time) }
  }

  /// What is wrong with the event of a row of the batch.
  private func rangeError(row: Int, _ engine: Engine) -> EmbeddingRangeError {
    let event = batch.selected[row]
    return EmbeddingRangeError(
      event: eventNumbers.indices.contains(event) ? eventNumbers[event] : nil,
      farthest: engine.sample.farthestNumber(ofEvent: event))
  }

  /// The event at a place: the one of that number, or, with folds, in their order.
  private func event(at place: Int) -> Int { order.isEmpty ? place : order[place] }

  /// The end of the places from `first` on whose events go through the network together, one event at least.
  private func endOfPiece(from first: Int, before limit: Int, in sample: EventSample) -> Int {
    var end = first
    var (nodes, jets) = (0, 0)
    while end < limit, end - first < Self.jetsAtOnce {
      let event = event(at: end)
      jets += sample.jetOffsets[event + 1] - sample.jetOffsets[event]
      if end > first, nodes >= Self.nodesAtOnce || jets > Self.jetsAtOnce { break }
      nodes += sample.nodeCount(ofEvent: event)
      end += 1
    }
    return end
  }

  // MARK: - Folds

  /// Lets each event be judged by the model that was trained without its fold.
  private func predictFolds(
    of events: Events, into prediction: inout Prediction, _ time: inout Double
  ) throws {
    let folds = try model.folds!.folds(of: events, jets: prediction.jets)
    order = folds.indices.sorted { (folds[$0], $0) < (folds[$1], $1) }
    // Before any is scaled.
    let sample = engines[0].sample
    var first = 0
    while first < order.count {
      let fold = folds[order[first]]
      var end = first + 1
      while end < order.count, folds[order[end]] == fold { end += 1 }
      engines[fold].sample = sample
      engines[fold].scale()
      try pass(over: first..<end, by: fold, into: &prediction, &time)
      first = end
    }
    prediction.embedding = inOrder(prediction.embedding, prediction.jets, .jets)
    prediction.eventEmbedding = inOrder(prediction.eventEmbedding, prediction.jets, .events)
    for index in prediction.heads.indices {
      prediction.heads[index].values = inOrder(
        prediction.heads[index].values, prediction.jets, prediction.heads[index].rows)
    }
  }

  /// Numbers of rows, whose events stand fold by fold, in the order of the events.
  private func inOrder(_ values: [Float], _ jets: Jets, _ rows: HeadRows) -> [Float] {
    var firstRows = Array(repeating: 0, count: order.count)
    var total = 0
    for event in order {
      firstRows[event] = total
      total += jets.rows(rows, ofEvent: event).count
    }
    guard total > 0 else { return values }
    let width = values.count / total
    var ordered: [Float] = []
    ordered.reserveCapacity(values.count)
    for event in order.indices {
      let count = jets.rows(rows, ofEvent: event).count
      ordered += values[firstRows[event] * width..<(firstRows[event] + count) * width]
    }
    return ordered
  }

  /// How long the stages of prediction have taken, in seconds.
  public struct Times: Sendable, Equatable {
    /// Finding jets and their trees.
    public var clustering = 0.0
    /// Computing and scaling what the network reads, and ordering the nodes of trees.
    public var features = 0.0
    /// The recursive network and the event encoder.
    public var network = 0.0
    /// The heads.
    public var heads = 0.0

    /// No time.
    public init() {}
  }

  /// The seconds since `time`, which becomes now.
  private static func lap(_ time: inout Double) -> Double {
    let start = time
    time = ProcessInfo.processInfo.systemUptime
    return time - start
  }
}

/// A network at work, with its memory.
private struct Engine {
  let network: Network
  let tape: Tape
  let weights: NetworkWeights
  let scaling: SampleScaling
  var sample: EventSample

  init(_ model: Model) {
    network = model.network
    tape = Tape(parameters: model.parameters)
    weights = NetworkWeights(model.network, model.parameters)
    scaling = model.description.scaling
    sample = EventSample(model)
  }

  mutating func scale() { sample.scale(by: scaling) }
}

extension Prediction {
  /// Forgets all numbers but keeps their storage; what it is a prediction of may change.
  fileprivate mutating func clear(for network: Network, _ empty: [HeadPrediction]) {
    embeddingWidth = network.embedding?.width ?? 0
    embedding.removeAll(keepingCapacity: true)
    eventEmbeddingWidth = network.events?.width ?? 0
    eventEmbedding.removeAll(keepingCapacity: true)
    var isOfSameHeads = heads.count == empty.count
    for index in empty.indices where isOfSameHeads {
      isOfSameHeads = heads[index].name == empty[index].name && heads[index].outputs == empty[index].outputs
    }
    if !isOfSameHeads { heads = empty }
    for index in heads.indices { heads[index].values.removeAll(keepingCapacity: true) }
  }
}

extension Head {
  fileprivate func predict(_ inputs: HeadInputs) -> Variable { outputs(of: self(inputs)) }
}

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

  private let reconstruction: JetReconstruction
  private let tape: Tape
  private let weights: NetworkWeights
  private let batch = NetworkBatch()
  /// The events of the last prediction, as the network reads them.
  private(set) var sample: EventSample
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
    tape = Tape(parameters: model.parameters)
    weights = NetworkWeights(model.network, model.parameters)
    sample = EventSample(model)
    heads = model.network.heads.map(HeadPrediction.init)
  }

  /// The jets of `events`, the embeddings and what the heads predict.
  ///
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, what a stage throws of the
  ///   first that lacks what the network reads, `PluginError` if a plugin gives other rows or columns than it declares.
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
  ///   first that lacks what the network reads, `PluginError` if a plugin gives other rows or columns than it declares.
  public func predict(_ events: Events, into prediction: inout Prediction, heads: Bool = true) throws {
    var time = ProcessInfo.processInfo.systemUptime
    try reconstruction.findJets(in: events, into: &prediction.jets)
    times.clustering += Self.lap(&time)
    try sample.replace(with: events, jets: prediction.jets)
    if let inputMonitor, let features = sample.events {
      inputMonitor.look(at: features, eventCount: sample.eventCount)
    }
    sample.scale(by: model.description.scaling)
    prediction.clear(for: model.network, heads ? self.heads : [])
    try pass(over: 0..<sample.eventCount, into: &prediction, &time)
  }

  /// What the heads predict for some events of a sample that is scaled, in the order of the heads: `[rows × width]` each.
  ///
  /// - Throws: `PluginError` if a plugin gives other rows or columns than it declares.
  func predict(_ scaled: EventSample, events: Range<Int>) throws -> [[Float]] {
    sample = scaled
    var prediction = Prediction()
    prediction.clear(for: model.network, heads)
    var time = ProcessInfo.processInfo.systemUptime
    try pass(over: events, into: &prediction, &time)
    return prediction.heads.map(\.values)
  }

  /// Leads events of the sample through the network, and adds what comes out.
  private func pass(
    over events: Range<Int>, into prediction: inout Prediction, _ time: inout Double
  ) throws {
    let network = model.network
    var first = events.lowerBound
    while first < events.upperBound {
      let piece = first..<endOfPiece(from: first, before: events.upperBound)
      batch.fill(sample, piece)
      times.features += Self.lap(&time)
      tape.reset()
      let pass = network(batch, weights, on: tape)
      try pass.check()
      if let jetEmbedding = pass.jetEmbedding {
        prediction.embedding.append(contentsOf: jetEmbedding.values)
      }
      if let eventEmbedding = pass.eventEmbedding {
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
      first = piece.upperBound
      if !prediction.heads.isEmpty { times.heads += Self.lap(&time) }
    }
  }

  /// The end of the events from `first` on that go through the network together, one event at least.
  private func endOfPiece(from first: Int, before limit: Int) -> Int {
    var end = first + 1
    var nodes = sample.nodeCount(ofEvent: first)
    while end < limit, end - first < Self.jetsAtOnce, nodes < Self.nodesAtOnce,
      sample.jetOffsets[end + 1] - sample.jetOffsets[first] <= Self.jetsAtOnce
    {
      nodes += sample.nodeCount(ofEvent: end)
      end += 1
    }
    return end
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

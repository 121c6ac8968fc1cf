// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import NeuralEngine
import PluginKit

/// Uses a model on events, from particles to predictions, with memory that is kept from batch to batch.
///
/// A predictor belongs to one thread at a time. The prediction for an event does not depend on the events beside it
/// but for the last bits.
public final class Predictor {
  /// The model.
  public let model: Model

  private let clusterer: JetClusterer
  private let tape: Tape
  private let weights: NetworkWeights
  private let batch = NetworkBatch()
  private var sample: EventSample
  /// What the heads predict for no events.
  private let heads: [HeadPrediction]

  /// Events go through the network in pieces of so many jets, whose numbers stay in a processor's cache.
  package static let jetsAtOnce = 64

  /// A predictor for a model.
  ///
  /// - Throws: `JetPhysicsError` where FastJet refuses the model's jet definition.
  public init(_ model: Model) throws {
    self.model = model
    clusterer = try JetClusterer(model.description.jets)
    tape = Tape(parameters: model.parameters)
    weights = NetworkWeights(model.network, model.parameters)
    sample = EventSample(embedding: model.description.embedding, events: model.description.events)
    heads = model.network.heads.map(HeadPrediction.init)
  }

  /// The jets of `events`, the embeddings and what the heads predict.
  ///
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, `EventEncodingError` for the first
  ///   that lacks what the network reads.
  public func predict(_ events: EventBatch, heads: Bool = true) throws -> Prediction {
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
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from, `EventEncodingError` for the first
  ///   that lacks what the network reads.
  public func predict(_ events: EventBatch, into prediction: inout Prediction, heads: Bool = true) throws {
    try clusterer.findJets(in: events, into: &prediction.jets)
    try sample.replace(with: events, jets: prediction.jets)
    sample.scale(by: model.description.scaling)
    let network = model.network
    prediction.clear(for: network, heads ? self.heads : [])
    var first = 0
    while first < sample.eventCount {
      let piece = first..<endOfPiece(from: first)
      batch.fill(sample, piece)
      tape.reset()
      let pass = network(batch, weights, on: tape)
      if let jetEmbedding = pass.jetEmbedding {
        prediction.embedding.append(contentsOf: jetEmbedding.values)
      }
      if let eventEmbedding = pass.eventEmbedding {
        prediction.eventEmbedding.append(contentsOf: eventEmbedding.values)
      }
      for index in prediction.heads.indices {
        let outputs = network.heads[index].head.predict(pass.headInputs)
        prediction.heads[index].values.append(contentsOf: outputs.values)
      }
      first = piece.upperBound
    }
  }

  /// The end of as many events from `first` as have few enough jets together, one event at least.
  private func endOfPiece(from first: Int) -> Int {
    var end = first + 1
    while end < sample.eventCount, end - first < Self.jetsAtOnce,
      sample.jetOffsets[end + 1] - sample.jetOffsets[first] <= Self.jetsAtOnce
    {
      end += 1
    }
    return end
  }
}

extension Prediction {
  /// Forgets all numbers but keeps their storage; what it is a prediction of may change.
  fileprivate mutating func clear(for network: Network, _ empty: [HeadPrediction]) {
    embeddingWidth = network.embedding?.width ?? 0
    embedding.removeAll(keepingCapacity: true)
    eventEmbeddingWidth = network.events?.width ?? 0
    eventEmbedding.removeAll(keepingCapacity: true)
    let isOfSameHeads = heads.elementsEqual(empty) { $0.name == $1.name && $0.outputs == $1.outputs }
    if !isOfSameHeads { heads = empty }
    for index in heads.indices { heads[index].values.removeAll(keepingCapacity: true) }
  }
}

extension Head {
  fileprivate func predict(_ inputs: HeadInputs) -> Variable { outputs(of: self(inputs)) }
}

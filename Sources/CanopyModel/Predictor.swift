// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetEmbedding
import JetPhysics
import NeuralEngine
import PluginKit

/// Uses a model on events, from particles to predictions, with memory that is kept from batch to batch.
///
/// A predictor belongs to one thread at a time. A jet's prediction does not depend on the jets beside it but
/// for the last bits.
public final class Predictor {
  /// The model.
  public let model: Model
  /// How long the stages have taken since this was last set to zero.
  public var times = Times()

  private let clusterer: JetClusterer
  private let tape: Tape
  private let weights: PackedWeights
  private let batch = TreeBatch()
  private var trees: FeatureTrees
  /// What the heads predict for no jets.
  private let heads: [HeadPrediction]

  /// Jets go through the network in pieces whose numbers stay in a processor's cache: at most so many jets,
  package static let jetsAtOnce = 64
  /// and no further one once there are so many nodes.
  private static let nodesAtOnce = 8192

  /// A predictor for a model.
  ///
  /// - Throws: `JetPhysicsError` where FastJet refuses the model's jet definition.
  public init(_ model: Model) throws {
    self.model = model
    clusterer = try JetClusterer(model.description.jets)
    tape = Tape(parameters: model.parameters)
    weights = PackedWeights(model.network.embedding, model.parameters)
    trees = FeatureTrees(featureCount: model.network.embedding.featureCount)
    heads = model.network.heads.map(HeadPrediction.init)
  }

  /// The jets of `events`, their embeddings and what the heads predict.
  ///
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from.
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
  /// - Throws: `JetPhysicsError` for the first event that jets cannot be made from.
  public func predict(_ events: EventBatch, into prediction: inout Prediction, heads: Bool = true) throws {
    var time = ProcessInfo.processInfo.systemUptime
    try clusterer.findJets(in: events, into: &prediction.jets)
    times.clustering += Self.lap(&time)
    trees.replace(with: prediction.jets.trees, features: model.description.embedding.features)
    trees.scale(by: model.description.scaling)
    prediction.clear(for: model.network.embedding, heads ? self.heads : [])
    let network = model.network
    var first = 0
    while first < trees.treeCount {
      let jets = piece(from: first)
      batch.fill(trees, jets)
      times.features += Self.lap(&time)
      tape.reset()
      let embedding = network.embedding(batch, weights, on: tape)
      prediction.embedding.append(contentsOf: embedding.values)
      times.network += Self.lap(&time)
      for index in prediction.heads.indices {
        let outputs = network.heads[index].head.predict(HeadInputs(jetEmbedding: embedding))
        prediction.heads[index].values.append(contentsOf: outputs.values)
      }
      first = jets.upperBound
      if heads { times.heads += Self.lap(&time) }
    }
  }

  /// The jets from `first` on that go through the network together.
  private func piece(from first: Int) -> Range<Int> {
    let last = min(first + Self.jetsAtOnce, trees.treeCount)
    var end = first + 1
    while end < last, trees.offsets[end] - trees.offsets[first] < Self.nodesAtOnce { end += 1 }
    return first..<end
  }

  /// How long the stages of prediction have taken, in seconds.
  public struct Times: Sendable, Equatable {
    /// Finding jets and their trees.
    public var clustering = 0.0
    /// Computing and scaling the features of the trees' nodes, and ordering the nodes.
    public var features = 0.0
    /// The recursive network.
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
  fileprivate mutating func clear(for network: RecursiveNetwork, _ empty: [HeadPrediction]) {
    embeddingWidth = network.width
    embedding.removeAll(keepingCapacity: true)
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

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// The floating-point operations that the equations of a network need for some trees or events.
///
/// Only products count, as two operations for each weight: operations element by element, the gathering of
/// children and the padding of matrices to whole vectors do not.
struct NetworkWork {
  /// Forward: two for each weight that a node reads, such as 2 W F for its local state, and for each that a
  /// splitting reads in addition, such as 6 W² for the simple cell.
  let inference: Double
  /// Forward and backward: every product has one of its own size for the gradient of its weights and one for that
  /// of its inputs, which features do not need.
  let training: Double

  /// The work for trees of `nodes` nodes together.
  init(_ network: RecursiveNetwork, trees: Int, nodes: Int) {
    let splittings = Double(nodes - trees) / 2
    let cells = 2 * Double(network.weightCounts.splitting) * splittings
    let local = 2 * Double(network.weightCounts.node) * Double(nodes)
    inference = cells + local
    training = 3 * cells + 2 * local
  }

  /// The work of a model's stages for events and their jets.
  static func inference(of model: Model, _ events: Events, _ jets: Jets) throws -> Double {
    var sample = EventSample(model)
    try sample.replace(with: events, jets: jets)
    return (recursion(of: model, sample)?.inference ?? 0) + encoding(of: model, sample)
  }

  /// The work of a step of training on a sample: every product of the event encoder has one of its own size for the
  /// gradients of its weights and one for those of its inputs.
  static func training(of model: Model, _ sample: EventSample) -> Double {
    (recursion(of: model, sample)?.training ?? 0) + 3 * encoding(of: model, sample)
  }

  private static func recursion(of model: Model, _ sample: EventSample) -> NetworkWork? {
    guard let stage = model.network.embedding?.stage as? RecursiveStage,
      let nodes = sample.embedding as? NodeSample
    else { return nil }
    return NetworkWork(
      stage.network, trees: sample.jetCount, nodes: nodes.nodeCount(ofJets: 0..<sample.jetCount))
  }

  /// A gated recurrent unit forward: 6 W (inputs + W) for each item that it reads.
  static func recurrence(items: Int, inputs: Int, width: Int) -> Double {
    Double(6 * items * width * (inputs + width))
  }

  /// The encoder's units together.
  private static func encoding(of model: Model, _ sample: EventSample) -> Double {
    guard let encoder = model.network.events?.stage as? EventEncoder,
      let events = sample.events as? EventFeatures
    else { return 0 }
    let description = encoder.description
    let inputs = description.momenta.count + encoder.jetEmbeddingWidth
    return (description.bidirectional ? 2 : 1)
      * recurrence(items: events.itemCount, inputs: inputs, width: description.width)
  }
}

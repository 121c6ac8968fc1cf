// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy

/// The floating-point operations that the equations of a network need for some trees or events.
///
/// Only products count, as two operations for each weight: what is element by element, the gathering of children
/// and what pads matrices to whole vectors do not.
struct NetworkWork {
  /// Forward: 2 W F for the local state of every node, and 6 W² for a splitting of the simple cell or
  /// 18 W² + 6 W² + 32 W² for the reset gate, the new state and the choice of the gated one.
  let inference: Double
  /// Forward and backward: every product has one of its own size for the gradient of its weights and one for that
  /// of its inputs, which features do not need.
  let training: Double

  /// The work for trees of `nodes` nodes together.
  init(_ cell: RecursiveNetwork.Cell, width: Int, features: Int, trees: Int, nodes: Int) {
    let width = Double(width)
    let splittings = Double(nodes - trees) / 2
    let cells = (cell == .gated ? 56 : 6) * width * width * splittings
    let local = 2 * width * Double(features) * Double(nodes)
    inference = cells + local
    training = 3 * cells + 2 * local
  }

  /// The work of a model's stages for events and their jets: that of the recursive network, and of the event encoder
  /// 6 W (inputs + W) for an item in each direction.
  static func inference(of model: Model, _ events: EventBatch, _ jets: JetBatch) throws -> Double {
    var operations = 0.0
    if let network = model.network.embedding {
      operations +=
        NetworkWork(
          network.cell, width: network.width, features: network.featureCount, trees: jets.trees.treeCount,
          nodes: jets.trees.nodeCount
        ).inference
    }
    if let encoder = model.network.events {
      let description = encoder.description
      var features = EventFeatures(description)
      try features.replace(with: events, jets: jets)
      let inputs = description.momenta.count + encoder.jetEmbeddingWidth
      operations += Double(6 * features.itemCount * encoder.width * (inputs + description.width))
    }
    return operations
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// The weights of a network's stages arranged for their products.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public final class NetworkWeights {
  let embedding: (any StageWeights)?
  let events: (any StageWeights)?

  /// Room for the weights of a network, filled with those of `parameters`.
  public init(_ network: Network, _ parameters: Parameters) {
    embedding = network.embedding.map { $0.stage.weights(parameters) }
    events = network.events.map { $0.stage.weights(parameters) }
  }

  /// Arranges the weights of `parameters`, whose layout is the same as before.
  public func pack(_ parameters: Parameters) {
    embedding?.pack(parameters)
    events?.pack(parameters)
  }
}

@available(*, unavailable)
extension NetworkWeights: Sendable {}

extension Stage {
  fileprivate func weights(_ parameters: Parameters) -> any StageWeights { makeWeights(parameters) }
}

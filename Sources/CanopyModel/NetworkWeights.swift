// SPDX-License-Identifier: GPL-3.0-or-later

import EventEncoding
import JetEmbedding
import NeuralEngine

/// The weights of a network's stages arranged for their products.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public final class NetworkWeights {
  let embedding: PackedWeights?
  let events: EventEncoder.PackedWeights?

  /// Room for the weights of a network, filled with those of `parameters`.
  public init(_ network: Network, _ parameters: Parameters) {
    embedding = network.embedding.map { PackedWeights($0, parameters) }
    events = network.events.map { EventEncoder.PackedWeights($0, parameters) }
  }

  /// Arranges the weights of `parameters`, whose layout is that of before.
  public func pack(_ parameters: Parameters) {
    embedding?.pack(parameters)
    events?.pack(parameters)
  }
}

@available(*, unavailable)
extension NetworkWeights: Sendable {}

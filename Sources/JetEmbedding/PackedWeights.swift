// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The weights of a recursive network arranged for its products.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public final class PackedWeights {
  private let network: RecursiveNetwork
  private let storage: UnsafeMutablePointer<Float>
  private let places: [(layer: Dense, packed: Int, transposed: Int)]

  /// Room for the weights of a network, filled with those of `parameters`.
  public init(_ network: RecursiveNetwork, _ parameters: Parameters) {
    self.network = network
    var places: [(layer: Dense, packed: Int, transposed: Int)] = []
    var count = 0
    for layer in network.layers {
      let entry = parameters.layout[layer.weight]
      let transposed = count + canopy_packed_count(entry.rows, entry.columns)
      places.append((layer, count, transposed))
      count = transposed + canopy_packed_count(entry.columns, entry.rows)
    }
    self.places = places
    let raw = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    storage = raw.bindMemory(to: Float.self, capacity: count)
    pack(parameters)
  }

  deinit { UnsafeMutableRawPointer(storage).deallocate() }

  /// Arranges the weights of `parameters`, whose layout is that of before.
  public func pack(_ parameters: Parameters) {
    for (layer, packed, transposed) in places {
      let entry = parameters.layout[layer.weight]
      let weight = parameters[layer.weight].baseAddress!
      canopy_pack(entry.rows, entry.columns, weight, 0, storage + packed)
      canopy_pack(entry.columns, entry.rows, weight, 1, storage + transposed)
    }
  }

  /// The cell that the kernels work with; valid as long as this object and `parameters` are.
  func cell(_ parameters: Parameters) -> canopy_cell {
    func layer(_ index: Int) -> canopy_layer {
      guard index < places.count else { return canopy_layer() }
      return canopy_layer(
        packed: storage + places[index].packed, transposed: storage + places[index].transposed,
        bias: parameters[places[index].layer.bias].baseAddress!)
    }
    return canopy_cell(
      width: network.width, features: network.featureCount, local: layer(0), reset: layer(2),
      candidate: layer(1), choice: layer(3))
  }
}

@available(*, unavailable)
extension PackedWeights: Sendable {}

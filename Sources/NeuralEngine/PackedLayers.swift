// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// The weights of some layers arranged for the products of CKernels, with inputs and with gradients.
package final class PackedLayers {
  private let storage: UnsafeMutablePointer<Float>
  private let places: [(layer: Dense, packed: Int, transposed: Int)]

  /// Room for the weights of `layers`, filled with those of `parameters`.
  package init(_ layers: [Dense], _ parameters: Parameters) {
    var places: [(layer: Dense, packed: Int, transposed: Int)] = []
    var count = 0
    for layer in layers {
      let entry = parameters.layout[layer.weight]
      let transposed = count + canopy_packed_count(entry.rows, entry.columns)
      places.append((layer, count, transposed))
      count = transposed + canopy_packed_count(entry.columns, entry.rows)
    }
    self.places = places
    storage = KernelMemory.allocate(Float.self, count: count)
    pack(parameters)
  }

  deinit { KernelMemory.deallocate(storage) }

  /// Arranges the weights of `parameters`, whose layout is the same as before.
  package func pack(_ parameters: Parameters) {
    for (layer, packed, transposed) in places {
      let entry = parameters.layout[layer.weight]
      let weight = parameters[layer.weight].baseAddress!
      canopy_pack(entry.rows, entry.columns, weight, 0, storage + packed)
      canopy_pack(entry.columns, entry.rows, weight, 1, storage + transposed)
    }
  }

  /// A layer as the kernels read it; valid as long as this object and `parameters` are.
  package func layer(_ index: Int, _ parameters: Parameters) -> canopy_layer {
    let place = places[index]
    return canopy_layer(
      packed: storage + place.packed, transposed: storage + place.transposed,
      bias: parameters[place.layer.bias].baseAddress!)
  }
}

@available(*, unavailable)
extension PackedLayers: Sendable {}

extension Tape {
  /// A layer with its weight packed in the memory of the tape, as the kernels read it.
  func packed(_ layer: Dense) -> canopy_layer {
    let entry = parameters.layout[layer.weight]
    let weight = parameters[layer.weight].baseAddress!
    let packed = scratch(count: canopy_packed_count(entry.rows, entry.columns)).baseAddress!
    canopy_pack(entry.rows, entry.columns, weight, 0, packed)
    let transposed = scratch(count: canopy_packed_count(entry.columns, entry.rows)).baseAddress!
    if recordsGradients { canopy_pack(entry.columns, entry.rows, weight, 1, transposed) }
    return canopy_layer(packed: packed, transposed: transposed, bias: parameters[layer.bias].baseAddress!)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

/// The weights of a recursive network arranged for the kernels of its cell.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public final class PackedWeights {
  private struct Place {
    let fused: FusedLayer
    /// Of the packed matrix.
    let outputs: Int
    let inputs: Int
    let packed: Int
    let transposed: Int
    /// Of the weights relative to those of the last block, and of their biases, for a layer before a softmax.
    let weight: Int
    let bias: Int
  }

  private let network: RecursiveNetwork
  private let storage: UnsafeMutablePointer<Float>
  private let places: [Place]

  /// Room for the weights of a network, filled with those of `parameters`.
  public init(_ network: RecursiveNetwork, _ parameters: Parameters) {
    self.network = network
    var places: [Place] = []
    var count = 0
    for fused in network.fused?.fusedLayers ?? [] {
      let entry = parameters.layout[fused.layer.weight]
      let outputs = fused.outputs(entry.rows)
      let transposed = count + canopy_packed_count(outputs, entry.columns)
      let weight = transposed + canopy_packed_count(entry.columns, outputs)
      let bias = weight + (fused.softmaxBlocks > 0 ? outputs * entry.columns : 0)
      places.append(
        Place(
          fused: fused, outputs: outputs, inputs: entry.columns, packed: count, transposed: transposed,
          weight: weight, bias: bias))
      // Packed matrices begin at whole vectors.
      count = (bias + (fused.softmaxBlocks > 0 ? outputs : 0) + 15) & ~15
    }
    self.places = places
    storage = KernelMemory.allocate(Float.self, count: count)
    pack(parameters)
  }

  deinit { KernelMemory.deallocate(storage) }

  /// Arranges the weights of `parameters`, whose layout is the same as before.
  public func pack(_ parameters: Parameters) {
    for place in places {
      let layer = place.fused.layer
      var weight = UnsafePointer(parameters[layer.weight].baseAddress!)
      if place.fused.softmaxBlocks > 0 {
        subtractLastBlock(of: parameters[layer.weight], place.fused.softmaxBlocks, to: storage + place.weight)
        subtractLastBlock(of: parameters[layer.bias], place.fused.softmaxBlocks, to: storage + place.bias)
        weight = UnsafePointer(storage + place.weight)
      }
      canopy_pack(place.outputs, place.inputs, weight, 0, storage + place.packed)
      canopy_pack(place.inputs, place.outputs, weight, 1, storage + place.transposed)
    }
  }

  private func subtractLastBlock(
    of blocks: UnsafeMutableBufferPointer<Float>, _ blockCount: Int,
    to differences: UnsafeMutablePointer<Float>
  ) {
    let count = blocks.count / blockCount
    for block in 0..<blockCount - 1 {
      for at in 0..<count {
        differences[block * count + at] = blocks[block * count + at] - blocks[(blockCount - 1) * count + at]
      }
    }
  }

  /// The cell that the kernels work with; valid as long as this object and `parameters` are.
  func kernel(of cell: any FusedCell, _ parameters: Parameters) -> canopy_cell {
    cell.kernel(featureCount: network.featureCount) { index in
      let place = places[index]
      let bias =
        place.fused.softmaxBlocks > 0
        ? storage + place.bias : parameters[place.fused.layer.bias].baseAddress!
      return canopy_layer(
        packed: storage + place.packed, transposed: storage + place.transposed, bias: bias)
    }
  }
}

@available(*, unavailable)
extension PackedWeights: Sendable {}

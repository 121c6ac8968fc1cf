// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The weights of a recursive network arranged for its products.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public final class PackedWeights {
  private struct Place {
    let layer: Dense
    /// Of the packed matrix.
    let outputs: Int
    let inputs: Int
    let packed: Int
    let transposed: Int
  }

  private let network: RecursiveNetwork
  private let storage: UnsafeMutablePointer<Float>
  private let places: [Place]
  /// The choice's weights relative to those of its last block, `[3 width × 4 width]`, and its biases, `[3 width]`.
  private let choice: (weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>)

  /// Room for the weights of a network, filled with those of `parameters`.
  public init(_ network: RecursiveNetwork, _ parameters: Parameters) {
    self.network = network
    var places: [Place] = []
    var count = 0
    for (index, layer) in network.layers.enumerated() {
      let entry = parameters.layout[layer.weight]
      let outputs = index == Self.choiceIndex ? 3 * network.width : entry.rows
      let transposed = count + canopy_packed_count(outputs, entry.columns)
      places.append(
        Place(
          layer: layer, outputs: outputs, inputs: entry.columns, packed: count, transposed: transposed))
      count = transposed + canopy_packed_count(entry.columns, outputs)
    }
    self.places = places
    let width = network.choice == nil ? 0 : network.width
    storage = KernelMemory.allocate(Float.self, count: count + 12 * width * width + 3 * width)
    choice = (storage + count, storage + count + 12 * width * width)
    pack(parameters)
  }

  deinit { KernelMemory.deallocate(storage) }

  /// The place of the choice among the layers.
  private static let choiceIndex = 3

  /// Arranges the weights of `parameters`, whose layout is that of before.
  public func pack(_ parameters: Parameters) {
    for (index, place) in places.enumerated() {
      var weight = UnsafePointer(parameters[place.layer.weight].baseAddress!)
      if index == Self.choiceIndex {
        subtractLastBlock(of: parameters[place.layer.weight], to: choice.weight)
        subtractLastBlock(of: parameters[place.layer.bias], to: choice.bias)
        weight = UnsafePointer(choice.weight)
      }
      canopy_pack(place.outputs, place.inputs, weight, 0, storage + place.packed)
      canopy_pack(place.inputs, place.outputs, weight, 1, storage + place.transposed)
    }
  }

  /// The softmax over the four blocks of the choice does not change with a number that is added to all of them, so
  /// that a product for three of them relative to the fourth is enough.
  private func subtractLastBlock(
    of blocks: UnsafeMutableBufferPointer<Float>, to differences: UnsafeMutablePointer<Float>
  ) {
    let count = blocks.count / 4
    for block in 0..<3 {
      for at in 0..<count {
        differences[block * count + at] = blocks[block * count + at] - blocks[3 * count + at]
      }
    }
  }

  /// The cell that the kernels work with; valid as long as this object and `parameters` are.
  func cell(_ parameters: Parameters) -> canopy_cell {
    func layer(_ index: Int) -> canopy_layer {
      guard index < places.count else { return canopy_layer() }
      let bias = index == Self.choiceIndex ? choice.bias : parameters[places[index].layer.bias].baseAddress!
      return canopy_layer(
        packed: storage + places[index].packed, transposed: storage + places[index].transposed, bias: bias)
    }
    return canopy_cell(
      width: network.width, features: network.featureCount, local: layer(0), reset: layer(2),
      candidate: layer(1), choice: layer(Self.choiceIndex))
  }
}

@available(*, unavailable)
extension PackedWeights: Sendable {}

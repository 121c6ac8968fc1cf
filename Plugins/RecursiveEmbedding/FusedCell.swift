// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

/// A cell that also has kernels of its own, which do the same as its definition.
protocol FusedCell: RecursiveCell {
  /// What leaves read, and splittings for u_k.
  var local: Dense { get }
  /// The layers whose weights the kernels read.
  var fusedLayers: [FusedLayer] { get }
  /// The columns of the arrays of a splitting.
  var columns: FusedColumns { get }

  /// The cell as the kernels read it; `layer` gives the layers by their place in `fusedLayers`.
  func kernel(featureCount: Int, _ layer: (Int) -> canopy_layer) -> canopy_cell
  /// The states of some splittings of one height.
  func forward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ state: UnsafePointer<Float>, keep: Bool)
  /// The gradients of the arrays of some splittings of one height.
  func backward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ gradients: UnsafePointer<canopy_splitting_gradients>)
  /// Adds the gradients of all weights but those of the local state.
  func addGradients(of block: FusedBlock, on tape: Tape)
}

/// A layer that kernels read.
struct FusedLayer {
  let layer: Dense
  /// The number of blocks of outputs that a softmax is over; 0 for a layer without one.
  ///
  /// The softmax does not change if a number is added to all blocks, so that a product for all blocks but the
  /// last, relative to the last, is enough.
  var softmaxBlocks = 0

  /// The outputs of the product.
  func outputs(_ rows: Int) -> Int { softmaxBlocks > 0 ? rows / softmaxBlocks * (softmaxBlocks - 1) : rows }
}

/// The columns of the arrays that kernels write for a splitting.
struct FusedColumns {
  /// What a splitting reads and makes, side by side, so that the inputs of every product are next to each other; u_k is
  /// the last block.
  let q: Int
  let gates: Int
  let choices: Int
}

/// Some splittings and the gradients of their arrays.
struct FusedBlock {
  let rows: Int
  /// q, `[rows × columns.q]`.
  let input: UnsafeMutablePointer<Float>
  /// The gradients, a row for each splitting, as `canopy_splitting_gradients` has them.
  let gradients: canopy_splitting_gradients
  /// The gradients of the differences of a layer with `softmaxBlocks` to its last block, `[outputs × inputs]`, and of
  /// those of its biases, of all blocks together.
  let differences: (weight: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>)
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The simple cell over a batch of trees, forward and backward.
final class SimplePass: Operation {
  private let trees: TreeBatch
  private let width: Int
  private let local: LayerPointers
  private let candidate: LayerPointers
  /// h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// [h_L; h_R; u_k], `[splittings × 3 width]`, or as many rows as the widest height where nothing is recorded.
  private let inputs: UnsafeMutablePointer<Float>

  private init(_ network: RecursiveNetwork, _ trees: TreeBatch, on tape: Tape) {
    self.trees = trees
    width = network.width
    local = LayerPointers(network.local, on: tape)
    candidate = LayerPointers(network.candidate, on: tape)
    let rows = tape.recordsGradients ? trees.rowCount - trees.leafCount : trees.widestHeight
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    inputs = tape.scratch(count: rows * 3 * width).baseAddress!
  }

  static func record(_ network: RecursiveNetwork, _ trees: TreeBatch, on tape: Tape) -> Variable {
    let pass = SimplePass(network, trees, on: tape)
    let result = tape.record(
      rows: trees.treeCount, columns: network.width, requiresGradient: true, pass)
    pass.forward(keepingAll: tape.recordsGradients)
    canopy_gather_rows(
      trees.treeCount, network.width, pass.state, network.width, trees.roots, tape.values(of: result.id),
      network.width)
    return result
  }

  private func forward(keepingAll: Bool) {
    let leaves = trees.leafCount
    let features = trees.featureCount
    let wide = 3 * width
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      MatrixProduct.multiplyTransposed(
        m: leaves, n: width, k: features, input, features, local.weight, features, into: state, width)
      canopy_add_bias_relu(leaves, width, state, width, local.bias)
      for height in 1..<max(trees.heightOffsets.count - 1, 1) {
        let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
        let first = rows.lowerBound - leaves
        let count = rows.count
        let x = inputs + (keepingAll ? first : 0) * wide
        trees.left.withUnsafeBufferPointer { left in
          canopy_gather_rows(count, width, state, width, left.baseAddress! + first, x, wide)
        }
        trees.right.withUnsafeBufferPointer { right in
          canopy_gather_rows(count, width, state, width, right.baseAddress! + first, x + width, wide)
        }
        MatrixProduct.multiplyTransposed(
          m: count, n: width, k: features, input + rows.lowerBound * features, features, local.weight,
          features, into: x + 2 * width, wide)
        canopy_add_bias_relu(count, width, x + 2 * width, wide, local.bias)
        let h = state + rows.lowerBound * width
        MatrixProduct.multiplyTransposed(
          m: count, n: width, k: wide, x, wide, candidate.weight, wide, into: h, width)
        canopy_add_bias_relu(count, width, h, width, candidate.bias)
      }
    }
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let leaves = trees.leafCount
    let splittings = trees.rowCount - leaves
    let features = trees.featureCount
    let wide = 3 * width
    let upstream = tape.gradient(of: result)!
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(trees.treeCount, width, upstream, width, trees.roots, dState, width)

    let dInputs = tape.scratch(count: splittings * wide).baseAddress!
    for height in (1..<max(trees.heightOffsets.count - 1, 1)).reversed() {
      let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
      let first = rows.lowerBound - leaves
      let count = rows.count
      let dh = dState + rows.lowerBound * width
      let dx = dInputs + first * wide
      canopy_relu_backward(count, width, state + rows.lowerBound * width, width, dh, width)
      MatrixProduct.multiply(
        m: count, n: wide, k: width, dh, width, candidate.weight, wide, into: dx, wide)
      trees.left.withUnsafeBufferPointer { left in
        canopy_scatter_rows(count, width, dx, wide, left.baseAddress! + first, dState, width)
      }
      trees.right.withUnsafeBufferPointer { right in
        canopy_scatter_rows(count, width, dx + width, wide, right.baseAddress! + first, dState, width)
      }
      canopy_relu_backward(
        count, width, inputs + first * wide + 2 * width, wide, dx + 2 * width, wide)
    }
    canopy_relu_backward(leaves, width, state, width, dState, width)

    addGradient(candidate, splittings, width, wide, dState + leaves * width, width, inputs, wide)
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      addGradient(
        local, splittings, width, features, dInputs + 2 * width, wide, input + leaves * features, features)
      addGradient(local, leaves, width, features, dState, width, input, features)
    }
  }
}

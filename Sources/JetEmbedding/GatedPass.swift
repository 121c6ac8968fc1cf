// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The gated cell over a batch of trees, forward and backward.
///
/// q holds [ĥ; h_L; h_R; u_k] of each splitting, so that the inputs of every product lie side by side: the
/// reset gate reads its last three blocks, the choice all four.
final class GatedPass: Operation {
  private let trees: TreeBatch
  private let width: Int
  private let local: LayerPointers
  private let reset: LayerPointers
  private let candidate: LayerPointers
  private let choice: LayerPointers
  /// h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// `[splittings × 4 width]`, or as many rows as the widest height where nothing is recorded.
  private let q: UnsafeMutablePointer<Float>
  /// r, `[splittings × 3 width]`.
  private let gates: UnsafeMutablePointer<Float>
  /// r ⊙ [h_L; h_R; u_k], `[splittings × 3 width]`.
  private let gated: UnsafeMutablePointer<Float>
  /// z, `[splittings × 4 width]`.
  private let choices: UnsafeMutablePointer<Float>

  private init(_ network: RecursiveNetwork, _ trees: TreeBatch, on tape: Tape) {
    self.trees = trees
    width = network.width
    local = LayerPointers(network.local, on: tape)
    reset = LayerPointers(network.reset!, on: tape)
    candidate = LayerPointers(network.candidate, on: tape)
    choice = LayerPointers(network.choice!, on: tape)
    let rows = tape.recordsGradients ? trees.rowCount - trees.leafCount : trees.widestHeight
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    q = tape.scratch(count: rows * 4 * width).baseAddress!
    gates = tape.scratch(count: rows * 3 * width).baseAddress!
    gated = tape.scratch(count: rows * 3 * width).baseAddress!
    choices = tape.scratch(count: rows * 4 * width).baseAddress!
  }

  static func record(_ network: RecursiveNetwork, _ trees: TreeBatch, on tape: Tape) -> Variable {
    let pass = GatedPass(network, trees, on: tape)
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
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      MatrixProduct.multiplyTransposed(
        m: leaves, n: width, k: features, input, features, local.weight, features, into: state, width)
      canopy_add_bias_relu(leaves, width, state, width, local.bias)
      for height in 1..<max(trees.heightOffsets.count - 1, 1) {
        let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
        let first = rows.lowerBound - leaves
        forward(rows, splittings: first..<first + rows.count, at: keepingAll ? first : 0, input)
      }
    }
  }

  /// One height: `place` is where its rows of q, gates, gated and choices begin.
  private func forward(
    _ rows: Range<Int>, splittings: Range<Int>, at place: Int, _ input: UnsafePointer<Float>
  ) {
    let count = rows.count
    let features = trees.featureCount
    let q = q + place * 4 * width
    let children = q + width
    let gates = gates + place * 3 * width
    let gated = gated + place * 3 * width
    let choices = choices + place * 4 * width
    trees.left.withUnsafeBufferPointer { left in
      canopy_gather_rows(
        count, width, state, width, left.baseAddress! + splittings.lowerBound, children, 4 * width)
    }
    trees.right.withUnsafeBufferPointer { right in
      canopy_gather_rows(
        count, width, state, width, right.baseAddress! + splittings.lowerBound, children + width, 4 * width)
    }
    MatrixProduct.multiplyTransposed(
      m: count, n: width, k: features, input + rows.lowerBound * features, features, local.weight, features,
      into: children + 2 * width, 4 * width)
    canopy_add_bias_relu(count, width, children + 2 * width, 4 * width, local.bias)

    MatrixProduct.multiplyTransposed(
      m: count, n: 3 * width, k: 3 * width, children, 4 * width, reset.weight, 3 * width, into: gates,
      3 * width)
    canopy_gate(count, 3 * width, gates, reset.bias, children, 4 * width, gated)

    MatrixProduct.multiplyTransposed(
      m: count, n: width, k: 3 * width, gated, 3 * width, candidate.weight, 3 * width, into: q, 4 * width)
    canopy_add_bias_relu(count, width, q, 4 * width, candidate.bias)

    MatrixProduct.multiplyTransposed(
      m: count, n: 4 * width, k: 4 * width, q, 4 * width, choice.weight, 4 * width, into: choices, 4 * width)
    canopy_blend(count, width, choices, choice.bias, q, state + rows.lowerBound * width)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let leaves = trees.leafCount
    let splittings = trees.rowCount - leaves
    let features = trees.featureCount
    let upstream = tape.gradient(of: result)!
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(trees.treeCount, width, upstream, width, trees.roots, dState, width)

    let dq = tape.scratch(count: splittings * 4 * width).baseAddress!
    let dGates = tape.scratch(count: splittings * 3 * width).baseAddress!
    let dChoices = tape.scratch(count: splittings * 4 * width).baseAddress!
    let dGated = tape.scratch(count: trees.widestHeight * 3 * width).baseAddress!
    for height in (1..<max(trees.heightOffsets.count - 1, 1)).reversed() {
      let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
      backward(rows, at: rows.lowerBound - leaves, dState, dq, dGates, dChoices, dGated)
    }
    canopy_relu_backward(leaves, width, state, width, dState, width)

    // What the weights' gradients need is complete: each is one large product over all nodes.
    let blocks = 4 * width
    addGradient(choice, splittings, blocks, blocks, dChoices, blocks, q, blocks)
    addGradient(reset, splittings, 3 * width, 3 * width, dGates, 3 * width, q + width, blocks)
    addGradient(candidate, splittings, width, 3 * width, dq, blocks, gated, 3 * width)
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      addGradient(
        local, splittings, width, features, dq + 3 * width, blocks, input + leaves * features, features)
      addGradient(local, leaves, width, features, dState, width, input, features)
    }
  }

  private func backward(
    _ rows: Range<Int>, at place: Int, _ dState: UnsafeMutablePointer<Float>,
    _ dq: UnsafeMutablePointer<Float>, _ dGates: UnsafeMutablePointer<Float>,
    _ dChoices: UnsafeMutablePointer<Float>, _ dGated: UnsafeMutablePointer<Float>
  ) {
    let count = rows.count
    let blocks = 4 * width
    let q = q + place * blocks
    let gates = gates + place * 3 * width
    let choices = choices + place * blocks
    let dq = dq + place * blocks
    let dGates = dGates + place * 3 * width
    let dChoices = dChoices + place * blocks

    canopy_blend_backward(count, width, choices, q, dState + rows.lowerBound * width, dq, dChoices)
    MatrixProduct.multiply(
      m: count, n: blocks, k: blocks, dChoices, blocks, choice.weight, blocks, into: dq, blocks,
      accumulate: true)
    canopy_relu_backward(count, width, q, blocks, dq, blocks)
    MatrixProduct.multiply(
      m: count, n: 3 * width, k: width, dq, blocks, candidate.weight, 3 * width, into: dGated, 3 * width)
    canopy_gate_backward(
      count, 3 * width, gates, q + width, blocks, dGated, dq + width, blocks, dGates)
    MatrixProduct.multiply(
      m: count, n: 3 * width, k: 3 * width, dGates, 3 * width, reset.weight, 3 * width, into: dq + width,
      blocks, accumulate: true)
    trees.left.withUnsafeBufferPointer { left in
      canopy_scatter_rows(count, width, dq + width, blocks, left.baseAddress! + place, dState, width)
    }
    trees.right.withUnsafeBufferPointer { right in
      canopy_scatter_rows(count, width, dq + 2 * width, blocks, right.baseAddress! + place, dState, width)
    }
    canopy_relu_backward(count, width, q + 3 * width, blocks, dq + 3 * width, blocks)
  }
}

/// Adds the gradients of a layer's weight, dᵀ · input, and bias, the column sums of d.
///
/// d is `[rows × outputs]`, the input `[rows × inputs]`.
func addGradient(
  _ layer: LayerPointers, _ rows: Int, _ outputs: Int, _ inputs: Int, _ d: UnsafePointer<Float>, _ ldd: Int,
  _ input: UnsafePointer<Float>, _ ldInput: Int
) {
  if let gradient = layer.weightGradient {
    MatrixProduct.multiplyTransposing(
      m: outputs, n: inputs, k: rows, d, ldd, input, ldInput, into: gradient, inputs, accumulate: true)
  }
  if let gradient = layer.biasGradient { canopy_add_column_sums(rows, outputs, d, ldd, gradient) }
}

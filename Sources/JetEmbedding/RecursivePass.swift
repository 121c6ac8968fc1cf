// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The recursive network over a batch of trees, forward and backward.
///
/// q holds what a splitting reads and makes side by side, so that the inputs of every product are next to each
/// other: [ĥ; h_L; h_R; u_k] for the gated cell, whose reset gate reads the last three blocks and whose choice
/// all four; [h_L; h_R; u_k] for the simple one.
struct RecursivePass {
  let network: RecursiveNetwork
  let trees: TreeBatch
  /// Kept, since `cell` points into it.
  private let weights: PackedWeights
  let cell: canopy_cell
  private let keepsAll: Bool
  /// The number of columns of q.
  let blocks: Int
  /// h of every node, `[rows × width]`.
  let state: UnsafeMutablePointer<Float>
  /// `[splittings × blocks]`; as many rows as a kernel works on at a time where nothing is recorded, as below.
  let q: UnsafeMutablePointer<Float>
  /// Gated: r, `[splittings × 3 width]`.
  private let gates: UnsafeMutablePointer<Float>
  /// Gated: r ⊙ [h_L; h_R; u_k], `[3 width]` of as many rows as a kernel works on at a time.
  private let gated: UnsafeMutablePointer<Float>
  /// Gated: z of the first three blocks, `[splittings × 3 width]`.
  private let choices: UnsafeMutablePointer<Float>

  static func record(
    _ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, freezing: Bool
  ) -> Variable {
    let pass = RecursivePass(network, trees, weights, on: tape, keepsAll: tape.recordsGradients && !freezing)
    let width = network.width
    let result = tape.record(
      rows: trees.treeCount, columns: width, requiresGradient: !freezing, RecursiveOperation(pass))
    pass.forward()
    canopy_gather_rows(
      trees.treeCount, width, pass.state, width, trees.roots, tape.values(of: result.id), width)
    return result
  }

  private init(
    _ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, keepsAll: Bool
  ) {
    self.network = network
    self.trees = trees
    self.weights = weights
    cell = weights.cell(tape.parameters)
    self.keepsAll = keepsAll
    let width = network.width
    blocks = (network.cell == .gated ? 4 : 3) * width
    let rows = keepsAll ? trees.splittingCount : canopy_scratch_rows()
    let gatedWidth = network.cell == .gated ? width : 0
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    q = tape.scratch(count: rows * blocks).baseAddress!
    gates = tape.scratch(count: rows * 3 * gatedWidth).baseAddress!
    gated = tape.scratch(count: canopy_scratch_rows() * 3 * gatedWidth).baseAddress!
    choices = tape.scratch(count: rows * 3 * gatedWidth).baseAddress!
  }

  private func forward() {
    withUnsafePointer(to: cell) { cell in
      canopy_leaves_forward(cell, trees.leafCount, trees.features, state)
      for height in trees.splittingHeights {
        var splittings = splittings(trees.splittings(ofHeight: height))
        switch network.cell {
        case .simple: canopy_simple_forward(cell, &splittings, state, keepsAll ? 1 : 0)
        case .gated: canopy_gated_forward(cell, &splittings, state, keepsAll ? 1 : 0)
        }
      }
    }
  }

  /// Some splittings of one height, counted from the first splitting, as the kernels read them.
  func splittings(_ range: Range<Int>) -> canopy_splittings {
    let width = network.width
    let gatedWidth = network.cell == .gated ? width : 0
    let first = range.lowerBound
    let row = trees.leafCount + first
    let place = keepsAll ? first : 0
    return canopy_splittings(
      rows: range.count, left: trees.left + first, right: trees.right + first,
      input: trees.features + row * trees.featureCount, q: q + place * blocks,
      gates: gates + place * 3 * gatedWidth, gated: gated, choices: choices + place * 3 * gatedWidth,
      h: state + row * width)
  }
}

/// Keeps a pass for running backward.
private final class RecursiveOperation: TapeOperation {
  private let pass: RecursivePass

  init(_ pass: RecursivePass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The recursive network over a batch of trees, forward and backward.
///
/// q holds what a splitting reads and makes side by side, so that the inputs of every product are next to each
/// other: [ĥ; h_L; h_R; u_k] for the gated cell, whose reset gate reads the last three blocks and whose choice
/// all four; [h_L; h_R; u_k] for the simple one.
struct RecursivePass {
  private let network: RecursiveNetwork
  private let trees: TreeBatch
  /// Kept, since `cell` points into it.
  private let weights: PackedWeights
  private let cell: canopy_cell
  private let keepsAll: Bool
  /// The number of columns of q.
  private let blocks: Int
  /// h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// `[splittings × blocks]`; as many rows as a kernel works on at a time where nothing is recorded, as below.
  private let q: UnsafeMutablePointer<Float>
  /// Gated: r, `[splittings × 3 width]`.
  private let gates: UnsafeMutablePointer<Float>
  /// Gated: r ⊙ [h_L; h_R; u_k], `[splittings × 3 width]`.
  private let gated: UnsafeMutablePointer<Float>
  /// Gated: z, `[splittings × 4 width]`.
  private let choices: UnsafeMutablePointer<Float>

  static func record(
    _ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape
  ) -> Variable {
    let pass = RecursivePass(network, trees, weights, on: tape)
    let width = network.width
    let result = tape.record(
      rows: trees.treeCount, columns: width, requiresGradient: true, RecursiveOperation(pass))
    pass.forward()
    canopy_gather_rows(
      trees.treeCount, width, pass.state, width, trees.roots, tape.values(of: result.id), width)
    return result
  }

  private init(_ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape) {
    self.network = network
    self.trees = trees
    self.weights = weights
    cell = weights.cell(tape.parameters)
    keepsAll = tape.recordsGradients
    let width = network.width
    blocks = (network.cell == .gated ? 4 : 3) * width
    let rows = keepsAll ? trees.rowCount - trees.leafCount : canopy_scratch_rows()
    let gatedRows = network.cell == .gated ? rows : 0
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    q = tape.scratch(count: rows * blocks).baseAddress!
    gates = tape.scratch(count: gatedRows * 3 * width).baseAddress!
    gated = tape.scratch(count: gatedRows * 3 * width).baseAddress!
    choices = tape.scratch(count: gatedRows * 4 * width).baseAddress!
  }

  private func forward() {
    withUnsafePointer(to: cell) { cell in
      canopy_leaves_forward(cell, trees.leafCount, trees.features, state)
      forEachHeight(stride(from: 1, to: trees.height + 1, by: 1)) { splittings, _ in
        switch network.cell {
        case .simple: canopy_simple_forward(cell, splittings, state, keepsAll ? 1 : 0)
        case .gated: canopy_gated_forward(cell, splittings, state, keepsAll ? 1 : 0)
        }
      }
    }
  }

  fileprivate func backward(from result: Variable.ID, on tape: Tape) {
    let width = network.width
    let leaves = trees.leafCount
    let splittings = trees.rowCount - leaves
    let gatedSplittings = network.cell == .gated ? splittings : 0
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(
      trees.treeCount, width, tape.gradient(of: result)!, width, trees.roots, dState, width)
    let dq = tape.scratch(count: splittings * blocks).baseAddress!
    let dGates = tape.scratch(count: gatedSplittings * 3 * width).baseAddress!
    let dChoices = tape.scratch(count: gatedSplittings * 4 * width).baseAddress!
    let dGated = tape.scratch(count: canopy_scratch_rows() * 3 * width).baseAddress!
    withUnsafePointer(to: cell) { cell in
      forEachHeight(stride(from: trees.height, to: 0, by: -1)) { splittings, first in
        var gradients = canopy_splitting_gradients(
          q: dq + first * blocks, gates: nil, choices: nil, gated: dGated,
          h: dState + (leaves + first) * width, state: dState)
        switch network.cell {
        case .simple:
          canopy_simple_backward(cell, splittings, &gradients)
        case .gated:
          gradients.gates = dGates + first * 3 * width
          gradients.choices = dChoices + first * 4 * width
          canopy_gated_backward(cell, splittings, &gradients)
        }
      }
    }
    canopy_relu_backward(leaves, width, state, width, dState, width)

    // What the weights' gradients need is complete: each is one large product over all nodes.
    switch network.cell {
    case .simple:
      tape.addGradient(of: network.candidate, rows: splittings, dState + leaves * width, width, q, blocks)
    case .gated:
      tape.addGradient(of: network.choice!, rows: splittings, dChoices, blocks, q, blocks)
      tape.addGradient(of: network.reset!, rows: splittings, dGates, 3 * width, q + width, blocks)
      tape.addGradient(of: network.candidate, rows: splittings, dq, blocks, gated, 3 * width)
    }
    let features = trees.featureCount
    tape.addGradient(
      of: network.local, rows: splittings, dq + blocks - width, blocks, trees.features + leaves * features,
      features)
    tape.addGradient(of: network.local, rows: leaves, dState, width, trees.features, features)
  }

  /// Calls `body` with the splittings of each height, and the number of the first of them.
  private func forEachHeight(
    _ heights: StrideTo<Int>, _ body: (UnsafePointer<canopy_splittings>, _ first: Int) -> Void
  ) {
    let width = network.width
    let gatedWidth = network.cell == .gated ? width : 0
    for height in heights {
      let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
      let first = rows.lowerBound - trees.leafCount
      let place = keepsAll ? first : 0
      var splittings = canopy_splittings(
        rows: rows.count, left: trees.left + first, right: trees.right + first,
        input: trees.features + rows.lowerBound * trees.featureCount, q: q + place * blocks,
        gates: gates + place * 3 * gatedWidth, gated: gated + place * 3 * gatedWidth,
        choices: choices + place * 4 * gatedWidth, h: state + rows.lowerBound * width)
      body(&splittings, first)
    }
  }
}

/// Keeps a pass for running backward.
private final class RecursiveOperation: Operation {
  private let pass: RecursivePass

  init(_ pass: RecursivePass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The gated cell over a batch of trees, forward and backward.
///
/// q holds [ĥ; h_L; h_R; u_k] of each splitting, so that the inputs of every product lie side by side: the
/// reset gate reads its last three blocks, the choice all four.
struct GatedPass {
  private let network: RecursiveNetwork
  private let trees: TreeBatch
  /// Kept, since `cell` points into it.
  private let weights: PackedWeights
  private let cell: canopy_cell
  private let keepsAll: Bool
  /// h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// `[splittings × 4 width]`; as many rows as a kernel works on at a time where nothing is recorded, as below.
  private let q: UnsafeMutablePointer<Float>
  /// r, `[splittings × 3 width]`.
  private let gates: UnsafeMutablePointer<Float>
  /// r ⊙ [h_L; h_R; u_k], `[splittings × 3 width]`.
  private let gated: UnsafeMutablePointer<Float>
  /// z, `[splittings × 4 width]`.
  private let choices: UnsafeMutablePointer<Float>

  static func record(
    _ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape
  ) -> Variable {
    let pass = GatedPass(network, trees, weights, on: tape)
    let width = network.width
    let result = tape.record(
      rows: trees.treeCount, columns: width, requiresGradient: true, GatedOperation(pass))
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
    let rows = keepsAll ? trees.rowCount - trees.leafCount : canopy_scratch_rows()
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    q = tape.scratch(count: rows * 4 * width).baseAddress!
    gates = tape.scratch(count: rows * 3 * width).baseAddress!
    gated = tape.scratch(count: rows * 3 * width).baseAddress!
    choices = tape.scratch(count: rows * 4 * width).baseAddress!
  }

  private func forward() {
    withUnsafePointer(to: cell) { cell in
      trees.features.withUnsafeBufferPointer { input in
        guard let input = input.baseAddress else { return }
        canopy_leaves_forward(cell, trees.leafCount, input, state)
        forEachHeight(trees.splittingHeights) { splittings, _ in
          canopy_gated_forward(cell, splittings, state, keepsAll ? 1 : 0)
        }
      }
    }
  }

  fileprivate func backward(from result: Variable.ID, on tape: Tape) {
    let width = network.width
    let leaves = trees.leafCount
    let splittings = trees.rowCount - leaves
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(
      trees.treeCount, width, tape.gradient(of: result)!, width, trees.roots, dState, width)
    let dq = tape.scratch(count: splittings * 4 * width).baseAddress!
    let dGates = tape.scratch(count: splittings * 3 * width).baseAddress!
    let dChoices = tape.scratch(count: splittings * 4 * width).baseAddress!
    let dGated = tape.scratch(count: canopy_scratch_rows() * 3 * width).baseAddress!
    withUnsafePointer(to: cell) { cell in
      forEachHeight(trees.splittingHeights.reversed()) { splittings, first in
        var gradients = canopy_splitting_gradients(
          q: dq + first * 4 * width, gates: dGates + first * 3 * width, choices: dChoices + first * 4 * width,
          gated: dGated, h: dState + (leaves + first) * width, state: dState)
        canopy_gated_backward(cell, splittings, &gradients)
      }
    }
    canopy_relu_backward(leaves, width, state, width, dState, width)

    // What the weights' gradients need is complete: each is one large product over all nodes.
    let blocks = 4 * width
    tape.addGradient(of: network.choice!, rows: splittings, dChoices, blocks, q, blocks)
    tape.addGradient(of: network.reset!, rows: splittings, dGates, 3 * width, q + width, blocks)
    tape.addGradient(of: network.candidate, rows: splittings, dq, blocks, gated, 3 * width)
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      let features = trees.featureCount
      tape.addGradient(
        of: network.local, rows: splittings, dq + 3 * width, blocks, input + leaves * features, features)
      tape.addGradient(of: network.local, rows: leaves, dState, width, input, features)
    }
  }

  /// Calls `body` with the splittings of each height, and the number of the first of them.
  private func forEachHeight(
    _ heights: some Sequence<Int>, _ body: (UnsafePointer<canopy_splittings>, _ first: Int) -> Void
  ) {
    let width = network.width
    let leaves = trees.leafCount
    trees.withLinks { left, right, input in
      for height in heights {
        let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
        let first = rows.lowerBound - leaves
        let place = keepsAll ? first : 0
        var splittings = canopy_splittings(
          rows: rows.count, left: left + first, right: right + first,
          input: input + rows.lowerBound * trees.featureCount, q: q + place * 4 * width,
          gates: gates + place * 3 * width, gated: gated + place * 3 * width,
          choices: choices + place * 4 * width, h: state + rows.lowerBound * width)
        body(&splittings, first)
      }
    }
  }
}

/// Keeps a pass for running backward.
private final class GatedOperation: Operation {
  private let pass: GatedPass

  init(_ pass: GatedPass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

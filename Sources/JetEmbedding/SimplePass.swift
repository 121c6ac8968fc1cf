// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

/// The simple cell over a batch of trees, forward and backward.
struct SimplePass {
  private let network: RecursiveNetwork
  private let trees: TreeBatch
  /// Kept, since `cell` points into it.
  private let weights: PackedWeights
  private let cell: canopy_cell
  private let keepsAll: Bool
  /// h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// [h_L; h_R; u_k], `[splittings × 3 width]`; as many rows as a kernel works on at a time where nothing is
  /// recorded.
  private let inputs: UnsafeMutablePointer<Float>

  static func record(
    _ network: RecursiveNetwork, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape
  ) -> Variable {
    let pass = SimplePass(network, trees, weights, on: tape)
    let width = network.width
    let result = tape.record(
      rows: trees.treeCount, columns: width, requiresGradient: true, SimpleOperation(pass))
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
    let rows = keepsAll ? trees.rowCount - trees.leafCount : canopy_scratch_rows()
    state = tape.scratch(count: trees.rowCount * network.width).baseAddress!
    inputs = tape.scratch(count: rows * 3 * network.width).baseAddress!
  }

  private func forward() {
    withUnsafePointer(to: cell) { cell in
      trees.features.withUnsafeBufferPointer { input in
        guard let input = input.baseAddress else { return }
        canopy_leaves_forward(cell, trees.leafCount, input, state)
        forEachHeight(trees.splittingHeights) { splittings, _ in
          canopy_simple_forward(cell, splittings, state, keepsAll ? 1 : 0)
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
    let dInputs = tape.scratch(count: splittings * 3 * width).baseAddress!
    withUnsafePointer(to: cell) { cell in
      forEachHeight(trees.splittingHeights.reversed()) { splittings, first in
        canopy_simple_backward(
          cell, splittings, dState + (leaves + first) * width, dInputs + first * 3 * width, dState)
      }
    }
    canopy_relu_backward(leaves, width, state, width, dState, width)

    tape.addGradient(
      of: network.candidate, rows: splittings, dState + leaves * width, width, inputs, 3 * width)
    trees.features.withUnsafeBufferPointer { input in
      guard let input = input.baseAddress else { return }
      let features = trees.featureCount
      tape.addGradient(
        of: network.local, rows: splittings, dInputs + 2 * width, 3 * width, input + leaves * features,
        features)
      tape.addGradient(of: network.local, rows: leaves, dState, width, input, features)
    }
  }

  /// Calls `body` with the splittings of each height, and the number of the first of them.
  private func forEachHeight(
    _ heights: some Sequence<Int>, _ body: (UnsafePointer<canopy_splittings>, _ first: Int) -> Void
  ) {
    let width = network.width
    trees.withLinks { left, right, input in
      for height in heights {
        let rows = trees.heightOffsets[height]..<trees.heightOffsets[height + 1]
        let first = rows.lowerBound - trees.leafCount
        var splittings = canopy_splittings(
          rows: rows.count, left: left + first, right: right + first,
          input: input + rows.lowerBound * trees.featureCount,
          q: inputs + (keepsAll ? first : 0) * 3 * width, gates: nil, gated: nil, choices: nil,
          h: state + rows.lowerBound * width)
        body(&splittings, first)
      }
    }
  }
}

/// Keeps a pass for running backward.
private final class SimpleOperation: Operation {
  private let pass: SimplePass

  init(_ pass: SimplePass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

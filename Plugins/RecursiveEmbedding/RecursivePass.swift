// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

/// A cell with kernels over a batch of trees, forward and backward.
struct RecursivePass {
  let definition: any FusedCell
  let columns: FusedColumns
  let width: Int
  let trees: TreeBatch
  /// Kept, since `kernel` points into it.
  private let weights: PackedWeights
  let kernel: canopy_cell
  private let keepsAll: Bool
  /// h of every node, `[rows × width]`.
  let state: UnsafeMutablePointer<Float>
  /// `[splittings × columns.q]`; if nothing is recorded, as many rows as a kernel works on at a time, here
  /// and below.
  let q: UnsafeMutablePointer<Float>
  /// `[splittings × columns.gates]`.
  private let gates: UnsafeMutablePointer<Float>
  /// The inputs that the gates have let through, `[columns.gates]` of as many rows as a kernel works on at a time.
  private let gated: UnsafeMutablePointer<Float>
  /// `[splittings × columns.choices]`.
  private let choices: UnsafeMutablePointer<Float>

  static func record(
    _ cell: any FusedCell, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, freezing: Bool
  ) -> Variable {
    let pass = RecursivePass(cell, trees, weights, on: tape, keepsAll: tape.recordsGradients && !freezing)
    let width = pass.width
    let result = tape.record(
      rows: trees.treeCount, columns: width, requiresGradient: !freezing, RecursiveOperation(pass))
    pass.forward()
    canopy_gather_rows(
      trees.treeCount, width, pass.state, width, trees.roots, tape.values(of: result.id), width)
    return result
  }

  private init(
    _ cell: any FusedCell, _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, keepsAll: Bool
  ) {
    definition = cell
    columns = cell.columns
    width = cell.width
    self.trees = trees
    self.weights = weights
    kernel = weights.kernel(of: cell, tape.parameters)
    self.keepsAll = keepsAll
    let rows = keepsAll ? trees.splittingCount : canopy_scratch_rows()
    state = tape.scratch(count: trees.rowCount * width).baseAddress!
    q = tape.scratch(count: rows * columns.q).baseAddress!
    gates = tape.scratch(count: rows * columns.gates).baseAddress!
    gated = tape.scratch(count: canopy_scratch_rows() * columns.gates).baseAddress!
    choices = tape.scratch(count: rows * columns.choices).baseAddress!
  }

  private func forward() {
    withUnsafePointer(to: kernel) { kernel in
      canopy_leaves_forward(kernel, trees.leafCount, trees.features, state)
      for height in trees.splittingHeights {
        var splittings = splittings(trees.splittings(ofHeight: height))
        definition.forward(kernel, &splittings, state, keep: keepsAll)
      }
    }
  }

  /// Some splittings of one height, counted from the first splitting, as the kernels read them.
  func splittings(_ range: Range<Int>) -> canopy_splittings {
    let first = range.lowerBound
    let row = trees.leafCount + first
    let place = keepsAll ? first : 0
    return canopy_splittings(
      rows: range.count, left: trees.left + first, right: trees.right + first,
      input: trees.features + row * trees.featureCount, q: q + place * columns.q,
      gates: gates + place * columns.gates, gated: gated, choices: choices + place * columns.choices,
      h: state + row * width)
  }
}

/// Keeps a pass for running backward.
private final class RecursiveOperation: TapeOperation {
  private let pass: RecursivePass

  init(_ pass: RecursivePass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import NeuralEngine

extension RecursivePass {
  /// Adds the gradients of the weights, given that of the embeddings.
  func backward(from result: Variable.ID, on tape: Tape) {
    let width = network.width
    let leaves = trees.leafCount
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(
      trees.treeCount, width, tape.gradient(of: result)!, width, trees.roots, dState, width)

    let gradients = SplittingGradients(self, dState, on: tape)
    var height = trees.splittingHeights.upperBound - 1
    var end = trees.splittingCount
    while end > 0 {
      // All blocks but the one that is worked through first are full.
      let capacity = SplittingGradients.capacity
      let block = (end - 1) / capacity * capacity..<end
      while end > block.lowerBound {
        let some = trees.splittings(ofHeight: height).clamped(to: block.lowerBound..<end)
        backward(some, gradients.kernel(some, block))
        end = some.lowerBound
        if end == trees.splittings(ofHeight: height).lowerBound { height -= 1 }
      }
      gradients.addToWeights(block, on: tape)
    }
    gradients.finishWeights(on: tape)

    canopy_relu_backward(leaves, width, state, width, dState, width)
    tape.addGradient(of: network.local, rows: leaves, dState, width, trees.features, trees.featureCount)
  }

  private func backward(_ range: Range<Int>, _ gradients: canopy_splitting_gradients) {
    var (cell, splittings, gradients) = (cell, splittings(range), gradients)
    switch network.cell {
    case .simple: canopy_simple_backward(&cell, &splittings, &gradients)
    case .gated: canopy_gated_backward(&cell, &splittings, &gradients)
    }
  }
}

/// The gradients of a block of splittings, whose memory serves block after block.
private struct SplittingGradients {
  /// The splittings of a block: many, so that a product is worth the reading and writing of the weights' gradients,
  /// but few enough to stay in the cache until then.
  static let capacity = 96

  private let pass: RecursivePass
  private let gatedWidth: Int
  /// Of h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  private let q: UnsafeMutablePointer<Float>
  private let gates: UnsafeMutablePointer<Float>
  private let gated: UnsafeMutablePointer<Float>
  private let choices: UnsafeMutablePointer<Float>
  /// Of the choice's weights and biases relative to the last block's, `[3 width × 4 width]` and `[3 width]`, of all
  /// blocks together.
  private let choiceWeight: UnsafeMutableBufferPointer<Float>
  private let choiceBias: UnsafeMutableBufferPointer<Float>

  init(_ pass: RecursivePass, _ dState: UnsafeMutablePointer<Float>, on tape: Tape) {
    self.pass = pass
    state = dState
    gatedWidth = pass.network.cell == .gated ? pass.network.width : 0
    let rows = Self.capacity
    q = tape.scratch(count: rows * pass.blocks).baseAddress!
    gates = tape.scratch(count: rows * 3 * gatedWidth).baseAddress!
    gated = tape.scratch(count: rows * 3 * gatedWidth).baseAddress!
    choices = tape.scratch(count: rows * 3 * gatedWidth).baseAddress!
    choiceWeight = tape.scratch(count: 12 * gatedWidth * gatedWidth)
    choiceBias = tape.scratch(count: 3 * gatedWidth)
    choiceWeight.update(repeating: 0)
    choiceBias.update(repeating: 0)
  }

  /// The gradients of some splittings of a block as the kernels write them.
  func kernel(_ some: Range<Int>, _ block: Range<Int>) -> canopy_splitting_gradients {
    let place = some.lowerBound - block.lowerBound
    return canopy_splitting_gradients(
      q: q + place * pass.blocks, gates: gates + place * 3 * gatedWidth,
      choices: choices + place * 3 * gatedWidth, gated: gated + place * 3 * gatedWidth,
      h: state + (pass.trees.leafCount + some.lowerBound) * pass.network.width, state: state)
  }

  /// Adds the gradients of the weights that a block reads.
  func addToWeights(_ block: Range<Int>, on tape: Tape) {
    let (network, trees, blocks) = (pass.network, pass.trees, pass.blocks)
    let (width, three) = (network.width, 3 * network.width)
    let rows = block.count
    let row = trees.leafCount + block.lowerBound
    let input = pass.q + block.lowerBound * blocks
    switch network.cell {
    case .simple:
      tape.addGradient(of: network.candidate, rows: rows, state + row * width, width, input, blocks)
    case .gated:
      canopy_add_outer_products(
        rows, three, blocks, choices, three, input, blocks, choiceWeight.baseAddress!, blocks)
      canopy_add_column_sums(rows, three, choices, three, choiceBias.baseAddress!)
      tape.addGradient(of: network.reset!, rows: rows, gates, three, input + width, blocks)
      tape.addGradient(of: network.candidate, rows: rows, q, blocks, gated, three)
    }
    let features = trees.featureCount
    tape.addGradient(
      of: network.local, rows: rows, q + blocks - width, blocks, trees.features + row * features, features)
  }

  /// Hands the gradients of the choice's differences to the blocks that they are differences of.
  func finishWeights(on tape: Tape) {
    guard let choice = pass.network.choice, let gradients = tape.gradients else { return }
    for (differences, gradient) in [(choiceWeight, choice.weight), (choiceBias, choice.bias)] {
      let gradient = gradients[gradient]
      let count = gradient.count / 4
      for block in 0..<3 {
        for at in 0..<count {
          gradient[block * count + at] += differences[block * count + at]
          gradient[3 * count + at] -= differences[block * count + at]
        }
      }
    }
  }
}

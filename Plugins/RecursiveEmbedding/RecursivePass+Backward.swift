// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

extension RecursivePass {
  /// Adds the gradients of the weights, given that of the embeddings.
  func backward(from result: Variable.ID, on tape: Tape) {
    let leaves = trees.leafCount
    // Every node but a root has one parent, so each row is written once before it is read.
    let dState = tape.scratch(count: trees.rowCount * width).baseAddress!
    canopy_scatter_rows(
      trees.treeCount, width, tape.gradient(of: result)!, width, trees.roots, dState, width)

    let gradients = SplittingGradients(self, dState, on: tape)
    var height = trees.splittingHeights.upperBound - 1
    var end = trees.splittingCount
    while end > 0 {
      // All blocks are full except the first one that is worked through.
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
    tape.addGradient(of: definition.local, rows: leaves, dState, width, trees.features, trees.featureCount)
  }

  private func backward(_ range: Range<Int>, _ gradients: canopy_splitting_gradients) {
    var (kernel, splittings, gradients) = (kernel, splittings(range), gradients)
    definition.backward(&kernel, &splittings, &gradients)
  }
}

/// The gradients of a block of splittings, whose memory serves block after block.
private struct SplittingGradients {
  /// The splittings of a block: enough of them that a product is worth reading and writing the weights'
  /// gradients, but few enough to stay in the cache until then.
  static let capacity = 96

  private let pass: RecursivePass
  /// Of h of every node, `[rows × width]`.
  private let state: UnsafeMutablePointer<Float>
  private let q: UnsafeMutablePointer<Float>
  private let gates: UnsafeMutablePointer<Float>
  private let gated: UnsafeMutablePointer<Float>
  private let choices: UnsafeMutablePointer<Float>
  /// The layer before a softmax; nil for a cell without one.
  private let choice: FusedLayer?
  /// Of the weights of `choice` relative to the last block's, `[outputs × inputs]`, and of its biases, of all blocks
  /// together.
  private let choiceWeight: UnsafeMutableBufferPointer<Float>
  private let choiceBias: UnsafeMutableBufferPointer<Float>

  init(_ pass: RecursivePass, _ dState: UnsafeMutablePointer<Float>, on tape: Tape) {
    self.pass = pass
    state = dState
    let rows = Self.capacity
    q = tape.scratch(count: rows * pass.columns.q).baseAddress!
    gates = tape.scratch(count: rows * pass.columns.gates).baseAddress!
    gated = tape.scratch(count: rows * pass.columns.gates).baseAddress!
    choices = tape.scratch(count: rows * pass.columns.choices).baseAddress!
    choice = pass.definition.fusedLayers.first { $0.softmaxBlocks > 0 }
    let layout = tape.parameters.layout
    choiceWeight = tape.scratch(count: choice.map { $0.outputs(layout[$0.layer.weight].count) } ?? 0)
    choiceBias = tape.scratch(count: choice.map { $0.outputs(layout[$0.layer.bias].count) } ?? 0)
    choiceWeight.update(repeating: 0)
    choiceBias.update(repeating: 0)
  }

  /// The gradients of some splittings of a block as the kernels write them.
  func kernel(_ some: Range<Int>, _ block: Range<Int>) -> canopy_splitting_gradients {
    let place = some.lowerBound - block.lowerBound
    return canopy_splitting_gradients(
      q: q + place * pass.columns.q, gates: gates + place * pass.columns.gates,
      choices: choices + place * pass.columns.choices, gated: gated + place * pass.columns.gates,
      h: state + (pass.trees.leafCount + some.lowerBound) * pass.width, state: state)
  }

  /// Adds the gradients of the weights that a block reads.
  func addToWeights(_ block: Range<Int>, on tape: Tape) {
    let (trees, width, columns) = (pass.trees, pass.width, pass.columns.q)
    let row = trees.leafCount + block.lowerBound
    pass.definition.addGradients(
      of: FusedBlock(
        rows: block.count, input: pass.q + block.lowerBound * columns, gradients: kernel(block, block),
        differences: (choiceWeight.baseAddress!, choiceBias.baseAddress!)), on: tape)
    let features = trees.featureCount
    tape.addGradient(
      of: pass.definition.local, rows: block.count, q + columns - width, columns,
      trees.features + row * features, features)
  }

  /// Hands the gradients of the choice's differences to the blocks that they are differences of.
  func finishWeights(on tape: Tape) {
    guard let choice, let gradients = tape.gradients else { return }
    let last = choice.softmaxBlocks - 1
    for (differences, gradient) in [(choiceWeight, choice.layer.weight), (choiceBias, choice.layer.bias)] {
      let gradient = gradients[gradient]
      let count = gradient.count / choice.softmaxBlocks
      for block in 0..<last {
        for at in 0..<count {
          gradient[block * count + at] += differences[block * count + at]
          gradient[last * count + at] -= differences[block * count + at]
        }
      }
    }
  }
}

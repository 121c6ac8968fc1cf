// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// A gated recurrent unit over a batch of sequences, forward and backward.
struct RecurrentPass {
  private let unit: GatedRecurrentUnit
  /// Kept, since `kernel` points into it.
  private let weights: GatedRecurrentUnit.PackedWeights?
  private let kernel: canopy_gru
  private let items: Variable
  private let steps: RecurrentSteps
  /// h before each step: `[items × width]`; if nothing is recorded, the current h: `[running × width]`.
  private let state: UnsafeMutablePointer<Float>
  /// r, z, U_n h + c_n and n of each step: `[items × 4 width]`; if nothing is recorded, as many rows as a
  /// kernel works on at a time.
  private let gates: UnsafeMutablePointer<Float>

  static func record(
    _ unit: GatedRecurrentUnit, _ items: Variable, _ sequences: Segments,
    _ direction: ReadingDirection, _ weights: GatedRecurrentUnit.PackedWeights?
  ) -> Variable {
    let tape = items.tape
    let pass = RecurrentPass(unit, items, sequences, direction, weights)
    let result = tape.record(
      rows: sequences.count, columns: unit.width, requiresGradient: true, RecurrentOperation(pass))
    result.values.update(repeating: 0)
    pass.forward(to: tape.values(of: result.id), on: tape)
    return result
  }

  private init(
    _ unit: GatedRecurrentUnit, _ items: Variable, _ sequences: Segments,
    _ direction: ReadingDirection, _ weights: GatedRecurrentUnit.PackedWeights?
  ) {
    let tape = items.tape
    self.unit = unit
    self.weights = weights
    self.items = items
    kernel = weights?.unit(tape.parameters) ?? unit.packed(on: tape)
    steps = RecurrentSteps(sequences, direction, on: tape)
    let keepsAll = tape.recordsGradients
    state = tape.scratch(count: (keepsAll ? items.rows : steps.runningCount) * unit.width).baseAddress!
    gates = tape.scratch(count: (keepsAll ? items.rows : canopy_scratch_rows()) * 4 * unit.width).baseAddress!
  }

  private func forward(to result: UnsafeMutablePointer<Float>, on tape: Tape) {
    let three = 3 * unit.width
    let products = tape.scratch(count: items.rows * three).baseAddress!
    canopy_packed_product(
      items.rows, three, unit.inputs, tape.values(of: items.id), unit.inputs, kernel.input.packed, products,
      three, 0)
    withUnsafePointer(to: kernel) { kernel in
      withUnsafePointer(to: steps.kernel) { sequences in
        canopy_gru_forward(
          kernel, sequences, products, state, gates, result, tape.recordsGradients ? 1 : 0)
      }
    }
  }

  fileprivate func backward(from result: Variable.ID, on tape: Tape) {
    let (width, three) = (unit.width, 3 * unit.width)
    let dState = tape.scratch(count: steps.runningCount * width).baseAddress!
    let dProducts = tape.scratch(count: items.rows * three).baseAddress!
    let dRecurrent = tape.scratch(count: items.rows * three).baseAddress!
    withUnsafePointer(to: kernel) { kernel in
      withUnsafePointer(to: steps.kernel) { sequences in
        canopy_gru_backward(
          kernel, sequences, state, gates, tape.gradient(of: result)!, dState, dProducts, dRecurrent)
      }
    }
    tape.addGradient(
      of: unit.input, rows: items.rows, dProducts, three, tape.values(of: items.id), unit.inputs)
    tape.addGradient(of: unit.recurrent, rows: items.rows, dRecurrent, three, state, width)
    if let dItems = tape.gradient(of: items.id) {
      canopy_packed_product(
        items.rows, unit.inputs, three, dProducts, three, kernel.input.transposed, dItems, unit.inputs, 1)
    }
  }
}

/// Keeps a pass for running backward.
private final class RecurrentOperation: TapeOperation {
  private let pass: RecurrentPass

  init(_ pass: RecurrentPass) { self.pass = pass }

  func backward(from result: Variable.ID, on tape: Tape) { pass.backward(from: result, on: tape) }
}

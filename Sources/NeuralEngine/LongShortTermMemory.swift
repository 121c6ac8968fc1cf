// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

/// Long short-term memory with forget gates, as PyTorch's `nn.LSTM`.
///
/// Source: Hochreiter and Schmidhuber, Neural Comput. 9 (1997) 1735.
///
/// For an item x and the states h and c, which are 0 before the first item,
///
/// - i = σ(W_i x + b_i + U_i h + c_i), f = σ(W_f x + b_f + U_f h + c_f),
/// - g = tanh(W_g x + b_g + U_g h + c_g), o = σ(W_o x + b_o + U_o h + c_o),
/// - c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c').
///
/// ```swift
/// let memory = LongShortTermMemory("memory", inputs: 4, width: 8, in: &layout)
/// let jets = memory(constituents, tape.segments(offsets: offsets))  // [jets × 8]
/// ```
public struct LongShortTermMemory: Sendable {
  /// The number of components of an item.
  public let inputs: Int
  /// The number of components of h.
  public let width: Int

  fileprivate let input: Dense
  fileprivate let recurrent: Dense

  /// Adds the layer's parameters to a layout: `NAME.input.weight` W `[4 width × inputs]`, `NAME.input.bias` b,
  /// `NAME.recurrent.weight` U `[4 width × width]` and `NAME.recurrent.bias` c, each with the rows of i, f, g and o in
  /// this order.
  ///
  /// - Parameters:
  ///   - name: the prefix of the parameters' names.
  ///   - inputs: the number of components of an item.
  ///   - width: the number of components of h.
  ///   - layout: where the parameters are added.
  public init(_ name: String, inputs: Int, width: Int, in layout: inout ParameterLayout) {
    self.inputs = inputs
    self.width = width
    input = Dense(
      "\(name).input", inputs: inputs, outputs: 4 * width, initialisation: .glorot, in: &layout)
    recurrent = Dense(
      "\(name).recurrent", inputs: width, outputs: 4 * width, initialisation: .glorot, in: &layout)
  }

  /// h after each item: `[items × width]`.
  ///
  /// - Parameters:
  ///   - items: `[items × inputs]`.
  ///   - sequences: which items make a sequence.
  ///   - direction: the order in which a sequence is read.
  /// - Returns: `[items × width]`.
  public func states(
    _ items: Variable, _ sequences: Segments, reading direction: ReadingDirection = .forward
  ) -> Variable {
    require(items.columns == inputs, "a layer for \(inputs) inputs got \(items.columns)")
    sequences.check(items.rows)
    let pass = MemoryPass(self, items, sequences, direction)
    let result = items.tape.record(rows: items.rows, columns: width, requiresGradient: true, pass)
    pass.forward(to: items.tape.values(of: result.id))
    return result
  }

  /// h after the last item of each sequence: `[sequences × width]`, zeros for an empty sequence.
  ///
  /// - Parameters:
  ///   - items: `[items × inputs]`.
  ///   - sequences: which items make a sequence.
  ///   - direction: the order in which a sequence is read.
  /// - Returns: `[sequences × width]`.
  public func callAsFunction(
    _ items: Variable, _ sequences: Segments, reading direction: ReadingDirection = .forward
  ) -> Variable {
    let tape = items.tape
    let filled = (0..<sequences.count).reduce(0) { $0 + (sequences.places($1).isEmpty ? 0 : 1) }
    let last = tape.scratch(Int32.self, count: filled)
    let owner = tape.scratch(Int32.self, count: filled)
    var next = 0
    for sequence in 0..<sequences.count {
      let places = sequences.places(sequence)
      guard !places.isEmpty else { continue }
      last[next] = sequences.rows[direction == .forward ? places.upperBound - 1 : places.lowerBound]
      owner[next] = Int32(sequence)
      next += 1
    }
    return states(items, sequences, reading: direction)
      .gatheringRows(UnsafeBufferPointer(last))
      .scatteringRows(UnsafeBufferPointer(owner), rows: sequences.count)
  }
}

/// The layer over a batch of sequences.
///
/// The arrays have a row for each item that is read, step after step.
private final class MemoryPass: TapeOperation {
  private let layer: LongShortTermMemory
  private let items: Variable
  private let steps: RecurrentSteps
  private let inputWeight: canopy_layer
  private let recurrentWeight: canopy_layer
  /// i, f, g and o: `[items × 4 width]`.
  private let gates: UnsafeMutablePointer<Float>
  /// c', tanh(c') and h': `[items × width]`.
  private let memory: UnsafeMutablePointer<Float>
  private let squashed: UnsafeMutablePointer<Float>
  private let state: UnsafeMutablePointer<Float>

  init(
    _ layer: LongShortTermMemory, _ items: Variable, _ sequences: Segments, _ direction: ReadingDirection
  ) {
    let tape = items.tape
    self.layer = layer
    self.items = items
    steps = RecurrentSteps(sequences, direction, on: tape)
    inputWeight = tape.packed(layer.input)
    recurrentWeight = tape.packed(layer.recurrent)
    gates = tape.scratch(count: items.rows * 4 * layer.width).baseAddress!
    memory = tape.scratch(count: items.rows * layer.width).baseAddress!
    squashed = tape.scratch(count: items.rows * layer.width).baseAddress!
    state = tape.scratch(count: items.rows * layer.width).baseAddress!
  }

  func forward(to result: UnsafeMutablePointer<Float>) {
    let tape = items.tape
    let (width, four) = (layer.width, 4 * layer.width)
    let products = tape.scratch(count: items.rows * four).baseAddress!
    canopy_packed_product(
      items.rows, four, layer.inputs, tape.values(of: items.id), layer.inputs, inputWeight.packed, products,
      four, 0)
    canopy_add_bias(items.rows, four, products, four, inputWeight.bias)
    canopy_add_bias(items.rows, four, products, four, recurrentWeight.bias)
    canopy_gather_rows(items.rows, four, products, four, steps.rows.baseAddress!, gates, four)
    var (first, before) = (0, 0)
    for step in 0..<steps.running.count - 1 {
      let count = Int(steps.running[step])
      if step > 0 {
        canopy_packed_product(
          count, four, width, state + before * width, width, recurrentWeight.packed, gates + first * four,
          four,
          1)
      }
      for row in first..<first + count {
        let gate = gates + row * four
        let (input, forget, new, output) = (gate, gate + width, gate + 2 * width, gate + 3 * width)
        canopy_sigmoid(2 * width, gate, gate)
        canopy_tanh(width, new, new)
        canopy_sigmoid(width, output, output)
        for i in 0..<width {
          let kept = step > 0 ? forget[i] * memory[(before + row - first) * width + i] : 0
          memory[row * width + i] = kept + input[i] * new[i]
        }
        canopy_tanh(width, memory + row * width, squashed + row * width)
        for i in 0..<width { state[row * width + i] = output[i] * squashed[row * width + i] }
      }
      (before, first) = (first, first + count)
    }
    canopy_scatter_rows(items.rows, width, state, width, steps.rows.baseAddress!, result, width)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let (width, four) = (layer.width, 4 * layer.width)
    let rows = items.rows
    let dState = tape.scratch(count: rows * width).baseAddress!
    canopy_gather_rows(
      rows, width, tape.gradient(of: result)!, width, steps.rows.baseAddress!, dState, width)
    let dMemory = tape.scratch(count: rows * width)
    dMemory.update(repeating: 0)
    let dGates = tape.scratch(count: rows * four).baseAddress!
    var first = rows
    for step in (0..<steps.running.count - 1).reversed() {
      let count = Int(steps.running[step])
      first -= count
      let before = step > 0 ? first - Int(steps.running[step - 1]) : 0
      for row in first..<first + count {
        let (gate, d) = (gates + row * four, dGates + row * four)
        for i in 0..<width {
          let (input, forget, new, output) = (
            gate[i], gate[width + i], gate[2 * width + i], gate[3 * width + i]
          )
          let (at, earlier) = (row * width + i, (before + row - first) * width + i)
          let c = squashed[at]
          let dc = dMemory[at] + dState[at] * output * (1 - c * c)
          d[i] = dc * new * input * (1 - input)
          d[width + i] = step > 0 ? dc * memory[earlier] * forget * (1 - forget) : 0
          d[2 * width + i] = dc * input * (1 - new * new)
          d[3 * width + i] = dState[at] * c * output * (1 - output)
          if step > 0 { dMemory[earlier] = dc * forget }
        }
      }
      guard step > 0 else { continue }
      canopy_packed_product(
        count, width, four, dGates + first * four, four, recurrentWeight.transposed, dState + before * width,
        width,
        1)
      if let gradient = tape.parameter(layer.recurrent.weight).gradient?.baseAddress {
        canopy_add_outer_products(
          count, four, width, dGates + first * four, four, state + before * width, width, gradient, width)
      }
    }
    if let gradient = tape.parameter(layer.recurrent.bias).gradient?.baseAddress {
      canopy_add_column_sums(rows, four, dGates, four, gradient)
    }
    let dProducts = tape.scratch(count: rows * four).baseAddress!
    canopy_scatter_rows(rows, four, dGates, four, steps.rows.baseAddress!, dProducts, four)
    tape.addGradient(
      of: layer.input, rows: rows, dProducts, four, tape.values(of: items.id), layer.inputs)
    if let dItems = tape.gradient(of: items.id) {
      canopy_packed_product(
        rows, layer.inputs, four, dProducts, four, inputWeight.transposed, dItems, layer.inputs, 1)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import NeuralEngine
import Testing

/// Numbers with the end of readable memory right after their room: code that reads or writes further crashes.
private final class Guarded<Number: BitwiseCopyable & ExpressibleByIntegerLiteral & Equatable> {
  let start: UnsafeMutablePointer<Number>
  let count: Int
  private let room: Int
  private let pages: UnsafeMutableRawPointer
  private let size: Int

  /// `count` numbers; `room` is how many after the last kernels may touch.
  init(_ count: Int, room: Int, _ value: (Int) -> Number) {
    (self.count, self.room) = (count, room)
    let page = sysconf(Int32(_SC_PAGESIZE))
    let bytes = (count + room) * MemoryLayout<Number>.stride
    let used = (bytes + page - 1) / page * page
    size = used + page
    pages = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(pages + used, page, PROT_NONE)
    start = (pages + used - bytes).bindMemory(to: Number.self, capacity: count + room)
    for index in 0..<count { start[index] = value(index) }
    for index in count..<count + room { start[index] = Self.mark }
  }

  deinit { munmap(pages, size) }

  private static var mark: Number { 77_777 }

  /// Whether the room holds what it held.
  var hasRoomAsItWas: Bool { (count..<count + room).allSatisfy { start[$0] == Self.mark } }
}

private typealias GuardedFloats = Guarded<Float>

extension GuardedFloats {
  /// Floats with the room that `CKernels.h` asks for.
  convenience init(_ count: Int, _ value: (Int) -> Float = { Float($0 % 7) - 3 }) {
    self.init(count, room: 15, value)
  }

  /// Floats of a size that sums stay small with.
  static func small(_ count: Int) -> GuardedFloats { GuardedFloats(count) { (Float($0 % 7) - 3) / 64 } }

  var isFinite: Bool { (0..<count).allSatisfy { start[$0].isFinite } }
}

/// Indices, which have no room.
private func guarded(_ indices: [Int]) -> Guarded<Int32> {
  Guarded(indices.count, room: 0) { Int32(indices[$0]) }
}

/// A layer with its packed weights.
private struct GuardedLayer {
  let packed: GuardedFloats
  let transposed: GuardedFloats
  let bias: GuardedFloats

  init(outputs: Int, inputs: Int) {
    let weight = GuardedFloats.small(outputs * inputs)
    packed = GuardedFloats(canopy_packed_count(outputs, inputs))
    transposed = GuardedFloats(canopy_packed_count(inputs, outputs))
    bias = .small(outputs)
    canopy_pack(outputs, inputs, weight.start, 0, packed.start)
    canopy_pack(inputs, outputs, weight.start, 1, transposed.start)
    #expect(weight.hasRoomAsItWas && packed.hasRoomAsItWas && transposed.hasRoomAsItWas)
  }

  var kernel: canopy_layer {
    canopy_layer(packed: packed.start, transposed: transposed.start, bias: bias.start)
  }
}

/// Widths with each number of floats after the last whole vector, of any instruction set.
private let widths = Array(1...17) + [31, 32, 33, 40]

@Suite struct KernelMemoryTests {
  @Test func memoryIsAlignedAndHasRoom() {
    for count in [0, 1, 15, 16, 17, 1000] {
      let start = KernelMemory.allocate(Float.self, count: count)
      #expect(Int(bitPattern: start) % KernelMemory.vector == 0)
      // AddressSanitizer checks that this is allowed.
      for index in 0..<count + 15 { start[index] = 1 }
      KernelMemory.deallocate(start)
    }
  }

  @Test func kernelsOfElementsStayInTheirRoom() {
    for count in 1...70 {
      let x = GuardedFloats(count)
      let y = GuardedFloats(count)
      canopy_exp(count, x.start, y.start)
      canopy_sigmoid(count, x.start, y.start)
      canopy_tanh(count, x.start, y.start)
      _ = canopy_sum_of_squares(count, x.start)
      let (m, v) = (GuardedFloats(count), GuardedFloats(count) { _ in 1 })
      canopy_adamw(count, y.start, x.start, m.start, v.start, 1, 0.1, 0.9, 0.99, 1e-8, 1, 1, 0)
      #expect(y.isFinite)
      #expect([x, y, m, v].allSatisfy { $0.hasRoomAsItWas })
    }
  }

  /// Rows that follow each other, and the last columns of longer rows.
  @Test func kernelsOfRowsStayInTheirRoom() {
    let index = guarded([2, 0, 1])
    for columns in 1...70 {
      for offset in [0, 1, columns] {
        let length = columns + offset
        let x = GuardedFloats(3 * length)
        let y = GuardedFloats(3 * length)
        let bias = GuardedFloats(columns)
        let (from, to) = (x.start + offset, y.start + offset)
        canopy_gather_rows(3, columns, from, length, index.start, to, length)
        canopy_scatter_rows(3, columns, from, length, index.start, to, length)
        canopy_add_bias(3, columns, to, length, bias.start)
        canopy_add_bias_relu(3, columns, to, length, bias.start)
        canopy_relu_backward(3, columns, from, length, to, length)
        canopy_add_column_sums(3, columns, from, length, bias.start)
        #expect(bias.isFinite && y.isFinite)
        #expect([x, y, bias].allSatisfy { $0.hasRoomAsItWas })
      }
    }
  }

  @Test func productsStayInTheirRoom() {
    for outputs in 1...70 {
      for inputs in [1, 2, 11, 16, 40] {
        let layer = GuardedLayer(outputs: outputs, inputs: inputs)
        for (rows, offset) in [(7, 0), (1, 0), (canopy_scratch_rows() + 1, 3)] {
          let (from, to) = (inputs + offset, outputs + offset)
          let x = GuardedFloats.small(rows * from)
          let y = GuardedFloats.small(rows * to)
          let weight = GuardedFloats.small(outputs * inputs)
          canopy_packed_product(
            rows, outputs, inputs, x.start + offset, from, layer.packed.start, y.start + offset, to, 1)
          canopy_add_outer_products(
            rows, outputs, inputs, y.start + offset, to, x.start + offset, from, weight.start, inputs)
          canopy_packed_product(
            rows, inputs, outputs, y.start + offset, to, layer.transposed.start, x.start + offset, from, 0)
          #expect(weight.isFinite && x.isFinite && y.isFinite)
          #expect([x, y, weight, layer.packed, layer.transposed].allSatisfy { $0.hasRoomAsItWas })
        }
      }
    }
  }

  /// Sequences of three items, two items and one item, fewer of them and more than a kernel works on at a time.
  @Test(arguments: [4, canopy_scratch_rows() + 3]) func theRecurrentUnitStaysInItsRoom(sequences: Int) {
    let running = guarded([sequences, sequences / 2, 1, 0])
    let itemCount = sequences + sequences / 2 + 1
    let items = guarded((0..<itemCount).map { ($0 + itemCount - 1) % itemCount })
    let results = guarded((0..<sequences).map { ($0 + 1) % sequences })
    var order = canopy_sequences(running: running.start, items: items.start, results: results.start)
    for width in widths {
      let input = GuardedLayer(outputs: 3 * width, inputs: 5)
      let recurrent = GuardedLayer(outputs: 3 * width, inputs: width)
      var unit = canopy_gru(width: width, input: input.kernel, recurrent: recurrent.kernel)
      let products = GuardedFloats.small(itemCount * 3 * width)
      let result = GuardedFloats.small(sequences * width)
      let (state, gates) = (GuardedFloats(itemCount * width), GuardedFloats(itemCount * 4 * width))
      let usedAgain = [sequences, 4 * canopy_scratch_rows()].map { GuardedFloats($0 * width) }
      canopy_gru_forward(
        &unit, &order, products.start, usedAgain[0].start, usedAgain[1].start, result.start, 0)
      let predicted = (0..<result.count).map { result.start[$0] }
      canopy_gru_forward(&unit, &order, products.start, state.start, gates.start, result.start, 1)
      #expect((0..<result.count).allSatisfy { result.start[$0] == predicted[$0] }, "recording changes no bit")
      let upstream = GuardedFloats.small(sequences * width)
      let gradients = [sequences, 3 * itemCount, 3 * itemCount].map { GuardedFloats($0 * width) }
      canopy_gru_backward(
        &unit, &order, state.start, gates.start, upstream.start, gradients[0].start, gradients[1].start,
        gradients[2].start)
      let arrays = [products, result, state, gates, upstream] + usedAgain + gradients
      #expect(result.isFinite && gradients.allSatisfy { $0.isFinite })
      #expect(arrays.allSatisfy { $0.hasRoomAsItWas }, "width \(width)")
    }
  }

  /// The kernels as the long short-term memory calls them, on parts of rows: the numbers that follow stay as they were, and
  /// the last part of the last row ends where the room begins.
  @Test func partsOfRowsStayInTheirRoom() {
    let rows = 5
    let order = guarded([4, 2, 0, 1, 3])
    for width in widths {
      let four = 4 * width
      let input = GuardedLayer(outputs: four, inputs: 3)
      let recurrent = GuardedLayer(outputs: four, inputs: width)
      let (items, weight) = (GuardedFloats.small(rows * 3), GuardedFloats.small(four * width))
      let (products, gates) = (GuardedFloats(rows * four), GuardedFloats(rows * four))
      let (memory, squashed) = (GuardedFloats(rows * width), GuardedFloats(rows * width))
      let (state, result) = (GuardedFloats.small(rows * width), GuardedFloats(rows * width))
      canopy_packed_product(rows, four, 3, items.start, 3, input.packed.start, products.start, four, 0)
      canopy_add_bias(rows, four, products.start, four, recurrent.bias.start)
      canopy_gather_rows(rows, four, products.start, four, order.start, gates.start, four)
      // The last two rows of several.
      let last = (gates: gates.start + 3 * four, state: state.start + 3 * width)
      canopy_packed_product(
        2, four, width, last.state, width, recurrent.packed.start, last.gates, four, 1)
      let logits = (0..<gates.count).map { Double(gates.start[$0]) }
      for row in 0..<rows {
        let gate = gates.start + row * four
        canopy_sigmoid(2 * width, gate, gate)
        canopy_tanh(width, gate + 2 * width, gate + 2 * width)
        canopy_sigmoid(width, gate + 3 * width, gate + 3 * width)
        canopy_tanh(width, memory.start + row * width, squashed.start + row * width)
      }
      for (place, logit) in logits.enumerated() {
        let isNew = place % four / width == 2
        let expected = isNew ? tanh(logit) : 1 / (1 + exp(-logit))
        #expect(abs(Double(gates.start[place]) - expected) < 1e-6, "width \(width), number \(place)")
      }
      canopy_packed_product(
        2, width, four, last.gates, four, recurrent.transposed.start, last.state, width, 1)
      canopy_add_outer_products(
        2, four, width, last.gates, four, last.state, width, weight.start, width)
      canopy_add_column_sums(rows, four, gates.start, four, recurrent.bias.start)
      canopy_scatter_rows(rows, width, state.start, width, order.start, result.start, width)
      let arrays = [items, weight, products, gates, memory, squashed, state, result, recurrent.bias]
      #expect(arrays.allSatisfy { $0.isFinite && $0.hasRoomAsItWas }, "width \(width)")
    }
  }

  /// Leaves and the splittings that are their parents, in one block of rows and in several; the cells that have kernels.
  @Test(arguments: [1, 3, canopy_scratch_rows() + 2], [true, false])
  func recursiveCellsStayInTheirRoom(splittings: Int, isGated: Bool) {
    let leaves = 2 * splittings
    let left = guarded((0..<splittings).map { 2 * $0 + 1 })
    let right = guarded((0..<splittings).map { 2 * $0 })
    for width in widths {
      for features in [1, 7, 16] {
        let (three, four) = (3 * width, 4 * width)
        let local = GuardedLayer(outputs: width, inputs: features)
        let candidate = GuardedLayer(outputs: width, inputs: three)
        let reset = GuardedLayer(outputs: three, inputs: three)
        let choice = GuardedLayer(outputs: three, inputs: four)
        var cell = canopy_cell(
          width: width, features: features, local: local.kernel, reset: reset.kernel,
          candidate: candidate.kernel, choice: choice.kernel)
        // Splittings come after the leaves.
        let leafInput = GuardedFloats.small(leaves * features)
        let input = GuardedFloats.small(splittings * features)
        let state = GuardedFloats(width * (leaves + splittings))
        let leafState = GuardedFloats(width * leaves)
        canopy_leaves_forward(&cell, leaves, leafInput.start, leafState.start)
        state.start.update(from: leafState.start, count: leafState.count)
        let gated = GuardedFloats(canopy_scratch_rows() * three)
        var arrays = [leafInput, input, state, leafState, gated]
        func forward(rows: Int, keep: Int32) -> canopy_splittings {
          let q = GuardedFloats(rows * (isGated ? four : three))
          let gates = GuardedFloats(isGated ? rows * three : 0)
          let choices = GuardedFloats(isGated ? rows * three : 0)
          arrays += [q, gates, choices]
          var some = canopy_splittings(
            rows: splittings, left: left.start, right: right.start, input: input.start, q: q.start,
            gates: gates.start, gated: gated.start, choices: choices.start, h: state.start + leaves * width)
          if isGated {
            canopy_gated_forward(&cell, &some, state.start, keep)
          } else {
            canopy_simple_forward(&cell, &some, state.start, keep)
          }
          return some
        }
        _ = forward(rows: canopy_scratch_rows(), keep: 0)
        let predicted = (0..<state.count).map { state.start[$0] }
        var kept = forward(rows: splittings, keep: 1)
        #expect((0..<state.count).allSatisfy { state.start[$0] == predicted[$0] }, "recording changes no bit")
        let dState = GuardedFloats.small(width * (leaves + splittings))
        let dq = GuardedFloats(splittings * (isGated ? four : three))
        let others = (0..<3).map { _ in GuardedFloats(isGated ? splittings * three : 0) }
        var gradients = canopy_splitting_gradients(
          q: dq.start, gates: others[0].start, choices: others[1].start, gated: others[2].start,
          h: dState.start + leaves * width, state: dState.start)
        if isGated {
          canopy_gated_backward(&cell, &kept, &gradients)
        } else {
          canopy_simple_backward(&cell, &kept, &gradients)
        }
        #expect(state.isFinite && dState.isFinite && dq.isFinite)
        #expect((arrays + [dState, dq] + others).allSatisfy { $0.hasRoomAsItWas }, "width \(width)")
      }
    }
  }

  /// The same row among others, at any place among them, has the same bits.
  @Test func aRowOfAProductHasTheSameBitsInAnyBatch() {
    var generator = SeededGenerator(seed: 3)
    for (outputs, inputs) in [(1, 40), (3, 7), (16, 16), (40, 120), (70, 33)] {
      let weight = (0..<outputs * inputs + 16).map { _ in Float.random(in: -1...1, using: &generator) }
      let packed = KernelMemory.allocate(Float.self, count: canopy_packed_count(outputs, inputs))
      defer { KernelMemory.deallocate(packed) }
      canopy_pack(outputs, inputs, weight, 0, packed)
      let row = (0..<inputs).map { _ in Float.random(in: -1...1, using: &generator) }
      var alone = [Float](repeating: 0, count: outputs + 16)
      canopy_packed_product(
        1, outputs, inputs, row + [Float](repeating: 0, count: 16), inputs, packed, &alone, outputs, 0)
      for rows in [2, 3, 5, 6, 7, 8, 11, 12, 13, 40, 100] {
        let x = Array(repeating: row, count: rows).flatMap { $0 } + [Float](repeating: 0, count: 16)
        var y = [Float](repeating: 0, count: rows * outputs + 16)
        canopy_packed_product(rows, outputs, inputs, x, inputs, packed, &y, outputs, 0)
        for r in 0..<rows {
          let bits = y[r * outputs..<(r + 1) * outputs].map(\.bitPattern)
          #expect(bits == alone[..<outputs].map(\.bitPattern), "row \(r) of \(rows)")
        }
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import NeuralEngine
import Testing

/// Floats with the end of readable memory right after their room: code that reads or writes further crashes.
private final class GuardedFloats {
  let start: UnsafeMutablePointer<Float>
  private let pages: UnsafeMutableRawPointer
  private let size: Int
  /// The floats after the last that `CKernels.h` lets kernels touch.
  private static let room = 15

  init(_ count: Int, _ value: (Int) -> Float = { Float($0 % 7) - 3 }) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let bytes = (count + Self.room) * MemoryLayout<Float>.stride
    let used = (bytes + page - 1) / page * page
    size = used + page
    pages = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    mprotect(pages + used, page, PROT_NONE)
    start = (pages + used - bytes).bindMemory(to: Float.self, capacity: count + Self.room)
    for index in 0..<count { start[index] = value(index) }
  }

  deinit { munmap(pages, size) }
}

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
      #expect(y.start[count - 1].isFinite)
    }
  }

  @Test func kernelsOfRowsStayInTheirRoom() {
    let index: [Int32] = [2, 0, 1]
    for columns in 1...70 {
      let x = GuardedFloats(3 * columns)
      let y = GuardedFloats(3 * columns)
      let bias = GuardedFloats(columns)
      canopy_gather_rows(3, columns, x.start, columns, index, y.start, columns)
      canopy_scatter_rows(3, columns, x.start, columns, index, y.start, columns)
      canopy_add_bias(3, columns, y.start, columns, bias.start)
      canopy_add_bias_relu(3, columns, y.start, columns, bias.start)
      canopy_relu_backward(3, columns, x.start, columns, y.start, columns)
      canopy_add_column_sums(3, columns, x.start, columns, bias.start)
      #expect(bias.start[columns - 1].isFinite)
    }
  }

  @Test func productsStayInTheirRoom() {
    for outputs in 1...70 {
      for inputs in [1, 2, 11, 16, 40] {
        let rows = 7
        let weight = GuardedFloats(outputs * inputs)
        let packed = GuardedFloats(canopy_packed_count(outputs, inputs))
        canopy_pack(outputs, inputs, weight.start, 0, packed.start)
        let x = GuardedFloats(rows * inputs)
        let y = GuardedFloats(rows * outputs)
        canopy_packed_product(rows, outputs, inputs, x.start, inputs, packed.start, y.start, outputs, 1)
        canopy_add_outer_products(
          rows, outputs, inputs, y.start, outputs, x.start, inputs, weight.start, inputs)
        #expect(weight.start[outputs * inputs - 1].isFinite)
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

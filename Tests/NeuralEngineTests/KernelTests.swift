// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import NeuralEngine
import Testing

/// The kernels in C against plain double precision.
///
/// They run for one instruction set, the widest there is unless CANOPY_INSTRUCTION_SET says less; `make test`
/// runs them for each.
@Suite struct KernelTests {
  private let lengths = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40, 20_000]
  /// The room that kernels need after an array.
  private let room = 16

  /// Random numbers, with room after them.
  private func random(_ count: Int, _ range: ClosedRange<Float>, seed: UInt64 = 1) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count + room).map { _ in Float.random(in: range, using: &generator) }
  }

  @Test func theInstructionSetIsTheOneAskedFor() throws {
    let set = String(cString: canopy_instruction_set())
    let asked = ProcessInfo.processInfo.environment["CANOPY_INSTRUCTION_SET"]
    let order = ["baseline", "avx2", "avx512"]
    let place = try #require(order.firstIndex(of: set))
    if let asked, let limit = order.firstIndex(of: asked) { #expect(place <= limit) }
  }

  @Test func functionsKeepTheirErrorBounds() {
    for length in lengths {
      let x = random(length, -87...87)
      var y = [Float](repeating: 7, count: length + room)
      canopy_exp(length, x, &y)
      for i in 0..<length { #expect(abs(Double(y[i]) / exp(Double(x[i])) - 1) < 2e-7, "exp") }
      #expect(y[length...].allSatisfy { $0 == 7 }, "nothing changes behind the end")
      canopy_sigmoid(length, x, &y)
      for i in 0..<length {
        #expect(abs(Double(y[i]) * (1 + exp(-Double(x[i]))) - 1) < 4e-7, "sigmoid")
      }
      let small = random(length, -3...3)
      canopy_tanh(length, small, &y)
      for i in 0..<length { #expect(abs(Double(y[i]) - tanh(Double(small[i]))) < 2e-7, "tanh") }
    }
  }

  @Test func extremesOfExponentialAndSigmoid() {
    let x: [Float] = [.nan, .infinity, -.infinity, 1000, -1000] + Array(repeating: 0, count: room)
    var y = [Float](repeating: 0, count: x.count)
    canopy_exp(5, x, &y)
    #expect(y[0].isNaN && y[1...4].allSatisfy { $0.isFinite && $0 > 0 })
    canopy_sigmoid(5, x, &y)
    #expect(y[0].isNaN && y[1] == 1 && y[3] == 1 && y[2] < 1e-37 && y[4] < 1e-37)
  }

  @Test(arguments: [1, 2, 5, 6, 7, 12, 13, 40])
  func packedProducts(rows: Int) {
    for (outputs, inputs) in [(1, 1), (3, 2), (16, 7), (40, 11), (40, 120), (120, 120), (160, 160), (70, 33)]
    {
      for transposed in [false, true] {
        let w = random(outputs * inputs, -1...1, seed: 2)
        let x = random(rows * (inputs + 3), -1...1, seed: 3)
        var packed = [Float](repeating: .nan, count: canopy_packed_count(outputs, inputs))
        canopy_pack(outputs, inputs, w, transposed ? 1 : 0, &packed)
        let before = random(rows * (outputs + 2), -1...1, seed: 4)
        var y = before
        canopy_packed_product(rows, outputs, inputs, x, inputs + 3, packed, &y, outputs + 2, 0)
        var sum = before
        canopy_packed_product(rows, outputs, inputs, x, inputs + 3, packed, &sum, outputs + 2, 1)
        for row in 0..<rows {
          for column in 0..<outputs + 2 {
            let at = row * (outputs + 2) + column
            guard column < outputs else {
              #expect(y[at] == before[at], "what stands next to the product is left alone")
              continue
            }
            var expected = 0.0
            for k in 0..<inputs {
              let weight = transposed ? w[k * outputs + column] : w[column * inputs + k]
              expected += Double(x[row * (inputs + 3) + k]) * Double(weight)
            }
            #expect(abs(Double(y[at]) - expected) < 1e-5)
            #expect(abs(Double(sum[at]) - expected - Double(before[at])) < 1e-5)
          }
        }
        #expect(Array(y.suffix(room)) == Array(before.suffix(room)), "nothing is written after the end")
      }
    }
  }

  @Test(arguments: [0, 1, 47, 48, 49, 100])
  func outerProducts(rows: Int) {
    for (outputs, inputs) in [(1, 1), (5, 3), (8, 16), (7, 70), (40, 11), (120, 160)] {
      let d = random(rows * (outputs + 1), -1...1, seed: 5)
      let x = random(rows * (inputs + 3), -1...1, seed: 6)
      let before = random(outputs * (inputs + 2), -1...1, seed: 7)
      var w = before
      canopy_add_outer_products(rows, outputs, inputs, d, outputs + 1, x, inputs + 3, &w, inputs + 2)
      for output in 0..<outputs {
        for input in 0..<inputs + 2 {
          let at = output * (inputs + 2) + input
          guard input < inputs else {
            #expect(w[at] == before[at], "what stands next to the sum is left alone")
            continue
          }
          var expected = Double(before[at])
          for row in 0..<rows {
            expected += Double(d[row * (outputs + 1) + output]) * Double(x[row * (inputs + 3) + input])
          }
          #expect(abs(Double(w[at]) - expected) < 1e-5)
        }
      }
      #expect(Array(w.suffix(room)) == Array(before.suffix(room)), "nothing is written after the end")
    }
  }

  @Test func rowsAreMovedAndSummed() {
    for columns in lengths where 1...1000 ~= columns {
      let x = random(4 * columns, -1...1)
      let index: [Int32] = [2, 0, 3]
      var y = [Float](repeating: 0, count: 3 * columns + room)
      canopy_gather_rows(3, columns, x, columns, index, &y, columns)
      var back = [Float](repeating: 0, count: 4 * columns + room)
      canopy_scatter_rows(3, columns, y, columns, index, &back, columns)
      var sums = [Float](repeating: 1, count: columns + room)
      canopy_add_column_sums(3, columns, y, columns, &sums)
      let bias = random(columns, -1...1, seed: 8)
      var activated = y
      canopy_add_bias_relu(3, columns, &activated, columns, bias)
      for column in 0..<columns {
        for row in 0..<4 {
          #expect(back[row * columns + column] == (row == 1 ? 0 : x[row * columns + column]))
        }
        let total = index.reduce(Float(1)) { $0 + x[Int($1) * columns + column] }
        #expect(abs(sums[column] - total) < 1e-6)
        for row in 0..<3 {
          let at = row * columns + column
          #expect(activated[at] == max(0, y[at] + bias[column]))
        }
      }
      #expect(sums[columns...].allSatisfy { $0 == 1 }, "nothing changes behind the end")
    }
  }
}

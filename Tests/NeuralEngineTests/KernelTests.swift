// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import NeuralEngine
import Testing

/// The kernels in C, in every instruction set that this processor has, against plain double precision.
///
/// The choice of instruction set is global, so the tests run one after the other.
@Suite(.serialized) struct KernelTests {
  private static let sets = ["baseline", "avx2", "avx512"].filter { (name: String) in
    canopy_select_instruction_set(name) == 0
  }
  private let lengths = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40, 1000]

  private func random(_ count: Int, _ range: ClosedRange<Float>, seed: UInt64 = 1) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: range, using: &generator) }
  }

  private func withEachSet(_ body: (String) -> Void) {
    for set in Self.sets {
      #expect(canopy_select_instruction_set(set) == 0)
      #expect(String(cString: canopy_instruction_set()) == set)
      body(set)
    }
    _ = canopy_select_instruction_set(Self.sets.last!)
  }

  @Test func anUnknownInstructionSetIsRefused() {
    #expect(canopy_select_instruction_set("altivec") == -1)
  }

  @Test func functionsKeepTheirErrorBounds() {
    withEachSet { set in
      for length in lengths {
        let x = random(length, -87...87)
        var y = [Float](repeating: .nan, count: length + 1)
        canopy_exp(length, x, &y)
        for i in 0..<length { #expect(abs(Double(y[i]) / exp(Double(x[i])) - 1) < 2e-7, "exp, \(set)") }
        #expect(y[length].isNaN, "nothing is written behind the end")
        canopy_sigmoid(length, x, &y)
        for i in 0..<length {
          #expect(abs(Double(y[i]) * (1 + exp(-Double(x[i]))) - 1) < 4e-7, "sigmoid, \(set)")
        }
        let small = random(length, -3...3)
        canopy_tanh(length, small, &y)
        for i in 0..<length { #expect(abs(Double(y[i]) - tanh(Double(small[i]))) < 2e-7, "tanh, \(set)") }
      }
    }
  }

  @Test func extremesOfExponentialAndSigmoid() {
    withEachSet { set in
      let x: [Float] = [.nan, .infinity, -.infinity, 1000, -1000]
      var y = [Float](repeating: 0, count: x.count)
      canopy_exp(x.count, x, &y)
      #expect(y[0].isNaN && y[1...].allSatisfy { $0.isFinite && $0 > 0 }, "\(set)")
      canopy_sigmoid(x.count, x, &y)
      #expect(y[0].isNaN && y[1] == 1 && y[3] == 1 && y[2] < 1e-37 && y[4] < 1e-37, "\(set)")
    }
  }

  @Test(arguments: [1, 5, 16, 40]) func gateAndBlendWithTheirGradients(width: Int) {
    withEachSet { set in
      let rows = 3
      let x = random(rows * 4 * width, -2...2)
      let bias = random(4 * width, -1...1, seed: 2)
      let logits = random(rows * 4 * width, -3...3, seed: 3)
      var z = logits
      var h = [Float](repeating: 0, count: rows * width)
      canopy_blend(rows, width, &z, bias, x, &h)
      let dh = random(rows * width, -1...1, seed: 4)
      var dq = [Float](repeating: 0, count: x.count)
      var dz = dq
      canopy_blend_backward(rows, width, z, x, dh, &dq, &dz)
      for row in 0..<rows {
        for column in 0..<width {
          let places = (0..<4).map { row * 4 * width + $0 * width + column }
          let e = places.enumerated().map { exp(Double(logits[$1]) + Double(bias[$0 * width + column])) }
          let p = e.map { $0 / e.reduce(0, +) }
          let q = places.map { Double(x[$0]) }
          let mean = zip(p, q).reduce(0) { $0 + $1.0 * $1.1 }
          #expect(abs(Double(h[row * width + column]) - mean) < 2e-6, "h, \(set)")
          let d = Double(dh[row * width + column])
          for (block, place) in places.enumerated() {
            #expect(abs(Double(z[place]) - p[block]) < 1e-6, "z, \(set)")
            #expect(abs(Double(dq[place]) - p[block] * d) < 1e-6, "dq, \(set)")
            #expect(abs(Double(dz[place]) - p[block] * (q[block] - mean) * d) < 3e-6, "dz, \(set)")
          }
        }
      }

      let wide = 3 * width
      let start = random(rows * wide, -3...3, seed: 5)
      var r = start
      var gated = r
      canopy_gate(rows, wide, &r, bias, x, 4 * width, &gated)
      let before = random(rows * 4 * width, -1...1, seed: 6)
      var dx = before
      var dr = r
      let upstream = random(rows * wide, -1...1, seed: 7)
      canopy_gate_backward(rows, wide, r, x, 4 * width, upstream, &dx, 4 * width, &dr)
      for row in 0..<rows {
        for column in 0..<wide {
          let at = row * wide + column
          let input = row * 4 * width + column
          let g = 1 / (1 + exp(-Double(start[at]) - Double(bias[column])))
          #expect(abs(Double(gated[at]) - g * Double(x[input])) < 2e-6, "gated, \(set)")
          let d = Double(upstream[at])
          #expect(abs(Double(dx[input]) - Double(before[input]) - g * d) < 1e-6, "dx, \(set)")
          #expect(abs(Double(dr[at]) - d * Double(x[input]) * g * (1 - g)) < 1e-6, "dr, \(set)")
        }
      }
    }
  }

  @Test func rowsAreMovedAndSummed() {
    withEachSet { set in
      for columns in lengths where columns > 0 {
        let x = random(4 * columns, -1...1)
        let index: [Int32] = [2, 0, 3]
        var y = [Float](repeating: 0, count: 3 * columns)
        canopy_gather_rows(3, columns, x, columns, index, &y, columns)
        var back = [Float](repeating: 0, count: 4 * columns)
        canopy_scatter_rows(3, columns, y, columns, index, &back, columns)
        var sums = [Float](repeating: 1, count: columns)
        canopy_add_column_sums(3, columns, y, columns, &sums)
        let bias = random(columns, -1...1, seed: 8)
        var activated = y
        canopy_add_bias_relu(3, columns, &activated, columns, bias)
        for column in 0..<columns {
          for row in 0..<4 {
            #expect(back[row * columns + column] == (row == 1 ? 0 : x[row * columns + column]), "\(set)")
          }
          let total = index.reduce(Float(1)) { $0 + x[Int($1) * columns + column] }
          #expect(abs(sums[column] - total) < 1e-6, "\(set)")
          for row in 0..<3 {
            let at = row * columns + column
            #expect(activated[at] == max(0, y[at] + bias[column]), "\(set)")
          }
        }
      }
    }
  }
}

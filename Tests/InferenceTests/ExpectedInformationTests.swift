// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import Inference

/// The information of counts in bins, beside numbers by hand, a profiled likelihood and differences.
@Suite struct ExpectedInformationTests {
  /// Two bins with s = (2, 8), b = (18, 2) and the change (4, 1) by a nuisance parameter: with n = (20, 10),
  /// I_00 = 4/20 + 64/10, I_01 = 8/20 + 8/10 and I_11 = 16/20 + 1/10 + 1.
  @Test func byHand() {
    let sums = [20, 10, 2, 8, 4, 1].map(Double.init)
    let information = ExpectedInformation(sums, bins: 2)
    let (i00, i01, i11) = (6.6, 1.2, 1.9)
    #expect(abs(information.variance - 1 / (i00 - i01 * i01 / i11)) < 1e-14)
    #expect(abs(information.direction[1] + i01 / (i00 * i11 - i01 * i01)) < 1e-14)
    #expect(abs(ExpectedInformation.varianceWithoutNuisances(sums, bins: 2) - 1 / i00) < 1e-14)
    #expect(information.isPlain == [true, true])
  }

  /// The variance is the inverse of the second derivative of −ln L of Asimov data with nuisance parameters profiled, as a fit
  /// finds it by Newton's steps.
  @Test func aProfiledLikelihood() {
    let (signal, background) = ([1, 4, 12, 20.0], [400, 60, 30, 9.0])
    let changes = [[30, -8, 3, 1], [5, 9, -2, 0.5], [40, 6, 3, 0.9]]
    let bins = signal.indices
    let nominal = bins.map { signal[$0] + background[$0] }

    func counts(_ strength: Double, _ nuisances: [Double]) -> [Double] {
      bins.map { bin in
        strength * signal[bin] + background[bin]
          + changes.indices.reduce(0) { $0 + nuisances[$1] * changes[$1][bin] }
      }
    }
    func profiled(_ strength: Double) -> Double {
      var nuisances = [0.0, 0, 0]
      func loss() -> Double {
        zip(nominal, counts(strength, nuisances)).reduce(0) { $0 + $1.1 - $1.0 * log($1.1) }
          + nuisances.reduce(0) { $0 + $1 * $1 } / 2
      }
      // One nuisance parameter after another, until none moves.
      for _ in 0..<500 {
        for k in nuisances.indices {
          let expected = counts(strength, nuisances)
          let slope =
            nuisances[k] + bins.reduce(0) { $0 + changes[k][$1] * (1 - nominal[$1] / expected[$1]) }
          let curvature =
            1
            + bins.reduce(0) {
              $0 + changes[k][$1] * changes[k][$1] * nominal[$1] / (expected[$1] * expected[$1])
            }
          nuisances[k] -= slope / curvature
        }
      }
      return loss()
    }
    let step = 1e-2
    let curvature = (profiled(1 + step) - 2 * profiled(1) + profiled(1 - step)) / (step * step)
    let sums = nominal + signal + changes.flatMap { $0 }
    let variance = ExpectedInformation(sums, bins: 4).variance
    #expect(abs(variance * curvature - 1) < 1e-3, "\(variance), \(1 / curvature)")
  }

  /// A bin that nominal events leave empty does not make the information infinite, nor do counts that all vanish.
  @Test func emptyBins() {
    let information = ExpectedInformation([30, 0, 10, 0, 2, 1], bins: 2)
    #expect(information.variance.isFinite && information.variance > 0)
    #expect(information.isPlain == [true, false] && information.counts[1] == 0.015)
    #expect(ExpectedInformation([0, 0, 0, 0, 0, 0], bins: 2).variance == .infinity)
    #expect(ExpectedInformation([5, 5, 0, 0, 1, 2], bins: 2).variance == .infinity)
  }

  /// The loss is that of a plain computation in double precision, and its gradient that of differences.
  @Test(arguments: [2, 3, 5]) func lossAndGradient(_ width: Int) {
    let (rows, bins) = (12, 4)
    var generator = SeededGenerator(seed: 4)
    let numbers = (0..<rows * bins).map { _ in Float.random(in: -1...1, using: &generator) }
    let factors = (0..<rows * width).map { place in
      Double.random(in: place % width < 2 ? 0.5...4 : -2...2, using: &generator)
    }
    func reference(_ numbers: [Double]) -> Double {
      var sums = [Double](repeating: 0, count: width * bins)
      for row in 0..<rows {
        let powers = (0..<bins).map { exp(numbers[row * bins + $0]) }
        for j in 0..<width {
          for bin in 0..<bins {
            sums[j * bins + bin] += factors[row * width + j] * powers[bin] / powers.reduce(0, +)
          }
        }
      }
      // I, and its inverse by Gauss and Jordan.
      let size = width - 1
      var matrix = (0..<size).map { j in
        (0..<size).map { k in
          (0..<bins).reduce(j == k && j > 0 ? 1.0 : 0) {
            $0 + sums[(1 + j) * bins + $1] * sums[(1 + k) * bins + $1] / sums[$1]
          }
        } + (0..<size).map { $0 == j ? 1.0 : 0 }
      }
      for pivot in 0..<size {
        let scale = matrix[pivot][pivot]
        matrix[pivot] = matrix[pivot].map { $0 / scale }
        for row in 0..<size where row != pivot {
          let factor = matrix[row][pivot]
          matrix[row] = zip(matrix[row], matrix[pivot]).map { $0 - factor * $1 }
        }
      }
      return log(matrix[0][size]) / 2
    }
    let parameters = Parameters(layout: ParameterLayout())
    let tape = Tape(parameters: parameters, gradients: Parameters(layout: parameters.layout))
    let variable = tape.input(Matrix(rows: rows, columns: bins, values: numbers))
    let loss = variable.softmax().logDeviation(factors: factors)
    let exact = numbers.map { Double($0) }
    #expect(abs(Double(loss.values[0]) - reference(exact)) < 1e-6)
    tape.seedGradient(of: loss, UnsafeBufferPointer(tape.scratch(copying: [1])))
    tape.backward()
    for (place, slope) in variable.gradient!.enumerated() {
      let values = [-1e-5, 1e-5].map { (step: Double) in
        var moved = exact
        moved[place] += step
        return reference(moved)
      }
      #expect(abs(Double(slope) - (values[1] - values[0]) / 2e-5) < 2e-6)
    }
  }

  /// Without counts there is no loss and no gradient.
  @Test func nothingKnown() {
    let parameters = Parameters(layout: ParameterLayout())
    let tape = Tape(parameters: parameters, gradients: Parameters(layout: parameters.layout))
    let variable = tape.input(Matrix(rows: 2, columns: 2, values: [1, 2, 3, 4]))
    let loss = variable.logDeviation(factors: nil)
    tape.seedGradient(of: loss, UnsafeBufferPointer(tape.scratch(copying: [1])))
    tape.backward()
    #expect(loss.values[0] == 0 && variable.gradient!.allSatisfy { $0 == 0 })
  }
}

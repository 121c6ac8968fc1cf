// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Testing

/// Losses against their definitions, written out in double precision.
@Suite struct LossTests {
  private let tape = Tape(parameters: Parameters(layout: ParameterLayout()))

  private func column(_ values: [Float]) -> Variable {
    tape.input(Matrix(rows: values.count, columns: 1, values: values))
  }

  @Test func binaryCrossEntropyStaysExactForLargeLogits() {
    let logits: [Float] = [-100, -3, 0, 2, 100]
    let targets: [Float] = [0, 1, 0.5, 1, 0]
    let losses = column(logits).binaryCrossEntropy(targets: targets).values
    let expected: [Double] = [exp(-100.0), 3 + log1p(exp(-3.0)), log(2.0), log1p(exp(-2.0)), 100]
    for (loss, value) in zip(losses, expected) { #expect(abs(Double(loss) - value) < 1e-5 * max(1, value)) }
  }

  @Test func crossEntropyOfShiftedLogitsIsTheSame() {
    for shift: Float in [0, 1e4, -1e4] {
      let x = tape.input(Matrix(rows: 1, columns: 3, values: [1 + shift, 2 + shift, 4 + shift]))
      let expected = log(exp(1.0) + exp(2.0) + exp(4.0)) - 2
      #expect(abs(Double(x.crossEntropy(classes: [1]).values[0]) - expected) < 2e-3)
    }
  }

  @Test func regressionLosses() {
    let x = tape.input(Matrix(rows: 2, columns: 1, values: [1, 5]))
    #expect(Array(x.squaredError(targets: [0, 2]).values) == [0.5, 4.5])
    #expect(Array(x.huberError(targets: [0.5, 2], delta: 1).values) == [0.125, 2.5])
    let s = tape.input(Matrix(rows: 2, columns: 1, values: [0, Float(log(4.0))]))
    let likelihood = x.gaussianNegativeLogLikelihood(targets: [0, 2], logVariance: s).values
    #expect(abs(likelihood[0] - 0.5) < 1e-6)
    #expect(abs(Double(likelihood[1]) - (9.0 / 8 + log(4.0) / 2)) < 1e-6)
    #expect(
      Array(x.quantileError(targets: [2, 2], quantiles: [0.25]).values) == [0.25, 2.25])
  }

  @Test func theLikelihoodOfAMixtureIsThatOfItsSum() {
    let (means, deviations, logits) = ([-1.0, 0.5, 4], [0.2, 1.5, 3.0], [0.3, -1.0, 2.0])
    func row(_ values: [Double], _ rows: Int = 1) -> Variable {
      tape.input(
        Matrix(
          rows: rows, columns: 3,
          values: Array(repeatElement(values.map { Float($0) }, count: rows).joined())))
    }
    let targets = [-0.9, 2, 60, -1e4]
    let losses = row(means, 4).gaussianMixtureNegativeLogLikelihood(
      targets: targets.map { Float($0) }, logVariances: row(deviations.map { 2 * log($0) }, 4),
      logits: row(logits, 4))
    let total = logits.reduce(0) { $0 + exp($1) }
    for (target, loss) in zip(targets, losses.values) {
      let exponents = (0..<3).map { k in
        let pull = (target - means[k]) / deviations[k]
        return logits[k] - log(total) - pull * pull / 2 - log(deviations[k])
      }
      // Far away the widest alone counts, and its density is no Double any more.
      let top = exponents.max()!
      let expected = -(top + log(exponents.reduce(0) { $0 + exp($1 - top) }))
      #expect(abs(Double(loss) - expected) < 1e-5 * max(1, abs(expected)))
    }
  }

  @Test func risingColumnsNeverCross() {
    let x = tape.input(
      Matrix(rows: 3, columns: 4, values: [0.5, -1, 2, 0, 3, -200, -90, -200, 80, 1e3, 50, -1e3]))
    let expected: [Double] = [
      -1 - log1p(exp(0.5)), -1, -1 + log1p(exp(2.0)), -1 + log1p(exp(2.0)) + log(2.0),
    ]
    let y = x.risingColumns(anchor: 1)
    for (value, number) in zip(y.values, expected) { #expect(abs(Double(value) - number) < 1e-6) }
    for row in 0..<3 {
      let values = Array(y.values[row * 4..<(row + 1) * 4])
      #expect(zip(values, values.dropFirst()).allSatisfy(<=))
    }
  }
}

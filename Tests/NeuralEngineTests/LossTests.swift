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
    let losses = row(logits, 4).concatenated(with: row(means, 4))
      .concatenated(with: row(deviations.map { 2 * log($0) }, 4))
      .gaussianMixtureNegativeLogLikelihood(targets: targets.map { Float($0) }, components: 3)
    let total = logits.reduce(0) { $0 + exp($1) }
    for (target, loss) in zip(targets, losses.values) {
      let exponents = (0..<3).map { k in
        let pull = (target - means[k]) / deviations[k]
        return logits[k] - log(total) - pull * pull / 2 - log(deviations[k])
      }
      // Far away the widest alone counts, and its density is no Double any more.
      let top = exponents.max()!
      let expected = log(2 * .pi) / 2 - (top + log(exponents.reduce(0) { $0 + exp($1 - top) }))
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

  /// By SciPy: a mixture of two components in two dimensions,
  /// `-log(Σ π_k norm.pdf(t_1, μ_1k, σ_1k) norm.pdf(t_2, μ_2k, σ_2k))`.
  @Test func gaussianMixture() {
    let x = tape.input(
      Matrix(rows: 1, columns: 10, values: [0.3, -0.2, 1, -0.5, 0.1, -0.4, 0, 2, 0.5, -1]))
    let loss = x.gaussianMixtureNegativeLogLikelihood(targets: [0.7, -0.3], components: 2)
    #expect(abs(Double(loss.values[0]) - 2.679511056044038) < 1e-5)
    // One component is a Gaussian.
    let single = tape.input(Matrix(rows: 2, columns: 3, values: [3, 0.5, -0.4, -2, 1, 0.2]))
    let expected = single.columns(1..<2).gaussianNegativeLogLikelihood(
      targets: [0.1, 2], logVariance: single.columns(2..<3))
    let values = single.gaussianMixtureNegativeLogLikelihood(targets: [0.1, 2], components: 1).values
    let constant = Float(log(2 * Double.pi) / 2)
    for (value, expected) in zip(values, expected.values) {
      #expect(abs(value - expected - constant) < 1e-5)
    }
  }
}

/// The squared distance correlation against its definition, written out with matrices in double precision, and against
/// numbers of NumPy.
@Suite struct DistanceCorrelationTests {
  private let tape = Tape(parameters: Parameters(layout: ParameterLayout()))

  private func correlation(_ x: Matrix, _ y: [Float], _ weights: [Float]) -> Double {
    Double(tape.input(x).distanceCorrelation(with: y, weights: weights).values[0])
  }

  /// The definition with n × n matrices, which is written in another way than the operation.
  private func reference(_ x: Matrix, _ y: Matrix, _ weights: [Float]) -> Double {
    let total = weights.reduce(0) { $0 + Double($1) }
    let w = weights.map { Double($0) / total }
    func centred(_ x: Matrix) -> [[Double]] {
      let distances = (0..<x.rows).map { i in
        (0..<x.rows).map { j in
          zip(x.row(i), x.row(j)).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
      }
      let rows = distances.map { row in zip(row, w).reduce(0) { $0 + $1.0 * $1.1 } }
      let mean = zip(rows, w).reduce(0) { $0 + $1.0 * $1.1 }
      return distances.indices.map { i in
        distances.indices.map { j in distances[i][j] - rows[i] - rows[j] + mean }
      }
    }
    let (a, b) = (centred(x), centred(y))
    func sum(_ a: [[Double]], _ b: [[Double]]) -> Double {
      var sum = 0.0
      for i in w.indices { for j in w.indices { sum += w[i] * w[j] * a[i][j] * b[i][j] } }
      return sum
    }
    return sum(a, b) / (sum(a, a) * sum(b, b)).squareRoot()
  }

  /// `A = a - a @ w - (a @ w).T + w @ a @ w`, and so on, in NumPy 2.
  @Test func numbersOfNumPy() {
    let x = Matrix(rows: 6, columns: 1, values: [0.1, 0.4, 0.35, 0.8, 0.9, 0.62])
    let masses: [Float] = [80, 75, 91, 60, 101, 66]
    let weights: [Float] = [1, 2, 0.5, 1, 1.5, 1]
    #expect(abs(correlation(x, masses, Array(repeating: 1, count: 6)) - 0.3827127345854102) < 1e-6)
    #expect(abs(correlation(x, masses, weights) - 0.4476098396498429) < 1e-6)
    let pairs = Matrix(
      rows: 6, columns: 2, values: [0.1, 0.4, 0.35, 0.8, 0.9, 0.62, 0.2, 0.7, 0.5, 0.3, 0.6, 0.1])
    let others: [Float] = [1, 2, 0, 1, 3, -1, 0.5, 0.2, -2, 1, 0, 0]
    #expect(abs(correlation(pairs, others, weights) - 0.5827315322169009) < 1e-6)
  }

  @Test(arguments: [1, 3]) func theDefinition(columns: Int) {
    let (x, y) = (randomMatrix(40, columns), randomMatrix(40, 2, seed: 2))
    var weights = randomMatrix(1, 40, seed: 3).values.map(abs)
    weights[7] = 0
    #expect(abs(correlation(x, y.values, weights) - reference(x, y, weights)) < 1e-6)
  }

  /// Of a line it is 1; scales, shifts and rows of weight 0 change nothing.
  @Test func properties() {
    let x = randomMatrix(30, 1)
    let ones = [Float](repeating: 1, count: 30)
    #expect(abs(correlation(x, x.values.map { 3 * $0 - 5 }, ones) - 1) < 1e-6)
    let y = randomMatrix(30, 1, seed: 2).values
    let plain = correlation(x, y, ones)
    #expect(plain > 0 && plain < 0.3)
    #expect(abs(correlation(x, y.map { 100 - 20 * $0 }, ones.map { 7 * $0 }) - plain) < 1e-6)
    let longer = Matrix(rows: 31, columns: 1, values: x.values + [1000])
    #expect(abs(correlation(longer, y + [-50], ones + [0]) - plain) < 1e-6)
  }

  /// Rows that are all alike, none, and weights without a positive sum have no correlation and no gradient.
  @Test func nothingToCorrelate() {
    let same = Matrix(rows: 3, columns: 1, values: [2, 2, 2])
    #expect(correlation(same, [1, 2, 3], [1, 1, 1]) == 0)
    #expect(correlation(Matrix(rows: 3, columns: 1, values: [1, 2, 3]), [4, 4, 4], [1, 1, 1]) == 0)
    #expect(correlation(Matrix(rows: 3, columns: 1, values: [1, 2, 3]), [1, 2, 3], [0, 0, 0]) == 0)
    #expect(correlation(Matrix(rows: 2, columns: 1, values: [1, 2]), [1, 2], [1, -2]) == 0)
    let learning = Tape(
      parameters: Parameters(layout: ParameterLayout()), gradients: Parameters(layout: ParameterLayout()))
    let x = learning.input(same)
    learning.backward(from: x.distanceCorrelation(with: [1, 2, 3], weights: [1, 1, 1]))
    #expect(Array(x.gradient!) == [0, 0, 0])
  }
}

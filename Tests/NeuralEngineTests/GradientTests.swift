// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Testing

/// Every operation's gradient against central differences of its own forward pass.
@Suite struct GradientTests {
  @Test func arithmetic() {
    checkGradient([(3, 4), (3, 4)]) { $0[0] + $0[1] }
    checkGradient([(3, 4), (1, 4)]) { $0[0] - $0[1] }
    checkGradient([(3, 1), (3, 4)]) { $0[0] * $0[1] }
    checkGradient([(3, 4), (1, 1)]) { $0[0] * $0[1] }
    checkGradient([(3, 4), (3, 1)], range: 0.5...2) { $0[0] / $0[1] }
    checkGradient([(1, 4), (3, 4)], range: 0.5...2) { $0[0] / $0[1] }
    checkGradient([(3, 4)]) { 2.5 * $0[0] + 1 - 0.5 }
    checkGradient([(3, 4)]) { -$0[0] }
    checkGradient([(2, 3)]) { $0[0] * $0[0] }
    checkGradient([(3, 4)]) { 2 + ($0[0] * 3) / 4 + (1 - $0[0]) }
    checkGradient([(3, 4)], range: 0.5...2) { 2 / $0[0] }
    checkGradient([(3, 4)], range: 0.5...2) { $0[0].power(1.5) + $0[0].power(-0.5) }
    checkGradient([(3, 4), (1, 4)]) { $0[0].maximum($0[1]) + 2 * $0[0].minimum($0[1]) }
    checkGradient([(3, 4)]) { $0[0].clamped(to: -0.7...0.6) }
    checkGradient([(3, 2), (3, 2)]) { $0[0].kept(where: [true, false, true], otherwise: $0[1]) }
    checkGradient([(2, 2), (2, 2)]) { $0[0].kept(where: [true, false, false, true], otherwise: $0[1]) }
  }

  @Test func linearMaps() {
    checkGradient([(5, 3), (4, 3), (1, 4)]) { $0[0].linear(weight: $0[1], bias: $0[2]) }
    checkGradient([(5, 3), (4, 3)]) { $0[0].linear(weight: $0[1]) }
    checkGradient([(5, 3), (3, 4)]) { $0[0].product($0[1]) }
  }

  @Test func dependence() {
    let y: [Float] = [0.3, 1, -2, 0.8, 1.9, -0.4, 0.1, 3]
    let weights: [Float] = [1, 0.5, 2, 0, 1, 1, 0.7, 1.2]
    // Of one number the distance has a corner at 0, which no step is to cross.
    checkGradient([(8, 1)], range: -15...15) {
      50 * $0[0].distanceCorrelation(with: y, weights: weights)
    }
    checkGradient([(8, 2)]) { 5 * $0[0].sigmoid().distanceCorrelation(with: y, weights: weights) }
    checkGradient([(4, 3)]) {
      5 * $0[0].distanceCorrelation(with: y, weights: [1, 2, 1, 1])
    }
    checkGradient([(2, 10)]) {
      $0[0].gaussianMixtureNegativeLogLikelihood(targets: [0.7, -0.3, 1, 0], components: 2)
    }
  }

  @Test func functions() {
    for function in [
      { (x: Variable) in x.sigmoid() }, { $0.tanh() }, { $0.exp() }, { $0.squared() }, { $0.softplus() },
      { $0.softmax() }, { $0.logSoftmax() },
    ] {
      checkGradient([(3, 5)]) { function($0[0]) }
    }
    checkGradient([(3, 5)], range: 0.5...2) { $0[0].log() }
    checkGradient([(3, 5)], range: 0.5...2) { $0[0].squareRoot() }
    // Away from the corner at zero.
    checkGradient([(3, 5)], range: 0.1...2) { ($0[0] - 1.05).relu() }
    checkGradient([(3, 5)], range: 0.1...2) { $0[0].absolute() }
    checkGradient([(3, 5)], range: -2 ... -0.1) { $0[0].absolute() }
  }

  @Test func rowsAndReductions() {
    checkGradient([(3, 2), (3, 4)]) { $0[0].concatenated(with: $0[1]) }
    checkGradient([(3, 5)]) { $0[0].columns(1..<4) }
    checkGradient([(3, 2), (1, 2)]) { $0[0].stacked(above: $0[1]) }
    checkGradient([(5, 2)]) { $0[0].rows(1..<4) }
    checkGradient([(3, 5)]) { $0[0].gatheringRows([2, 0, 2, 1]) }
    checkGradient([(3, 5)]) { $0[0].scatteringRows([1, 1, 0], rows: 3) }
    checkGradient([(3, 5)]) { $0[0].rowMeans() }
    checkGradient([(3, 5)]) { $0[0].columnMeans() }
    checkGradient([(3, 5)]) { $0[0].logSumExp() }
    checkGradient([(3, 5)]) { $0[0].sum() }
    checkGradient([(3, 5)]) { $0[0].mean() }
    checkGradient([(3, 5)]) { $0[0].rowSums() }
    checkGradient([(3, 5)]) { $0[0].columnSums() }
  }

  @Test func losses() {
    checkGradient([(4, 1)]) { $0[0].binaryCrossEntropy(targets: [0, 1, 0.3, 1]) }
    checkGradient([(4, 3)]) { $0[0].crossEntropy(classes: [0, 2, 1, 2]) }
    checkGradient([(2, 3)]) { $0[0].squaredError(targets: [1, 2, 3, 4, 5, 6]) }
    checkGradient([(2, 2)], range: -0.2...0.2) { $0[0].huberError(targets: [0.9, -3, 0.5, 5], delta: 1) }
    checkGradient([(2, 2), (2, 2)]) {
      $0[0].gaussianNegativeLogLikelihood(targets: [1, -1, 0.5, 2], logVariance: $0[1])
    }
    checkGradient([(2, 3)], range: -1...1) {
      $0[0].quantileError(targets: [1.5, -1.5], quantiles: [0.16, 0.5, 0.84])
    }
  }

  @Test func risingAndBoundedColumns() {
    for anchor in 0..<4 { checkGradient([(2, 4)]) { $0[0].risingColumns(anchor: anchor) } }
    checkGradient([(2, 3)]) { $0[0].bounded(by: 2) }
  }

  @Test func aVariableUsedTwiceGetsBothGradients() {
    checkGradient([(2, 3)]) { x in x[0].tanh() * x[0].sigmoid() + x[0] }
  }
}

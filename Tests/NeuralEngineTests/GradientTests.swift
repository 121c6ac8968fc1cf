// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Testing

/// Every operation's gradient against central differences of its own forward pass.
@Suite struct GradientTests {
  @Test func arithmetic() {
    check([(3, 4), (3, 4)]) { $0[0] + $0[1] }
    check([(3, 4), (1, 4)]) { $0[0] - $0[1] }
    check([(3, 1), (3, 4)]) { $0[0] * $0[1] }
    check([(3, 4), (1, 1)]) { $0[0] * $0[1] }
    check([(3, 4), (3, 1)], range: 0.5...2) { $0[0] / $0[1] }
    check([(1, 4), (3, 4)], range: 0.5...2) { $0[0] / $0[1] }
    check([(3, 4)]) { 2.5 * $0[0] + 1 - 0.5 }
    check([(3, 4)]) { -$0[0] }
    check([(2, 3)]) { $0[0] * $0[0] }
  }

  @Test func linearMaps() {
    check([(5, 3), (4, 3), (1, 4)]) { $0[0].linear(weight: $0[1], bias: $0[2]) }
    check([(5, 3), (4, 3)]) { $0[0].linear(weight: $0[1]) }
    check([(5, 3), (3, 4)]) { $0[0].product($0[1]) }
  }

  @Test func functions() {
    for function in [
      { (x: Variable) in x.sigmoid() }, { $0.tanh() }, { $0.exp() }, { $0.squared() }, { $0.softplus() },
      { $0.softmax() }, { $0.logSoftmax() },
    ] {
      check([(3, 5)]) { function($0[0]) }
    }
    check([(3, 5)], range: 0.5...2) { $0[0].log() }
    check([(3, 5)], range: 0.5...2) { $0[0].squareRoot() }
    // Away from the corner at zero.
    check([(3, 5)], range: 0.1...2) { ($0[0] - 1.05).relu() }
    check([(3, 5)], range: 0.1...2) { $0[0].absolute() }
    check([(3, 5)], range: -2 ... -0.1) { $0[0].absolute() }
  }

  @Test func rowsAndReductions() {
    check([(3, 2), (3, 4)]) { $0[0].concatenated(with: $0[1]) }
    check([(3, 5)]) { $0[0].columns(1..<4) }
    let gathered: [Int32] = [2, 0, 2, 1]
    check([(3, 5)]) { x in gathered.withUnsafeBufferPointer { x[0].gatheringRows($0) } }
    let scattered: [Int32] = [1, 1, 0]
    check([(3, 5)]) { x in scattered.withUnsafeBufferPointer { x[0].scatteringRows($0, rows: 3) } }
    check([(3, 5)]) { $0[0].sum() }
    check([(3, 5)]) { $0[0].mean() }
    check([(3, 5)]) { $0[0].rowSums() }
    check([(3, 5)]) { $0[0].columnSums() }
  }

  @Test func losses() {
    check([(4, 1)]) { $0[0].binaryCrossEntropy(targets: [0, 1, 0.3, 1]) }
    check([(4, 3)]) { $0[0].crossEntropy(classes: [0, 2, 1, 2]) }
    check([(2, 3)]) { $0[0].squaredError(targets: [1, 2, 3, 4, 5, 6]) }
    check([(2, 2)], range: -0.2...0.2) { $0[0].huberError(targets: [0.9, -3, 0.5, 5], delta: 1) }
    check([(2, 2), (2, 2)]) {
      $0[0].gaussianNegativeLogLikelihood(targets: [1, -1, 0.5, 2], logVariance: $0[1])
    }
    check([(2, 3)], range: -1...1) {
      $0[0].quantileError(targets: [1.5, -1.5], quantiles: [0.16, 0.5, 0.84])
    }
  }

  @Test func aVariableUsedTwiceGetsBothGradients() {
    check([(2, 3)]) { x in x[0].tanh() * x[0].sigmoid() + x[0] }
  }

  /// Compares the gradient of Σ c y, c random, with central differences in each element of each input.
  private func check(
    _ shapes: [(rows: Int, columns: Int)], range: ClosedRange<Float> = -1.5...1.5,
    sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Variable]) -> Variable
  ) {
    var generator = SeededGenerator(seed: 7)
    let inputs = shapes.map { shape in
      Matrix(
        rows: shape.rows, columns: shape.columns,
        values: (0..<shape.rows * shape.columns).map { _ in Float.random(in: range, using: &generator) })
    }
    let tape = Tape(
      parameters: Parameters(layout: ParameterLayout()), gradients: Parameters(layout: ParameterLayout()))
    let variables = inputs.map { tape.input($0) }
    let result = function(variables)
    let coefficients = (0..<result.count).map { _ in Float.random(in: -1...1, using: &generator) }
    coefficients.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
    tape.backward()
    let gradients = variables.map { Array($0.gradient!) }

    let plain = Tape(parameters: Parameters(layout: ParameterLayout()))
    func value(_ inputs: [Matrix]) -> Double {
      plain.reset()
      let y = function(inputs.map { plain.input($0) })
      return zip(coefficients, y.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let step: Float = 1.0 / 128
    for index in inputs.indices {
      for element in inputs[index].values.indices {
        var moved = inputs
        moved[index].values[element] += step
        let above = value(moved)
        moved[index].values[element] -= 2 * step
        let difference = (above - value(moved)) / Double(2 * step)
        #expect(
          abs(difference - Double(gradients[index][element])) < 1e-3 * max(1, abs(difference)),
          "input \(index), element \(element)", sourceLocation: sourceLocation)
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Testing

/// Normalisations, dropout, and what gradients pass through.
@Suite struct LayerTests {
  @Test func layerNormalisation() {
    var layout = ParameterLayout()
    let layer = LayerNormalisation("layer", width: 5, in: &layout)
    let parameters = randomParameters(layout)
    let x = randomMatrix(4, 5)
    let tape = Tape(parameters: parameters)
    let result = layer(tape.constant(x)).matrix
    expect(
      result,
      equals: (0..<4).map { row in
        let numbers = x.row(row)
        let mean = numbers.reduce(0, +) / 5
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5
        return (0..<5).map {
          (numbers[$0] - mean) / (variance + 1e-5).squareRoot() * Double(parameters[layer.weight][$0])
            + Double(parameters[layer.bias][$0])
        }
      })
    for row in 0..<4 { #expect(layer(tape.constant(x.rows([row]))).matrix == result.rows([row])) }
    #expect(layer(tape.constant(rows: 0, columns: 5)).rows == 0)
    checkGradient([(4, 5)], parameters) { layer($0[0]) }
  }

  @Test func batchNormalisation() throws {
    var layout = ParameterLayout()
    let layer = BatchNormalisation("batch", width: 3, in: &layout)
    let parameters = randomParameters(layout)
    #expect(layout.parameterCount == 6 && Array(parameters[layer.running]) == [0, 0, 0, 1, 1, 1, 0, 0, 0])
    checkGradient([(6, 3)], parameters) { layer($0[0]) }

    // Two threads' rows of one step, and plain statistics of all of them.
    let x = randomMatrix(10, 3)
    let parts = [Array(0..<4), Array(4..<10)]
    let gradients = parts.map { part in
      let tape = Tape(parameters: parameters, gradients: Parameters(layout: layout))
      let result = layer(tape.constant(x.rows(part)))
      for column in 0..<3 {
        let mean = part.reduce(0) { $0 + Double(x[$1, column]) } / Double(part.count)
        let variance =
          part.reduce(0) {
            $0 + (Double(x[$1, column]) - mean) * (Double(x[$1, column]) - mean)
          } / Double(part.count)
        for (row, place) in part.enumerated() {
          let expected =
            (Double(x[place, column]) - mean) / (variance + 1e-5).squareRoot()
            * Double(parameters[layer.weight][column]) + Double(parameters[layer.bias][column])
          #expect(abs(Double(result.matrix[row, column]) - expected) < 2e-6)
        }
      }
      tape.backward(from: result)
      return tape.gradients!
    }
    gradients[0].add(gradients[1])
    let norm = AdamW(layout: layout).update(parameters, gradient: gradients[0], learningRate: 0)
    // Statistics are no gradient: that of the biases is 10 each, that of the scales the sum of normalised columns.
    #expect(abs(Double(norm) - 300.0.squareRoot()) < 1e-3)
    let running = parameters[layer.running]
    for column in 0..<3 {
      let numbers = (0..<10).map { Double(x[$0, column]) }
      let mean = numbers.reduce(0, +) / 10
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9
      #expect(abs(Double(running[column]) - 0.1 * mean) < 1e-6)
      #expect(abs(Double(running[3 + column]) - (0.9 + 0.1 * variance)) < 1e-6)
      #expect(running[6 + column] == 1)
    }

    // Predicting, a row does not depend on the others.
    let tape = Tape(parameters: parameters)
    let result = layer(tape.constant(x)).matrix
    for row in 0..<10 {
      #expect(layer(tape.constant(x.rows([row]))).matrix == result.rows([row]))
      for column in 0..<3 {
        let expected =
          (Double(x[row, column]) - Double(running[column]))
          / (Double(running[3 + column]) + 1e-5).squareRoot()
          * Double(parameters[layer.weight][column]) + Double(parameters[layer.bias][column])
        #expect(abs(Double(result[row, column]) - expected) < 2e-6)
      }
    }
  }

  @Test(arguments: [0, 1]) func batchesOfHardlyAnyRows(rows: Int) {
    var layout = ParameterLayout()
    let layer = BatchNormalisation("batch", width: 3, in: &layout)
    let parameters = randomParameters(layout)
    let gradients = Parameters(layout: layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    let result = layer(tape.constant(rows: rows, columns: 3) + 2)
    #expect(result.values.allSatisfy { $0.isFinite })
    tape.backward(from: result)
    AdamW(layout: layout).update(parameters, gradient: gradients, learningRate: 0)
    #expect(parameters.values.allSatisfy { $0.isFinite })
    #expect(Array(parameters[layer.running][3..<6]) == [1, 1, 1], "one row has no variance")
  }

  @Test func dropout() {
    let layout = ParameterLayout()
    let learning = Tape(parameters: Parameters(layout: layout), gradients: Parameters(layout: layout))
    let x = learning.input(Matrix(rows: 100, columns: 100, repeating: 3))
    func dropped(seed: UInt64) -> Variable {
      var generator = SeededGenerator(seed: seed)
      return x.dropout(0.25, using: &generator)
    }
    let y = dropped(seed: 1)
    #expect(y.values.allSatisfy { $0 == 0 || $0 == 4 })
    let zeros = y.values.count { $0 == 0 }
    // Within five standard deviations.
    #expect(abs(zeros - 2500) < 217)
    #expect(dropped(seed: 1).matrix == y.matrix && dropped(seed: 2).matrix != y.matrix)
    learning.backward(from: y)
    for i in 0..<y.count { #expect(x.gradient![i] * 3 == y.values[i]) }

    let predicting = Tape(parameters: Parameters(layout: layout))
    var generator = SeededGenerator(seed: 1)
    #expect(predicting.constant(x.matrix).dropout(0.25, using: &generator).matrix == x.matrix)
    #expect(generator == SeededGenerator(seed: 1))
  }

  @Test func gradientsThatAreStoppedOrReversed() {
    let layout = ParameterLayout()
    let tape = Tape(parameters: Parameters(layout: layout), gradients: Parameters(layout: layout))
    let x = tape.input(Matrix(rows: 1, columns: 2, values: [3, -2]))
    let reversed = x.gradientReversed(factor: 0.5)
    let detached = x.detached()
    #expect(reversed.matrix == x.matrix && detached.matrix == x.matrix && !detached.requiresGradient)
    // The derivative of x · stop(x) is x, and −λ times that of x² is −x.
    tape.backward(from: x * detached + reversed.squared())
    #expect(Array(x.gradient!) == [0, 0])
  }

  @Test func whatIsNotTakenHasNoGradient() {
    let layout = ParameterLayout()
    let tape = Tape(parameters: Parameters(layout: layout), gradients: Parameters(layout: layout))
    let x = tape.input(Matrix(rows: 2, columns: 1, values: [4, 9]))
    let y = x.squareRoot().kept(
      where: [true, false], otherwise: tape.constant([.nan, 1], rows: 2, columns: 1))
    #expect(y.matrix.values == [2, 1])
    tape.backward(from: y)
    #expect(Array(x.gradient!) == [0.25, 0])
    let two = tape.constant([1, 5], rows: 1, columns: 2)
    #expect(two.clamped(to: 2...4).matrix.values == [2, 4])
    #expect(two.maximum(4 - two).matrix.values == [3, 5])
    let quotient = 6 / (two + 1)
    #expect(quotient.matrix.values == [3, 1])
    let stack = two.stacked(above: 2 * two)
    #expect(stack.rows(1..<2).matrix.values == [2, 10])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Testing

/// Compares the gradient of Σ c y, c random, with central differences in each element of each input.
func checkGradient(
  _ shapes: [(rows: Int, columns: Int)], range: ClosedRange<Float> = -1.5...1.5,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Variable]) -> Variable
) {
  checkGradient(
    shapes, Parameters(layout: ParameterLayout()), range: range, sourceLocation: sourceLocation, function)
}

/// Compares the gradient of Σ c y, c random, with central differences in each element of each input and parameter.
func checkGradient(
  _ shapes: [(rows: Int, columns: Int)], _ parameters: Parameters, range: ClosedRange<Float> = -1.5...1.5,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Variable]) -> Variable
) {
  var generator = SeededGenerator(seed: 7)
  let inputs = shapes.map { shape in
    Matrix(
      rows: shape.rows, columns: shape.columns,
      values: (0..<shape.rows * shape.columns).map { _ in Float.random(in: range, using: &generator) })
  }
  let tape = Tape(parameters: parameters, gradients: Parameters(layout: parameters.layout))
  let variables = inputs.map { tape.input($0) }
  let result = function(variables)
  let coefficients = (0..<result.count).map { _ in Float.random(in: -1...1, using: &generator) }
  coefficients.withUnsafeBufferPointer { tape.seedGradient(of: result, $0) }
  tape.backward()
  let gradients = variables.map { Array($0.gradient!) }

  // The same kind of tape: layers that work differently in training and prediction are differentiated as in
  // training.
  let again = Tape(parameters: parameters, gradients: Parameters(layout: parameters.layout))
  func value(_ inputs: [Matrix]) -> Double {
    again.reset()
    let y = function(inputs.map { again.input($0) })
    return zip(coefficients, y.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let step: Float = 1.0 / 128
  func compare(_ gradient: Float, _ place: String, _ value: (Float) -> Double) {
    let difference = (value(step) - value(-step)) / Double(2 * step)
    #expect(
      abs(difference - Double(gradient)) < 1e-3 * max(1, abs(difference)), "\(place)",
      sourceLocation: sourceLocation)
  }
  for index in inputs.indices {
    for element in inputs[index].values.indices {
      compare(gradients[index][element], "input \(index), element \(element)") { step in
        var moved = inputs
        moved[index].values[element] += step
        return value(moved)
      }
    }
  }
  for entry in parameters.layout.entries where entry.isLearnt {
    for i in entry.offset..<entry.offset + entry.count {
      compare(tape.gradients!.values[i], "\(entry.name), element \(i - entry.offset)") { step in
        let number = parameters.values[i]
        parameters.values[i] = number + step
        defer { parameters.values[i] = number }
        return value(inputs)
      }
    }
  }
}

/// Random parameters, none of them zero.
func randomParameters(_ layout: ParameterLayout) -> Parameters {
  var generator = SeededGenerator(seed: 3)
  let parameters = Parameters(layout: layout, using: &generator)
  for entry in layout.entries where entry.rows == 1 {
    for i in 0..<entry.count {
      parameters.values[entry.offset + i] += Float.random(in: 0.1...0.6, using: &generator)
    }
  }
  return parameters
}

/// Random numbers between −2 and 2.
func randomMatrix(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  return Matrix(
    rows: rows, columns: columns,
    values: (0..<rows * columns).map { _ in Float.random(in: -2...2, using: &generator) })
}

/// Plain layers in double precision, row by row.
struct PlainLayers {
  let parameters: Parameters

  /// W x + b.
  func affine(_ name: String, _ x: [Double]) -> [Double] {
    let weight = parameters.layout.entries.first { $0.name == name + ".weight" }!
    let bias = parameters.layout.entries.first { $0.name == name + ".bias" }!
    return (0..<weight.rows).map { row in
      (0..<weight.columns).reduce(Double(parameters.values[bias.offset + row])) {
        $0 + Double(parameters.values[weight.offset + row * weight.columns + $1]) * x[$1]
      }
    }
  }
}

extension Matrix {
  /// A row in double precision.
  func row(_ row: Int) -> [Double] { (0..<columns).map { Double(self[row, $0]) } }

  /// Some rows, in any order.
  func rows(_ rows: [Int]) -> Matrix {
    Matrix(
      rows: rows.count, columns: columns, values: rows.flatMap { row in (0..<columns).map { self[row, $0] } })
  }
}

/// Compares a matrix with numbers in double precision.
func expect(
  _ matrix: Matrix, equals rows: [[Double]], within tolerance: Double = 2e-6,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(matrix.rows == rows.count, sourceLocation: sourceLocation)
  for (row, numbers) in rows.enumerated() {
    for (column, number) in numbers.enumerated() {
      #expect(
        abs(Double(matrix[row, column]) - number) <= tolerance, "row \(row), column \(column)",
        sourceLocation: sourceLocation)
    }
  }
}

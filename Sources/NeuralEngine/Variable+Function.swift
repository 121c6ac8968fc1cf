// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Foundation
import Support

extension Variable {
  /// max(0, x), element by element.
  public func relu() -> Variable { applying(.relu) }
  /// 1 / (1 + e⁻ˣ), element by element.
  public func sigmoid() -> Variable { applying(.sigmoid) }
  /// The hyperbolic tangent, element by element.
  public func tanh() -> Variable { applying(.tanh) }
  /// eˣ, element by element.
  public func exp() -> Variable { applying(.exp) }
  /// The natural logarithm, element by element.
  public func log() -> Variable { applying(.log) }
  /// √x, element by element.
  public func squareRoot() -> Variable { applying(.squareRoot) }
  /// x², element by element.
  public func squared() -> Variable { applying(.square) }
  /// |x|, element by element.
  public func absolute() -> Variable { applying(.absolute) }
  /// ln(1 + eˣ), element by element: a smooth, positive ReLU.
  public func softplus() -> Variable { applying(.softplus) }

  /// x if |x| is far below `limit`, and never beyond ±`limit`, element by element.
  public func bounded(by limit: Float) -> Variable { limit * ((1 / limit) * self).tanh() }

  /// Columns that rise from left to right: the column `anchor` is as it is, and each column further out is ln(1 + eˣ) away
  /// from its neighbour.
  ///
  /// - Parameter anchor: the column that the others are counted from, such as that of the median.
  /// - Returns: `[rows × columns]`.
  public func risingColumns(anchor: Int) -> Variable {
    require((0..<columns).contains(anchor), "the anchor is one of the columns")
    let middle = columns(anchor..<anchor + 1)
    var (result, last) = (middle, middle)
    for column in anchor + 1..<columns {
      last = last + columns(column..<column + 1).softplus()
      result = result.concatenated(with: last)
    }
    last = middle
    for column in (0..<anchor).reversed() {
      last = last - columns(column..<column + 1).softplus()
      result = last.concatenated(with: result)
    }
    return result
  }

  /// xᵖ for positive x, element by element.
  public func power(_ exponent: Float) -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      Power(operand: id, exponent: exponent))
    let (x, y) = (values, result.values)
    for i in 0..<count { y[i] = Foundation.pow(x[i], exponent) }
    return result
  }

  private func applying(_ function: Function) -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      Application(function: function, operand: id))
    function.apply(count, tape.values(of: id), tape.values(of: result.id))
    return result
  }

  /// The softmax of each row: eˣ divided by its sum over the row.
  public func softmax() -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient, Softmax(operand: id))
    let x = values
    let y = result.values
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      var top = -Float.infinity
      for i in range { top = max(top, x[i]) }
      for i in range { y[i] = x[i] - top }
      canopy_exp(columns, y.baseAddress! + range.lowerBound, y.baseAddress! + range.lowerBound)
      var sum: Float = 0
      for i in range { sum += y[i] }
      let scale = 1 / sum
      for i in range { y[i] *= scale }
    }
    return result
  }

  /// ln Σ eˣ over each row, without overflow: `[rows × 1]`; −∞ without columns.
  public func logSumExp() -> Variable {
    let result = tape.record(
      rows: rows, columns: 1, requiresGradient: requiresGradient, LogSumExp(operand: id))
    let x = values
    let y = result.values
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      y[row] = Self.logSumExp(x[range])
    }
    return result
  }

  /// ln Σ eˣ, relative to the largest x.
  private static func logSumExp(_ x: Slice<UnsafeMutableBufferPointer<Float>>) -> Float {
    let top = x.max() ?? 0
    return top + Foundation.log(x.reduce(0) { $0 + Foundation.exp($1 - top) })
  }

  /// The logarithm of the softmax of each row, without loss of precision for small probabilities.
  public func logSoftmax() -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient, LogSoftmax(operand: id))
    let x = values
    let y = result.values
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      let logSum = Self.logSumExp(x[range])
      for i in range { y[i] = x[i] - logSum }
    }
    return result
  }
}

private enum Function {
  case relu, sigmoid, tanh, exp, log, squareRoot, square, absolute, softplus

  func apply(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    switch self {
    case .relu: for i in 0..<count { y[i] = x[i] < 0 ? 0 : x[i] }
    case .sigmoid: canopy_sigmoid(count, x, y)
    case .tanh: canopy_tanh(count, x, y)
    case .exp: canopy_exp(count, x, y)
    case .log: for i in 0..<count { y[i] = Foundation.log(x[i]) }
    case .squareRoot: for i in 0..<count { y[i] = x[i].squareRoot() }
    case .square: for i in 0..<count { y[i] = x[i] * x[i] }
    case .absolute: for i in 0..<count { y[i] = abs(x[i]) }
    case .softplus: for i in 0..<count { y[i] = max(x[i], 0) + log1p(Foundation.exp(-abs(x[i]))) }
    }
  }

  var traced: TracedOperation {
    switch self {
    case .relu: .relu
    case .sigmoid: .sigmoid
    case .tanh: .tanh
    case .exp: .exponential
    case .log: .logarithm
    case .squareRoot: .squareRoot
    case .square: .square
    case .absolute: .absolute
    case .softplus: .softplus
    }
  }

  /// The derivative at x, given the value y of the function.
  func derivative(_ x: Float, _ y: Float) -> Float {
    switch self {
    case .relu: x > 0 ? 1 : 0
    case .sigmoid: y * (1 - y)
    case .tanh: 1 - y * y
    case .exp: y
    case .log: 1 / x
    case .squareRoot: 0.5 / y
    case .square: 2 * x
    case .absolute: x > 0 ? 1 : x < 0 ? -1 : 0
    case .softplus: 1 / (1 + Foundation.exp(-x))
    }
  }
}

private struct Application: TraceableOperation {
  let function: Function
  let operand: Variable.ID

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { function.traced }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let x = tape.values(of: operand)
    let y = tape.values(of: result)
    for i in 0..<rows * columns { gradient[i] += upstream[i] * function.derivative(x[i], y[i]) }
  }
}

private struct Power: TraceableOperation {
  let operand: Variable.ID
  let exponent: Float

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .power(exponent) }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let x = tape.values(of: operand)
    for i in 0..<rows * columns {
      gradient[i] += upstream[i] * exponent * Foundation.pow(x[i], exponent - 1)
    }
  }
}

private struct LogSumExp: TraceableOperation {
  let operand: Variable.ID

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .logSumExp }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: operand)
    let x = tape.values(of: operand)
    let y = tape.values(of: result)
    for row in 0..<rows {
      for i in row * columns..<(row + 1) * columns {
        gradient[i] += upstream[row] * Foundation.exp(x[i] - y[row])
      }
    }
  }
}

private struct Softmax: TraceableOperation {
  let operand: Variable.ID

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .softmax }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let y = tape.values(of: result)
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      var mean: Float = 0
      for i in range { mean += upstream[i] * y[i] }
      for i in range { gradient[i] += y[i] * (upstream[i] - mean) }
    }
  }
}

private struct LogSoftmax: TraceableOperation {
  let operand: Variable.ID

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .logSoftmax }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let y = tape.values(of: result)
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      var sum: Float = 0
      for i in range { sum += upstream[i] }
      for i in range { gradient[i] += upstream[i] - Foundation.exp(y[i]) * sum }
    }
  }
}

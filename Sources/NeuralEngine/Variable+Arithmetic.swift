// SPDX-License-Identifier: GPL-3.0-or-later

import Support

extension Variable {
  /// The sum, element by element.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public static func + (left: Variable, right: Variable) -> Variable { combine(.add, left, right) }
  /// The difference, element by element.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public static func - (left: Variable, right: Variable) -> Variable { combine(.subtract, left, right) }
  /// The product, element by element.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public static func * (left: Variable, right: Variable) -> Variable { combine(.multiply, left, right) }
  /// The quotient, element by element.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public static func / (left: Variable, right: Variable) -> Variable { combine(.divide, left, right) }
  /// Each element multiplied by a number.
  public static func * (left: Float, right: Variable) -> Variable { right.scaled(by: left, plus: 0) }
  /// Each element with a number added.
  public static func + (left: Variable, right: Float) -> Variable { left.scaled(by: 1, plus: right) }
  /// Each element with a number subtracted.
  public static func - (left: Variable, right: Float) -> Variable { left.scaled(by: 1, plus: -right) }
  /// Each element multiplied by a number.
  public static func * (left: Variable, right: Float) -> Variable { left.scaled(by: right, plus: 0) }
  /// Each element divided by a number.
  public static func / (left: Variable, right: Float) -> Variable { left.scaled(by: 1 / right, plus: 0) }
  /// A number added to each element.
  public static func + (left: Float, right: Variable) -> Variable { right.scaled(by: 1, plus: left) }
  /// Each element subtracted from a number.
  public static func - (left: Float, right: Variable) -> Variable { right.scaled(by: -1, plus: left) }
  /// A number divided by each element.
  public static func / (left: Float, right: Variable) -> Variable {
    combine(.divide, right.tape.constant([left], rows: 1, columns: 1), right)
  }
  /// The larger of two elements, element by element, with the gradient of the first if they are equal.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public func maximum(_ other: Variable) -> Variable { Self.combine(.maximum, self, other) }
  /// The smaller of two elements, element by element, with the gradient of the first if they are equal.
  ///
  /// An operand of one row, one column or both is repeated to fit.
  public func minimum(_ other: Variable) -> Variable { Self.combine(.minimum, self, other) }
  /// Each element limited to a range; one outside has the value of the nearest end and a gradient of zero.
  public func clamped(to range: ClosedRange<Float>) -> Variable {
    func end(_ value: Float) -> Variable { tape.constant(Matrix(rows: 1, columns: 1, repeating: value)) }
    return maximum(end(range.lowerBound)).minimum(end(range.upperBound))
  }
  /// Elements of this matrix if a condition holds, else those of another: y = condition ? x : other.
  ///
  /// The condition is data: no gradient passes through it, and none reaches the element that is not taken,
  /// even if it is NaN.
  ///
  /// - Parameters:
  ///   - condition: one for each row, `[rows]`, or one for each element, `[rows × columns]`.
  ///   - other: what stands in: `[rows × columns]`.
  /// - Returns: `[rows × columns]`.
  public func kept(where condition: [Bool], otherwise other: Variable) -> Variable {
    require(rows == other.rows && columns == other.columns, "matrices of different shapes")
    require(condition.count == rows || condition.count == count, "a condition for each row or element")
    let width = condition.count == count ? 1 : columns
    let kept = tape.scratch(copying: condition)
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient || other.requiresGradient,
      Choice(first: id, second: other.id, condition: kept.baseAddress!, width: Int32(width)))
    let (x, z, y) = (values, other.values, result.values)
    for i in 0..<count { y[i] = kept[i / width] ? x[i] : z[i] }
    return result
  }
  /// Each element with its sign changed.
  public static prefix func - (operand: Variable) -> Variable { operand.scaled(by: -1, plus: 0) }

  private func scaled(by factor: Float, plus term: Float) -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      Scaling(operand: id, factor: factor, term: term))
    let x = values
    let y = result.values
    for i in 0..<count { y[i] = factor * x[i] + term }
    return result
  }

  private static func combine(_ kind: Combination.Kind, _ left: Variable, _ right: Variable) -> Variable {
    // A single row or column is repeated to fit, also to no rows or columns at all.
    let rows = left.rows == 1 ? right.rows : left.rows
    let columns = left.columns == 1 ? right.columns : left.columns
    for operand in [left, right] {
      require(
        (operand.rows == rows || operand.rows == 1) && (operand.columns == columns || operand.columns == 1),
        "matrices of \(left.rows) × \(left.columns) and \(right.rows) × \(right.columns) do not fit")
    }
    let tape = left.tape
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: left.requiresGradient || right.requiresGradient,
      Combination(kind: kind, left: left.id, right: right.id))
    let a = Broadcast(tape, left.id, rows, columns)
    let b = Broadcast(tape, right.id, rows, columns)
    let y = tape.values(of: result.id)
    for row in 0..<rows {
      for column in 0..<columns {
        let x = a.values[a.place(row, column)]
        let z = b.values[b.place(row, column)]
        y[row * columns + column] =
          switch kind {
          case .add: x + z
          case .subtract: x - z
          case .multiply: x * z
          case .divide: x / z
          case .maximum: x >= z ? x : z
          case .minimum: x <= z ? x : z
          }
      }
    }
    return result
  }
}

/// Reads an operand as if it had the shape of the result.
private struct Broadcast {
  let values: UnsafeMutablePointer<Float>
  let rowStride: Int
  let columnStride: Int

  init(_ tape: Tape, _ id: Variable.ID, _ rows: Int, _ columns: Int) {
    let shape = tape.shape(of: id)
    values = tape.values(of: id)
    rowStride = shape.rows == 1 && rows > 1 ? 0 : shape.columns
    columnStride = shape.columns == 1 && columns > 1 ? 0 : 1
  }

  func place(_ row: Int, _ column: Int) -> Int { row * rowStride + column * columnStride }
}

private struct Combination: TraceableOperation {
  enum Kind { case add, subtract, multiply, divide, maximum, minimum }
  let kind: Kind
  let left: Variable.ID
  let right: Variable.ID

  var operands: [Variable.ID] { [left, right] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    switch kind {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let a = Broadcast(tape, left, rows, columns)
    let b = Broadcast(tape, right, rows, columns)
    let leftGradient = tape.gradient(of: left)
    let rightGradient = tape.gradient(of: right)
    for row in 0..<rows {
      for column in 0..<columns {
        let d = upstream[row * columns + column]
        let i = a.place(row, column)
        let j = b.place(row, column)
        let (x, z) = (a.values[i], b.values[j])
        switch kind {
        case .add:
          leftGradient?[i] += d
          rightGradient?[j] += d
        case .subtract:
          leftGradient?[i] += d
          rightGradient?[j] -= d
        case .multiply:
          leftGradient?[i] += d * z
          rightGradient?[j] += d * x
        case .divide:
          leftGradient?[i] += d / z
          rightGradient?[j] -= d * x / (z * z)
        case .maximum:
          if x >= z { leftGradient?[i] += d } else { rightGradient?[j] += d }
        case .minimum:
          if x <= z { leftGradient?[i] += d } else { rightGradient?[j] += d }
        }
      }
    }
  }
}

/// A factor times each element, and a term.
private struct Scaling: TraceableOperation {
  let operand: Variable.ID
  let factor: Float
  let term: Float

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .scaling(factor: factor, term: term)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    tape.passGradient(of: result, to: operand, factor: factor)
  }
}

extension Tape {
  /// Adds the gradient of a result times a factor to that of an operand.
  func passGradient(of result: Variable.ID, to operand: Variable.ID, factor: Float) {
    guard let gradient = gradient(of: operand) else { return }
    let upstream = self.gradient(of: result)!
    let (rows, columns) = shape(of: result)
    for i in 0..<rows * columns { gradient[i] += factor * upstream[i] }
  }
}

private struct Choice: TapeOperation {
  let first: Variable.ID
  let second: Variable.ID
  let condition: UnsafeMutablePointer<Bool>
  /// How many elements a condition is for.
  let width: Int32

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let taken = tape.gradient(of: first)
    let other = tape.gradient(of: second)
    for i in 0..<rows * columns {
      if condition[i / Int(width)] { taken?[i] += upstream[i] } else { other?[i] += upstream[i] }
    }
  }
}

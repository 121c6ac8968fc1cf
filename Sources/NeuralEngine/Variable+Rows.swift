// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

extension Variable {
  /// The columns of this matrix followed by those of another with as many rows.
  ///
  /// - Returns: `[rows × (columns + other.columns)]`.
  public func concatenated(with other: Variable) -> Variable {
    require(rows == other.rows, "matrices side by side need equally many rows")
    let width = columns + other.columns
    let result = tape.record(
      rows: rows, columns: width, requiresGradient: requiresGradient || other.requiresGradient,
      Concatenation(left: id, right: other.id))
    let y = tape.values(of: result.id)
    copyRows(rows, columns, tape.values(of: id), columns, y, width)
    copyRows(rows, other.columns, tape.values(of: other.id), other.columns, y + columns, width)
    return result
  }

  /// Some neighbouring columns of this matrix: `[rows × range.count]`.
  public func columns(_ range: Range<Int>) -> Variable {
    require(0 <= range.lowerBound && range.upperBound <= columns, "columns out of range")
    let result = tape.record(
      rows: rows, columns: range.count, requiresGradient: requiresGradient,
      ColumnSlice(operand: id, first: Int32(range.lowerBound)))
    copyRows(
      rows, range.count, tape.values(of: id) + range.lowerBound, columns, tape.values(of: result.id),
      range.count)
    return result
  }

  /// Rows of this matrix by their numbers, in any order and any number of times: `[indices × columns]`.
  public func gatheringRows(_ indices: UnsafeBufferPointer<Int32>) -> Variable {
    let kept = tape.copy(indices, below: rows)
    let result = tape.record(
      rows: indices.count, columns: columns, requiresGradient: requiresGradient,
      RowGathering(operand: id, indices: kept))
    canopy_gather_rows(
      indices.count, columns, tape.values(of: id), columns, kept, tape.values(of: result.id), columns)
    return result
  }

  /// Rows of this matrix by their numbers, in any order and any number of times: `[indices × columns]`.
  public func gatheringRows(_ indices: [Int32]) -> Variable {
    indices.withUnsafeBufferPointer { gatheringRows($0) }
  }

  /// A matrix whose row `indices[r]` is the sum of the rows r of this one: `[rows × columns]`.
  public func scatteringRows(_ indices: UnsafeBufferPointer<Int32>, rows resultRows: Int) -> Variable {
    require(indices.count == rows, "scattering needs an index for each row")
    let kept = tape.copy(indices, below: resultRows)
    let result = tape.record(
      rows: resultRows, columns: columns, requiresGradient: requiresGradient,
      RowScattering(operand: id, indices: kept))
    let y = result.values
    y.update(repeating: 0)
    addRows(rows, columns, values.baseAddress!, nil, y.baseAddress!, kept)
    return result
  }

  /// A matrix whose row `indices[r]` is the sum of the rows r of this one: `[rows × columns]`.
  public func scatteringRows(_ indices: [Int32], rows resultRows: Int) -> Variable {
    indices.withUnsafeBufferPointer { scatteringRows($0, rows: resultRows) }
  }

  /// The rows of this matrix followed by those of another with as many columns.
  ///
  /// - Returns: `[(rows + other.rows) × columns]`.
  public func stacked(above other: Variable) -> Variable {
    require(columns == other.columns, "matrices one above the other need equally many columns")
    let result = tape.record(
      rows: rows + other.rows, columns: columns,
      requiresGradient: requiresGradient || other.requiresGradient,
      Stacking(upper: id, lower: other.id))
    let y = tape.values(of: result.id)
    y.update(from: tape.values(of: id), count: count)
    (y + count).update(from: tape.values(of: other.id), count: other.count)
    return result
  }

  /// Some neighbouring rows of this matrix: `[range.count × columns]`.
  public func rows(_ range: Range<Int>) -> Variable {
    require(0 <= range.lowerBound && range.upperBound <= rows, "rows out of range")
    let result = tape.record(
      rows: range.count, columns: columns, requiresGradient: requiresGradient,
      RowSlice(operand: id, first: Int32(range.lowerBound)))
    tape.values(of: result.id).update(
      from: tape.values(of: id) + range.lowerBound * columns, count: result.count)
    return result
  }
}

extension Tape {
  /// The indices in the tape's own memory, each checked to lie in `0 ..< limit`.
  fileprivate func copy(
    _ indices: UnsafeBufferPointer<Int32>, below limit: Int
  ) -> UnsafeMutablePointer<Int32> {
    let kept = scratch(Int32.self, count: indices.count)
    for (i, index) in indices.enumerated() {
      require(index >= 0 && index < limit, "row \(index) of a matrix of \(limit) rows")
      kept[i] = index
    }
    return kept.baseAddress!
  }
}

private func copyRows(
  _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ ldx: Int, _ y: UnsafeMutablePointer<Float>,
  _ ldy: Int
) {
  for row in 0..<rows { (y + row * ldy).update(from: x + row * ldx, count: columns) }
}

/// y[to[r]] += x[from[r]], rows of `columns` numbers; without indices, row r.
private func addRows(
  _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ from: UnsafePointer<Int32>?,
  _ y: UnsafeMutablePointer<Float>, _ to: UnsafePointer<Int32>?
) {
  for row in 0..<rows {
    let source = x + (from.map { Int($0[row]) } ?? row) * columns
    let target = y + (to.map { Int($0[row]) } ?? row) * columns
    for column in 0..<columns { target[column] += source[column] }
  }
}

private struct Concatenation: TraceableOperation {
  let left: Variable.ID
  let right: Variable.ID

  var operands: [Variable.ID] { [left, right] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .concatenation }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (rows, width) = tape.shape(of: result)
    let columns = tape.shape(of: left).columns
    for row in 0..<rows {
      let from = upstream + row * width
      if let gradient = tape.gradient(of: left) {
        for column in 0..<columns { gradient[row * columns + column] += from[column] }
      }
      if let gradient = tape.gradient(of: right) {
        let others = width - columns
        for column in 0..<others { gradient[row * others + column] += from[columns + column] }
      }
    }
  }
}

private struct ColumnSlice: TraceableOperation {
  let operand: Variable.ID
  let first: Int32

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .columns(Int(first)..<Int(first) + tape.shape(of: result).columns)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, width) = tape.shape(of: result)
    let columns = tape.shape(of: operand).columns
    for row in 0..<rows {
      for column in 0..<width {
        gradient[row * columns + Int(first) + column] += upstream[row * width + column]
      }
    }
  }
}

private struct RowGathering: TraceableOperation {
  let operand: Variable.ID
  let indices: UnsafeMutablePointer<Int32>

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .rowGathering((0..<tape.shape(of: result).rows).map { indices[$0] })
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let (rows, columns) = tape.shape(of: result)
    addRows(rows, columns, tape.gradient(of: result)!, nil, gradient, indices)
  }
}

private struct RowScattering: TraceableOperation {
  let operand: Variable.ID
  let indices: UnsafeMutablePointer<Int32>

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .segments(
      .sum, ofRow: (0..<tape.shape(of: operand).rows).map { indices[$0] }, count: tape.shape(of: result).rows)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let (rows, columns) = tape.shape(of: operand)
    addRows(rows, columns, tape.gradient(of: result)!, indices, gradient, nil)
  }
}

private struct Stacking: TraceableOperation {
  let upper: Variable.ID
  let lower: Variable.ID

  var operands: [Variable.ID] { [upper, lower] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .stacking }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: upper)
    if let gradient = tape.gradient(of: upper) { addRows(rows, columns, upstream, nil, gradient, nil) }
    if let gradient = tape.gradient(of: lower) {
      addRows(tape.shape(of: lower).rows, columns, upstream + rows * columns, nil, gradient, nil)
    }
  }
}

private struct RowSlice: TapeOperation {
  let operand: Variable.ID
  let first: Int32

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let (rows, columns) = tape.shape(of: result)
    addRows(rows, columns, tape.gradient(of: result)!, nil, gradient + Int(first) * columns, nil)
  }
}

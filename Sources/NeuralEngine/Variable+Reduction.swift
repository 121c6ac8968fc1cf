// SPDX-License-Identifier: GPL-3.0-or-later

extension Variable {
  /// The sum of all elements: `[1 × 1]`.
  public func sum() -> Variable { reduced(.all, scale: 1) }
  /// The mean of all elements: `[1 × 1]`; 0 for a matrix without elements.
  public func mean() -> Variable { reduced(.all, scale: count > 0 ? 1 / Float(count) : 0) }
  /// The sum of each row: `[rows × 1]`.
  public func rowSums() -> Variable { reduced(.rows, scale: 1) }
  /// The sum of each column: `[1 × columns]`.
  public func columnSums() -> Variable { reduced(.columns, scale: 1) }

  /// The mean of each row: `[rows × 1]`; 0 without columns.
  public func rowMeans() -> Variable { reduced(.rows, scale: columns > 0 ? 1 / Float(columns) : 0) }
  /// The mean of each column: `[1 × columns]`; 0 without rows.
  public func columnMeans() -> Variable { reduced(.columns, scale: rows > 0 ? 1 / Float(rows) : 0) }

  private func reduced(_ axis: TracedOperation.Axis, scale: Float) -> Variable {
    let result = tape.record(
      rows: axis == .rows ? rows : 1, columns: axis == .columns ? columns : 1,
      requiresGradient: requiresGradient, Reduction(operand: id, axis: axis, scale: scale))
    let x = values
    let y = result.values
    y.update(repeating: 0)
    for row in 0..<rows {
      for column in 0..<columns { y[axis.place(row, column)] += x[row * columns + column] }
    }
    if scale != 1 { for i in y.indices { y[i] *= scale } }
    return result
  }
}

private struct Reduction: TraceableOperation {
  let operand: Variable.ID
  let axis: TracedOperation.Axis
  let scale: Float

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .sum(axis, scale: scale) }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: operand)
    for row in 0..<rows {
      for column in 0..<columns {
        gradient[row * columns + column] += scale * upstream[axis.place(row, column)]
      }
    }
  }
}

extension TracedOperation.Axis {
  /// The element of the sums that an element is added to.
  fileprivate func place(_ row: Int, _ column: Int) -> Int {
    switch self {
    case .all: 0
    case .rows: row
    case .columns: column
    }
  }
}

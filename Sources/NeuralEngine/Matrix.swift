// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// A matrix of numbers outside a computation: data going in, results coming out.
public struct Matrix: Sendable, Equatable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// Row-major `[rows × columns]`.
  public var values: [Float]

  /// A matrix of `values`, row-major `[rows × columns]`.
  public init(rows: Int, columns: Int, values: [Float]) {
    require(values.count == rows * columns, "a matrix needs rows × columns values")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// A matrix whose elements are all `value`.
  public init(rows: Int, columns: Int, repeating value: Float = 0) {
    self.init(rows: rows, columns: columns, values: Array(repeating: value, count: rows * columns))
  }

  /// The element in a row and a column.
  public subscript(row: Int, column: Int) -> Float {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// The true values of the rows of a batch, by the name of their column.
public struct HeadTruth: Sendable {
  /// The number of rows.
  public let rows: Int
  private let columns: [String: [Float]]

  /// Truth of `rows` rows; each column is `[rows]`.
  public init(rows: Int, columns: [String: [Float]]) {
    require(columns.values.allSatisfy { $0.count == rows }, "a truth column needs a value for each row")
    self.rows = rows
    self.columns = columns
  }

  /// The values of a column that the head named in ``Head/truthColumns``: `[rows]`.
  public subscript(column: String) -> [Float] {
    guard let values = columns[column] else {
      fatalError("the head did not name \(column) among its truth columns")
    }
    return values
  }

  /// The names of the columns in alphabetical order.
  public var names: [String] { columns.keys.sorted() }

  /// The truth of some of the rows.
  public func rows(_ selection: some Collection<Int>) -> HeadTruth {
    HeadTruth(
      rows: selection.count, columns: columns.mapValues { values in selection.map { values[$0] } })
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The columns that formulas may read.
public protocol FormulaSchema {
  /// The names of the columns of `rows` that have one number, in any order.
  func names(of rows: FormulaRows) -> [String]

  /// The columns of `rows` that have several numbers, and how many these are; none by default.
  func widths(of rows: FormulaRows) -> [String: Int]

  /// The names of the columns of `rows` that are text; none by default.
  func texts(of rows: FormulaRows) -> [String]
}

extension FormulaSchema {
  /// None.
  public func widths(of rows: FormulaRows) -> [String: Int] { [:] }

  /// None.
  public func texts(of rows: FormulaRows) -> [String] { [] }
}

/// The numbers of the columns that formulas read, for one batch of events.
public protocol FormulaData {
  /// The number of `rows` in all events together.
  func count(of rows: FormulaRows) -> Int

  /// Which of `rows` belong to the owner with a number, counted from the first of all events.
  func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int>

  /// Replaces `values` by the numbers of a column: `[rows]`; keeps the storage.
  func read(_ column: FormulaColumn, into values: inout [Double])
}

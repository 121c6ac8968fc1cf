// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

extension Formula {
  /// Makes sure that there can be events that the formula has a value for: those that have all columns that it names.
  ///
  /// - Parameter isCondition: whether the value has to be a condition.
  /// - Throws: ``FormulaError`` if the formula is wrong whatever events have.
  package func checkForEvents(isCondition: Bool = false) throws(FormulaError) {
    do throws(FormulaError) {
      try compile(in: WantedColumns(self, areCalledLikeRows: false), isCondition)
    } catch {
      // Nothing keeps a file from having a column of events that is called particle.
      let others = WantedColumns(self, areCalledLikeRows: true)
      if (try? compile(in: others, isCondition)) == nil { throw error }
    }
  }

  private func compile(in schema: WantedColumns, _ isCondition: Bool) throws(FormulaError) {
    _ =
      isCondition
      ? try CompiledFormula(condition: self, for: .event, in: schema)
      : try CompiledFormula(self, for: .event, in: schema)
  }
}

/// The columns that a formula asks for of events and of their particles, and those that all events have.
private struct WantedColumns: FormulaSchema {
  private let formula: Formula
  /// Whether columns of events may have the names of rows.
  private let areCalledLikeRows: Bool

  init(_ formula: Formula, areCalledLikeRows: Bool) {
    self.formula = formula
    self.areCalledLikeRows = areCalledLikeRows
  }

  func names(of rows: FormulaRows) -> [String] {
    guard rows == .event || rows == .particle else { return [] }
    let wanted = formula.columns(of: rows).subtracting(formula.textColumns(of: rows))
    return Events().names(of: rows) + wanted.filter { areCalledLikeRows || FormulaRows(rawValue: $0) == nil }
  }

  func texts(of rows: FormulaRows) -> [String] {
    rows == .event ? formula.textColumns(of: rows).sorted() : []
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

extension Formula {
  /// Makes sure that there can be events, with jets, whose rows the formula has a value for: those that have all columns that it
  /// names.
  ///
  /// - Parameters:
  ///   - rows: what it shall have a value for.
  ///   - isCondition: whether the value has to be a condition.
  /// - Returns: the formula for such events.
  /// - Throws: ``FormulaError`` if the formula is wrong whatever events have.
  @discardableResult
  package func check(
    for rows: FormulaRows = .event, isCondition: Bool = false
  ) throws(FormulaError) -> CompiledFormula {
    do throws(FormulaError) {
      return try compile(for: rows, in: WantedColumns(self, knowsJets: true), isCondition)
    } catch {
      // Nothing keeps a file from having a column of events that is called particle, or jet.pt.
      let others = WantedColumns(self, knowsJets: false)
      guard let compiled = try? compile(for: rows, in: others, isCondition) else { throw error }
      return compiled
    }
  }

  private func compile(
    for rows: FormulaRows, in schema: WantedColumns, _ isCondition: Bool
  ) throws(FormulaError) -> CompiledFormula {
    isCondition
      ? try CompiledFormula(condition: self, for: rows, in: schema)
      : try CompiledFormula(self, for: rows, in: schema)
  }
}

/// The columns that a formula asks for of events and of what is in them, and those that all of these have.
private struct WantedColumns: FormulaSchema {
  private let formula: Formula
  /// Whether events have jets; without them, columns of events may be called like what is in events.
  private let knowsJets: Bool

  init(_ formula: Formula, knowsJets: Bool) {
    self.formula = formula
    self.knowsJets = knowsJets
  }

  func names(of rows: FormulaRows) -> [String] {
    let wanted = formula.columns(of: rows).subtracting(formula.textColumns(of: rows))
    switch rows {
    case .event, .particle: return Events().names(of: rows) + wanted.filter(isColumn)
    case .constituent: return knowsJets ? Events().names(of: .particle) + wanted : []
    // Files have no columns of these, and observables have slashes in theirs.
    case .jet, .splitting:
      guard knowsJets else { return [] }
      return (rows == .jet ? ReconstructedEvents.namesOfJets : ReconstructedEvents.namesOfSplittings)
        + wanted.filter { $0.contains("/") }
    }
  }

  func texts(of rows: FormulaRows) -> [String] {
    rows == .event ? formula.textColumns(of: rows).filter(isColumn).sorted() : []
  }

  /// Whether a name may be one of a column of events, as it is not one of something in them.
  private func isColumn(_ name: String) -> Bool {
    !knowsJets || FormulaRows(rawValue: String(name.prefix { $0 != "." })) == nil
  }
}

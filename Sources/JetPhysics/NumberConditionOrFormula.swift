// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas

/// What users write as a condition: one number that is compared, or a formula.
package enum NumberConditionOrFormula {
  /// A comparison of one number, such as `abs(eta) < 2.5`.
  case number(NumberCondition)
  /// Anything else, such as `pt > 1 and charge != 0`.
  case formula(Formula)

  /// Reads a condition.
  ///
  /// - Parameters:
  ///   - text: the condition.
  ///   - rows: what it is on, for messages.
  ///   - examples: names that it may have, for messages.
  ///   - isNumber: whether a comparison of one number is no formula; all are unless given.
  /// - Throws: `FormulaError` for what is meant as a formula, else ``JetPhysicsError``, which show where the text stops being a condition.
  package init(
    _ text: String, on rows: String, examples: String, isNumber: (NumberCondition) -> Bool = { _ in true }
  ) throws {
    let comparison = Result { try NumberCondition(text, on: rows, examples: examples) }
    if let condition = try? comparison.get(), isNumber(condition) {
      self = .number(condition)
      return
    }
    do {
      let formula = try Formula(text)
      if formula.isName { _ = try comparison.get() }
      self = .formula(formula)
    } catch let error as FormulaError {
      // What joins several conditions is meant as a formula.
      if !text.split(separator: " ").contains(where: { ["and", "or", "not"].contains($0) }) {
        _ = try comparison.get()
      }
      throw error
    }
  }
}

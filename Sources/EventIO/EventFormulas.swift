// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas

/// A column of events that a user defines by a formula.
public struct ColumnDefinition: Sendable, Equatable {
  /// The name of the column.
  public var name: String
  /// What it is, for each event; a condition is 1 if it is met and 0 if not.
  public var formula: Formula

  /// A column.
  public init(_ name: String, _ formula: Formula) {
    self.name = name
    self.formula = formula
  }
}

extension EventReadingOptions {
  /// Adds the columns that are defined, and leaves out the events that do not meet ``selection``.
  ///
  /// Formulas know the particles that take part, also if the events keep the others.
  ///
  /// - Throws: `EventInputError` if a formula reads what the events lack, or a column is there already.
  func applyFormulas(to batch: inout Events) throws {
    guard !definitions.isEmpty || !selection.isEmpty else { return }
    var events = batch
    if !leavesOutParticles {
      var takesPart: [Bool] = []
      try leaveOutParticles(of: &events, using: &takesPart)
    }
    for definition in definitions {
      guard events.columns[definition.name] == nil else {
        throw EventInputError(
          source: batch.source, field: "define.\(definition.name)",
          problem: "has the name of a column of the events; choose another name")
      }
      var evaluator = try evaluator(definition.formula, "define.\(definition.name)", on: events) {
        (formula, events) throws(FormulaError) in try CompiledFormula(formula, for: .event, in: events)
      }
      evaluator.evaluate(events)
      events.columns[definition.name] = Column(values: evaluator.values)
    }
    var isWanted = Array(repeating: true, count: events.eventCount)
    for formula in selection {
      var evaluator = try evaluator(formula, "where", on: events) { (formula, events) throws(FormulaError) in
        try CompiledFormula(condition: formula, for: .event, in: events)
      }
      evaluator.evaluate(events)
      for event in isWanted.indices where evaluator.values[event] == 0 { isWanted[event] = false }
    }
    for definition in definitions { batch.columns[definition.name] = events.columns[definition.name] }
    let places = isWanted.indices.filter { isWanted[$0] }
    if places.count < batch.eventCount { batch = batch.events(at: places) }
  }

  private func evaluator(
    _ formula: Formula, _ field: String, on events: Events,
    _ compile: (Formula, Events) throws(FormulaError) -> CompiledFormula
  ) throws -> FormulaEvaluator {
    do {
      return FormulaEvaluator(try compile(formula, events))
    } catch {
      // A column that the file has, but in a form that cannot be read, is the better reason.
      let particles = formula.columns(of: .particle).map { "particle/" + $0 }
      for name in (formula.columns(of: .event) + particles).sorted() {
        guard let reason = events.unreadableColumns[name] else { continue }
        throw EventInputError(
          source: events.source, field: field, problem: "asks for \(name), which cannot be read: \(reason)")
      }
      throw EventInputError(source: events.source, field: field, problem: "\(error)")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas

/// A column of events that a user defines by a formula.
public struct ColumnDefinition: Sendable, Equatable {
  /// The name of the column.
  public var name: String
  /// What it is, for each event; a condition is 1 if it is met and 0 if not.
  public var formula: Formula
  /// Whether it has to be a condition.
  public var isCondition: Bool
  /// What messages call it: where the user has written it.
  public var origin: String

  /// A column that is called `define.NAME` in messages, unless its origin is given.
  public init(_ name: String, _ formula: Formula, isCondition: Bool = false, origin: String? = nil) {
    self.isCondition = isCondition
    self.name = name
    self.formula = formula
    self.origin = origin ?? "define.\(name)"
  }
}

extension EventReadingOptions {
  /// Adds the columns that are defined, and leaves out the events that do not meet ``selection``.
  ///
  /// Formulas know the particles that take part, also if the events keep the others.
  ///
  /// - Throws: `EventInputError` if a formula reads what the events lack, or a column is there already.
  func applyFormulas(to batch: inout Events) throws {
    guard !definitions.isEmpty || !selection.isEmpty, batch.eventCount > 0 else { return }
    var events = batch
    if !leavesOutParticles {
      var takesPart: [Bool] = []
      try leaveOutParticles(of: &events, using: &takesPart)
    }
    for definition in definitions {
      guard !Events.formulaNames.contains(definition.name) else {
        throw EventInputError(
          source: batch.source, field: definition.origin,
          problem: "has a name that means something else in formulas; choose another name")
      }
      guard columns[definition.name] == nil else {
        throw EventInputError(
          source: batch.source, field: definition.origin,
          problem: "has the name of a condition that is given; leave one of the two out")
      }
      guard events.columns[definition.name] == nil else {
        throw EventInputError(
          source: batch.source, field: definition.origin,
          problem: "has the name of a column of the events; choose another name")
      }
      var evaluator = try evaluator(
        definition.formula, definition.origin, isCondition: definition.isCondition, on: events)
      evaluator.evaluate(events)
      events.columns[definition.name] = Column(values: evaluator.values)
    }
    var isWanted = Array(repeating: true, count: events.eventCount)
    for formula in selection {
      var evaluator = try evaluator(formula, "where", isCondition: true, on: events)
      evaluator.evaluate(events)
      for event in isWanted.indices where evaluator.values[event] == 0 { isWanted[event] = false }
    }
    for definition in definitions { batch.columns[definition.name] = events.columns[definition.name] }
    let places = isWanted.indices.filter { isWanted[$0] }
    if places.count < batch.eventCount { batch = batch.events(at: places) }
  }

  /// What works out a formula on events like these.
  ///
  /// - Throws: `EventInputError` that names `field` if the formula reads what the events lack.
  func evaluator(
    _ formula: Formula, _ field: String, isCondition: Bool, on events: Events
  ) throws -> FormulaEvaluator {
    let compiled: CompiledFormula
    do {
      compiled =
        isCondition
        ? try CompiledFormula(condition: formula, for: .event, in: events)
        : try CompiledFormula(formula, for: .event, in: events)
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
    for column in compiled.columns {
      let own = column.rows == .event ? events.columns : events.particles.content.columns
      guard own[column.name]?.remainders.contains(where: { $0 != 0 }) == true else { continue }
      throw EventInputError(
        source: events.source, field: field,
        problem: "reads \(column.name), which has whole numbers beyond 2^53 that formulas would round")
    }
    return FormulaEvaluator(compiled)
  }
}

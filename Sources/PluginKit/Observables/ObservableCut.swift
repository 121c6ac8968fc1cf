// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas

/// A condition that jets must meet to be kept, such as `soft-drop/mass > 60`.
///
/// It is a `NumberCondition` on a number that an observable gives for jets, or a formula over a jet, such as
/// `soft-drop/mass > 60 and abs(eta) < 2`. A jet that has no such number does not meet it.
public struct ObservableCut: Sendable, Equatable, CustomStringConvertible {
  /// What a list of cuts is, for documentation.
  package static let meaning =
    "A list of conditions on numbers of observables that jets must meet to be read at all, such as `[soft-drop/mass > 40, "
    + "abs(kinematics/eta) < 2]`, or formulas over a jet, such as `soft-drop/mass > 40 and abs(eta) < 2` (<doc:Observables>)."

  /// The number and what it is compared with; nil if the cut is a formula.
  public let condition: NumberCondition?
  /// The formula; nil if the cut compares one number of an observable.
  public let formula: Formula?

  /// Reads a cut.
  ///
  /// - Throws: `JetPhysicsError` that shows where the text is no condition.
  public init(_ text: String) throws {
    do {
      switch try NumberConditionOrFormula(
        text, on: "jets", examples: "soft-drop/mass", isNumber: { $0.name.contains("/") })
      {
      case .number(let condition): (self.condition, formula) = (condition, nil)
      case .formula(let formula): (condition, self.formula) = (nil, formula)
      }
    } catch let error as FormulaError {
      throw JetPhysicsError(problem: Self.sentence(error))
    }
  }

  /// The numbers of observables that are read, such as `soft-drop/mass`.
  public var columns: Set<String> { condition.map { [$0.name] } ?? formula!.columnsWithSlash }

  /// The cut, as `init(_:)` reads it.
  public var description: String { condition?.description ?? formula!.description }

  private static func sentence(_ error: FormulaError) -> String {
    "The cut \(error)\(error.problem.hasSuffix("?") ? "" : ".")"
  }

  /// The formula with the columns that it reads; nil if the cut is none.
  ///
  /// - Throws: ``PluginError``.
  func compiled(_ observables: ObservableSet) throws -> CompiledFormula? {
    guard let formula else { return nil }
    do {
      return try CompiledFormula(
        condition: formula, for: .jet, in: DecisionSources(observables: observables.columns))
    } catch {
      throw PluginError(Self.sentence(error))
    }
  }

  /// Throws unless there are the columns that the cut reads.
  ///
  /// - Parameter observables: the observables that are computed.
  /// - Throws: ``PluginError``.
  public func check(_ observables: ObservableSet) throws {
    guard let condition else {
      _ = try compiled(observables)
      return
    }
    let found = try observables.column(condition.name)
    guard found.rows == .jets else {
      throw PluginError(
        "The cut \(self) is on a number of \(found.rows.rawValue), but cuts choose among jets: name one of jets."
      )
    }
  }
}

extension ObservableCut: Codable {
  /// Reads a text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let error as JetPhysicsError {
      let sentence = error.problem
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)
    }
  }

  /// Writes a text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

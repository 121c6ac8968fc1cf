// SPDX-License-Identifier: GPL-3.0-or-later

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

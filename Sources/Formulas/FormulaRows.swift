// SPDX-License-Identifier: GPL-3.0-or-later

/// What a number of a formula belongs to: an event, or one of several things in it.
public enum FormulaRows: String, Sendable, CaseIterable {
  /// Events.
  case event
  /// The jets of an event, by falling pT.
  case jet
  /// The constituents of a jet.
  case constituent
  /// The splittings of a jet's tree.
  case splitting
  /// The particles of an event, in the order of the input.
  case particle

  /// What each of these belongs to; nil for events.
  public var owner: FormulaRows? {
    switch self {
    case .event: nil
    case .jet, .particle: .event
    case .constituent, .splitting: .jet
    }
  }

  /// The noun for several of these.
  public var plural: String { rawValue + "s" }

  /// Whether each of `other` belongs to one of these, or is one.
  func own(_ other: FormulaRows) -> Bool { self == other || other.owner.map(own) ?? false }
}

/// A column that a formula reads: its name, and what it has a number for.
public struct FormulaColumn: Sendable, Hashable {
  /// What the column has a number for.
  public let rows: FormulaRows
  /// The name, without that of the rows.
  public let name: String
  /// Which of the numbers of a column that has several, counted from 0; 0 for a column of one.
  public let component: Int
  /// Of a column of text, the texts that count: the numbers are 1 where the text is one of these, 0 where it is another, and
  /// missing where there is none; nil for a column of numbers.
  public let texts: [String]?

  /// A column of `rows`.
  public init(_ rows: FormulaRows, _ name: String, component: Int = 0, texts: [String]? = nil) {
    self.rows = rows
    self.name = name
    self.component = component
    self.texts = texts
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// A table that a head gives back from its evaluation.
///
/// ```swift
/// let table = HeadTable(
///   "by-pt", columns: [
///     HeadTable.Column("pT", unit: "GeV", numbers: [100, 200]),
///     HeadTable.Column("bias", estimates: [Estimate(value: 0.01, error: 0.002), nil]),
///   ])
/// ```
///
/// A number that is not finite is not known: a dash in text, an empty cell in CSV, `null` in JSON.
public struct HeadTable: Sendable, Equatable {
  /// What the cells of a column hold.
  public enum Cells: Sendable, Equatable {
    /// Numbers: `[rows]`.
    case numbers([Double])
    /// Numbers with their statistical errors, nil for what is not known: `[rows]`.
    case estimates([Estimate?])
    /// Texts: `[rows]`.
    case texts([String])

    /// The number of rows.
    public var count: Int {
      switch self {
      case .numbers(let numbers): numbers.count
      case .estimates(let estimates): estimates.count
      case .texts(let texts): texts.count
      }
    }
  }

  /// A column with its title.
  public struct Column: Sendable, Equatable {
    /// The name, unique in the table.
    public let name: String
    /// The unit, such as `GeV`; nil for pure numbers and texts.
    public let unit: String?
    /// What is in the column.
    public let cells: Cells

    /// The name with the unit: `pT [GeV]`.
    public var title: String { unit.map { "\(name) [\($0)]" } ?? name }

    /// A column of numbers: `[rows]`.
    public init(_ name: String, unit: String? = nil, numbers: [Double]) {
      (self.name, self.unit, cells) = (name, unit, .numbers(numbers))
    }

    /// A column of numbers with their statistical errors, nil for what is not known: `[rows]`.
    public init(_ name: String, unit: String? = nil, estimates: [Estimate?]) {
      (self.name, self.unit, cells) = (name, unit, .estimates(estimates))
    }

    /// A column of texts, such as names of classes: `[rows]`.
    public init(_ name: String, texts: [String]) {
      (self.name, unit, cells) = (name, nil, .texts(texts))
    }
  }

  /// The name, which files have in their names: unique in the head and without a slash.
  public let name: String
  /// The columns, of equal length.
  public let columns: [Column]

  /// A table of one or more columns of equal length.
  public init(_ name: String, columns: [Column]) {
    self.name = name
    self.columns = columns
  }

  /// The number of rows.
  public var rowCount: Int { columns.first?.cells.count ?? 0 }
}

extension HeadTable {
  /// What cannot be written of the table, as the end of a sentence; nil if nothing is wrong.
  var problem: String? {
    if columns.isEmpty { return "has no columns" }
    if let name = columns.map(\.name).firstWithoutUse {
      return "has a column called “\(name)”, or two of them"
    }
    if let column = columns.first(where: { $0.cells.count != rowCount }) {
      return
        "has \(column.cells.count) rows in its column \(column.name) and \(rowCount) in \(columns[0].name)"
    }
    return nil
  }
}

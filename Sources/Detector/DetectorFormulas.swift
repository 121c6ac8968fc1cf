// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas

/// Numbers of tracks or cells that formulas of a card read, by their names there.
struct FormulaColumns: FormulaData {
  /// The numbers of each column: `[columns][rows]`, in the order of the schema.
  var values: [[Double]]
  private let names: [String]

  /// No rows of a schema.
  init(_ schema: FormulaNames) {
    names = schema.names
    values = names.map { _ in [] }
  }

  /// The number of rows.
  var count: Int { values[0].count }

  /// Forgets the rows and keeps the storage.
  mutating func removeAll() {
    for column in 0..<values.count { values[column].removeAll(keepingCapacity: true) }
  }

  func count(of rows: FormulaRows) -> Int { rows == .particle ? count : 0 }
  func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int> { 0..<count }

  func read(_ column: FormulaColumn, into result: inout [Double]) {
    result.removeAll(keepingCapacity: true)
    for place in 0..<names.count where names[place] == column.name {
      result.append(contentsOf: values[place])
      return
    }
  }
}

/// The names that formulas of a card know.
struct FormulaNames: FormulaSchema {
  let names: [String]

  /// Of charged particles, in the order of what ``DetectorSimulation`` fills.
  static let ofTracks = FormulaNames(names: ["pt", "eta", "phi", "energy", "charge"])
  /// Of cells.
  static let ofCells = FormulaNames(names: ["energy", "eta"])

  func names(of rows: FormulaRows) -> [String] { rows == .particle ? names : [] }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Writes aligned columns for people, as described at `ResultFormat.table`.
///
/// Widths follow from the layout alone, so that lines can be printed as they come.
final class TableResultWriter: ResultWriter {
  /// Rows of more entries than this are shown by their beginning.
  private static let entriesInFull = 4
  private static let numberWidth = 10
  private static let constituentsWidth = 22

  private let text: ResultText
  private var layout: ResultLayout?
  private var line = ""

  init(to destination: ResultDestination) throws {
    text = try ResultText(destination)
  }

  func append(_ batch: ResultBatch) throws {
    let layout = try begin(with: batch)
    layout.check(batch)
    for event in 0..<batch.eventCount {
      let jets = batch.jets(ofEvent: event)
      let number = batch.eventNumbers[event].description
      if jets.isEmpty || !batch.eventColumns.isEmpty {
        addHead([number, "-", "", "", "", ""])
        for column in layout.jetColumns { add("", width: Self.width(of: column)) }
        add(batch.eventColumns, row: event)
        try endLine()
      }
      for jet in jets {
        addHead([
          number, (jet - jets.lowerBound).description,
          Self.fixed(batch.pt[jet], digits: 3), Self.fixed(batch.rapidity[jet], digits: 4),
          Self.fixed(batch.phi[jet], digits: 4), Self.fixed(batch.mass[jet], digits: 3),
        ])
        add(batch.jetColumns, row: jet)
        for column in layout.eventColumns { add("", width: Self.width(of: column)) }
        addLists(of: jet, in: batch)
        try endLine()
      }
    }
    try text.flush()
  }

  func finish() throws {
    _ = try begin(with: ResultBatch())
    try text.finish()
  }

  /// Writes the titles, once.
  private func begin(with batch: ResultBatch) throws -> ResultLayout {
    if let layout { return layout }
    let new = try ResultLayout(of: batch)
    layout = new
    addHead(["event", "jet", "pt [GeV]", "rapidity", "phi", "mass [GeV]"])
    for column in new.jetColumns + new.eventColumns {
      add(Self.title(of: column), width: Self.width(of: column))
    }
    if new.hasConstituents {
      line += "  " + "constituents".padding(toLength: Self.constituentsWidth, withPad: " ", startingAt: 0)
    }
    if new.hasTrees { line += "  tree" }
    try endLine()
    return new
  }

  private func addHead(_ fields: [String]) {
    add(fields[0], width: 6)
    add(fields[1], width: 2)
    for field in fields[2...] { add(field, width: Self.numberWidth) }
  }

  private func add(_ columns: [ResultColumn], row: Int) {
    for column in columns {
      let values = column.values[row * column.width..<(row + 1) * column.width]
      let shown = Self.beginning(of: values.map(Self.computed))
      add(shown, width: Self.width(of: ResultLayout.Column(column)))
    }
  }

  private func addLists(of jet: Int, in batch: ResultBatch) {
    if let constituents = batch.constituents {
      let shown = Self.beginning(of: constituents.values[constituents.values(ofJet: jet)].map(\.description))
      line += "  " + shown
      if batch.trees != nil {
        line += String(repeating: " ", count: max(0, Self.constituentsWidth - shown.count))
      }
    }
    if let trees = batch.trees {
      let pairs = trees.values(ofJet: jet)
      line +=
        "  "
        + Self.beginning(
          of: stride(from: pairs.lowerBound, to: pairs.upperBound, by: 2).map {
            "\(trees.values[$0])+\(trees.values[$0 + 1])"
          })
    }
  }

  /// Adds `field`, flushed right, behind two spaces.
  private func add(_ field: String, width: Int) {
    if !line.isEmpty { line += "  " }
    line += String(repeating: " ", count: max(0, width - field.count)) + field
  }

  private func endLine() throws {
    while line.last == " " { line.removeLast() }
    text.append(line)
    try text.endLine()
    line.removeAll(keepingCapacity: true)
  }

  /// All entries, or the first three and how many there are.
  private static func beginning(of entries: [String]) -> String {
    if entries.count <= entriesInFull { return entries.joined(separator: " ") }
    return entries[..<(entriesInFull - 1)].joined(separator: " ") + " … (\(entries.count))"
  }

  private static func title(of column: ResultLayout.Column) -> String {
    column.unit.map { "\(column.name) [\($0)]" } ?? column.name
  }

  private static func width(of column: ResultLayout.Column) -> Int {
    let widest = [String](repeating: String(repeating: "0", count: numberWidth), count: column.width)
    return max(title(of: column).count, beginning(of: widest).count)
  }

  /// `value` with `digits` digits behind the point, in at most `numberWidth` characters.
  private static func fixed(_ value: Double, digits: Int) -> String {
    let limit = digits == 3 ? 1e5 : 1e4
    return String(format: abs(value) < limit || !value.isFinite ? "%.\(digits)f" : "%.3e", value)
  }

  /// A computed number, which may be small: a score of a rare class must not look like 0.
  private static func computed(_ value: Float) -> String {
    value != 0 && abs(value) < 1e-3 ? String(format: "%.3e", Double(value)) : fixed(Double(value), digits: 4)
  }
}

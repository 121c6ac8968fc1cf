// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// Aligned columns for people.
///
/// There is a line for each jet, and one, marked `-`, for each event that has columns of its own or no jets.
/// Columns and lists of more than four entries are shown by their beginning; the numbers of a jet's constituents and splittings
/// are such lists.
public struct TableResultFormat: ResultFormat {
  /// `table`.
  public let name = "table"
  /// What the format holds.
  public let summary = "is for people"
  /// The endings.
  public let fileExtensions: [String] = ["txt"]

  /// The format.
  public init() {}

  /// Opens `destination`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try TableResultWriter(to: destination)
  }
}

/// Writes aligned columns for people, as described at `TableResultFormat`.
///
/// Widths follow from the layout alone, so that lines can be printed as they come.
final class TableResultWriter: ResultWriter {
  /// Rows of more entries than this are shown by their beginning.
  private static let entriesInFull = 4
  private static let numberWidth = 10
  private static let constituentsWidth = 22

  private let text: ResultText
  private var layout: ResultLayout?
  /// The widths of the computed columns, in characters: those of the jets, of the events, of constituents and of splittings.
  private var widths: [Int] = []
  private var line = ""

  init(to destination: ResultDestination) throws {
    text = try ResultText(destination)
  }

  func append(_ batch: ResultBatch) throws {
    let layout = try begin(with: batch)
    layout.check(batch)
    let jetWidths = widths.prefix(layout.jetColumns.count)
    let eventWidths = widths.dropFirst(layout.jetColumns.count).prefix(layout.eventColumns.count)
    let rowWidths = widths.dropFirst(layout.jetColumns.count + layout.eventColumns.count)
    for event in 0..<batch.eventCount {
      let jets = batch.jets(ofEvent: event)
      let number = batch.eventNumbers[event].description
      if jets.isEmpty || !batch.eventColumns.isEmpty {
        addHead([number, "-", "", "", "", ""])
        for width in jetWidths { add("", width: width) }
        add(batch.eventColumns, row: event, widths: eventWidths)
        try endLine()
      }
      for jet in jets {
        addHead([
          number, (jet - jets.lowerBound).description,
          Self.fixed(batch.pt[jet], digits: 3), Self.fixed(batch.rapidity[jet], digits: 4),
          Self.fixed(batch.phi[jet], digits: 4), Self.fixed(batch.mass[jet], digits: 3),
        ])
        add(batch.jetColumns, row: jet, widths: jetWidths)
        for width in eventWidths { add("", width: width) }
        add(batch.constituentColumns, ofJet: jet, widths: rowWidths.prefix(layout.constituentColumns.count))
        add(batch.splittingColumns, ofJet: jet, widths: rowWidths.dropFirst(layout.constituentColumns.count))
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
    let jetNames = new.jetColumns.map(\.name)
    for (place, column) in (new.jetColumns + new.eventColumns).enumerated() {
      let isRepeated = place >= jetNames.count && jetNames.contains(column.name)
      addTitle(isRepeated ? "event \(column.name)" : column.name, of: column, entries: column.width)
    }
    for (rows, columns) in [("constituent", new.constituentColumns), ("splitting", new.splittingColumns)] {
      for column in columns { addTitle("\(rows)/\(column.name)", of: column, entries: Self.entriesInFull) }
    }
    if new.hasConstituents {
      line += "  " + "constituents".padding(toLength: Self.constituentsWidth, withPad: " ", startingAt: 0)
    }
    if new.hasTrees { line += "  tree" }
    try endLine()
    return new
  }

  private func addTitle(_ name: String, of column: ResultLayout.Column, entries: Int) {
    let title = (column.unit.map { "\(name) [\($0)]" } ?? name).printable
    let widest = String(repeating: "0", count: Self.numberWidth)
    widths.append(max(title.count, Self.beginning(of: 0..<entries) { _ in widest }.count))
    add(title, width: widths.last!)
  }

  private func addHead(_ fields: [String]) {
    add(fields[0], width: 6)
    add(fields[1], width: 2)
    for field in fields[2...] { add(field, width: Self.numberWidth) }
  }

  private func add(_ columns: [ResultColumn], row: Int, widths: ArraySlice<Int>) {
    for (column, width) in zip(columns, widths) {
      if let texts = column.texts {
        add(texts[row].printable, width: width)
        continue
      }
      let entries = row * column.width..<(row + 1) * column.width
      add(Self.beginning(of: entries) { Self.computed(column.values[$0]) }, width: width)
    }
  }

  private func add(_ rows: ResultRows, ofJet jet: Int, widths: ArraySlice<Int>) {
    for (column, width) in zip(rows.columns, widths) {
      let its = rows.rows(ofJet: jet)
      let entries = its.lowerBound * column.width..<its.upperBound * column.width
      add(Self.beginning(of: entries) { Self.computed(column.values[$0]) }, width: width)
    }
  }

  private func addLists(of jet: Int, in batch: ResultBatch) {
    if let constituents = batch.constituents {
      let shown = Self.beginning(of: constituents.entries(ofJet: jet)) { constituents.values[$0].description }
      line += "  " + shown
      if batch.trees != nil { addSpaces(Self.constituentsWidth - shown.count) }
    }
    if let trees = batch.trees {
      line += "  "
      line += Self.beginning(of: trees.entries(ofJet: jet)) {
        "\(trees.values[2 * $0])+\(trees.values[2 * $0 + 1])"
      }
    }
  }

  /// Adds `field`, flushed right, after two spaces.
  private func add(_ field: String, width: Int) {
    if !line.isEmpty { line += "  " }
    addSpaces(width - field.count)
    line += field
  }

  private func addSpaces(_ count: Int) {
    for _ in 0..<max(0, count) { line += " " }
  }

  private func endLine() throws {
    while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
    text.append(line)
    try text.endLine()
    line.removeAll(keepingCapacity: true)
  }

  /// All entries, or the first three and how many there are.
  private static func beginning(of entries: Range<Int>, shown: (Int) -> String) -> String {
    if entries.count <= entriesInFull { return entries.map(shown).joined(separator: " ") }
    return entries.prefix(entriesInFull - 1).map(shown).joined(separator: " ") + " … (\(entries.count))"
  }

  /// `value` with `digits` digits after the point, in at most `numberWidth` characters.
  private static func fixed(_ value: Double, digits: Int) -> String {
    let scale = digits == 3 ? 1e3 : 1e4
    let scaled = (abs(value) * scale).rounded()
    // Not String(format:), which would take most of a program's time if there are many lines.
    guard scaled < 1e8 else { return String(format: "%.3e", value.withPlainNaN) }
    let fraction = String(Int(scaled) % Int(scale))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(value.sign == .minus ? "-" : "")\(Int(scaled) / Int(scale)).\(zeros)\(fraction)"
  }

  /// A computed number, which may be small: a score of a rare class must not look like 0.
  private static func computed(_ value: Float) -> String {
    value != 0 && abs(value) < 1e-3 ? String(format: "%.3e", Double(value)) : fixed(Double(value), digits: 4)
  }
}

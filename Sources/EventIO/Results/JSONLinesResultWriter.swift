// SPDX-License-Identifier: GPL-3.0-or-later

/// One JSON object an event, NAME being the name of a column, `embedding` or `HEAD/OUTPUT`:
/// `{"event":i,"jets":[{"pt":…,"rapidity":…,"phi":…,"mass":…,"constituents":[…],"tree":[[left,right],…],
/// "embedding":[…],"HEAD":{"OUTPUT":…}}],"embedding":[…],"HEAD":{"OUTPUT":…}}` on one line.
///
/// What heads say of constituents or splittings is in the object of the jet, `"constituent":{"HEAD":{"OUTPUT":[…]}}`, with an
/// element for each of them. Columns of width 1 are numbers, others arrays. Numbers have the digits that it takes to read back the same
/// Double, or for columns the same Float; what is no number becomes `null`,
/// and infinite numbers `Infinity` and `-Infinity`, as Python's `json` has them.
public struct JSONLinesResultFormat: ResultFormat {
  /// `jsonl`.
  public let name = "jsonl"
  /// What the format holds.
  public let summary = "has one JSON object an event"
  /// The endings.
  public let fileExtensions: [String] = ["jsonl"]

  /// The format.
  public init() {}

  /// Opens `destination`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try JSONLinesResultWriter(to: destination)
  }
}

/// Writes one JSON object an event, as described at `JSONLinesResultFormat`.
final class JSONLinesResultWriter: ResultWriter {
  /// The members that one head, or one column without a head, contributes to an object.
  private struct Member {
    /// What stands before the first value, from the comma on.
    var opening: String
    /// What stands before each value, and the column that the value comes from.
    var values: [(label: String, column: Int)]
    /// What stands after the last value.
    var closing: String
  }

  private let text: ResultText
  private var layout: ResultLayout?
  private var jetMembers: [Member] = []
  private var eventMembers: [Member] = []
  private var constituentMembers: [Member] = []
  private var splittingMembers: [Member] = []

  init(to destination: ResultDestination) throws {
    text = try ResultText(destination)
  }

  func append(_ batch: ResultBatch) throws {
    if layout == nil {
      let new = try ResultLayout(of: batch)
      jetMembers = Self.members(new.jetColumns)
      eventMembers = Self.members(new.eventColumns)
      constituentMembers = Self.members(new.constituentColumns)
      splittingMembers = Self.members(new.splittingColumns)
      layout = new
    }
    let layout = layout!
    layout.check(batch)
    let inputNumbers = layout.hasInputNumbers ? layout.inputNumbers(of: batch) : []
    for event in 0..<batch.eventCount {
      text.append("{\"event\":")
      text.append(batch.eventNumbers[event].description)
      if layout.hasInputNumbers {
        text.append(",\"input_number\":")
        let number = inputNumbers[event]
        if let whole = Int(exactly: number) { text.append(whole.description) } else { text.append(number) }
      }
      text.append(",\"jets\":[")
      for jet in batch.jets(ofEvent: event) {
        if jet > batch.jetOffsets[event] { text.append(",") }
        append(jet: jet, of: batch)
      }
      text.append("]")
      append(eventMembers, of: batch.eventColumns, row: event)
      text.append("}")
      try text.endLine()
    }
    try text.flush()
  }

  func finish() throws {
    try text.finish()
  }

  private func append(jet: Int, of batch: ResultBatch) {
    text.append("{\"pt\":")
    text.append(batch.pt[jet])
    text.append(",\"rapidity\":")
    text.append(batch.rapidity[jet])
    text.append(",\"phi\":")
    text.append(batch.phi[jet])
    text.append(",\"mass\":")
    text.append(batch.mass[jet])
    if let constituents = batch.constituents {
      text.append(",\"constituents\":")
      text.append(constituents.entries(ofJet: jet)) { text.append(constituents.values[$0].description) }
    }
    if let trees = batch.trees {
      text.append(",\"tree\":")
      text.append(trees.entries(ofJet: jet)) { splitting in
        text.append("[\(trees.values[2 * splitting]),\(trees.values[2 * splitting + 1])]")
      }
    }
    append(jetMembers, of: batch.jetColumns, row: jet)
    append("constituent", constituentMembers, of: batch.constituentColumns, jet: jet)
    append("splitting", splittingMembers, of: batch.splittingColumns, jet: jet)
    text.append("}")
  }

  /// Adds what heads say of the rows of one jet.
  private func append(_ name: String, _ members: [Member], of rows: ResultRows, jet: Int) {
    guard !members.isEmpty else { return }
    text.append(",\"\(name)\":{")
    for (index, member) in members.enumerated() {
      text.append(index == 0 ? String(member.opening.dropFirst()) : member.opening)
      for (label, place) in member.values {
        let column = rows.columns[place]
        text.append(label)
        text.append(rows.rows(ofJet: jet)) { append(column, row: $0) }
      }
      text.append(member.closing)
    }
    text.append("}")
  }

  private func append(_ members: [Member], of columns: [ResultColumn], row: Int) {
    for member in members {
      text.append(member.opening)
      for (label, index) in member.values {
        text.append(label)
        append(columns[index], row: row)
      }
      text.append(member.closing)
    }
  }

  /// Adds the numbers of a row, or its text, which is null if it is missing.
  private func append(_ column: ResultColumn, row: Int) {
    if let texts = column.texts {
      text.append(texts[row].isEmpty ? "null" : JSONText.quoted(texts[row]))
    } else if column.width == 1 {
      text.append(column.values[row])
    } else {
      text.append(column.values[row * column.width..<(row + 1) * column.width]) { text.append($0) }
    }
  }

  private static func members(_ columns: [ResultLayout.Column]) -> [Member] {
    var members: [Member] = []
    var places: [Substring: Int] = [:]
    for (index, column) in columns.enumerated() {
      let parts = column.name.split(separator: "/")
      let label = JSONText.quoted(parts[parts.count - 1]) + ":"
      if parts.count == 1 {
        members.append(Member(opening: ",", values: [(label, index)], closing: ""))
      } else if let place = places[parts[0]] {
        members[place].values.append(("," + label, index))
      } else {
        places[parts[0]] = members.count
        members.append(
          Member(opening: "," + JSONText.quoted(parts[0]) + ":{", values: [(label, index)], closing: "}"))
      }
    }
    return members
  }
}

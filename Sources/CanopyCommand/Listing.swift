// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Labelled values for people, in sections whose values are aligned; all text is made safe for a terminal.
struct Listing {
  private var sections: [(title: String?, lines: [(label: String, value: String)])] = [(nil, [])]

  /// Begins a section.
  mutating func begin(_ title: String) { sections.append((title.printable, [])) }

  /// Adds a line to the section; one without a label goes on with the value above.
  mutating func add(_ label: String, _ value: String) {
    sections[sections.count - 1].lines.append((label.printable, value.printable))
  }

  /// Adds lines of aligned cells, the first of which has the titles of the columns: numbers flush right, text
  /// flush left.
  mutating func add(table cells: [[String]]) {
    let rows = cells.map { $0.map(\.printable) }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    let areNumbers = rows[0].indices.map { column in
      rows.dropFirst().allSatisfy { $0[column] == "-" || Double($0[column]) != nil }
    }
    for row in rows {
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        if areNumbers[column] { return space + row[column] }
        return column == row.count - 1 ? row[column] : row[column] + space
      }
      add("", cells.joined(separator: "  "))
    }
  }

  /// The whole text.
  var text: String {
    var text = ""
    for (index, section) in sections.enumerated() {
      if let title = section.title { text += (index > 0 && !text.isEmpty ? "\n" : "") + title + "\n" }
      let indent = section.title == nil ? "" : "  "
      let width = section.lines.map(\.label.count).max() ?? 0
      for line in section.lines {
        let space = width == 0 ? "" : String(repeating: " ", count: width - line.label.count + 2)
        text += indent + line.label + space + line.value + "\n"
      }
    }
    return text
  }
}

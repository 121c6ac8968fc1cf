// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Numbers in columns, some behind text, to be written as CSV (RFC 4180 with line feeds).
package struct Table {
  private var text: String

  /// A table of named columns without rows.
  package init(columns: [String]) {
    text = columns.map(Self.quoted).joined(separator: ",") + "\n"
  }

  /// Adds a row of texts and numbers; nil is no number.
  package mutating func append(_ row: [Double?], behind names: [String] = []) {
    append(cells: names.map(Self.quoted) + row.map(Self.cell))
  }

  /// Adds a line of cells as `cell` and `quoted` make them.
  package mutating func append(cells: [String]) { text += cells.joined(separator: ",") + "\n" }

  /// The content of the file.
  package var data: Data { Data(text.utf8) }

  /// A number; empty for none.
  package static func cell(_ value: Double?) -> String {
    value.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : $0.text } ?? ""
  }

  /// A text in one line, in quotation marks if it needs them.
  package static func quoted(_ name: String) -> String {
    let line = name.map { $0.isNewline ? " " : $0 }
    return line.contains { ",\"".contains($0) }
      ? "\"\(String(line).replacingOccurrences(of: "\"", with: "\"\""))\"" : String(line)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// Numbers in columns, some behind text, to be written as CSV (RFC 4180 with line feeds).
struct Table {
  private var text: String

  init(columns: [String]) {
    text = columns.map(Self.quoted).joined(separator: ",") + "\n"
  }

  mutating func append(_ row: [Double?], behind names: [String] = []) {
    append(cells: names.map(Self.quoted) + row.map(Self.cell))
  }

  /// Adds a line of cells as `cell` and `quoted` make them.
  mutating func append(cells: [String]) { text += cells.joined(separator: ",") + "\n" }

  var data: Data { Data(text.utf8) }

  /// A number; empty for none.
  static func cell(_ value: Double?) -> String {
    value.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : $0.text } ?? ""
  }

  /// A text in one line, in quotation marks if it needs them.
  static func quoted(_ name: String) -> String {
    let line = name.map { $0.isNewline ? " " : $0 }
    return line.contains { ",\"".contains($0) }
      ? "\"\(String(line).replacingOccurrences(of: "\"", with: "\"\""))\"" : String(line)
  }
}

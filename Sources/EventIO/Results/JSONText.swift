// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

/// Text in JSON.
public enum JSONText {
  /// A string in quotation marks.
  public static func quoted(_ name: some StringProtocol) -> String {
    var result = "\""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension ResultText {
  /// Adds the shortest digits that read back as the same number.
  ///
  /// JSON has no others than finite ones: what is not a number becomes null, and an infinite one `Infinity` or `-Infinity`, as
  /// Python's `json` and JavaScript write it.
  public func append(_ number: some BinaryFloatingPoint & LosslessStringConvertible) {
    if number.isFinite {
      append(number.description)
    } else {
      append(number.isNaN ? "null" : number < 0 ? "-Infinity" : "Infinity")
    }
  }

  /// Adds the number at a place of the values of a column: all digits of a whole number, and true and false of a column
  /// that is stored as such; or the text, null if it is missing.
  public func append(_ column: Column, at place: Int) {
    if column.categories != nil {
      let text = column.text(ofRow: place)
      return append(text.isEmpty ? "null" : JSONText.quoted(text))
    }
    // All digits, where a double would be written with an exponent.
    let isWhole = column.storage != .float64 || abs(column.values[place]) >= 0x1p53
    if column.storage == .bool, column.values[place] == 0 || column.values[place] == 1 {
      append(column.values[place] == 1 ? "true" : "false")
    } else if isWhole, let number = column.wholeNumber(at: place, as: Int64.self) {
      append(number.description)
    } else if isWhole, let number = column.wholeNumber(at: place, as: UInt64.self) {
      append(number.description)
    } else {
      append(column.values[place])
    }
  }

  /// Adds an array in JSON, whose elements `each` adds.
  public func append<Elements: Sequence>(_ elements: Elements, each: (Elements.Element) -> Void) {
    var separator = "["
    for element in elements {
      append(separator)
      each(element)
      separator = ","
    }
    append(separator == "[" ? "[]" : "]")
  }
}

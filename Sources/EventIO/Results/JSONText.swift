// SPDX-License-Identifier: GPL-3.0-or-later

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
  /// Adds the shortest digits that read back as the same number; JSON has no others than finite ones.
  public func append(_ number: some BinaryFloatingPoint & LosslessStringConvertible) {
    append(number.isFinite ? number.description : "null")
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

// SPDX-License-Identifier: GPL-3.0-or-later

extension String {
  /// The text as a terminal may show it: what would move the cursor, change colours, break the line or turn the
  /// direction of writing stands as `\u{…}`.
  ///
  /// Names and values from files pass through this before they are printed or put into a message.
  public var printable: String {
    guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      if scalar.isUnprintable {
        text += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

extension Unicode.Scalar {
  /// Whether this is a control, formatting, private or unassigned character, or separates lines or paragraphs.
  fileprivate var isUnprintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
    default: false
    }
  }
}

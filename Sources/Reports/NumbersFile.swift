// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// JSON files of numbers for programs and people: indented, with sorted keys and a line feed at the end.
enum NumbersFile {
  /// The content of the file.
  static func encode(_ content: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // JSON has no numbers for these.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(content) + Data("\n".utf8)
  }
}

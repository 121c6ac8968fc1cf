// SPDX-License-Identifier: GPL-3.0-or-later

import CTextParsing

/// Numbers in text, whatever the locale: what readers of text formats share.
public enum TextNumber {
  /// All of `text` as a decimal number, `nan` and `inf` included; nil if it is none or too large for a Double.
  ///
  /// What is too small for a Double is 0. An exponent may follow `D` as in Fortran, which writes `1.5D+02`.
  public static func decimal(_ text: UnsafeRawBufferPointer) -> Double? {
    guard let base = text.baseAddress else { return nil }
    var value = 0.0
    let characters = base.assumingMemoryBound(to: CChar.self)
    if canopy_parse_decimal(characters, text.count, &value) == CANOPY_NUMBER { return value }
    let exponents = [UInt8(ascii: "D"), UInt8(ascii: "d")]
    guard text.count <= 64, let place = text.firstIndex(where: exponents.contains) else { return nil }
    var copy = text.map { CChar(bitPattern: $0) }
    copy[place] = CChar(bitPattern: UInt8(ascii: "E"))
    return canopy_parse_decimal(copy, copy.count, &value) == CANOPY_NUMBER ? value : nil
  }

  /// All of `text` as an integer; nil if it is none or too large for 64 bits.
  public static func integer(_ text: UnsafeRawBufferPointer) -> Int? {
    guard let base = text.baseAddress else { return nil }
    var value: Int64 = 0
    let characters = base.assumingMemoryBound(to: CChar.self)
    return canopy_parse_integer(characters, text.count, &value) == CANOPY_NUMBER ? Int(value) : nil
  }

  /// Calls `body` with each of the fields of a line that blanks separate, and the field's place, counted from 0.
  ///
  /// - Returns: how many fields there are.
  @inline(__always)
  @discardableResult
  public static func forEachField(
    of line: UnsafeRawBufferPointer, _ body: (_ place: Int, _ field: UnsafeRawBufferPointer) throws -> Void
  ) rethrows -> Int {
    var count = 0
    var next = 0
    while true {
      while next < line.count, line[next] <= 0x20 { next += 1 }
      guard next < line.count else { return count }
      let start = next
      while next < line.count, line[next] > 0x20 { next += 1 }
      try body(count, UnsafeRawBufferPointer(rebasing: line[start..<next]))
      count += 1
    }
  }
}

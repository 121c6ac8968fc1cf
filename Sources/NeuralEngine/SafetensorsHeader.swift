// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The JSON header of a safetensors file.
///
/// Its grammar is small and fixed, and general JSON decoders pass over a name that is given twice, so it is
/// read here, byte by byte.
struct SafetensorsHeader {
  /// The element types that are read.
  enum ElementType: String, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"

    var byteCount: Int {
      switch self {
      case .float64: 8
      case .float32: 4
      case .float16, .bfloat16: 2
      }
    }
  }

  struct Entry {
    var name: String
    var elementType: ElementType
    var shape: [Int]
    /// Where the numbers lie, counted from the end of the header.
    var bytes: Range<Int>
  }

  static let metadataName = "__metadata__"

  /// The tensors in the order of the header.
  var entries: [Entry] = []
  var metadata: [String: String] = [:]

  /// Reads a header, trailing spaces allowed.
  init(parsing bytes: [UInt8], source: String) throws {
    var scanner = HeaderScanner(bytes: bytes, source: source)
    var names: Set<String> = []
    try scanner.object { scanner, name in
      guard names.insert(name).inserted else {
        throw SafetensorsError(
          source, tensor: name, "the header names it twice; write the file again without the duplicate")
      }
      if name == Self.metadataName {
        try scanner.object { scanner, key in metadata[key] = try scanner.string() }
      } else {
        entries.append(try Self.entry(name, &scanner, source))
      }
    }
    try scanner.end()
  }

  private static func entry(
    _ name: String, _ scanner: inout HeaderScanner, _ source: String
  ) throws -> Entry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { scanner, field in
      switch field {
      case "dtype" where typeName == nil: typeName = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.integers()
      case "data_offsets" where offsets == nil: offsets = try scanner.integers()
      case "dtype", "shape", "data_offsets":
        throw SafetensorsError(source, tensor: name, "the header gives its '\(field)' twice")
      default:
        throw SafetensorsError(
          source, tensor: name, "the header gives a field that is not dtype, shape or data_offsets")
      }
    }
    guard let typeName, let shape, let offsets else {
      let missing = typeName == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw SafetensorsError(source, tensor: name, "the header lacks its '\(missing)'")
    }
    guard let elementType = ElementType(rawValue: typeName) else {
      let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
      throw SafetensorsError(
        source, tensor: name, "its element type is not one of those that are read (\(known)); convert it")
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw SafetensorsError(
        source, tensor: name, "its data_offsets \(offsets.prefix(4)) are not a begin and an end")
    }
    guard let count = elementCount(ofShape: shape),
      case let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount),
      !overflow, byteCount == offsets[1] - offsets[0]
    else {
      throw SafetensorsError(
        source, tensor: name,
        "its shape \(shape.prefix(8)) of \(typeName) does not fill its \(offsets[1] - offsets[0]) bytes")
    }
    return Entry(name: name, elementType: elementType, shape: shape, bytes: offsets[0]..<offsets[1])
  }
}

/// A scanner for the part of JSON that safetensors headers use: objects, strings and lists of whole numbers.
private struct HeaderScanner {
  let bytes: [UInt8]
  let source: String
  var position = 0

  /// Reads an object and hands each member's name to `member`, which reads the value.
  mutating func object(_ member: (inout HeaderScanner, String) throws -> Void) throws {
    try expect("{")
    if take("}") { return }
    repeat {
      let name = try string()
      try expect(":")
      try member(&self, name)
    } while take(",")
    try expect("}")
  }

  mutating func integers() throws -> [Int] {
    var values: [Int] = []
    try expect("[")
    if take("]") { return values }
    repeat { values.append(try integer()) } while take(",")
    try expect("]")
    return values
  }

  private mutating func integer() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = Int(bytes[position]) - 48, (0...9).contains(digit) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(digit)
      guard !overflow, !carry else { throw invalid("a number is too large") }
      value = sum
      position += 1
    }
    guard position > start else { throw invalid("a whole number is expected") }
    return value
  }

  mutating func string() throws -> String {
    try expect("\"")
    let start = position
    var hasEscapes = false
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      guard bytes[position] >= 32 else { throw invalid("a name holds a control character") }
      if bytes[position] == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    guard position < bytes.count else { throw invalid("a name does not end") }
    let content = bytes[start..<position]
    position += 1
    let text =
      hasEscapes
      ? try? JSONDecoder().decode(String.self, from: Data(bytes[start - 1..<position]))
      : String(validating: content, as: UTF8.self)
    guard let text else { throw invalid("a name is not valid text") }
    return text
  }

  /// Makes sure that nothing but space is left.
  mutating func end() throws {
    skipSpace()
    guard position == bytes.count else { throw invalid("something follows the last brace") }
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard take(character) else { throw invalid("'\(character)' is expected") }
  }

  private func invalid(_ problem: String) -> SafetensorsError {
    SafetensorsError(
      source, "the header is not that of a safetensors file: \(problem) at byte \(position + 8) of the file")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension Safetensors {
  /// The largest header that is read, as in the format's reference implementation.
  private static let largestHeader = 100_000_000

  /// Reads a file.
  ///
  /// - Throws: ``SafetensorsError`` if the file cannot be read or is not sound.
  public init(contentsOf file: URL) throws {
    try self.init(Self.bytes(of: file), source: file.relativePath)
  }

  /// The bytes of a file that may hold tensors.
  ///
  /// - Throws: ``SafetensorsError`` if the file cannot be read.
  package static func bytes(of file: URL) throws -> Data {
    let path = file.relativePath
    do {
      // A pipe or a device has no end to check the lengths against.
      let attributes = try FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else {
        throw SafetensorsError(path, "it is not a regular file; name a file in the safetensors format")
      }
      return try Data(contentsOf: file)
    } catch let error as SafetensorsError {
      throw error
    } catch {
      throw SafetensorsError(path, "it cannot be read: \(error.fileReason)")
    }
  }

  /// Reads the content of a file; `source` names the file in messages.
  ///
  /// - Throws: ``SafetensorsError`` if the content is not sound.
  public init(_ data: Data, source: String) throws {
    let bytes = [UInt8](data)
    guard bytes.count >= 8 else {
      throw SafetensorsError(source, "it has \(bytes.count) bytes and is cut short; write it again")
    }
    let declared = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let headerCount = Int(exactly: declared), headerCount <= bytes.count - 8 else {
      throw SafetensorsError(
        source,
        "its header claims \(declared) bytes and only \(bytes.count - 8) follow; "
          + "it is cut short or not a safetensors file")
    }
    guard headerCount <= Self.largestHeader else {
      throw SafetensorsError(
        source, "its header has \(headerCount) bytes, more than the \(Self.largestHeader) that are allowed")
    }
    let header = try SafetensorsHeader(parsing: Array(bytes[8..<8 + headerCount]), source: source)
    let numbers = bytes[(8 + headerCount)...]
    try Self.checkCoverage(header.entries, byteCount: numbers.count, source: source)
    let tensors = header.entries.map { entry in
      let range = numbers.startIndex + entry.bytes.lowerBound..<numbers.startIndex + entry.bytes.upperBound
      return SafetensorsTensor(
        name: entry.name, shape: entry.shape, values: entry.elementType.decode(bytes[range]))
    }
    try self.init(tensors, metadata: header.metadata, source: source)
  }

  /// Makes sure that the tensors lie side by side and fill the data exactly.
  private static func checkCoverage(
    _ entries: [SafetensorsHeader.Entry], byteCount: Int, source: String
  ) throws {
    var end = 0
    for entry in entries.sorted(by: {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }) {
      guard entry.bytes.upperBound <= byteCount else {
        throw SafetensorsError(
          source, tensor: entry.name,
          "it ends at byte \(entry.bytes.upperBound) of the data, of which there are \(byteCount); "
            + "the file is cut short")
      }
      guard entry.bytes.lowerBound == end else {
        let fault = entry.bytes.lowerBound < end ? "it overlaps the tensor before it" : "a gap lies before it"
        throw SafetensorsError(
          source, tensor: entry.name,
          "\(fault) at byte \(entry.bytes.lowerBound) of the data; write the file again")
      }
      end = entry.bytes.upperBound
    }
    guard end == byteCount else {
      throw SafetensorsError(
        source, "\(byteCount - end) bytes at its end belong to no tensor; write the file again")
    }
  }
}

extension SafetensorsHeader.ElementType {
  /// Numbers from their little-endian bytes, rounded to `Float` if they are of double precision.
  fileprivate func decode(_ bytes: ArraySlice<UInt8>) -> [Float] {
    bytes.withUnsafeBytes { raw in
      func words<Word: FixedWidthInteger>(_: Word.Type, _ value: (Word) -> Float) -> [Float] {
        (0..<raw.count / byteCount).map {
          value(Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * byteCount, as: Word.self)))
        }
      }
      switch self {
      case .float64: return words(UInt64.self) { Float(Double(bitPattern: $0)) }
      case .float32: return words(UInt32.self) { Float(bitPattern: $0) }
      case .float16: return words(UInt16.self, Self.half)
      case .bfloat16: return words(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      }
    }
  }

  /// Half precision by its bits, because Swift has no `Float16` on some x86 systems.
  private static func half(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF)
    let sign = UInt32(bits & 0x8000) << 16
    // The exponent's bias goes from 15 to 127; the product also makes subnormal numbers normal.
    let finite = Float(bitPattern: magnitude << 13) * 0x1p112
    let value = magnitude < 0x7C00 ? finite : Float(bitPattern: 0x7F80_0000 | magnitude << 13)
    return Float(bitPattern: value.bitPattern | sign)
  }
}

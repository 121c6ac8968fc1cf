// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Writes the fields of a Protocol Buffers message (protobuf.dev/programming-guides/encoding).
struct ProtobufWriter {
  private(set) var data = Data()

  /// Adds a whole number.
  mutating func write(_ value: Int, field: Int) {
    key(field, wireType: 0)
    variableLength(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a number of single precision.
  mutating func write(_ value: Float, field: Int) {
    key(field, wireType: 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  /// Adds bytes.
  mutating func write(_ bytes: Data, field: Int) {
    key(field, wireType: 2)
    variableLength(UInt64(bytes.count))
    data.append(bytes)
  }

  /// Adds a text.
  mutating func write(_ text: String, field: Int) { write(Data(text.utf8), field: field) }

  /// Adds a message.
  mutating func write(field: Int, _ message: (inout ProtobufWriter) -> Void) {
    var writer = ProtobufWriter()
    message(&writer)
    write(writer.data, field: field)
  }

  private mutating func key(_ field: Int, wireType: Int) { variableLength(UInt64(field << 3 | wireType)) }

  private mutating func variableLength(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension Safetensors {
  /// The bytes of the file: tensors by rising name, the header padded to a multiple of eight bytes.
  public func encoded() throws -> Data {
    var members: [String] = []
    if !metadata.isEmpty {
      let remarks = try metadata.sorted { $0.key < $1.key }.map {
        try "\(quoted($0.key)):\(quoted($0.value))"
      }
      members.append("\"\(SafetensorsHeader.metadataName)\":{\(remarks.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.values.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(try quoted(tensor.name)):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)

    var data = Data(capacity: 8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header)
    for tensor in tensors {
      tensor.values.map(\.bitPattern.littleEndian).withUnsafeBytes { data.append(contentsOf: $0) }
    }
    return data
  }

  /// Writes the file, which takes its name when it is complete.
  ///
  /// - Throws: `FileOutputError` if the file cannot be written.
  public func write(to file: URL) throws { try WholeFile.write(encoded(), to: file.relativePath) }

  private func quoted(_ text: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(text), as: UTF8.self)
  }
}

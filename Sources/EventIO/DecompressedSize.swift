// SPDX-License-Identifier: GPL-3.0-or-later

extension Compression {
  /// How many bytes the file `source` has once it is decompressed, found by doing so and looking at none of them.
  ///
  /// - Throws: `EventInputError` if the file cannot be read.
  package static func decompressedSize(source: String) throws -> Int {
    let raw = ByteBuffer(try FileBytes(source: source), source: source)
    let content = try EventInput.decompressed(raw).buffer
    var size = 0
    while true {
      let bytes = try content.available()
      if bytes.isEmpty { return size }
      size += bytes.count
      content.consume(bytes.count)
    }
  }
}

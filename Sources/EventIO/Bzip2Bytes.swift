// SPDX-License-Identifier: GPL-3.0-or-later

import CBzip2

/// The content of a bzip2 file of one or more streams.
///
/// Decompression takes at most 4 MB.
final class Bzip2Bytes: ByteSource {
  private let compressed: ByteBuffer
  private var stream = bz_stream()
  private var isInsideStream = false

  /// Reads from `compressed`, which starts with a bzip2 stream.
  init(_ compressed: ByteBuffer) throws {
    self.compressed = compressed
    try start()
  }

  deinit { end() }

  /// Whether `bytes` start as a bzip2 file does.
  static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 4 && bytes.starts(with: "BZh".utf8) && (0x31...0x39).contains(bytes[3])
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let room = min(buffer.count, Int(UInt32.max))
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
    stream.avail_out = UInt32(room)
    while Int(stream.avail_out) == room {
      if !isInsideStream {
        let next = try compressed.peek(4)
        if next.isEmpty { return 0 }
        guard Bzip2Bytes.matches(next) else {
          throw EventInputError(
            source: compressed.source,
            problem: "has bytes after its bzip2 data that are not bzip2; fetch it again")
        }
        try start()
      }
      let input = try compressed.available()
      guard !input.isEmpty else {
        throw EventInputError(
          source: compressed.source, problem: "is cut short: its bzip2 data end too early; fetch it again")
      }
      let count = min(input.count, Int(UInt32.max))
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: CChar.self))
      stream.avail_in = UInt32(count)
      let status = BZ2_bzDecompress(&stream)
      compressed.consume(count - Int(stream.avail_in))
      switch status {
      case BZ_OK: break
      case BZ_STREAM_END: end()
      default:
        throw EventInputError(source: compressed.source, problem: "has damaged bzip2 data; fetch it again")
      }
    }
    return room - Int(stream.avail_out)
  }

  /// Makes ready for a stream.
  private func start() throws {
    guard BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK else {
      throw EventInputError(
        source: compressed.source, problem: "cannot be decompressed: libbz2 does not start")
    }
    isInsideStream = true
  }

  private func end() {
    if isInsideStream { BZ2_bzDecompressEnd(&stream) }
    isInsideStream = false
  }
}

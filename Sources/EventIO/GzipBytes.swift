// SPDX-License-Identifier: GPL-3.0-or-later

import CZlib
import Foundation

/// The content of a gzip file of one or more members.
final class GzipBytes: ByteSource {
  private let compressed: ByteBuffer
  private var stream = z_stream()
  private var isInsideMember = true

  /// Reads from `compressed`, which starts with a gzip member.
  init(_ compressed: ByteBuffer) throws {
    self.compressed = compressed
    // Bit 4 asks for the gzip format.
    let status = inflateInit2_(
      &stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw EventInputError(source: compressed.source, problem: "cannot be decompressed: zlib does not start")
    }
  }

  deinit { inflateEnd(&stream) }

  /// Whether `bytes` start as a gzip file does.
  static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let room = min(buffer.count, Int(UInt32.max))
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(room)
    while Int(stream.avail_out) == room {
      let input = try compressed.available()
      if !isInsideMember {
        guard try startNextMember() else { return 0 }
        continue
      }
      guard !input.isEmpty else {
        throw EventInputError(
          source: compressed.source, problem: "is cut short: its gzip data end too early; fetch it again")
      }
      let count = min(input.count, Int(UInt32.max))
      stream.next_in = UnsafeMutablePointer(
        mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.avail_in = UInt32(count)
      let status = inflate(&stream, Z_NO_FLUSH)
      compressed.consume(count - Int(stream.avail_in))
      switch status {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isInsideMember = false
      default:
        let reason = stream.msg.map { ": " + String(cString: $0) } ?? ""
        throw EventInputError(
          source: compressed.source, problem: "has damaged gzip data\(reason); fetch it again")
      }
    }
    return room - Int(stream.avail_out)
  }

  /// Makes ready for a further member; false at the end of the file, which zeros may pad.
  private func startNextMember() throws -> Bool {
    while true {
      let next = try compressed.peek(2)
      if next.isEmpty { return false }
      if GzipBytes.matches(next) {
        inflateReset(&stream)
        isInsideMember = true
        return true
      }
      guard next[0] == 0 else {
        throw EventInputError(
          source: compressed.source,
          problem: "has bytes after its gzip data that are not gzip; fetch it again")
      }
      compressed.consume(1)
    }
  }
}

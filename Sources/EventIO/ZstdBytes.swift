// SPDX-License-Identifier: GPL-3.0-or-later

import CZstd

/// The content of a Zstandard file of one or more frames.
final class ZstdBytes: ByteSource {
  private let compressed: ByteBuffer
  private let stream: OpaquePointer
  private let memoryLimit: Int
  private var isInsideFrame = true

  /// Reads from `compressed`, which starts with a Zstandard frame, with a window of at most `memoryLimit` bytes.
  init(_ compressed: ByteBuffer, memoryLimit: Int) throws {
    self.compressed = compressed
    self.memoryLimit = memoryLimit
    guard let stream = ZSTD_createDStream() else {
      throw EventInputError(
        source: compressed.source, problem: "cannot be decompressed: libzstd does not start")
    }
    self.stream = stream
    // The window's size is a power of two, and a frame may ask for one of up to 2 GiB.
    let exponent = Int32(Int.bitWidth - 1 - memoryLimit.leadingZeroBitCount)
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, min(max(exponent, 10), 31))
  }

  deinit { ZSTD_freeDStream(stream) }

  /// Whether `bytes` start as a Zstandard or a skippable frame does.
  static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 4 else { return false }
    let magic = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
    return magic == 0xFD2F_B528 || magic & 0xFFFF_FFF0 == 0x184D_2A50
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    while output.pos == 0 {
      let available = try compressed.available()
      // With no input left a frame may still have output to give.
      var input = ZSTD_inBuffer(src: available.baseAddress, size: available.count, pos: 0)
      if !isInsideFrame {
        if available.isEmpty { return 0 }
        guard try ZstdBytes.matches(compressed.peek(4)) else {
          throw EventInputError(
            source: compressed.source,
            problem: "has bytes after its zstd data that are not zstd; fetch it again")
        }
        isInsideFrame = true
        continue
      }
      let status = ZSTD_decompressStream(stream, &output, &input)
      guard ZSTD_isError(status) == 0 else {
        guard ZSTD_getErrorCode(status) != ZSTD_error_frameParameter_windowTooLarge else {
          throw EventInputError(needingMemoryOf: "zstd", memoryLimit, compressed.source)
        }
        guard ZSTD_getErrorCode(status) != ZSTD_error_dictionary_wrong else {
          throw EventInputError(
            source: compressed.source,
            problem:
              "needs a dictionary of Zstandard or is damaged; compress it without one, or fetch it again")
        }
        let reason = String(cString: ZSTD_getErrorName(status))
        throw EventInputError(
          source: compressed.source, problem: "has damaged zstd data: \(reason); fetch it again")
      }
      compressed.consume(input.pos)
      isInsideFrame = status != 0
      if available.isEmpty, output.pos == 0 {
        throw EventInputError(
          source: compressed.source, problem: "is cut short: its zstd data end too early; fetch it again")
      }
    }
    return output.pos
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CLZMA

/// The content of an xz file of one or more streams.
final class XZBytes: ByteSource {
  private let compressed: ByteBuffer
  private let memoryLimit: Int
  private var stream = lzma_stream()
  private var isInsideStream = false

  /// Reads from `compressed`, which starts with an xz stream, with a dictionary of at most `memoryLimit` bytes.
  init(_ compressed: ByteBuffer, memoryLimit: Int) throws {
    self.compressed = compressed
    self.memoryLimit = memoryLimit
    try start()
  }

  deinit { lzma_end(&stream) }

  /// Whether `bytes` start as an xz file does.
  static func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = buffer.count
    while stream.avail_out == buffer.count {
      if !isInsideStream {
        guard try startNextStream() else { return 0 }
      }
      let input = try compressed.available()
      stream.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.avail_in = input.count
      let status = lzma_code(&stream, input.isEmpty ? LZMA_FINISH : LZMA_RUN)
      compressed.consume(input.count - stream.avail_in)
      switch status {
      case LZMA_OK: break
      case LZMA_STREAM_END: isInsideStream = false
      case LZMA_BUF_ERROR where input.isEmpty:
        throw EventInputError(
          source: compressed.source, problem: "is cut short: its xz data end too early; fetch it again")
      case LZMA_BUF_ERROR: break
      case LZMA_MEMLIMIT_ERROR: throw EventInputError(needingMemoryOf: "xz", memoryLimit, compressed.source)
      case LZMA_OPTIONS_ERROR:
        throw EventInputError(
          source: compressed.source, problem: "uses options of xz that this liblzma lacks; compress it again")
      default:
        throw EventInputError(source: compressed.source, problem: "has damaged xz data; fetch it again")
      }
    }
    return buffer.count - stream.avail_out
  }

  /// Makes ready for a stream; what is to be written stays where it was.
  private func start() throws {
    guard lzma_stream_decoder(&stream, UInt64(memoryLimit), 0) == LZMA_OK else {
      throw EventInputError(
        source: compressed.source, problem: "cannot be decompressed: liblzma does not start")
    }
    isInsideStream = true
  }

  /// Makes ready for a further stream; false at the end of the file, which zeros may pad.
  private func startNextStream() throws -> Bool {
    while true {
      let next = try compressed.peek(6)
      if next.isEmpty { return false }
      if XZBytes.matches(next) {
        try start()
        return true
      }
      guard next[0] == 0 else {
        throw EventInputError(
          source: compressed.source, problem: "has bytes after its xz data that are not xz; fetch it again")
      }
      compressed.consume(1)
    }
  }
}

extension EventInputError {
  /// A compressed input whose decompression would take more memory than it may.
  init(needingMemoryOf method: String, _ limit: Int, _ source: String) {
    self.init(
      source: source,
      problem:
        "needs more than \(limit >> 20) MiB to be decompressed; raise --max-memory, or compress it with a "
        + "smaller \(method) window")
  }
}

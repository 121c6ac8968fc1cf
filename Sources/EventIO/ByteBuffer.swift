// SPDX-License-Identifier: GPL-3.0-or-later

import CTextParsing
import Foundation

/// The content of an input, decompressed, read by lines or by whatever is there.
public final class ByteBuffer {
  /// The file as the user named it.
  public let source: String
  /// The number of the line that `nextLine` returned last, counted from 1.
  public var lineNumber: Int { linesTaken }
  /// Whether the line that `nextLine` returned last had its line break; only the last line can lack it.
  public var hasLineBreak: Bool { endsInBreak }
  // Private, so that access to them needs no check at run time.
  private var linesTaken = 0
  private var endsInBreak = true
  private let bytes: ByteSource
  private var storage: UnsafeMutableRawPointer
  private var capacity: Int
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  private let maximumLineLength: Int
  /// The JSON parser reads, but does not use, some bytes after a line.
  private static let padding = canopy_json_padding()

  /// Reads from `bytes`, whose lines may have as many bytes as `limits` let one event have.
  init(
    _ bytes: ByteSource, source: String, limits: ReadingLimits = ReadingLimits(), capacity: Int = 1 << 18
  ) {
    self.bytes = bytes
    maximumLineLength = limits.bytesOfEvent
    self.source = source
    self.capacity = capacity
    storage = malloc(capacity + ByteBuffer.padding)!
  }

  deinit { free(storage) }

  /// What is buffered now; empty only at the end.
  ///
  /// Valid until the next call.
  public func available() throws -> UnsafeRawBufferPointer {
    if start == end { try fill() }
    return UnsafeRawBufferPointer(start: storage + start, count: end - start)
  }

  /// Passes over `count` of the bytes that `available` or `peek` returned.
  public func consume(_ count: Int) {
    precondition(count <= end - start)
    start += count
  }

  /// The next `count` bytes, or fewer at the end, without passing over them.
  ///
  /// Valid until the next call.
  public func peek(_ count: Int) throws -> UnsafeRawBufferPointer {
    while end - start < count, !isAtEnd { try fill() }
    return UnsafeRawBufferPointer(start: storage + start, count: min(count, end - start))
  }

  /// The next line without its end, or nil at the end of the input.
  ///
  /// Valid until the next call.
  ///
  /// - Throws: `EventInputError` if the line is longer than ``ReadingLimits/bytesOfEvent``.
  public func nextLine() throws -> UnsafeRawBufferPointer? {
    var searched = 0
    while true {
      let length = end - start - searched
      if length > 0, let found = memchr(storage + start + searched, 0x0A, length) {
        return takeLine(length: UnsafeRawPointer(found) - UnsafeRawPointer(storage + start), terminator: 1)
      }
      searched = end - start
      if isAtEnd {
        return searched == 0 ? nil : takeLine(length: searched, terminator: 0)
      }
      guard searched <= maximumLineLength else {
        throw EventInputError(
          source: source, line: lineNumber + 1,
          problem: "is longer than the \(maximumLineLength) bytes that one event may have; "
            + "raise --max-memory if this is an event")
      }
      try fill()
    }
  }

  /// Passes over the byte order mark that some editors put before text.
  ///
  /// - Throws: `EventInputError` if nothing follows.
  func skipByteOrderMark() throws {
    if try peek(3).elementsEqual([0xEF, 0xBB, 0xBF]) { consume(3) }
    guard try !peek(1).isEmpty else {
      throw EventInputError(source: source, problem: "is empty; there are no events to read")
    }
  }

  private func takeLine(length: Int, terminator: Int) -> UnsafeRawBufferPointer {
    let line = UnsafeRawBufferPointer(start: storage + start, count: length)
    start += length + terminator
    linesTaken += 1
    endsInBreak = terminator > 0
    return line.last == 0x0D ? UnsafeRawBufferPointer(rebasing: line.dropLast()) : line
  }

  /// Reads more bytes after those that are buffered, or notes the end.
  private func fill() throws {
    guard !isAtEnd else { return }
    if start > 0 {
      memmove(storage, storage + start, end - start)
      end -= start
      start = 0
    }
    if end == capacity {
      let larger = malloc(2 * capacity + ByteBuffer.padding)!
      memcpy(larger, storage, end)
      free(storage)
      storage = larger
      capacity *= 2
    }
    let count = try bytes.read(
      into: UnsafeMutableRawBufferPointer(start: storage + end, count: capacity - end))
    end += count
    isAtEnd = count == 0
    // It is read before anything is written there.
    memset(storage + end, 0, ByteBuffer.padding)
  }
}

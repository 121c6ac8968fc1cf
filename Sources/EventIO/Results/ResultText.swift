// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Text on its way to a file or a stream, gathered into large writes.
///
/// A file gets its name when the text is complete, and leaves nothing otherwise.
public final class ResultText {
  private let target: ResultTarget
  /// The file to be; `nil` for a stream, which gets the text as it comes.
  private let file: ResultFile?
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  private static let writeSize = 1 << 16

  /// Opens `destination`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public init(_ destination: ResultDestination) throws {
    target = try ResultTarget(destination)
    if target.path == nil {
      file = nil
      descriptor = target.stream
    } else {
      let made = try ResultFile(for: target, isNamed: false)
      file = made
      descriptor = made.descriptor
    }
    buffer.reserveCapacity(2 * Self.writeSize)
  }

  /// Adds `text`.
  public func append(_ text: String) {
    buffer.append(contentsOf: text.utf8)
  }

  /// Ends a line, and writes what has been gathered if that is much.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func endLine() throws {
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.writeSize { try flush() }
  }

  /// Writes what has been gathered.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func flush() throws {
    try buffer.withUnsafeBytes { try target.write($0, to: descriptor) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes the rest and gives the file its name.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func finish() throws {
    try flush()
    try file?.commit()
  }
}

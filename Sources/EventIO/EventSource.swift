// SPDX-License-Identifier: GPL-3.0-or-later

/// An input that a format opens: its content, decompressed, and what the user asks of it.
public struct EventSource {
  /// The content, from its first byte on, without a byte order mark.
  public let bytes: ByteBuffer
  /// The number, through all inputs, of the first event of this one.
  public let firstEvent: Int
  /// What is read, and how much of it is held at once.
  public let options: EventReadingOptions
  /// Whether the content is the file as it is on the disk, which can be opened by its name.
  let isFile: Bool
  private let title: String

  init(
    _ bytes: ByteBuffer, title: String, firstEvent: Int, options: EventReadingOptions, isFile: Bool
  ) {
    self.bytes = bytes
    self.title = title
    self.firstEvent = firstEvent
    self.options = options
    self.isFile = isFile
  }

  /// The input as the user named it, for messages.
  public var source: String { bytes.source }

  /// Calls `open` with the path of a file of the content, for formats that seek.
  ///
  /// If the input is compressed or no regular file, its content is copied to a temporary file, which loses its name when
  /// `open` returns and lives as long as it is open.
  ///
  /// - Throws: what `open` throws, and `EventInputError` if there is more to copy than ``ReadingLimits/bytesOfCopy``.
  public func withFile<Result>(_ open: (_ path: String) throws -> Result) throws -> Result {
    if isFile { return try open(source) }
    return try TemporaryCopy.withCopy(
      of: bytes, limit: options.limits.bytesOfCopy, title: title, open)
  }
}

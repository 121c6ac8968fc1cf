// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// One input of a stream: its bytes, decompressed, and the reader that fits its content.
final class EventInput {
  /// The reader of the input's events.
  let reader: any EventReader
  /// How the input is compressed; nil where it is not.
  let compression: Compression?
  /// How long decompressing has taken so far, in seconds; 0 where there is nothing to decompress.
  var decompressionSeconds: Double { decompression?.seconds ?? 0 }
  private let decompression: TimedBytes?
  private let file: FileBytes
  private let firstEvent: Int

  /// How many bytes of the file have been read, compressed as they are, when `nextEvent` comes next.
  func bytesRead(before nextEvent: Int) -> Int {
    // Readers that seek are asked for the part of the events instead.
    guard let size = file.size, let count = reader.eventCount else { return file.bytesRead }
    return Int(Double(size) * Double(nextEvent - firstEvent) / Double(max(count, 1)))
  }

  /// Opens an input and finds out what it is; its first event gets the number `firstEvent`.
  init(source: String, firstEvent: Int, options: EventReadingOptions) throws {
    self.firstEvent = firstEvent
    file = try FileBytes(source: source)
    let raw = ByteBuffer(file, source: source)
    let (buffer, compression, decompression) = try EventInput.decompressed(raw)
    self.compression = compression
    self.decompression = decompression
    let format = try EventFormat(startOf: buffer)
    switch format {
    case .hdf5:
      if buffer === raw, file.size != nil, source != "-" {
        reader = try HDF5EventReader(path: source, source: source, firstEvent: firstEvent, options: options)
      } else {
        reader = try EventInput.spool(buffer) {
          try HDF5EventReader(path: $0, source: source, firstEvent: firstEvent, options: options)
        }
      }
    case .hepMC2, .hepMC3:
      reader = HepMCEventReader(
        buffer, format: format, firstEvent: firstEvent, options: options)
    case .jsonLines: reader = try JSONEventReader(buffer, firstEvent: firstEvent, options: options)
    case .text: reader = TextEventReader(buffer, firstEvent: firstEvent, options: options)
    }
  }

  /// The number of events of an HDF5 file that can be read in place, else nil.
  static func countEvents(source: String) -> Int? {
    guard FileBytes.size(source: source) != nil, let file = try? FileBytes(source: source),
      (try? EventFormat(startOf: ByteBuffer(file, source: source))) == .hdf5
    else { return nil }
    return try? HDF5EventReader(path: source, source: source, firstEvent: 0, options: EventReadingOptions())
      .eventCount
  }

  /// The content of an input, decompressed where it is compressed.
  static func decompressed(
    _ raw: ByteBuffer
  ) throws -> (buffer: ByteBuffer, compression: Compression?, decompression: TimedBytes?) {
    let start = try raw.peek(4)
    let content: (bytes: any ByteSource, compression: Compression)
    if GzipBytes.matches(start) {
      content = (try GzipBytes(raw), .gzip)
    } else if ZstdBytes.matches(start) {
      content = (try ZstdBytes(raw), .zstd)
    } else {
      return (raw, nil, nil)
    }
    let decompression = TimedBytes(content.bytes)
    return (ByteBuffer(decompression, source: raw.source), content.compression, decompression)
  }

  /// Copies what cannot be read in place, since HDF5 seeks, to a temporary file that is gone once it is open.
  private static func spool<Result>(_ buffer: ByteBuffer, _ open: (String) throws -> Result) throws -> Result
  {
    let folder = FileManager.default.temporaryDirectory
    var path = Array(folder.appendingPathComponent("canopy-events-XXXXXX").path.utf8CString)
    let descriptor = mkstemp(&path)
    func refusal() -> EventInputError {
      EventInputError(
        source: buffer.source,
        problem: "cannot be copied to \(folder.path): \(String(cString: strerror(errno))); "
          + "set TMPDIR to a folder with more space")
    }
    guard descriptor >= 0 else { throw refusal() }
    defer {
      unlink(path)
      close(descriptor)
    }
    while true {
      let bytes = try buffer.available()
      if bytes.isEmpty { break }
      let count = write(descriptor, bytes.baseAddress, bytes.count)
      if count < 0, errno != EINTR { throw refusal() }
      buffer.consume(max(count, 0))
    }
    return try open(path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// One input of a stream: its bytes, decompressed, and the reader that fits its content.
final class EventInput {
  /// The reader of the input's events.
  let reader: any EventReader
  /// How the input is compressed; nil if it is not.
  let compression: Compression?
  /// The number, through all inputs, of the first event of this one.
  let firstEvent: Int
  /// How long decompressing has taken so far, in seconds; 0 if there is nothing to decompress.
  var decompressionSeconds: Double { decompression?.seconds ?? 0 }
  private let decompression: TimedBytes?
  private let file: FileBytes

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
    let raw = ByteBuffer(file, source: source, limits: options.limits)
    let (buffer, compression, decompression) = try EventInput.decompressed(raw, limits: options.limits)
    self.compression = compression
    self.decompression = decompression
    let format: EventFormat
    if let given = options.format {
      try EventFormat.skipByteOrderMark(buffer)
      format = given
    } else {
      format = try EventFormat(startOf: buffer)
    }
    switch format {
    case .hdf5:
      if buffer === raw, file.size != nil, source != "-" {
        reader = try HDF5EventReader(path: source, source: source, firstEvent: firstEvent, options: options)
      } else {
        reader = try TemporaryCopy.withCopy(of: buffer, limit: options.limits.bytesOfCopy) {
          try HDF5EventReader(path: $0, source: source, firstEvent: firstEvent, options: options)
        }
      }
    case .hepMC2, .hepMC3:
      reader = HepMCEventReader(
        buffer, format: format, firstEvent: firstEvent, options: options)
    case .jsonLines: reader = try JSONEventReader(buffer, firstEvent: firstEvent, options: options)
    case .text: reader = TextEventReader(buffer, firstEvent: firstEvent, options: options)
    }
    guard let wanted = options.units else { return }
    if format.isGeneratorRecord {
      throw EventInputError(
        source: source, problem: "is \(format.rawValue), which states its units itself; leave out --units")
    }
    if let stated = reader.statedUnit, stated != wanted {
      throw EventInputError(
        source: source, problem: "states that its unit is \(stated.rawValue); leave out --units")
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

  /// The content of an input, decompressed if it is compressed.
  static func decompressed(
    _ raw: ByteBuffer, limits: ReadingLimits = ReadingLimits()
  ) throws -> (buffer: ByteBuffer, compression: Compression?, decompression: TimedBytes?) {
    let start = try raw.peek(6)
    let content: (bytes: any ByteSource, compression: Compression)
    if GzipBytes.matches(start) {
      content = (try GzipBytes(raw), .gzip)
    } else if ZstdBytes.matches(start) {
      content = (try ZstdBytes(raw, memoryLimit: limits.bytesOfDecompressor), .zstd)
    } else if XZBytes.matches(start) {
      content = (try XZBytes(raw, memoryLimit: limits.bytesOfDecompressor), .xz)
    } else if Bzip2Bytes.matches(start) {
      content = (try Bzip2Bytes(raw), .bzip2)
    } else {
      return (raw, nil, nil)
    }
    let decompression = TimedBytes(content.bytes)
    return (
      ByteBuffer(decompression, source: raw.source, limits: limits), content.compression, decompression
    )
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// One input of a stream: its bytes, decompressed, and the reader that fits its content.
final class EventInput {
  /// The reader of the input's events.
  let reader: any EventReader
  /// The format of the input.
  let format: any EventFormat
  /// How the input is compressed; nil if it is not.
  let compression: Compression?
  /// The number, through all inputs, of the first event of this one.
  let firstEvent: Int
  /// How long decompressing has taken so far, in seconds; 0 if there is nothing to decompress.
  var decompressionSeconds: Double { decompression?.seconds ?? 0 }
  private let decompression: TimedBytes?
  /// The file; nil if the events are in memory.
  private let file: FileBytes?

  /// How many bytes of the file have been read, in their compressed form, when `nextEvent` comes next.
  func bytesRead(before nextEvent: Int) -> Int {
    // Readers that seek are asked for the part of the events instead.
    guard let file else { return 0 }
    guard let size = file.size, let count = reader.eventCount else { return file.bytesRead }
    return Int(Double(size) * Double(nextEvent - firstEvent) / Double(max(count, 1)))
  }

  /// Opens an input and finds out what it is; its first event gets the number `firstEvent`.
  init(source: String, firstEvent: Int, options: EventReadingOptions) throws {
    self.firstEvent = firstEvent
    if let events = options.held[source] {
      (file, compression, decompression) = (nil, nil, nil)
      format = HeldEventFormat()
      reader = HeldEventReader(events, source: source, firstEvent: firstEvent)
      try checkDemands(of: options, source: source)
      return
    }
    let file = try FileBytes(source: source)
    self.file = file
    let raw = ByteBuffer(file, source: source, limits: options.limits)
    let (buffer, compression, decompression) = try EventInput.decompressed(raw, limits: options.limits)
    self.compression = compression
    self.decompression = decompression
    if let name = options.format {
      try buffer.skipByteOrderMark()
      format = try options.formats.format(named: name, source: source)
    } else {
      format = try options.formats.format(startOf: buffer)
    }
    let isFile = buffer === raw && file.size != nil && source != "-"
    reader = try format.open(
      EventSource(buffer, title: format.title, firstEvent: firstEvent, options: options, isFile: isFile))
    if options.units != nil, format.isGeneratorRecord {
      throw EventInputError(
        source: source, problem: "is \(format.title), which states its units itself; leave out --units")
    }
    try checkDemands(of: options, source: source)
  }

  private func checkDemands(of options: EventReadingOptions, source: String) throws {
    guard options.demands.contains(.status), !format.isGeneratorRecord else { return }
    throw EventInputError(
      source: source,
      problem:
        "is \(format.title), whose particles have no status as those of generators have; leave out --status"
    )
  }

  /// Whether momenta are in GeV when they come from the reader.
  var convertsMomenta: Bool { format.isGeneratorRecord || reader.convertsMomenta }

  /// The number of events of a file that says so and can be read in place, else nil.
  static func countEvents(source: String, _ options: EventReadingOptions) -> Int? {
    if let events = options.held[source] { return events.eventCount }
    guard FileBytes.size(source: source) != nil, let file = try? FileBytes(source: source) else { return nil }
    let buffer = ByteBuffer(file, source: source)
    guard let format = try? options.formats.format(startOf: buffer) else { return nil }
    let input = EventSource(
      buffer, title: format.title, firstEvent: 0, options: EventReadingOptions(), isFile: true)
    return (try? format.open(input))?.eventCount
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

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A format of event files.
public enum EventFormat: String, Sendable, CaseIterable {
  /// HDF5 with `/event/offset` and `/particle/…`.
  case hdf5 = "HDF5"
  /// HepMC 3 ASCII, version 3.
  case hepMC3 = "HepMC3"
  /// HepMC 2, `IO_GenEvent`.
  case hepMC2 = "HepMC2"
  /// One JSON object a line.
  case jsonLines = "JSON lines"
  /// `px py pz E` a line.
  case text = "plain text"

  /// Whether the events are generator records, whose particles have statuses and which state their units.
  public var isGeneratorRecord: Bool { self == .hepMC2 || self == .hepMC3 }
}

/// How an event file is compressed.
public enum Compression: String, Sendable, CaseIterable {
  /// gzip (RFC 1952).
  case gzip
  /// Zstandard (RFC 8878).
  case zstd = "Zstandard"
  /// xz, that is LZMA2.
  case xz
  /// bzip2.
  case bzip2
}

extension EventFormat {
  /// The format of the file `source`, told from its content.
  ///
  /// Throws `EventInputError` if the file cannot be read or is no event file. Standard input and pipes lose what is
  /// looked at.
  public init(source: String) throws {
    let raw = ByteBuffer(try FileBytes(source: source), source: source)
    try self.init(startOf: EventInput.decompressed(raw).buffer)
  }

  /// How many bytes `init(startOf:)` looks at.
  static let lookAhead = 4096

  /// The format of an input, told from its first bytes.
  init(startOf buffer: ByteBuffer) throws {
    try EventFormat.skipByteOrderMark(buffer)
    let start = try buffer.peek(EventFormat.lookAhead)
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(source: buffer.source, problem: problem)
    }
    if EventFormat.isHDF5(start) {
      self = .hdf5
      return
    }
    if let foreign = ForeignFormat(startOf: start) { throw refusal("is \(foreign.name); \(foreign.advice)") }
    let lines = EventFormat.linesToLookAt(start)
    // Text may stand before the heading, which the reference reader passes over.
    if lines.contains(where: { $0.hasPrefix("HepMC::") }) {
      let listing = lines.first { $0.hasPrefix("HepMC::") && $0.hasSuffix("START_EVENT_LISTING") }
      switch listing {
      case "HepMC::Asciiv3-START_EVENT_LISTING": self = .hepMC3
      case "HepMC::IO_GenEvent-START_EVENT_LISTING": self = .hepMC2
      case let listing?:
        throw refusal(
          "is a HepMC file of another kind (\(listing)); write HepMC3 Asciiv3 or HepMC2 IO_GenEvent")
      case nil: throw refusal("is a HepMC file without a START_EVENT_LISTING line; is it cut short?")
      }
      return
    }
    let content = lines.first { !$0.hasPrefix("#") }
    guard let content else {
      guard !lines.isEmpty else { throw refusal("is blank; there are no events to read") }
      self = .text
      return
    }
    if content.hasPrefix("{") {
      self = .jsonLines
    } else if content.hasPrefix("[") {
      throw refusal(
        "is JSON but not an object a line; write {\"particles\": [[px, py, pz, E], …]} for each event")
    } else if Double(content.prefix { $0 != " " && $0 != "\t" }) != nil {
      self = .text
    } else {
      throw refusal(
        "is in no format known here; give HDF5, HepMC3, HepMC2, JSON lines or px py pz E text, or name its format "
          + "with --input-format")
    }
  }

  /// The lines that are not blank among the bytes that are looked at, which begin with the first that is not blank.
  private static func linesToLookAt(_ start: UnsafeRawBufferPointer) -> [String] {
    let text = start.drop { $0 <= 0x20 }.prefix(lookAhead)
    return text.split(separator: 0x0A).compactMap {
      let line = String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      return line.isEmpty ? nil : line
    }
  }

  /// Passes over the byte order mark that some editors put before text; throws if nothing follows.
  static func skipByteOrderMark(_ buffer: ByteBuffer) throws {
    if try buffer.peek(3).elementsEqual([0xEF, 0xBB, 0xBF]) { buffer.consume(3) }
    guard try !buffer.peek(1).isEmpty else {
      throw EventInputError(source: buffer.source, problem: "is empty; there are no events to read")
    }
  }

  /// Whether the HDF5 signature is at the start or after a user block.
  private static func isHDF5(_ start: UnsafeRawBufferPointer) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    return [0, 512, 1024, 2048].contains { offset in
      start.count >= offset + signature.count
        && start[offset..<(offset + signature.count)].elementsEqual(signature)
    }
  }
}

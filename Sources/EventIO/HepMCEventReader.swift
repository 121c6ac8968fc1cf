// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// HepMC 3 ASCII, version 3, and HepMC 2 IO_GenEvent.
public struct HepMCEventFormat: EventFormat {
  /// The versions of HepMC that are read.
  public enum Version: Sendable {
    /// `IO_GenEvent`.
    case two
    /// `Asciiv3`.
    case three
  }

  /// HepMC 2, `IO_GenEvent`.
  public static let hepMC2 = HepMCEventFormat(.two)
  /// HepMC 3 ASCII, version 3.
  public static let hepMC3 = HepMCEventFormat(.three)

  /// The version.
  public let version: Version

  /// The format of a version.
  public init(_ version: Version) { self.version = version }

  /// `hepmc2` or `hepmc3`.
  public var name: String { version == .two ? "hepmc2" : "hepmc3" }
  /// `HepMC2` or `HepMC3`.
  public var title: String { version == .two ? "HepMC2" : "HepMC3" }
  /// True: particles have statuses, and the file states its units.
  public var isGeneratorRecord: Bool { true }
  /// True.
  public var isParsedByAllThreads: Bool { true }

  /// Whether the first line by which a listing begins is of this version; text may stand before it, which the reference
  /// reader passes over.
  public func matches(_ start: FileStart) -> Bool {
    Self.listing(start) == "HepMC::\(version == .two ? "IO_GenEvent" : "Asciiv3")-START_EVENT_LISTING"
  }

  /// The first line by which a listing begins; nil if there is none.
  static func listing(_ start: FileStart) -> String? {
    start.lines.first { $0.hasPrefix("HepMC::") && $0.hasSuffix("START_EVENT_LISTING") }
  }

  /// Opens an input.
  public func open(_ input: EventSource) throws -> any EventReader {
    HepMCEventReader(
      input.bytes, version: version, firstEvent: input.firstEvent, options: input.options)
  }
}

/// Reads HepMC 3 ASCII and HepMC 2 IO_GenEvent.
///
/// The reader finds where events begin; the text of some events at a time is parsed as ``HepMCText``, by
/// several threads in parallel.
final class HepMCEventReader: EventReader {
  private let version: HepMCEventFormat.Version
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private var nextEvent: Int
  /// The columns of the first good event of the input, which all batches have; nil before it.
  private var schema: GeneratorColumns.Schema?
  /// Whether there was a heading; what comes before it belongs to no event.
  private var isAfterHeading = false
  /// Whether the lines that were read last are between a heading and the first event after it.
  private var isInHeading = false
  /// The line of the heading that names the weights of the next event; nil if there is none.
  private var weightNames: [UInt8]?
  /// The line by which the next event begins, if it has been read already.
  private var pending: [UInt8]?

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, version: HepMCEventFormat.Version, firstEvent: Int, options: EventReadingOptions)
  {
    self.buffer = buffer
    self.version = version
    self.options = options
    nextEvent = firstEvent
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      guard try findStart() else { return skipped }
      if schema == nil {
        // What the columns are does not depend on where reading begins.
        var text = beginText()
        _ = try fill(&text, upTo: 1)
        schema = try text.parse { _ in }.schema
      } else {
        if HepMCLine(pending!).isHeading {
          var text = beginText()
          text.append(pending!)
          _ = try text.parse { throw $0 }
        }
        pending = nil
      }
      nextEvent += 1
    }
    return max(count, 0)
  }

  func take(upTo count: Int) throws -> TakenEvents? {
    guard try findStart() else { return nil }
    var text = beginText()
    let eventCount = try fill(&text, upTo: count)
    nextEvent += eventCount
    return try TakenEvents(text, eventCount: eventCount, schema: &schema)
  }

  /// Text of no lines yet, the next of which is the pending one.
  private func beginText() -> HepMCText {
    HepMCText(
      source: buffer.source, version: version, options: options, schema: schema, firstEvent: nextEvent,
      firstLine: buffer.lineNumber, weightNames: weightNames)
  }

  /// Adds up to `count` events to a text and returns how many.
  private func fill(_ text: inout HepMCText, upTo count: Int) throws -> Int {
    let longest = options.limits.bytesOfEvent
    var eventCount = 0
    while let start = pending, eventCount < count, text.size < longest {
      let before = text.size
      text.append(start, hasLineBreak: buffer.hasLineBreak)
      pending = nil
      eventCount += 1
      _ = try findStart { line in
        text.append(line, hasLineBreak: buffer.hasLineBreak)
        guard text.size - before <= longest else {
          throw EventInputError(
            source: buffer.source, event: nextEvent + eventCount - 1,
            problem: "is longer than the \(longest) bytes that one event may have; "
              + "raise --max-memory if this is an event")
        }
      }
    }
    return eventCount
  }

  /// Moves to the line by which the next event begins, which then is pending; false at the end.
  ///
  /// - Parameter passing: hears of the lines before it.
  /// - Returns: false at the end of the input.
  /// - Throws: `EventInputError` if the input cannot be read, and what `passing` throws.
  private func findStart(passing: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> Bool {
    guard pending == nil else { return true }
    while let bytes = try buffer.nextLine() {
      let line = HepMCLine(bytes)
      if isAfterHeading, line.isOfKind("E") {
        isInHeading = false
        pending = Array(bytes)
        return true
      }
      if line.isHeading {
        isAfterHeading = true
        isInHeading = true
        if line.beginsListing {
          // A listing of another kind, of which parsing complains.
          guard line.isHeading(of: version) else {
            pending = Array(bytes)
            return true
          }
          weightNames = nil
        }
      } else if isInHeading, version == .three, line.isOfKind("W") {
        weightNames = Array(bytes)
      }
      try passing(bytes)
    }
    return false
  }
}

/// A line of a HepMC file, whose indentation does not count.
private struct HepMCLine<Bytes: BidirectionalCollection<UInt8>> {
  private let text: Bytes.SubSequence

  init(_ bytes: Bytes) { text = bytes.drop { $0 == 0x20 || $0 == 0x09 } }

  /// Whether it begins or ends a listing, or gives a version.
  var isHeading: Bool { text.first == UInt8(ascii: "H") && text.starts(with: "HepMC::".utf8) }

  /// Whether it is a heading of a version.
  func isHeading(of version: HepMCEventFormat.Version) -> Bool {
    text.starts(with: (version == .two ? "HepMC::IO_GenEvent" : "HepMC::Asciiv3").utf8)
  }

  /// Whether it is the heading by which a listing begins.
  var beginsListing: Bool {
    let ending = "START_EVENT_LISTING".utf8
    return text.count >= ending.count && text.suffix(ending.count).elementsEqual(ending)
  }

  /// Whether it is of the kind that a letter stands for.
  func isOfKind(_ letter: Unicode.Scalar) -> Bool {
    guard text.first == UInt8(ascii: letter), let second = text.dropFirst().first else { return false }
    return second == 0x20 || second == 0x09
  }
}

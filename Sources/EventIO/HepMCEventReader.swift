// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// HepMC 3 ASCII and HepMC 2 IO_GenEvent.
///
/// Here is found where events begin; the text of some events at a time is parsed as ``HepMCText``, by several threads
/// side by side.
final class HepMCEventReader: EventReader {
  let format: EventFormat
  let eventCount: Int? = nil
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private var nextEvent: Int
  /// How many weights events have; nil before the first good one.
  private var weightCount: Int?
  /// Whether the lines that were read last are in a listing of events.
  private var isInListing = false
  /// The line by which the next event begins, where it has been read already.
  private var pending: [UInt8]?
  private var hasEnded = false

  /// Text of more bytes is not added to.
  private static let longText = 1 << 26
  /// No event is longer, so that bad input cannot take all memory.
  private static let longestText = 1 << 30

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, format: EventFormat, firstEvent: Int, options: EventReadingOptions) {
    self.buffer = buffer
    self.format = format
    self.options = options
    nextEvent = firstEvent
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      guard try findStart() else {
        if isInListing { _ = try beginText().parse { throw $0 } }
        return skipped
      }
      if pending!.starts(with: HepMCText.mark) {
        var text = beginText()
        text.append(pending!)
        _ = try text.parse { throw $0 }
      }
      pending = nil
      nextEvent += 1
    }
    return max(count, 0)
  }

  func take(upTo count: Int) throws -> TakenEvents? {
    guard !hasEnded else { return nil }
    guard try findStart() || isInListing else {
      hasEnded = true
      return nil
    }
    var text = beginText()
    let eventCount = try fill(&text, upTo: count)
    // How many events there are before a sudden end, and how many weights they have, only parsing says.
    guard pending == nil || weightCount == nil else {
      nextEvent += eventCount
      return TakenEvents(eventCount: eventCount) { [text] in try text.parse($0).batch }
    }
    var bad: [EventInputError] = []
    let parsed = try text.parse(upTo: count) { bad.append($0) }
    weightCount = parsed.weightCount
    if pending == nil { hasEnded = parsed.hasEnded }
    let taken = TakenEvents(parsed.batch, bad: bad)
    nextEvent += taken.eventCount
    return taken
  }

  /// Text of no lines yet, the next of which is the pending one.
  private func beginText() -> HepMCText {
    HepMCText(
      source: buffer.source, format: format, firstEvent: nextEvent,
      firstLine: buffer.lineNumber, isInListing: isInListing, weightCount: weightCount)
  }

  /// Adds up to `count` events to a text and returns how many; the last line of the input ends them too.
  private func fill(_ text: inout HepMCText, upTo count: Int) throws -> Int {
    var eventCount = 0
    while let start = pending, eventCount < count, text.size < Self.longText {
      text.append(start)
      pending = nil
      eventCount += 1
      let before = text.size
      _ = try findStart { line in
        text.append(line)
        guard text.size - before <= Self.longestText else {
          throw EventInputError(
            source: buffer.source, event: nextEvent + eventCount - 1,
            problem: "is longer than \(Self.longestText >> 20) MiB; this is no event file")
        }
      }
    }
    if pending != nil, isInListing { text.endListing() }
    return eventCount
  }

  /// Moves to the line by which the next event begins, which then is pending; false at the end.
  ///
  /// - Parameter passing: hears of the lines before it.
  private func findStart(passing: (UnsafeRawBufferPointer) throws -> Void = { _ in }) throws -> Bool {
    guard pending == nil else { return true }
    while let line = try buffer.nextLine() {
      if line.starts(with: HepMCText.mark) {
        if line.ends(with: HepMCText.listingStart) {
          // A listing of another kind, of which parsing complains.
          guard line.starts(with: HepMCText.kind(of: format)) else {
            pending = Array(line)
            return true
          }
          isInListing = true
        } else if line.ends(with: HepMCText.listingEnd) {
          isInListing = false
        }
      } else if isInListing, line.starts(with: HepMCText.eventStart) {
        pending = Array(line)
        return true
      }
      try passing(line)
    }
    return false
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func ends(with text: some BidirectionalCollection<UInt8>) -> Bool {
    count >= text.count && suffix(text.count).elementsEqual(text)
  }
}

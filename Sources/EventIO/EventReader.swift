// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The events of one input, from the first to the last.
///
/// The stream numbers events, converts units, selects particles and events, and makes sure that events are
/// within the limits and their momenta usable; a reader need not. A reader is used by one thread at a time.
/// Formats whose events are parsed as they are read conform to ``ParsingEventReader`` instead.
public protocol EventReader: AnyObject {
  /// Whether momenta are in GeV when they come from the reader, though the format is no generator record: by default
  /// false, as the stream converts them.
  var convertsMomenta: Bool { get }

  /// The number of events of the input if the input says so, else nil, as by default.
  var eventCount: Int? { get }

  /// Passes over up to `count` events without looking into them, and returns how many there were.
  ///
  /// - Throws: `EventInputError` if the input cannot be read.
  func skip(_ count: Int) throws -> Int

  /// Takes the next events, at most `count`, to be parsed later; nil at the end of the input.
  ///
  /// - Throws: `EventInputError` if the input cannot be read.
  func take(upTo count: Int) throws -> TakenEvents?
}

extension EventReader {
  /// False: the stream converts momenta.
  public var convertsMomenta: Bool { false }
  /// Nil: the input does not say how many events it has.
  public var eventCount: Int? { nil }
}

/// Events that were taken from an input and are parsed by whoever wants them, on any thread.
public struct TakenEvents: Sendable {
  /// How many events there are, bad ones included.
  let eventCount: Int
  /// About how many bytes of memory they take.
  let byteCount: Int
  /// Parses the events, and leaves out bad ones after passing them to `onBadEvent`.
  ///
  /// It throws what `onBadEvent` throws.
  let parse: @Sendable (_ onBadEvent: (EventInputError) throws -> Void) throws -> Events

  /// Events that `parse` parses.
  ///
  /// - Parameters:
  ///   - eventCount: how many events there are, bad ones included.
  ///   - byteCount: about how many bytes of memory they take.
  ///   - parse: parses the events; bad ones are left out after they were passed to `onBadEvent`, and what it
  ///     throws is rethrown.
  public init(
    eventCount: Int, byteCount: Int,
    parse: @escaping @Sendable (_ onBadEvent: (EventInputError) throws -> Void) throws -> Events
  ) {
    self.eventCount = eventCount
    self.byteCount = byteCount
    self.parse = parse
  }
}

extension TakenEvents {
  /// Events that are parsed already: those of `batch`, and bad ones.
  init(_ batch: Events, bad: [EventInputError]) {
    self.init(eventCount: batch.eventCount + bad.count, byteCount: batch.byteCount) { onBadEvent in
      for error in bad { try onBadEvent(error) }
      return batch
    }
  }
}

extension Events {
  /// Whether a batch is so large that no further event is added to it.
  public func isFull(_ limits: ReadingLimits) -> Bool {
    particleCount >= limits.particlesOfBatch || byteCount >= limits.bytesOfEvent
  }

  /// About how many bytes of memory the batch takes.
  var byteCount: Int {
    let numbers =
      columns.valueCount + particles.content.columns.valueCount + (givenJets?.content.valueCount ?? 0)
    return 8 * (numbers + 4 * particleCount + 2 * eventCount) + 4 * pdgID.count
  }
}

/// A reader of events that are parsed as they are read, by the one thread that reads.
public protocol ParsingEventReader: EventReader {
  /// Reads the next events, at most `count`, or nil at the end of the input.
  ///
  /// A batch may have fewer events: it ends when it is full (`Events.isFull(_:)`), and bad events are left
  /// out after they were passed to `onBadEvent`.
  ///
  /// - Throws: `EventInputError` if the input cannot be read, and what `onBadEvent` throws.
  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events?
}

extension ParsingEventReader {
  /// Reads the next events, at most `count`; nil at the end of the input.
  ///
  /// - Throws: `EventInputError` if the input cannot be read.
  public func take(upTo count: Int) throws -> TakenEvents? {
    var bad: [EventInputError] = []
    return try read(upTo: count) { bad.append($0) }.map { TakenEvents($0, bad: bad) }
  }
}

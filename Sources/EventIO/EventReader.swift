// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The events of one input, from the first to the last.
protocol EventReader: AnyObject {
  /// The format of the input.
  var format: EventFormat { get }

  /// The unit of momenta that the input states, and which the reader converts from; nil if it states none.
  var statedUnit: MomentumUnit? { get }

  /// The number of events of the input if the input says so, else nil.
  var eventCount: Int? { get }

  /// Passes over up to `count` events without looking into them, and returns how many there were.
  ///
  /// Throws `EventInputError` where the input cannot be read.
  func skip(_ count: Int) throws -> Int

  /// Takes the next events, at most `count`, to be parsed later; nil at the end of the input.
  ///
  /// Throws `EventInputError` where the input cannot be read.
  func take(upTo count: Int) throws -> TakenEvents?
}

extension EventReader {
  var statedUnit: MomentumUnit? { nil }
}

/// Events that were taken from an input and are parsed by whoever wants them, on any thread.
struct TakenEvents: Sendable {
  /// How many events there are, bad ones included.
  let eventCount: Int
  /// About how many bytes of memory they take.
  var byteCount = 0
  /// Parses the events; bad ones are left out after `onBadEvent` was told of them. Throws what `onBadEvent` throws.
  let parse: @Sendable (_ onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch
}

extension TakenEvents {
  /// Events that are parsed already: those of `batch`, and bad ones.
  init(_ batch: EventBatch, bad: [EventInputError]) {
    self.init(eventCount: batch.eventCount + bad.count, byteCount: batch.byteCount) { onBadEvent in
      for error in bad { try onBadEvent(error) }
      return batch
    }
  }
}

extension EventBatch {
  /// About how many bytes of memory the batch takes.
  var byteCount: Int {
    let numbers =
      columns.values.reduce(0) { $0 + $1.values.count } + particleColumns.values.reduce(0) { $0 + $1.count }
    return 8 * (numbers + 4 * particleCount + 2 * eventCount) + 4 * pdgID.count
  }
}

/// A reader of events that are parsed as they are read: of all formats but HepMC, whose parsing takes long enough to be
/// left to other threads.
protocol ParsingEventReader: EventReader {
  /// Reads the next events, at most `count`, or nil at the end of the input.
  ///
  /// A batch may have fewer events: very large batches are cut, and bad events are left out after `onBadEvent`
  /// was told of them. Throws `EventInputError` where the input cannot be read, and what `onBadEvent` throws.
  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch?
}

extension ParsingEventReader {
  func take(upTo count: Int) throws -> TakenEvents? {
    var bad: [EventInputError] = []
    return try read(upTo: count) { bad.append($0) }.map { TakenEvents($0, bad: bad) }
  }
}

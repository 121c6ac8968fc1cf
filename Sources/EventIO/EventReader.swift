// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The events of one input, from the first to the last.
protocol EventReader: AnyObject {
  /// The format of the input.
  var format: EventFormat { get }

  /// The number of events of the input where the input says so, else nil.
  var eventCount: Int? { get }

  /// Passes over up to `count` events without looking into them, and returns how many there were.
  ///
  /// Throws `EventInputError` where the input cannot be read.
  func skip(_ count: Int) throws -> Int

  /// Reads the next events, at most `count`, or nil at the end of the input.
  ///
  /// A batch may have fewer events: very large batches are cut, and bad events are left out after `onBadEvent`
  /// was told of them. Throws `EventInputError` where the input cannot be read, and what `onBadEvent` throws.
  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch?
}

/// Limits that keep memory flat whatever the input claims.
enum EventLimits {
  /// More particles than this end a batch.
  static let particlesOfBatch = 1 << 21
  /// An event with more particles is bad: no collision has so many.
  static let particlesOfEvent = 1 << 24
  /// A column with more numbers an event is bad.
  static let columnWidth = 1 << 16
}

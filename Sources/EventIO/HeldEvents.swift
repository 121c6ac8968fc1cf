// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Events that are in memory, as an input that is told by its name.
struct HeldEventFormat: EventFormat {
  let name = "memory"
  let title = "events in memory"

  func matches(_ start: FileStart) -> Bool { false }

  func open(_ input: EventSource) throws -> any EventReader {
    throw EventInputError(source: input.source, problem: "is a file, and no events in memory")
  }
}

/// Gives events that are in memory.
final class HeldEventReader: EventReader {
  private let events: Events
  private let source: String
  private let firstEvent: Int
  private var next = 0

  /// A reader of `events`, which become those of an input of this name, whose first has the number `firstEvent`.
  init(_ events: Events, source: String, firstEvent: Int) {
    self.events = events
    self.source = source
    self.firstEvent = firstEvent
  }

  var eventCount: Int? { events.eventCount }

  func skip(_ count: Int) throws -> Int {
    let skipped = min(count, events.eventCount - next)
    next += skipped
    return skipped
  }

  func take(upTo count: Int) throws -> TakenEvents? {
    guard next < events.eventCount else { return nil }
    let places = next..<min(next + count, events.eventCount)
    next = places.upperBound
    var batch = events.events(at: places)
    batch.source = source
    batch.eventNumbers = places.map { firstEvent + $0 }
    return TakenEvents(batch, bad: [])
  }
}

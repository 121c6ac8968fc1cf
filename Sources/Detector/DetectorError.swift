// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Support

/// Events that a detector cannot be applied to, or a card that describes none.
public struct DetectorError: EventError, Sendable, Equatable {
  /// The number of the event to blame, counted from 0 through all inputs; nil if none is.
  public let event: Int?
  /// What is wrong and what to do about it, as the end of a sentence whose subject is the file.
  public let predicate: String

  init(event: Int? = nil, _ predicate: String) {
    self.event = event
    self.predicate = predicate
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// What is wrong with an event, told by a stage that does not know the event's file.
public protocol EventError: ReportedError {
  /// The number of the event to blame, counted from 0 through all inputs; nil if none is.
  var event: Int? { get }
  /// What is wrong and what to do about it, as the end of a sentence whose subject is the file.
  var predicate: String { get }
}

extension EventError {
  /// What is wrong, without the file.
  public var description: String { "\(event.map { "Event \($0)" } ?? "The event") \(predicate)" }
}

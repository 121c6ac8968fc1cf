// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every format of events has to do; see ``EventFormatConformance``.
public enum EventFormatCheck: String, CaseIterable, Sendable {
  /// The example is read as events, numbered from 0 on.
  case example
  /// The example is told from its first bytes, and other formats are not taken for this one.
  case recognition
  /// The events are the same in batches of any size.
  case batches
  /// Events that are passed over change nothing of those that follow.
  case skipping
  /// Several threads get the events that one gets.
  case threads
  /// A file that is cut short anywhere has the events before the cut, or is an error that names it.
  case truncation
  /// A file with damaged bytes has events, or is an error that names it.
  case damage

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .example: "the example is read as events, numbered from 0 on"
    case .recognition: "the example is told from its first bytes, and other formats are not taken for it"
    case .batches: "events are the same in batches of any size"
    case .skipping: "events that are passed over change nothing of those that follow"
    case .threads: "several threads get the events of one"
    case .truncation: "a file that is cut short has the events before the cut, or is an error that names it"
    case .damage: "a file with damaged bytes has events, or is an error that names it"
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// Something that every format of results, and of events that are written, has to do; see ``OutputFormatConformance``.
public enum OutputFormatCheck: String, CaseIterable, Sendable {
  /// A file is there when it is complete, and leaves nothing if it is not.
  case wholeness
  /// No events make a file too.
  case emptiness
  /// The same content gives the same bytes.
  case determinism
  /// The content gives the same bytes in batches of any size.
  case batches
  /// Events that were written are read again, if the format is also one that is read.
  case reading

  /// What is checked, in a few words.
  public var summary: String {
    switch self {
    case .wholeness: "a file is there when it is complete, and leaves nothing if it is not"
    case .emptiness: "no events make a file too"
    case .determinism: "the same content gives the same bytes"
    case .batches: "the content gives the same bytes in batches of any size"
    case .reading: "events that were written are read again, if the format is also one that is read"
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Support

/// Input that cannot be read as events: which file, where in it, what is wrong and what to do.
public struct EventInputError: ReportedError, Sendable, Equatable {
  /// The file as the user named it; `-` is standard input.
  public var source: String
  /// The event, counted from 0 through all inputs, if the problem belongs to one event.
  public var event: Int?
  /// The number, counted in the same way, of the first event of the file.
  public var firstEvent: Int
  /// The line of the (decompressed) text, counted from 1, if the problem belongs to one line.
  public var line: Int?
  /// The dataset, member or component that is wrong, if there is one.
  public var field: String?
  /// What the user calls the sample that the file is of; nil if it has no name.
  public internal(set) var sample: String?
  /// What is wrong and what to do about it, as the end of a sentence whose subject is the place.
  public var problem: String
  /// Whether another run over the same input can get past the place: with bad events left out, or as the system could not
  /// read this time.
  public internal(set) var canBePassed = false

  /// A problem at a place of the input.
  public init(
    source: String, event: Int? = nil, firstEvent: Int = 0, line: Int? = nil, field: String? = nil,
    problem: String
  ) {
    self.source = source
    self.event = event
    self.firstEvent = firstEvent
    self.line = line
    self.field = field
    self.problem = problem
  }

  /// One sentence that names file, event, line and field, safe for a terminal.
  public var description: String {
    var place = [(source == "-" ? "standard input" : source) + (sample.map { " (\($0))" } ?? "")]
    if let event {
      place.append(
        firstEvent == 0
          ? "event \(event)" : "event \(event - firstEvent) (\(event) counted through all inputs)")
    }
    if let line { place.append("line \(line)") }
    if let field { place.append(field) }
    return (place.joined(separator: ", ") + " " + problem).printable
  }
}

extension EventInputError {
  /// The error with the number of the first event of its file, which readers do not know.
  func counted(from firstEvent: Int) -> EventInputError {
    var error = self
    error.firstEvent = firstEvent
    return error
  }
}

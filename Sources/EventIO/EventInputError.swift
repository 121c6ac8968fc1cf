// SPDX-License-Identifier: GPL-3.0-or-later

/// Input that cannot be read as events: which file, where in it, what is wrong and what to do.
public struct EventInputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file as the user named it; `-` is standard input.
  public var source: String
  /// The event, counted from 0 through all inputs, where the problem belongs to one event.
  public var event: Int?
  /// The line of the (decompressed) text, counted from 1, where the problem belongs to one line.
  public var line: Int?
  /// The dataset, member or component that is wrong, where there is one.
  public var field: String?
  /// What is wrong and what to do about it, as the end of a sentence whose subject is the place.
  public var problem: String

  /// A problem at a place of the input.
  public init(source: String, event: Int? = nil, line: Int? = nil, field: String? = nil, problem: String) {
    self.source = source
    self.event = event
    self.line = line
    self.field = field
    self.problem = problem
  }

  /// One sentence that names file, event, line and field.
  public var description: String {
    var place = [source == "-" ? "standard input" : source]
    if let event { place.append("event \(event)") }
    if let line { place.append("line \(line)") }
    if let field { place.append(field) }
    return place.joined(separator: ", ") + " " + problem
  }
}

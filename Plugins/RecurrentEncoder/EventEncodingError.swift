// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A description of an encoder that makes no sense, or an event that it cannot read.
public struct EventEncodingError: Error, Sendable, Hashable {
  /// The number of the event to blame, counted from 0 through all inputs; `nil` if none is.
  public let event: Int?
  /// The key of the description, the event column or the component of a particle to blame.
  public let field: String
  /// What is wrong and what to do about it, as one sentence that names event and field but no file.
  public let problem: String

  /// An error with its parts.
  public init(event: Int? = nil, field: String, problem: String) {
    self.event = event
    self.field = field
    self.problem = problem
  }
}

extension EventEncodingError: CustomStringConvertible {
  /// The sentence in ``problem``.
  public var description: String { problem }
}

extension EventEncodingError: EventError {
  /// The problem, as one of encoding events.
  public var predicate: String { "cannot be encoded: \(problem)" }
}

extension EventEncodingError {
  static func require(_ holds: Bool, _ field: String, problem: () -> String) throws {
    if !holds { throw EventEncodingError(field: field, problem: problem()) }
  }

  /// Throws if a setting of a description is out of range, or its settings do not go together.
  static func check(_ section: some SettingsSection) throws {
    if let (key, problem) = section.firstProblem {
      throw EventEncodingError(field: key, problem: "\(key) \(problem).")
    }
    do {
      try section.check(given: [])
    } catch let error as SettingProblem {
      throw EventEncodingError(field: error.key, problem: "\(error.key) \(error.problem).")
    }
  }
}

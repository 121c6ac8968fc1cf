// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

/// A parameter or an event that jets cannot be made from.
public struct JetPhysicsError: Error, Sendable, Hashable {
  /// The number of the event to blame, counted from 0 through all inputs; `nil` if none is.
  public let event: Int?
  /// The particle to blame, counted from the first of its event; `nil` if none is.
  public let particle: Int?
  /// The parameter or the component of the particle to blame, such as `radius` or `px`; `nil` if none is.
  public let field: String?
  /// What is wrong and what to do about it, as one sentence that names event, particle and field but no file.
  public let problem: String

  /// An error with its parts.
  public init(event: Int? = nil, particle: Int? = nil, field: String? = nil, problem: String) {
    self.event = event
    self.particle = particle
    self.field = field
    self.problem = problem
  }
}

extension JetPhysicsError: CustomStringConvertible {
  /// The sentence in ``problem``.
  public var description: String { problem }
}

extension JetPhysicsError: EventError {
  /// The problem, as one of clustering.
  public var predicate: String { "cannot be clustered: \(problem)" }
}

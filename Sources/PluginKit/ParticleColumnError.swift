// SPDX-License-Identifier: GPL-3.0-or-later

/// Particles without a column that a stage or a head reads, or with a number in it that it cannot read.
public struct ParticleColumnError: Error, Sendable, Hashable, EventError, CustomStringConvertible {
  /// The number of the first event, counted from 0 through all inputs.
  public let event: Int?
  /// The column.
  public let field: String
  /// What is wrong and what to do about it, as one sentence.
  public let description: String
  /// What cannot be done with the event, such as `cannot be embedded`.
  private let consequence: String

  /// The column is not there, cannot be read or has several numbers for each particle.
  ///
  /// - Parameters:
  ///   - name: the column.
  ///   - events: the events.
  ///   - isForHead: whether a head reads it, and not a stage.
  public init(_ name: String, _ events: Events, isForHead: Bool = false) {
    consequence = isForHead ? "cannot be judged" : "cannot be embedded"
    event = events.eventNumbers.first
    field = name
    let reason =
      events.unreadableColumns["particle/" + name].map { "cannot be read: \($0)" }
      ?? (events.particles.content.columns[name] == nil
        ? "is not there; give each particle one number"
        : "has several numbers for each particle; give each particle one number")
    description =
      "The column \(name) of particles, which \(isForHead ? "a head" : "the network") reads, \(reason)."
  }

  /// Refuses a number whose sums would exceed the range of single precision.
  ///
  /// - Parameters:
  ///   - value: the number of a particle; NaN if it is not known.
  ///   - name: the column.
  ///   - event: the number of the event.
  /// - Throws: ``ParticleColumnError`` if the number is 10³⁰ or more in size.
  public static func check(_ value: Double, of name: String, event: Int) throws(ParticleColumnError) {
    guard value.isNaN || abs(value) < 1e30 else { throw ParticleColumnError(name, value, event) }
  }

  private init(_ name: String, _ value: Double, _ event: Int) {
    self.event = event
    field = name
    consequence = "cannot be embedded"
    description =
      "The column \(name) of particles, which the network reads, is \(value) for a particle; give it a number below 1e30, or NaN "
      + "if it is not known."
  }

  /// The sentence, to follow the name of the event.
  public var predicate: String { "\(consequence): \(description)" }
}

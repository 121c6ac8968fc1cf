// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `rate-limiter`: at most so many of the last so many events that reach it.
///
/// A burst is cut off, and a steady rate below the limit is untouched. Which events it accepts depends on those before,
/// so that it has a state.
public struct RateLimiter: Decision {
  /// What a menu says of the limit.
  public struct Configuration: Decodable, Sendable {
    /// How many events may be accepted.
    public var accept: Int
    /// Of how many in a row.
    public var of: Int

    /// A limit of `accept` events of each `of` in a row.
    public init(accept: Int, of: Int) { (self.accept, self.of) = (accept, of) }
  }

  /// What is known of the events before.
  public struct State: Codable, Sendable {
    /// How many events have reached the limiter.
    var count = 0
    /// The numbers of the accepted ones among the last events, counted from 1.
    var accepted: [Int] = []
  }

  /// `rate-limiter`.
  public static let identifier = "rate-limiter"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "At most so many of the last so many events that reach it."
  /// An example for users and tests.
  public static let example = DecisionExample("{accept: 2, of: 5}")

  private let limit: Configuration

  /// The limit of `configuration`.
  ///
  /// - Throws: `PluginError` if it accepts nothing or everything.
  public init(configuration: Configuration, sources: DecisionSources) throws {
    guard 0 < configuration.accept, configuration.accept < configuration.of else {
      throw PluginError("The limit accepts nothing or everything: choose accept from 1 to less than of.")
    }
    limit = configuration
  }

  /// None: there is nothing to bound.
  public var quantities: [HeadOutput] { [] }

  /// No event before, and room for the accepted ones.
  public var initialState: State {
    var state = State()
    state.accepted.reserveCapacity(limit.accept)
    return state
  }

  /// Yes: the event alone says nothing.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool { true }

  /// Whether fewer than the limit were accepted of the events before in the window, which this one ends.
  public func decide(_ values: DecisionValues, _ state: inout State) -> Bool {
    state.count += 1
    // At most one leaves the window with each event.
    if let first = state.accepted.first, first <= state.count - limit.of { state.accepted.removeFirst() }
    guard state.accepted.count < limit.accept else { return false }
    state.accepted.append(state.count)
    return true
  }
}

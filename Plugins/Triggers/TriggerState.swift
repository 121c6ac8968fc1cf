// SPDX-License-Identifier: GPL-3.0-or-later

import Statistics

/// The counters of a menu and the states of its decisions: all that a trigger must keep to go on later as if
/// it had never stopped.
///
/// The prescale of a path needs no counter of its own: the path accepts if the number of events that met its
/// conditions is a multiple of its prescale.
public struct TriggerState: Sendable, Equatable, Codable {
  /// The counters of one path.
  public struct Path: Sendable, Equatable, Codable {
    /// Events that met the conditions of the path and its seed.
    public internal(set) var beforePrescale = 0
    /// Those of them that the prescale let through.
    public internal(set) var accepted = 0
    /// Accepted events that no other path accepted, other than paths that are only seeds.
    public internal(set) var pure = 0

    /// Accepted events that another path accepted too.
    public var shared: Int { accepted - pure }
  }

  /// All events so far.
  public internal(set) var eventCount = 0
  /// Events that took too long and were let pass for that reason.
  public internal(set) var passThroughCount = 0
  /// The counters of each path: `[paths]`.
  public internal(set) var paths: [Path]
  /// How many events exactly k paths accepted, without pass-through events and paths that are only seeds:
  /// `[paths + 1]`.
  public internal(set) var eventsByPathCount: [Int]
  /// How many events two paths both accepted: `[paths × paths]`, with each path's own number on the diagonal.
  public internal(set) var overlap: [Int]

  /// The same with every event by its weight; nil if every event counts as one.
  public internal(set) var weights: Weights?

  /// The states of the menu's decisions; nil if none has one.
  var decisions: DecisionStates?

  /// What the counters count, as sums of weights.
  public struct Weights: Sendable, Equatable, Codable {
    /// The weights of one path's events.
    public struct Path: Sendable, Equatable, Codable {
      /// Of events that met the conditions of the path and its seed.
      public internal(set) var beforePrescale = WeightSum()
      /// Of those of them that the prescale let through.
      public internal(set) var accepted = WeightSum()
      /// Of accepted events that no other path accepted, other than paths that are only seeds.
      public internal(set) var pure = WeightSum()
      /// Of accepted events that another path accepted too.
      public internal(set) var shared = WeightSum()
    }

    /// Of all events so far.
    public internal(set) var events = WeightSum()
    /// Of events that took too long and were let pass for that reason.
    public internal(set) var passThrough = WeightSum()
    /// Of the events of each path: `[paths]`.
    public internal(set) var paths: [Path]
    /// Of the events that exactly k paths accepted: `[paths + 1]`.
    public internal(set) var eventsByPathCount: [WeightSum]
    /// Of the events that two paths both accepted: `[paths × paths]`.
    public internal(set) var overlap: [WeightSum]

    /// Of the events that a path accepted, other than paths that are only seeds.
    public var acceptedByPaths: WeightSum {
      eventsByPathCount.dropFirst().reduce(into: WeightSum()) { $0.add($1) }
    }

    /// Of all accepted events.
    public var accepted: WeightSum {
      var sum = acceptedByPaths
      sum.add(passThrough)
      return sum
    }

    init(pathCount count: Int) {
      paths = Array(repeating: Path(), count: count)
      eventsByPathCount = Array(repeating: WeightSum(), count: count + 1)
      overlap = Array(repeating: WeightSum(), count: count * count)
    }

    func fits(pathCount count: Int) -> Bool {
      guard paths.count == count, eventsByPathCount.count == count + 1, overlap.count == count * count else {
        return false
      }
      let sums = [events, passThrough] + eventsByPathCount + overlap
      return (sums + paths.flatMap { [$0.beforePrescale, $0.accepted, $0.pure, $0.shared] })
        .allSatisfy(\.isSound)
    }
  }

  /// The counters of a menu before the first event.
  ///
  /// - Parameters:
  ///   - menu: the menu.
  ///   - isWeighted: whether the events have weights.
  public init(_ menu: TriggerMenu, isWeighted: Bool = false) {
    let count = menu.paths.count
    weights = isWeighted ? Weights(pathCount: count) : nil
    paths = Array(repeating: Path(), count: count)
    eventsByPathCount = Array(repeating: 0, count: count + 1)
    overlap = Array(repeating: 0, count: count * count)
    decisions = menu.statefulConditions.isEmpty ? nil : DecisionStates(menu)
  }

  /// Turns the states of decisions that were read from a file into those of a menu, which can then go on.
  ///
  /// - Throws: `PluginError` that names the condition if it does not read its state.
  /// - Precondition: the state ``fits(_:)`` the menu.
  public mutating func restoreDecisions(of menu: TriggerMenu) throws { try decisions?.restore(menu) }

  /// Whether counters that come from a file can be those of a menu: as many as it has paths, and numbers that
  /// add up.
  public func fits(_ menu: TriggerMenu) -> Bool {
    let count = menu.paths.count
    guard paths.count == count, eventsByPathCount.count == count + 1, overlap.count == count * count,
      eventCount >= 0
    else {
      return false
    }
    guard weights?.fits(pathCount: count) != false,
      (decisions?.count ?? 0) == menu.statefulConditions.count
    else { return false }
    let numbers = [eventCount, passThroughCount] + eventsByPathCount + overlap
    guard numbers.allSatisfy({ (0...eventCount).contains($0) }) else { return false }
    for (path, counts) in paths.enumerated() {
      guard counts.beforePrescale >= 0, counts.beforePrescale <= eventCount,
        counts.accepted == counts.beforePrescale / menu.paths[path].prescale,
        (0...counts.accepted).contains(counts.pure), overlap[path * count + path] == counts.accepted
      else { return false }
    }
    var left = eventCount - passThroughCount
    for number in eventsByPathCount {
      guard number <= left else { return false }
      left -= number
    }
    return left == 0
  }

  /// How many events a path accepted, other than paths that are only seeds.
  public var acceptedByPaths: Int { eventsByPathCount.dropFirst().reduce(0, +) }

  /// All accepted events: those that a path accepted and those that took too long.
  public var acceptedCount: Int { acceptedByPaths + passThroughCount }

  /// The weights of all accepted events, or their number if every event counts as one.
  var acceptedWeight: Double { weights?.accepted.sum ?? Double(acceptedCount) }
}

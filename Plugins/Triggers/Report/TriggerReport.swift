// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Statistics

/// What a menu does to a sample of events, and to a sample of signal.
public struct TriggerReport: Sendable, Encodable {
  /// A number of events, and the rate that it stands for.
  public struct Rate: Sendable, Equatable, Encodable {
    /// The events.
    public let count: Int
    /// The sum of their weights; nil if every event counts as one.
    public let weight: Double?
    /// Their share of the sample with its binomial error, √(p (1 − p) / n); nil without events.
    ///
    /// With weights it is the share of their sum, with the error √(Σ w² (δ − p)²) / Σw, where δ is 1 for
    /// these events and 0 for others, which also holds for negative weights; nil if the weights do not add up
    /// to more than 0.
    public let share: Estimate?
    /// The share of the input rate, in events per second; nil if that rate is not known.
    public let rate: Estimate?

    init(_ count: Int, of total: Int, weights: Efficiency.Weights?, inputRate: Double?) {
      self.count = count
      weight = weights?.passed.sum
      guard let value = Efficiency(passed: count, total: total, weights: weights).value else {
        (share, rate) = (nil, nil)
        return
      }
      let error = weights?.error(ofShare: value) ?? (value * (1 - value) / Double(total)).squareRoot()
      share = Estimate(value: value, error: error)
      rate = inputRate.map { Estimate(value: $0 * value, error: $0 * error) }
    }
  }

  /// One path.
  public struct Path: Sendable, Encodable {
    /// The name.
    public let name: String
    /// The prescale.
    public let prescale: Int
    /// The name of the seed, if there is one.
    public let seed: String?
    /// Whether no event is accepted for this path alone.
    public let isSeedOnly: Bool
    /// Events that met the conditions of the path and its seed.
    public let beforePrescale: Rate
    /// Those of them that the prescale let through.
    public let accepted: Rate
    /// Accepted events that no other path accepted.
    public let pure: Rate
    /// Accepted events that another path accepted too.
    public let shared: Rate
    /// The share of the signal that meets the conditions of the path and its seed; nil without signal.
    public let efficiency: Efficiency?
    /// The share of the signal that the path accepts, prescale included; nil without signal.
    public let efficiencyAfterPrescale: Efficiency?
  }

  /// The events of the sample.
  public let eventCount: Int
  /// The sum of their weights; nil if every event counts as one.
  public let eventWeight: Double?
  /// How many events per second reach the menu; nil if that is not known.
  public let inputRate: Double?
  /// How many events per second the menu may accept; nil for any number.
  public let budget: Double?
  /// The paths, in the order of the menu.
  public let paths: [Path]
  /// Events that a path accepted, other than paths that are only seeds: the sum of what exactly k paths
  /// accepted.
  public let acceptedByPaths: Rate
  /// Events that exactly one path accepted, exactly two, and so on: `[paths]`.
  public let acceptedByExactly: [Rate]
  /// Events that took too long and were let pass for that reason.
  public let passThrough: Rate
  /// All accepted events.
  public let total: Rate
  /// How many events two paths both accepted: `[paths][paths]`, with each path's own number on the diagonal.
  public let overlap: [[Int]]
  /// The sum of the weights of these events; nil if every event counts as one.
  public let overlapWeight: [[Double]]?
  /// The share of the signal that the menu accepts; nil without signal.
  public let efficiency: Efficiency?

  /// What the counters say.
  ///
  /// - Parameters:
  ///   - menu: the menu.
  ///   - state: its counters after the sample.
  ///   - signal: its counters after the signal alone; nil if there is none.
  public init(_ menu: TriggerMenu, _ state: TriggerState, signal: TriggerState? = nil) {
    let weights = state.weights
    func rate(_ count: Int, _ weight: (TriggerState.Weights) -> WeightSum) -> Rate {
      Rate(
        count, of: state.eventCount,
        weights: weights.map { Efficiency.Weights(passed: weight($0), total: $0.events) },
        inputRate: menu.inputRate)
    }
    func efficiency(
      _ count: (TriggerState) -> Int, _ weight: (TriggerState.Weights) -> WeightSum
    ) -> Efficiency? {
      signal.map {
        Efficiency(
          passed: count($0), total: $0.eventCount,
          weights: $0.weights.map { Efficiency.Weights(passed: weight($0), total: $0.events) })
      }
    }
    func rows<Element>(_ overlap: [Element]) -> [[Element]] {
      let count = menu.paths.count
      return (0..<count).map { Array(overlap[$0 * count..<($0 + 1) * count]) }
    }
    eventCount = state.eventCount
    eventWeight = weights?.events.sum
    inputRate = menu.inputRate
    budget = menu.budget
    paths = menu.paths.indices.map { index in
      let (path, counts) = (menu.paths[index], state.paths[index])
      return Path(
        name: path.name, prescale: path.prescale, seed: path.seed.map { menu.paths[$0].name },
        isSeedOnly: path.isSeedOnly,
        beforePrescale: rate(counts.beforePrescale) { $0.paths[index].beforePrescale },
        accepted: rate(counts.accepted) { $0.paths[index].accepted },
        pure: rate(counts.pure) { $0.paths[index].pure },
        shared: rate(counts.shared) { $0.paths[index].shared },
        efficiency: efficiency({ $0.paths[index].beforePrescale }, { $0.paths[index].beforePrescale }),
        efficiencyAfterPrescale: efficiency({ $0.paths[index].accepted }, { $0.paths[index].accepted }))
    }
    acceptedByPaths = rate(state.acceptedByPaths) { $0.acceptedByPaths }
    acceptedByExactly = state.eventsByPathCount.indices.dropFirst().map { number in
      rate(state.eventsByPathCount[number]) { $0.eventsByPathCount[number] }
    }
    passThrough = rate(state.passThroughCount) { $0.passThrough }
    total = rate(state.acceptedCount) { $0.accepted }
    overlap = rows(state.overlap)
    overlapWeight = weights.map { rows($0.overlap.map(\.sum)) }
    self.efficiency = efficiency({ $0.acceptedCount }, { $0.accepted })
  }
}

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

    init(_ events: Counted, of basis: RateBasis, inputRate: Double?) {
      count = events.count
      weight = events.weight?.sum
      let share = basis.estimate(of: events.sum)
      self.share = share
      rate = inputRate.flatMap { input in
        share.map { Estimate(value: input * $0.value, error: $0.error.map { input * $0 }) }
      }
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

  /// Two paths.
  public struct Pair: Sendable, Encodable {
    /// The name of the one that stands first in the menu.
    public let first: String
    /// The name of the other.
    public let second: String
    /// Events that both accepted, prescales included.
    public let both: Rate
    /// Events that one of them accepted, or both.
    public let either: Rate
    /// The share of the first path's accepted events that the second accepted too.
    public let shareOfFirst: Efficiency
    /// The share of the second path's accepted events that the first accepted too.
    public let shareOfSecond: Efficiency
    /// The correlation of the statistical errors of the two paths' rates, from −1 to 1; nil if one of them has no error.
    ///
    /// The error of a sum or a difference of the two follows from it: σ² = σ₁² + σ₂² ± 2 ρ σ₁ σ₂.
    public let correlation: Double?
  }

  /// The events of the sample.
  public let eventCount: Int
  /// The sum of their weights; nil if every event counts as one.
  public let eventWeight: Double?
  /// The number of events of equal weight that would have the same statistical error, (Σw)² / Σw²; nil if every event
  /// counts as one.
  public let effectiveEventCount: Double?
  /// How many events other menus looked at, of which the sample has those that they accepted; nil if it has all.
  public let acceptedOf: Int?
  /// How many of these the other menus can accept; nil if the sample has all events.
  ///
  /// Others are not in the sample, and no path counts them.
  public let covered: Rate?
  /// How many events per second reach the menu; nil if that is not known.
  public let inputRate: Double?
  /// The instantaneous luminosity of the rates, in the unit of the menu; nil if that is not known.
  public let luminosity: Double?
  /// What the menu's input rate was multiplied by to hold at this luminosity.
  public let luminosityScale: Double
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
  /// Each two paths, in the order of the menu.
  public let pairs: [Pair]
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
  ///   - acceptedOf: how many events other menus looked at, if the sample has those that they accepted, weighted by the
  ///     inverse of the probability of that; nil if it has all.
  public init(
    _ menu: TriggerMenu, _ state: TriggerState, signal: TriggerState? = nil, acceptedOf: Int? = nil
  ) {
    let weights = state.weights
    let basis =
      acceptedOf.map(RateBasis.acceptedOf) ?? weights.map { .weights($0.events) } ?? .events(state.eventCount)
    func rate(_ events: Counted) -> Rate { Rate(events, of: basis, inputRate: menu.inputRate) }
    func rate(_ count: Int, _ weight: (TriggerState.Weights) -> WeightSum) -> Rate {
      rate(Counted(count, weight: weights.map(weight)))
    }
    func efficiency(
      _ count: (TriggerState) -> Int, _ weight: (TriggerState.Weights) -> WeightSum
    ) -> Efficiency? {
      signal.map {
        Counted(count($0), weight: $0.weights.map(weight)).share(
          of: Counted($0.eventCount, weight: $0.weights?.events))
      }
    }
    func rows<Element>(_ overlap: [Element]) -> [[Element]] {
      let count = menu.paths.count
      return (0..<count).map { Array(overlap[$0 * count..<($0 + 1) * count]) }
    }
    eventCount = state.eventCount
    eventWeight = weights?.events.sum
    effectiveEventCount = weights?.events.effectiveCount
    self.acceptedOf = acceptedOf
    covered = acceptedOf.map { _ in rate(state.eventCount) { $0.events } }
    inputRate = menu.inputRate
    luminosity = menu.luminosity
    luminosityScale = menu.luminosityScale
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
    func accepted(by path: Int, and other: Int) -> Counted {
      let place = path * menu.paths.count + other
      return Counted(state.overlap[place], weight: weights?.overlap[place])
    }
    pairs = menu.paths.indices.flatMap { path in
      (path + 1..<menu.paths.count).map { other in
        let (first, second) = (accepted(by: path, and: path), accepted(by: other, and: other))
        let both = accepted(by: path, and: other)
        return Pair(
          first: menu.paths[path].name, second: menu.paths[other].name, both: rate(both),
          either: rate(first.union(with: second, both: both)),
          shareOfFirst: both.share(of: first), shareOfSecond: both.share(of: second),
          correlation: basis.correlation(first.sum, second.sum, both: both.sum))
      }
    }
    overlap = rows(state.overlap)
    overlapWeight = weights.map { rows($0.overlap.map(\.sum)) }
    self.efficiency = efficiency({ $0.acceptedCount }, { $0.accepted })
  }
}

/// A number of events, and the sum of their weights if they have any.
struct Counted {
  let count: Int
  let weight: WeightSum?

  init(_ count: Int, weight: WeightSum?) {
    self.count = count
    self.weight = weight
  }

  /// The sum of the weights, which are 1 unless the events have others.
  var sum: WeightSum { weight ?? WeightSum(count: count) }

  /// The share that these are of some events, all of them among those.
  func share(of all: Counted) -> Efficiency {
    Efficiency(
      passed: count, total: all.count,
      weights: weight.map { Efficiency.Weights(passed: $0, total: all.sum) })
  }

  /// The events that are among these or others, `both` being among either.
  func union(with other: Counted, both: Counted) -> Counted {
    var union = sum
    union.add(other.sum)
    union.subtract(both.sum)
    return Counted(count + other.count - both.count, weight: weight.map { _ in union })
  }
}

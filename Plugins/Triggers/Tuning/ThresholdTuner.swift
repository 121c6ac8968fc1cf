// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Thresholds that were found for a menu.
public struct TunedThresholds: Sendable {
  /// The number of each of the menu's thresholds.
  public let values: [Double]
  /// The counters of the menu with these thresholds after the background.
  public let background: TriggerState
  /// The counters of the menu with these thresholds after the signal.
  public let signal: TriggerState
}

extension TriggerMenu {
  /// The thresholds with the best signal efficiency at which the menu stays within its budget.
  ///
  /// With the acceptances A_S of signal and A_B of background, the menu's largest A_S at A_B ≤ budget / input
  /// rate is looked for by a Lagrange multiplier: for a given λ the thresholds are those with the largest A_S
  /// − λ A_B, found by moving one threshold at a time to the best of all its values until none moves; λ is
  /// found by bisection. There an event counts by the probability that the menu accepts it, prescales being
  /// independent chances. Whether a set of thresholds is within the budget is decided by running the menu
  /// over the background; at the end each threshold is loosened as far as that allows, beginning with the one
  /// that gains the most signal. The same samples give the same thresholds. As they are chosen on these
  /// samples, the rates of other events scatter around the budget, by the statistical error of the background
  /// at least.
  ///
  /// Events with weights count by their weights: the acceptances, the budget and the gains are sums of
  /// weights, which must not be negative here; prescales count events.
  ///
  /// - Parameters:
  ///   - background: events as they reach the menu.
  ///   - signal: events that it is to accept.
  /// - Returns: the thresholds, and the counters of the menu with them after each sample.
  /// - Throws: `PluginError` if the menu has no budget, nothing to tune or a decision with a state, a sample
  ///   is too small or has weights that are negative or all 0, or the paths without thresholds to tune are
  ///   beyond the budget already.
  /// - Complexity: O(λ steps × sweeps × thresholds × events × paths).
  public func tune(background: TuningSample, signal: TuningSample) throws -> TunedThresholds {
    guard let inputRate, let budget else {
      throw PluginError("A menu is tuned for a budget: give the input rate and the budget.")
    }
    guard !thresholds.isEmpty else {
      throw PluginError("The menu has nothing to tune: write tune for a min or max.")
    }
    if let condition = statefulConditions.first {
      throw PluginError(
        "The answers of \(condition.name) depend on the events before, so that no threshold can be tuned with it: tune "
          + "the menu without it.")
    }
    guard signal.eventCount > 0 else { throw PluginError("The signal has no events to tune the menu with.") }
    for (name, sample) in [("background", background), ("signal", signal)] where sample.isWeighted {
      guard sample.weights.allSatisfy({ $0 >= 0 }) else {
        throw PluginError(
          "The \(name) has negative weights, with which a looser threshold may accept less: tune without weights, or "
            + "with a sample whose weights are not negative.")
      }
      guard sample.weightSum.sum > 0 else {
        throw PluginError("The weights of the \(name) are all 0: name another column of weights.")
      }
    }
    let count = background.isWeighted ? background.weightSum.effectiveCount : Double(background.eventCount)
    guard budget / inputRate * count >= 1 else {
      let weighted = background.isWeighted ? ", as good as \(count.rounded()) of equal weight" : ""
      throw PluginError(
        "The background has \(background.eventCount) events\(weighted), of which not even one is within the budget: "
          + "give at least \(Int((inputRate / budget).rounded(.up))).")
    }
    var tuner = try ThresholdTuner(
      self, background, signal, allowed: budget / inputRate * background.weightSum.sum)
    let values = try tuner.tune()
    return TunedThresholds(
      values: zip(thresholds, values).map { $0.isMinimum ? $1 : -$1 },
      background: tuner.run(background, values), signal: tuner.run(signal, values))
  }
}

/// Looks for thresholds, whose signs are those of the values of a ``TuningSample``.
private struct ThresholdTuner {
  let menu: TriggerMenu
  let background: TuningSample
  let signal: TuningSample
  /// How much of the background the menu may accept: a sum of weights.
  let allowed: Double
  /// The sums of the weights of all events.
  private let backgroundWeight: Double
  private let signalWeight: Double

  /// The events by falling value of each threshold's quantity, those without a finite value left out: `[thresholds]`.
  private let backgroundOrder: [[Int]]
  private let signalOrder: [[Int]]
  /// A value of each threshold that no event reaches, or as few as possible given its other bound:
  /// `[thresholds]`.
  private let closed: [Double]

  /// The thresholds of each path.
  private let thresholdsOfPath: [[Int]]

  private var decisions = TriggerDecisions()
  /// The probability that a path accepts the event that is looked at: `[paths]`.
  private var chances: [Double]

  init(_ menu: TriggerMenu, _ background: TuningSample, _ signal: TuningSample, allowed: Double) throws {
    self.menu = menu
    backgroundWeight = background.weightSum.sum
    signalWeight = signal.weightSum.sum
    self.background = background
    self.signal = signal
    self.allowed = allowed
    func order(_ sample: TuningSample) -> [[Int]] {
      zip(sample.values, menu.thresholds).map { values, threshold in
        values.indices.filter {
          values[$0].isFinite && sample.conditionsHold[$0 * menu.paths.count + threshold.path]
        }.sorted { (values[$0], $1) > (values[$1], $0) }
      }
    }
    backgroundOrder = order(background)
    signalOrder = order(signal)
    closed = try menu.thresholds.indices.map { [backgroundOrder, signalOrder] index in
      let largest = [
        backgroundOrder[index].first.map { background.values[index][$0] },
        signalOrder[index].first.map { signal.values[index][$0] },
      ].compactMap(\.self).max()
      guard let largest else {
        let threshold = menu.thresholds[index]
        throw PluginError(
          "No event meets the other conditions of \(menu.paths[threshold.path].name), so that nothing can be said of "
            + "\(menu.quantities[threshold.quantity].name): loosen them.")
      }
      return min(largest.nextUp, menu.tightest(menu.thresholds[index]))
    }
    thresholdsOfPath = menu.paths.indices.map { path in
      menu.thresholds.indices.filter { menu.thresholds[$0].path == path }
    }
    chances = Array(repeating: 0, count: menu.paths.count)
  }

  /// The counters of the menu after a sample.
  mutating func run(_ sample: TuningSample, _ thresholds: [Double]) -> TriggerState {
    sample.fill(&decisions, thresholds)
    var state = TriggerState(menu, isWeighted: sample.isWeighted)
    menu.decide(&decisions, &state)
    return state
  }

  private mutating func isWithinBudget(_ thresholds: [Double]) -> Bool {
    run(background, thresholds).acceptedWeight <= allowed
  }

  mutating func tune() throws -> [Double] {
    guard isWithinBudget(closed) else {
      let rate = run(background, closed).acceptedWeight / backgroundWeight
      throw PluginError(
        "The paths without thresholds to tune accept \(rate * menu.inputRate!) events per second, more than the budget "
          + "of \(menu.budget!): prescale them.")
    }
    var best = (thresholds: closed, accepted: run(signal, closed).acceptedWeight)
    // One event of background outweighs all signal at the largest multiplier, and next to nothing at the smallest.
    let leastWeight = background.weights.filter { $0 > 0 }.min() ?? 1
    var range = (least: -10.0, largest: log(backgroundWeight / leastWeight) + 1)
    var start = closed
    for _ in 0..<Self.multiplierSteps {
      let logarithm = (range.least + range.largest) / 2
      let candidates = [start, closed].map { climb(from: $0, multiplier: exp(logarithm)) }
      // The first of those that are equally good.
      let found = candidates[1].objective > candidates[0].objective ? candidates[1] : candidates[0]
      if isWithinBudget(found.thresholds) {
        let accepted = run(signal, found.thresholds).acceptedWeight
        if accepted > best.accepted { best = (found.thresholds, accepted) }
        (range.largest, start) = (logarithm, found.thresholds)
      } else {
        range.least = logarithm
      }
    }
    return loosen(best.thresholds)
  }

  /// Beyond this the multiplier's neighbours give the same thresholds.
  private static let multiplierSteps = 30

  /// The largest A_S − λ A_B that moving one threshold at a time leads to.
  private mutating func climb(
    from start: [Double], multiplier: Double
  ) -> (thresholds: [Double], objective: Double) {
    var thresholds = start
    var objective = -Double.infinity
    while true {
      var reached = objective
      for index in thresholds.indices {
        let (threshold, value) = bestMove(of: index, thresholds, multiplier)
        guard value > reached else { continue }
        (thresholds[index], reached) = (threshold, value)
      }
      // Sums are rounded, and must not make this go on for ever.
      guard reached > objective + 1e-12 else { return (thresholds, reached) }
      objective = reached
    }
  }

  /// The best value of one threshold while the others stay, and A_S − λ A_B there; of values that are equally
  /// good the tightest.
  private mutating func bestMove(
    of index: Int, _ thresholds: [Double], _ multiplier: Double
  ) -> (threshold: Double, objective: Double) {
    let signalUnit = 1 / signalWeight
    let backgroundUnit = multiplier / backgroundWeight
    let signalGains = findGains(of: index, in: signal, thresholds)
    let backgroundGains = findGains(of: index, in: background, thresholds)
    var objective = signalUnit * signalGains.without - backgroundUnit * backgroundGains.without
    var best = (threshold: closed[index], objective: objective)
    let (signalOrder, backgroundOrder) = (signalOrder[index], backgroundOrder[index])
    let (signalValues, backgroundValues) = (signal.values[index], background.values[index])
    var (i, j) = (0, 0)
    while i < signalOrder.count || j < backgroundOrder.count {
      let value = max(
        i < signalOrder.count ? signalValues[signalOrder[i]] : -.infinity,
        j < backgroundOrder.count ? backgroundValues[backgroundOrder[j]] : -.infinity)
      while i < signalOrder.count, signalValues[signalOrder[i]] == value {
        objective += signalUnit * signalGains.gains[signalOrder[i]]
        i += 1
      }
      while j < backgroundOrder.count, backgroundValues[backgroundOrder[j]] == value {
        objective -= backgroundUnit * backgroundGains.gains[backgroundOrder[j]]
        j += 1
      }
      if objective > best.objective { best = (value, objective) }
    }
    return best
  }

  /// What the acceptance of each event, by its weight, gains if a threshold is passed, `[events]`, and the
  /// sum of the acceptances if it is not.
  private mutating func findGains(
    of index: Int, in sample: TuningSample, _ thresholds: [Double]
  ) -> (gains: [Double], without: Double) {
    var gains = Array(repeating: 0.0, count: sample.eventCount)
    var sum = 0.0
    let path = menu.thresholds[index].path
    for event in 0..<sample.eventCount {
      let without = acceptance(of: event, in: sample, thresholds, passing: index, false)
      sum += sample.weights[event] * without
      guard sample.conditionsHold[event * menu.paths.count + path] else { continue }
      gains[event] =
        sample.weights[event]
        * (acceptance(of: event, in: sample, thresholds, passing: index, true) - without)
    }
    return (gains, sum)
  }

  /// The probability that the menu accepts an event which passes one of the thresholds or not, whatever its value.
  private mutating func acceptance(
    of event: Int, in sample: TuningSample, _ thresholds: [Double], passing index: Int, _ isPassed: Bool
  ) -> Double {
    var rejection = 1.0
    for path in menu.order {
      var holds = sample.conditionsHold[event * menu.paths.count + path]
      for threshold in thresholdsOfPath[path] where holds {
        holds = threshold == index ? isPassed : sample.values[threshold][event] >= thresholds[threshold]
      }
      let seed = menu.paths[path].seed.map { chances[$0] } ?? 1
      chances[path] = holds ? seed / Double(menu.paths[path].prescale) : 0
      if !menu.paths[path].isSeedOnly { rejection *= 1 - chances[path] }
    }
    return 1 - rejection
  }

  /// The thresholds loosened as far as the budget allows, beginning with the one that gains the most signal.
  private mutating func loosen(_ start: [Double]) -> [Double] {
    var thresholds = start
    var accepted = run(signal, thresholds).acceptedWeight
    while true {
      var best = (thresholds: thresholds, accepted: accepted)
      for index in thresholds.indices {
        let loosened = loosest(index, thresholds)
        let gained = run(signal, loosened).acceptedWeight
        if gained > best.accepted { best = (loosened, gained) }
      }
      guard best.accepted > accepted else { return thresholds }
      (thresholds, accepted) = best
    }
  }

  /// The thresholds with one at the smallest value of the signal within the budget, found by bisection.
  private mutating func loosest(_ index: Int, _ thresholds: [Double]) -> [Double] {
    let order = signalOrder[index]
    var found = thresholds
    var candidate = thresholds
    // The places in `order` of events that do not pass yet.
    let first = order.firstIndex { signal.values[index][$0] < thresholds[index] } ?? order.count
    var range = first..<order.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      candidate[index] = signal.values[index][order[middle]]
      if isWithinBudget(candidate) {
        found = candidate
        range = middle + 1..<range.upperBound
      } else {
        range = range.lowerBound..<middle
      }
    }
    return found
  }
}

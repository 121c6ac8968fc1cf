// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// How long the parts of decisions took and may take on average, in µs.
struct TriggerTimes: Encodable {
  /// What took some time of each event.
  struct Part: Encodable {
    let name: String
    let mean: Double
    let p50: Double
    let p99: Double
    /// The mean that it may have; nil for any.
    let budget: Double?
    /// Whether its mean is larger; nil if it may have any.
    let exceedsBudget: Bool?

    /// - Precondition: there are decisions.
    fileprivate init(_ name: String, _ times: LatencyHistogram, budget: Double?) {
      self.name = name
      mean = 1e6 * times.mean!
      p50 = 1e6 * times.quantile(0.5)!
      p99 = 1e6 * times.quantile(0.99)!
      self.budget = budget
      let mean = mean
      exceedsBudget = budget.map { mean > $0 }
    }
  }

  /// The whole decision.
  let decision: Part
  /// What is done once for all paths: jets, observables, the network and its heads.
  let shared: Part
  /// The conditions of each path.
  let paths: [Part]

  /// Nil if nothing was decided.
  init?(_ menu: TriggerMenu, _ times: PathTimes, _ decisions: LatencyHistogram) {
    guard decisions.count > 0, times.shared.count > 0 else { return nil }
    decision = Part("whole decision", decisions, budget: menu.timeBudget)
    shared = Part("shared by all paths", times.shared, budget: nil)
    paths = zip(menu.paths, times.paths).map { Part($0.name, $1, budget: $0.timeBudget) }
  }

  /// A sentence for each part that takes longer than it may.
  var excesses: [String] {
    func sentence(_ subject: String, _ part: Part) -> String? {
      guard part.exceedsBudget == true, let budget = part.budget else { return nil }
      return "\(subject) \(part.mean.microseconds) µs of an event on average, more than the time-budget of "
        + "\(budget.microseconds) µs"
    }
    return [sentence("the menu takes", decision)].compactMap(\.self)
      + paths.compactMap { sentence("the conditions of the path \($0.name) take", $0) }
  }
}

extension Listing {
  /// Adds the time of each part.
  mutating func add(_ times: TriggerTimes) {
    begin("time of a decision")
    add(
      table: [["part", "mean [µs]", "p50", "p99", "budget"]]
        + ([times.decision, times.shared] + times.paths).map { part in
          [
            part.name, part.mean.microseconds, part.p50.microseconds, part.p99.microseconds,
            part.budget?.microseconds ?? "-",
          ]
        })
  }
}

extension Double {
  /// To three digits, and all digits before the point.
  fileprivate var microseconds: String { String(format: self < 100 ? "%.3g" : "%.0f", self) }
}

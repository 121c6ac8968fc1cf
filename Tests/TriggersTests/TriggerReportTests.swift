// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

@Suite struct TriggerReportTests {
  private let sample = TriggerSample(eventCount: 400, seed: 21)

  private static let menu = """
    rate: {input: 2000, budget: 1500}
    paths:
      - {name: hh, conditions: [{event-output: hh/score, min: 0.5}], prescale: 2}
      - {name: ht, seed: hh, conditions: [{ht: {}, min: 200}]}
    """

  @Test func ratesAreSharesOfTheInputRate() throws {
    let menu = try TriggerMenu(Self.menu)
    let (_, state) = menu.run(sample.inputs)
    let signal = menu.run(TriggerSample(eventCount: 100, seed: 22).inputs).state
    let report = TriggerReport(menu, state, signal: signal)
    let count = sample.scores.count { $0 >= 0.5 }
    let raw = report.paths[0].beforePrescale
    #expect(raw.count == count && report.paths[0].accepted.count == count / 2)
    let share = Double(count) / 400
    #expect(raw.share?.value == share && raw.rate?.value == 2000 * share)
    #expect(abs(try #require(raw.rate?.error) - 2000 * (share * (1 - share) / 400).squareRoot()) < 1e-9)
    #expect(report.paths[1].seed == "hh" && report.paths[1].accepted.count == state.overlap[1])
    #expect(report.overlap == [[count / 2, state.overlap[1]], [state.overlap[1], state.overlap[3]]])
    #expect(report.efficiency?.passed == signal.acceptedCount && report.efficiency?.total == 100)
    #expect(report.paths[0].efficiency?.passed == signal.paths[0].beforePrescale)
    #expect(report.paths[0].efficiencyAfterPrescale?.passed == signal.paths[0].accepted)
    // Programs read it, without what is not known.
    let json = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(TriggerReport(menu, TriggerState(menu))))
        as? [String: Any])
    #expect(json["efficiency"] == nil && (json["paths"] as? [Any])?.count == 2)
  }

  /// Against SciPy 1.17: `scipy.stats.binomtest(k, n).proportion_ci(0.6826894921370859, "wilson")`.
  @Test(arguments: [
    (0, 10, 0.0, 0.09090909090909091), (3, 10, 0.17882082075676461, 0.4575428156068717),
    (10, 10, 0.9090909090909091, 1.0),
    (250, 1000, 0.2365612491448105, 0.26393825135469007),
  ])
  func intervalsAreWilsons(passed: Int, total: Int, lower: Double, upper: Double) {
    let interval = Efficiency(passed: passed, total: total).interval
    #expect(
      abs(interval.lowerBound - lower) < 1e-12 && abs(interval.upperBound - upper) < 1e-12, "\(interval)")
  }

  @Test func turnOnCurvesCountEachEventOnce() throws {
    let menu = try TriggerMenu(Self.menu)
    var decisions = TriggerDecisions()
    for name in ["leading-jet-pt", "missing-momentum", "scalar-sum", "ht/ht"] {
      var curves = try TurnOnCurves(menu, against: name)
      for first in stride(from: 0, to: 400, by: 150) {
        let inputs = sample.inputs(first..<min(first + 150, 400))
        menu.evaluate(inputs, into: &decisions)
        curves.append(inputs, decisions)
      }
      #expect(curves.unit == "GeV")
      let found = curves.curves(binCount: 8)
      #expect(found.map(\.path) == ["hh", "ht", nil])
      let values = (0..<400).map { event -> Double in
        let jets = sample.jets[event]
        return switch name {
        case "leading-jet-pt": jets.first?.pt ?? 0
        case "missing-momentum": jets.reduce(FourMomentum.zero, +).pt
        default: jets.map(\.pt).reduce(0, +)
        }
      }
      // Prescales are left out, the conditions of seeds are not.
      let passes = (0..<400).map { sample.scores[$0] >= 0.5 && sample.jets[$0].map(\.pt).reduce(0, +) >= 200 }
      #expect(found[1].bins.map(\.efficiency.total).reduce(0, +) == 400)
      #expect(found[2].bins.map(\.efficiency.passed).reduce(0, +) == sample.scores.count { $0 >= 0.5 })
      for (index, bin) in found[1].bins.enumerated() {
        let isLast = index == found[1].bins.count - 1
        let events = values.indices.filter {
          values[$0] >= bin.lower - 1e-9 && (isLast || values[$0] < bin.upper - 1e-9)
        }
        #expect(bin.efficiency == Efficiency(passed: events.count { passes[$0] }, total: events.count))
      }
      // With HT the path turns on: nothing passes at first.
      if name == "ht/ht" { #expect(found[1].bins[0].efficiency.passed == 0) }
    }
    let error = #expect(throws: PluginError.self) { try TurnOnCurves(menu, against: "leading-jet-tp") }
    #expect(error?.description == "There is no quantity leading-jet-tp; did you mean leading-jet-pt?")
  }
}

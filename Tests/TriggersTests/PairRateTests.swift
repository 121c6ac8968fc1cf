// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

/// What a report says of two paths, against sums over the events.
@Suite struct PairRateTests {
  private static let eventCount = 500
  private let sample = TriggerSample(eventCount: eventCount, seed: 61)

  private static let text = """
    rate: {input: 2000}
    paths:
      - {name: hh, conditions: [{event-output: hh/score, min: 0.4}], prescale: 2}
      - {name: ht, conditions: [{ht: {}, min: 250}]}
      - {name: seed, seed-only: true, prescale: 3}
      - {name: both, seed: seed, conditions: [{ht: {}, min: 150}]}
      - {name: none, conditions: [{ht: {}, min: 1000000}]}
    """

  /// Σ w (…) and the like over events, with 1 for those that are counted and 0 for others.
  private struct Sums {
    let weights: [Double]

    var total: Double { weights.reduce(0, +) }

    func share(_ holds: [Bool]) -> Double {
      zip(weights, holds).reduce(0) { $0 + ($1.1 ? $1.0 : 0) } / total
    }

    func covariance(_ first: [Bool], _ second: [Bool]) -> Double {
      let (p, q) = (share(first), share(second))
      var sum = 0.0
      for (event, weight) in weights.enumerated() {
        sum += weight * weight * ((first[event] ? 1 : 0) - p) * ((second[event] ? 1 : 0) - q)
      }
      return sum / (total * total)
    }
  }

  @Test(arguments: [nil, 0.0, -1.0]) func pairsAreThoseOfTheDecisions(leastWeight: Double?) throws {
    let menu = try TriggerMenu(Self.text)
    var generator = SeededGenerator(seed: 62)
    let weights = leastWeight.map { least in
      (0..<Self.eventCount).map { _ in Double.random(in: least...3, using: &generator) }
    }
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu, isWeighted: weights != nil))
    menu.evaluate(sample.inputs, into: &decisions)
    if let weights { decisions.setWeights(weights) }
    menu.decide(&decisions, &state)
    let report = TriggerReport(menu, state)

    let sums = Sums(weights: weights ?? Array(repeating: 1, count: Self.eventCount))
    let bits = (0..<5).map { path in (0..<Self.eventCount).map { decisions.pathBits[$0 * 5 + path] } }
    func expect(_ rate: TriggerReport.Rate, _ holds: [Bool]) throws {
      #expect(rate.count == holds.count { $0 })
      let share = try #require(rate.share)
      #expect(abs(share.value - sums.share(holds)) < 1e-12)
      #expect(abs(try #require(share.error) - sums.covariance(holds, holds).squareRoot()) < 1e-9)
      #expect(abs(try #require(rate.rate).value - 2000 * sums.share(holds)) < 1e-8)
    }
    func expect(_ efficiency: Efficiency, _ both: [Bool], of all: [Bool]) throws {
      let count = all.count { $0 }
      #expect(efficiency.passed == both.count { $0 } && efficiency.total == count)
      let share = sums.share(all)
      if let value = efficiency.value {
        #expect(abs(value - sums.share(both) / share) < 1e-12)
        #expect(efficiency.interval.contains(value))
      } else {
        #expect(count == 0 && efficiency.interval == 0...1)
      }
    }
    #expect(report.pairs.count == 10)
    var pair = 0
    for first in 0..<5 {
      for second in first + 1..<5 {
        let found = report.pairs[pair]
        pair += 1
        #expect(found.first == menu.paths[first].name && found.second == menu.paths[second].name)
        let both = zip(bits[first], bits[second]).map { $0 && $1 }
        let either = zip(bits[first], bits[second]).map { $0 || $1 }
        try expect(found.both, both)
        try expect(found.either, either)
        try expect(found.shareOfFirst, both, of: bits[first])
        try expect(found.shareOfSecond, both, of: bits[second])
        guard second != 4 else {
          #expect(found.correlation == nil && found.both.count == 0)
          continue
        }
        let (a, b) = (bits[first], bits[second])
        let (varianceOfA, varianceOfB) = (sums.covariance(a, a), sums.covariance(b, b))
        let correlation = try #require(found.correlation)
        #expect(
          abs(correlation - sums.covariance(a, b) / (varianceOfA * varianceOfB).squareRoot()) < 1e-9)
        // The error of the difference of the rates, event by event.
        var variance = 0.0
        let difference = sums.share(a) - sums.share(b)
        for (event, weight) in sums.weights.enumerated() {
          let deviation = weight * ((a[event] ? 1 : 0) - (b[event] ? 1 : 0) - difference)
          variance += deviation * deviation
        }
        let (errorOfA, errorOfB) = (
          try #require(report.paths[first].accepted.share?.error),
          try #require(report.paths[second].accepted.share?.error)
        )
        let combined =
          errorOfA * errorOfA + errorOfB * errorOfB - 2 * correlation * errorOfA * errorOfB
        #expect(abs(combined - variance / (sums.total * sums.total)) < 1e-9)
      }
    }
    // By chance neither is nil, and not all pairs are alike.
    #expect(report.pairs.contains { ($0.correlation ?? 0) > 0.05 })
    #expect(report.pairs.contains { ($0.correlation ?? 0) < -0.01 })
  }

  @Test func ratesAreScaledInProportionToLuminosity() throws {
    let text = Self.text.replacing("input: 2000", with: "input: 2000, luminosity: 1.0e+34, budget: 3000")
    func menu(_ text: String, _ luminosity: Double?, inputRate: Double? = nil) throws -> TriggerMenu {
      try MenuFile(yaml: text, source: "menu.yaml").menu(
        sources: TriggerSample.sources, plugins: .conditions, inputRate: inputRate, luminosity: luminosity)
    }
    let high = try menu(text, 2e34)
    let report = TriggerReport(high, high.run(sample.inputs).state)
    let plain = TriggerReport(try TriggerMenu(Self.text), high.run(sample.inputs).state)
    #expect(high.inputRate == 4000 && report.luminosity == 2e34 && report.luminosityScale == 2)
    #expect(report.total.share == plain.total.share)
    #expect(report.total.rate?.value == plain.total.rate.map { 2 * $0.value })
    #expect(report.total.rate?.error == plain.total.rate?.error.map { 2 * $0 })
    #expect(try menu(text, 2e34, inputRate: 3000).inputRate == 6000)
    #expect(plain.luminosity == nil && plain.luminosityScale == 1)
    func problems(_ text: String, _ luminosity: Double?) -> String {
      (#expect(throws: ConfigurationError.self) { try menu(text, luminosity) })?.description ?? ""
    }
    // The budget is more than what comes in without the scale.
    #expect(problems(text, nil).contains("budget is more than the 2000.0 events per second"))
    #expect(problems(Self.text, 2e34).contains("rate has no luminosity to scale rates from; add the one"))
    #expect(problems("paths: [{name: a}]", 2).contains("has no luminosity to scale rates from"))
    #expect(
      problems("rate: {luminosity: 2}\npaths: [{name: a}]", nil).contains(
        "rate.luminosity means nothing without the rate of events that come in"))
    #expect(
      problems("rate: {input: 5, luminosity: 0}\npaths: [{name: a}]", nil).contains(
        "rate.luminosity must be positive"))
  }

  @Test func budgetsOfTimeAreChecked() throws {
    let menu = try TriggerMenu("time-budget: 500\npaths: [{name: a, time-budget: 2.5}, {name: b}]")
    #expect(menu.timeBudget == 500 && menu.paths.map(\.timeBudget) == [2.5, nil])
    let error = #expect(throws: ConfigurationError.self) {
      try TriggerMenu("time-budget: -1\npaths:\n  - {name: a, time-budget: 0}")
    }
    #expect(
      error?.description.contains("menu.yaml:1:14: time-budget must be positive")
        == true)
    #expect(error?.description.contains("paths[0].time-budget must be positive") == true)
  }
}

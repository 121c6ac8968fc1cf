// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

/// Rates, efficiencies and tuning by the weights of events.
@Suite struct WeightTests {
  private let sample = TriggerSample(eventCount: 500, seed: 41)

  private static let text = """
    rate: {input: 2000, budget: 1500}
    paths:
      - {name: hh, conditions: [{event-output: hh/score, min: 0.5}], prescale: 2}
      - {name: ht, conditions: [{ht: {}, min: 250}]}
      - {name: seed, seed-only: true, prescale: 3}
      - {name: both, seed: seed, conditions: [{ht: {}, min: 150}]}
    """

  private func weights(_ count: Int, from least: Double, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Double.random(in: least...3, using: &generator) }
  }

  private func run(
    _ menu: TriggerMenu, _ weights: [Double]?, late: [Int] = []
  ) -> (decisions: TriggerDecisions, state: TriggerState) {
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu, isWeighted: weights != nil))
    menu.evaluate(sample.inputs, into: &decisions)
    if let weights { decisions.setWeights(weights) }
    for event in late { decisions.markPassThrough(event) }
    menu.decide(&decisions, &state)
    return (decisions, state)
  }

  @Test(arguments: [0.0, -1.0]) func ratesAreSharesOfTheSumOfWeights(least: Double) throws {
    let menu = try TriggerMenu(Self.text)
    let weights = weights(500, from: least, seed: 42)
    let late = [3, 77, 400]
    let (decisions, state) = run(menu, weights, late: late)
    let (plain, counted) = run(menu, nil, late: late)
    // Weights do not change any decision.
    #expect(decisions.pathBits == plain.pathBits && decisions.isAccepted == plain.isAccepted)
    #expect(state.paths == counted.paths && state.eventsByPathCount == counted.eventsByPathCount)
    #expect(state.fits(menu))

    let report = TriggerReport(menu, state, signal: state)
    let total = weights.reduce(0, +)
    #expect(abs(try #require(report.eventWeight) - total) < 1e-9)
    func expect(_ rate: TriggerReport.Rate, _ efficiency: Efficiency? = nil, _ holds: (Int) -> Bool) throws {
      let passing = (0..<500).filter(holds)
      let share = passing.map { weights[$0] }.reduce(0, +) / total
      let variance = (0..<500).reduce(0.0) { sum, event in
        let deviation = weights[event] * ((holds(event) ? 1 : 0) - share)
        return sum + deviation * deviation
      }
      #expect(rate.count == passing.count)
      let found = try #require(rate.share)
      #expect(abs(found.value - share) < 1e-12)
      #expect(abs(try #require(found.error) - variance.squareRoot() / total) < 1e-12)
      #expect(abs(try #require(rate.rate).value - 2000 * share) < 1e-9)
      if let efficiency { #expect(abs(try #require(efficiency.value) - share) < 1e-12) }
    }
    func bit(_ event: Int, _ path: Int) -> Bool { decisions.pathBits[event * 4 + path] }
    let recording = [0, 1, 3]
    for path in 0..<4 {
      let found = report.paths[path]
      try expect(found.accepted, found.efficiencyAfterPrescale) { bit($0, path) }
      try expect(found.pure) { event in
        bit(event, path) && !recording.contains { $0 != path && bit(event, $0) }
      }
      try expect(found.shared) { event in
        bit(event, path) && recording.contains { $0 != path && bit(event, $0) }
      }
      for other in 0..<4 {
        let both = (0..<500).filter { bit($0, path) && bit($0, other) }.map { weights[$0] }.reduce(0, +)
        #expect(abs(try #require(report.overlapWeight)[path][other] - both) < 1e-9)
      }
    }
    try expect(report.total, report.efficiency) { decisions.isAccepted[$0] }
    try expect(report.passThrough) { late.contains($0) }
    try expect(report.acceptedByExactly[1]) { event in recording.count { bit(event, $0) } == 2 }
    // As a restart does.
    let copy = try JSONDecoder().decode(TriggerState.self, from: JSONEncoder().encode(state))
    #expect(copy == state)
  }

  @Test func unitWeightsChangeNothing() throws {
    let menu = try TriggerMenu(Self.text)
    let plain = TriggerReport(menu, run(menu, nil).state, signal: run(menu, nil).state)
    let state = run(menu, Array(repeating: 1, count: 500)).state
    let weighted = TriggerReport(menu, state, signal: state)
    for (a, b) in zip(plain.paths, weighted.paths) {
      #expect(a.accepted.share?.value == b.accepted.share?.value)
      #expect(abs(try #require(a.pure.share?.error) - #require(b.pure.share?.error)) < 1e-15)
      #expect(a.efficiency?.interval == b.efficiency?.interval)
    }
    #expect(plain.overlapWeight == nil && plain.total.weight == nil)
  }

  /// Twice the weight gives no more precision than the same number of events.
  @Test func intervalsKnowHowMuchWeightsTell() throws {
    func sum(_ weights: [Double]) -> WeightSum { weights.reduce(into: WeightSum()) { $0.add($1) } }
    func interval(_ passed: [Double], _ failed: [Double]) -> ClosedRange<Double> {
      Efficiency(
        passed: passed.count, total: passed.count + failed.count,
        weights: Efficiency.Weights(passed: sum(passed), total: sum(passed + failed))
      ).interval
    }
    let plain = Efficiency(passed: 3, total: 10).interval
    #expect(interval([1, 1, 1], Array(repeating: 1, count: 7)) == plain)
    #expect(interval([2, 2, 2], Array(repeating: 2, count: 7)) == plain)
    // One event of large weight among many: (Σw)² / Σw² = 19² / 109.
    let unequal = interval([10, 1, 1], Array(repeating: 1, count: 7))
    #expect(unequal.upperBound - unequal.lowerBound > 1.5 * (plain.upperBound - plain.lowerBound))
    // Negative weights: 3/2 ± √((1/2)² 5 + (3/2)² 1) / 2 by hand.
    let outside = interval([1, 2], [-1])
    let error = (0.25 * 5 + 2.25).squareRoot() / 2
    #expect(
      abs(outside.lowerBound - (1.5 - error)) < 1e-12 && abs(outside.upperBound - (1.5 + error)) < 1e-12)
    // There is no share if the weights add up to 0.
    #expect(interval([1], [-1]) == 0...1)
  }

  @Test func turnOnCurvesAreWeighted() throws {
    let menu = try TriggerMenu(Self.text)
    let weights = weights(500, from: 0, seed: 43)
    let (decisions, _) = run(menu, weights)
    var curves = try TurnOnCurves(menu, against: "scalar-sum")
    curves.append(sample.inputs, decisions)
    let curve = curves.curves(binCount: 1)[1]
    let passing = (0..<500).filter { sample.jets[$0].map(\.pt).reduce(0, +) >= 250 }
    let share = passing.map { weights[$0] }.reduce(0, +) / weights.reduce(0, +)
    #expect(abs(try #require(curve.bins[0].efficiency.value) - share) < 1e-12)
    #expect(curve.bins[0].efficiency.passed == passing.count)
  }

  private static let tuned = """
    rate: {input: 1000, budget: 100}
    paths:
      - {name: score, conditions: [{event-output: hh/score, min: tune}]}
      - {name: ht, conditions: [{ht: {}, min: tune}]}
    """

  /// Events `repeats` times each, or once with that weight.
  private func tuningSample(
    _ menu: TriggerMenu, seed: UInt64, repeats: [Int]? = nil, weights: [Double]? = nil
  ) -> TuningSample {
    let events = TriggerSample(eventCount: 600, seed: seed)
    var tuning = TuningSample(menu)
    var decisions = TriggerDecisions()
    for event in 0..<600 {
      menu.evaluate(events.inputs(event..<event + 1), into: &decisions)
      if let weights { decisions.setWeights([weights[event]]) }
      for _ in 0..<(repeats?[event] ?? 1) { tuning.append(decisions) }
    }
    return tuning
  }

  /// An event of weight k is as good as k equal events.
  @Test func weightsTuneAsRepeatedEventsDo() throws {
    let menu = try TriggerMenu(Self.tuned, isForTuning: true)
    var generator = SeededGenerator(seed: 44)
    let repeats = (0..<600).map { _ in Int.random(in: 1...3, using: &generator) }
    let weights = repeats.map(Double.init)
    let repeated = try menu.tune(
      background: tuningSample(menu, seed: 45, repeats: repeats),
      signal: tuningSample(menu, seed: 46, repeats: repeats.reversed()))
    let weighted = try menu.tune(
      background: tuningSample(menu, seed: 45, weights: weights),
      signal: tuningSample(menu, seed: 46, weights: weights.reversed()))
    #expect(weighted.values == repeated.values)
    #expect(weighted.background.weights?.accepted.sum == Double(repeated.background.acceptedCount))
    #expect(weighted.signal.weights?.accepted.sum == Double(repeated.signal.acceptedCount))
    // Without weights there are others.
    let unweighted = try menu.tune(
      background: tuningSample(menu, seed: 45), signal: tuningSample(menu, seed: 46))
    #expect(unweighted.values != weighted.values)
  }

  @Test func negativeWeightsAreNotTunedWith() throws {
    let menu = try TriggerMenu(Self.tuned, isForTuning: true)
    let plain = tuningSample(menu, seed: 45)
    let negative = tuningSample(menu, seed: 45, weights: weights(600, from: -1, seed: 47))
    for (background, signal, name) in [(negative, plain, "background"), (plain, negative, "signal")] {
      let error = #expect(throws: PluginError.self) {
        try menu.tune(background: background, signal: signal)
      }
      #expect(error?.description.hasPrefix("The \(name) has negative weights") == true)
    }
    let none = tuningSample(menu, seed: 45, weights: Array(repeating: 0, count: 600))
    let error = #expect(throws: PluginError.self) { try menu.tune(background: none, signal: plain) }
    #expect(error?.description.contains("are all 0") == true)
  }

  @Test func weightsThatCannotBeDoNotFit() throws {
    let menu = try TriggerMenu(Self.text)
    let state = run(menu, weights(500, from: 0, seed: 42)).state
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    let other = try TriggerMenu("paths: [{name: a}, {name: b}]")
    #expect(!state.fits(other))
    let damaged = text.replacing(/"squares":[0-9.]+/, with: "\"squares\":-1", maxReplacements: 1)
    #expect(damaged != text)
    #expect(try !JSONDecoder().decode(TriggerState.self, from: Data(damaged.utf8)).fits(menu))
  }
}

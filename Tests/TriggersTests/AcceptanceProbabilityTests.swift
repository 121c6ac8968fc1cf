// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

/// The probability with which a menu accepts events, and rates from those that it accepted.
@Suite struct AcceptanceProbabilityTests {
  private let sample = TriggerSample(eventCount: 300, seed: 71)

  /// Seeds of seeds, two paths of one seed, and a seed that is a path of its own too.
  private static let menu = """
    rate: {input: 1000}
    paths:
      - {name: last, seed: middle, conditions: [{ht: {}, min: 100}], prescale: 2}
      - {name: root, seed-only: true, prescale: 3}
      - {name: middle, seed: root, seed-only: true, conditions: [{event-output: hh/score, min: 0.2}], prescale: 5}
      - {name: other, seed: root, conditions: [{ht: {}, min: 200}], prescale: 4}
      - {name: free, conditions: [{event-output: hh/score, min: 0.6}], prescale: 7}
      - {name: kept, seed: free, conditions: [{ht: {}, min: 50}], prescale: 2}
    """

  /// The probability that some path accepts, summed over whatever the prescales do.
  private func probability(_ menu: TriggerMenu, _ holds: [Bool]) -> Double {
    var probability = 0.0
    for outcome in 0..<(1 << menu.paths.count) {
      var weight = 1.0
      for (path, its) in menu.paths.enumerated() {
        let passes = 1 / Double(its.prescale)
        weight *= outcome >> path & 1 == 1 ? passes : 1 - passes
      }
      func accepts(_ path: Int) -> Bool {
        holds[path] && outcome >> path & 1 == 1 && (menu.paths[path].seed.map(accepts) ?? true)
      }
      if menu.paths.indices.contains(where: { !menu.paths[$0].isSeedOnly && accepts($0) }) {
        probability += weight
      }
    }
    return probability
  }

  @Test func theColumnIsTheProbability() throws {
    let menu = try TriggerMenu(Self.menu)
    let columns = try TriggerColumns(menu)
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu))
    menu.evaluate(sample.inputs, into: &decisions)
    decisions.markPassThrough(5)
    menu.decide(&decisions, &state)
    let accepted = columns.accepted(of: sample.parts(0..<300).events, decisions)
    let found = try #require(accepted.columns["trigger.acceptance-probability"]).values
    #expect(found.count == state.acceptedCount && found.count > 30)
    for (row, event) in accepted.columns[TriggerColumns.eventNumber]!.values.enumerated() {
      let holds = (0..<6).map { decisions.conditionsHold[Int(event) * 6 + $0] }
      #expect(abs(found[row] - (event == 5 ? 1 : probability(menu, holds))) < 1e-12)
    }
    #expect(Set(found).count > 5)
  }

  @Test func aMenuWithStatesHasNoSuchColumn() throws {
    let menu = try TriggerMenu(
      "paths: [{name: rising, conditions: [{rising-pt: {}}]}]", plugins: RisingPt.registry)
    let (decisions, _) = menu.run(sample.inputs)
    let accepted = try TriggerColumns(menu).accepted(of: sample.parts(0..<300).events, decisions)
    #expect(accepted.eventCount > 0 && accepted.columns["trigger.rising"] != nil)
    #expect(accepted.columns["trigger.acceptance-probability"] == nil)
  }

  /// Of n events k were accepted, and count their weights: p = Σ w δ / n ± √(Σ w² δ − n p²) / n.
  @Test func errorsAreOfAllEvents() throws {
    let menu = try TriggerMenu(
      "rate: {input: 1000}\npaths: [{name: a, conditions: [{ht: {}, min: 150}]}, {name: b}]")
    let weights = (0..<300).map { [1.0, 2, 10][$0 % 3] }
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu, isWeighted: true))
    menu.evaluate(sample.inputs, into: &decisions)
    decisions.setWeights(weights)
    menu.decide(&decisions, &state)
    let report = TriggerReport(menu, state, acceptedOf: 2000)
    let holds = (0..<300).map { decisions.pathBits[2 * $0] }
    func expect(_ rate: TriggerReport.Rate?, _ holds: [Bool]) throws {
      let sum = zip(weights, holds).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
      let squares = zip(weights, holds).reduce(0) { $0 + ($1.1 ? $1.0 * $1.0 : 0) }
      let p = sum / 2000
      let share = try #require(rate?.share)
      #expect(abs(share.value - p) < 1e-12)
      #expect(abs(try #require(share.error) - (squares - 2000 * p * p).squareRoot() / 2000) < 1e-12)
    }
    try expect(report.paths[0].accepted, holds)
    try expect(report.covered, Array(repeating: true, count: 300))
    try expect(report.pairs[0].both, holds)
    #expect(report.acceptedOf == 2000 && report.eventCount == 300)
    // The mean over all events of numbers that are 0 for those that were not accepted.
    let all = zip(weights, holds).map { $1 ? $0 : 0 } + Array(repeating: 0, count: 1700)
    let others = weights + Array(repeating: 0, count: 1700)
    let (p, q) = (all.reduce(0, +) / 2000, others.reduce(0, +) / 2000)
    func covariance(_ x: [Double], _ y: [Double]) -> Double {
      zip(x, y).reduce(0) { $0 + ($1.0 - p) * ($1.1 - q) }
    }
    let variances = (
      all.reduce(0) { $0 + ($1 - p) * ($1 - p) }, others.reduce(0) { $0 + ($1 - q) * ($1 - q) }
    )
    let correlation = covariance(all, others) / (variances.0 * variances.1).squareRoot()
    #expect(abs(try #require(report.pairs[0].correlation) - correlation) < 1e-12)
    let plain = TriggerReport(menu, state)
    #expect(plain.covered == nil && plain.acceptedOf == nil)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import Testing

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

  /// A menu with observables of jets and events, and curves against one.
  @Test func conditionsReadObservables() throws {
    let menu = try TriggerMenu(
      """
      observables:
        shape: {plugin: soft-drop, beta: 1}
        met: {plugin: missing-momentum}
        hardest: {plugin: ranked-jets, count: 1}
      paths:
        - {name: groomed, conditions: [{jet: {quantity: shape/mass, outputs: {shape/z: {min: 0.2}}}, min: 50}]}
        - {name: met, conditions: [{event-output: met/pt, max: 30}]}
      """)
    #expect(menu.observables.members.map(\.name) == ["shape", "met", "hardest"])
    #expect(
      menu.quantities.map(\.name) == ["groomed/mass", "met/pt"]
        && menu.quantities.map(\.unit) == ["GeV", "GeV"])
    var parts = sample.parts(0..<400)
    var generator = SeededGenerator(seed: 8)
    for column in menu.observables.columns {
      let count = column.rows == .jets ? parts.jets.jetCount : 400
      parts.jets.columns[column.rows][column.name] = Column(
        values: (0..<count).map { _ in
          Double.random(in: 0...(column.unit == nil ? 0.5 : 100), using: &generator)
        })
    }
    var inputs = DecisionInputs(menu.sources)
    inputs.replace(with: parts.events, jets: parts.jets)
    inputs.append(predictions: parts.jetPredictions)
    inputs.append(predictions: parts.eventPredictions)
    let (decisions, _) = menu.run(inputs)
    let (mass, z) = (
      parts.jets.columns.jets["shape/mass"]!.values, parts.jets.columns.jets["shape/z"]!.values
    )
    let met = parts.jets.columns.events["met/pt"]!.values
    for event in 0..<400 {
      let best = parts.jets.jets(ofEvent: event).filter { z[$0] >= 0.2 }.map { mass[$0] }.max()
      #expect(
        decisions.values[2 * event] == best ?? -.infinity && decisions.values[2 * event + 1] == met[event])
      #expect(decisions.conditionsHold[2 * event] == (best ?? 0 >= 50))
      #expect(decisions.conditionsHold[2 * event + 1] == (met[event] <= 30))
    }
    var curves = try TurnOnCurves(menu, against: "hardest/pt-1")
    #expect(curves.unit == "GeV")
    curves.append(inputs, decisions)
    let hardest = parts.jets.columns.events["hardest/pt-1"]!.values
    let bins = curves.curves(binCount: 4)[1].bins
    #expect(bins[0].lower == hardest.min()! && bins.reduce(0) { $0 + $1.efficiency.total } == 400)
    for (name, problem) in [
      ("hardest/rapidity1", "did you mean hardest/rapidity-1"), ("shape/mass", "but one of events"),
      ("met/pt", "is a quantity of a path and a number of an observable"),
    ] {
      let error = try #require(
        throws: PluginError.self, performing: { _ = try TurnOnCurves(menu, against: name) })
      #expect(error.description.contains(problem))
    }
  }

  @Test(arguments: [
    ("hh: {plugin: lund}", "observables.hh has the name of a head of the model: give it another"),
    ("a: {plugin: lnud}", "There is no observable lnud; did you mean lund?"),
    ("a: {plugin: soft-drop, zcut: 0.1}", "unknown key 'zcut' in observables.a; did you mean 'z-cut'?"),
    ("lund: {}", "The observable number lund/kt is one of splittings, but one of jets is needed."),
    ("soft-drop: {}", "There is no head and no observable lund: declare an observable under observables"),
    ("b: {plugin: lund, x: 1}, a: {plugin: kinematics}", "unknown key 'x' in observables.b"),
  ]) func observablesThatDoNotServeAreRefused(declared: String, problem: String) {
    do {
      _ = try TriggerMenu(
        "observables: {\(declared)}\npaths: [{name: a, conditions: [{jet: {quantity: lund/kt}, min: 1}]}]")
      Issue.record("no error for \(declared)")
    } catch {
      #expect("\(error)".contains(problem), "\(error)")
    }
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

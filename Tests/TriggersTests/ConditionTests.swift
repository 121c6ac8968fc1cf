// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Settings
import Testing
import Triggers

/// The conditions against plain code.
@Suite struct ConditionTests {
  private let sample = TriggerSample(eventCount: 300, seed: 1)

  /// Compares the only path of a menu with plain code: the quantity and whether the event passes.
  private func compare(_ condition: String, _ expected: (Int) -> (value: Double, passes: Bool)) throws {
    let menu = try TriggerMenu("paths: [{name: p, conditions: [\(condition)]}]")
    let (decisions, _) = menu.run(sample.inputs)
    #expect(menu.quantities.count == 1)
    for event in 0..<sample.eventCount {
      let (value, passes) = expected(event)
      let found = decisions.values[event]
      // Sums may round in another order.
      #expect(found == value || abs(found - value) <= 1e-9 * abs(value), "event \(event)")
      #expect(decisions.conditionsHold[event] == passes && decisions.isAccepted[event] == passes)
    }
    let count = decisions.isAccepted.count { $0 }
    #expect(count > 0 && count < sample.eventCount, "a condition that says something")
  }

  /// The jets of an event that pass 30 GeV, |y| ≤ 2 and 20 ≤ m ≤ 100.
  private func selected(_ event: Int) -> [Int] {
    sample.jets[event].indices.filter {
      let p = sample.jets[event][$0]
      return p.pt >= 30 && abs(p.rapidity) <= 2 && p.mass >= 20 && p.mass <= 100
    }
  }

  private let cuts = "min-pt: 30, max-abs-rapidity: 2, min-mass: 20, max-mass: 100"

  @Test func countsJets() throws {
    try compare("{jet-count: {\(cuts)}, min: 1, max: 2}") { event in
      let count = selected(event).count
      return (Double(count), (1...2).contains(count))
    }
    try compare("{jet-count: {min-pt: 50, outputs: {flavour/score: {min: 0.3, max: 0.8}}}, min: 1}") {
      event in
      let count = sample.jets[event].indices.count {
        let tag = sample.tags[event][$0]
        return sample.jets[event][$0].pt >= 50 && tag >= 0.3 && tag <= 0.8
      }
      return (Double(count), count >= 1)
    }
  }

  @Test(arguments: 1...4)
  func ranksJets(rank: Int) throws {
    try compare("{jet: {rank: \(rank), \(cuts)}, min: 40}") { event in
      let values = selected(event).map { sample.jets[event][$0].pt }.sorted(by: >)
      let value = values.count >= rank ? values[rank - 1] : -.infinity
      return (value, value >= 40)
    }
    try compare("{jet: {rank: \(rank), quantity: flavour/score, min-pt: 25}, min: 0.5}") { event in
      let values = sample.jets[event].indices.filter { sample.jets[event][$0].pt >= 25 }
        .map { Double(sample.tags[event][$0]) }.sorted(by: >)
      let value = values.count >= rank ? values[rank - 1] : -.infinity
      return (value, value >= 0.5)
    }
    // That there is such a jet is a condition of its own.
    try compare("{jet: {rank: \(rank), quantity: 'flavour/mass[1]', max-abs-rapidity: 2}}") { event in
      let values = sample.jets[event].indices.filter { abs(sample.jets[event][$0].rapidity) <= 2 }
        .map { Double(sample.masses[event][$0][1]) }.sorted(by: >)
      return (values.count >= rank ? values[rank - 1] : -.infinity, values.count >= rank)
    }
  }

  @Test func ranksJetsByMass() throws {
    try compare("{jet: {quantity: mass}, max: 90}") { event in
      let value = sample.jets[event].map(\.mass).max() ?? -.infinity
      return (value, sample.jets[event].count > 0 && value <= 90)
    }
  }

  @Test func addsJets() throws {
    try compare("{ht: {\(cuts)}, min: 90}") { event in
      let sum = selected(event).map { sample.jets[event][$0].pt }.reduce(0, +)
      return (sum, sum >= 90)
    }
    try compare("{ht: {leading: 2}, min: 200}") { event in
      let sum = sample.jets[event].prefix(2).map(\.pt).reduce(0, +)
      return (sum, sum >= 200)
    }
    try compare("{invariant-mass: {\(cuts)}, min: 100, max: 300}") { event in
      let jets = selected(event).prefix(2).map { sample.jets[event][$0] }
      let mass = jets.count == 2 ? (jets[0] + jets[1]).mass : -.infinity
      return (mass, mass >= 100 && mass <= 300)
    }
    try compare("{invariant-mass: {leading: 3}}") { event in
      let jets = sample.jets[event]
      guard jets.count >= 3 else { return (-.infinity, false) }
      return ((jets[0] + jets[1] + jets[2]).mass, true)
    }
  }

  @Test func looksAtTheWholeEvent() throws {
    try compare("{missing-momentum: {}, min: 50}") { event in
      let sum = sample.jets[event].reduce(FourMomentum.zero, +)
      return (sum.pt, sum.pt >= 50)
    }
    try compare("{scalar-sum: {}, max: 300}") { event in
      let sum = sample.jets[event].map(\.pt).reduce(0, +)
      return (sum, sum <= 300)
    }
    try compare("{event-output: hh/score, min: 0.25, max: 0.75}") { event in
      let score = Double(sample.scores[event])
      return (score, score >= 0.25 && score <= 0.75)
    }
  }

  /// The digits of a score, as results print them, stand for the score: as a bound, they let it pass.
  @Test func aScoreIsWithinItsOwnDigits() throws {
    for event in 0..<40 where sample.scores[event].isFinite {
      let digits = "\(sample.scores[event])"
      try compare("{event-output: hh/score, min: \(digits)}") { other in
        (Double(sample.scores[other]), sample.scores[other] >= sample.scores[event])
      }
      try compare("{event-output: hh/score, max: \(digits)}") { other in
        (Double(sample.scores[other]), sample.scores[other] <= sample.scores[event])
      }
    }
  }

  @Test func aConditionOfTheModelIsAColumn() throws {
    let column = try TriggerSample.sources.column(ofCondition: "resonance_mass")
    var inputs = sample.inputs
    inputs.event = 7
    #expect(inputs[column] == Double(Float(sample.conditions[7])))
  }

  @Test func allConditionsOfAPathMustHold() throws {
    let menu = try TriggerMenu(
      """
      paths:
        - name: both
          conditions: [{jet-count: {}, min: 3}, {event-output: hh/score, min: 0.5}, {jet-count: {min-pt: 40}, max: 4}]
        - {name: all}
      """)
    #expect(menu.quantities.map(\.name) == ["both/count", "both/score", "both/count-2"])
    let (decisions, _) = menu.run(sample.inputs)
    for event in 0..<sample.eventCount {
      let jets = sample.jets[event]
      let holds = jets.count >= 3 && sample.scores[event] >= 0.5 && jets.count { $0.pt >= 40 } <= 4
      #expect(decisions.pathBits[2 * event] == holds)
      #expect(decisions.pathBits[2 * event + 1] && decisions.isAccepted[event])
    }
  }

  /// A decision of another plugin is a condition like any other.
  private struct RapidityGap: Decision {
    struct Configuration: Decodable, Sendable {
      var jets: Int
    }
    static let identifier = "rapidity-gap"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "The largest distance of neighbours in rapidity."
    static let example = DecisionExample("{jets: 2}")
    static let isMeasurement = true
    let quantities = [HeadOutput("gap"), HeadOutput("momentum", width: 2, unit: "GeV")]
    let jets: Int

    init(configuration: Configuration, sources: DecisionSources) throws {
      guard configuration.jets >= 2 else { throw PluginError("A gap needs two jets.") }
      jets = configuration.jets
    }

    func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
      guard event.jetCount >= jets else { return false }
      values[0] = abs(event.rapidity(ofJet: 0) - event.rapidity(ofJet: 1))
      (values[1], values[2]) = (event.momentum(ofJet: 0).px, event.momentum(ofJet: 0).py)
      return true
    }
  }

  @Test func anyDecisionIsACondition() throws {
    var plugins = PluginRegistry.conditions
    try plugins.register(RapidityGap.self)
    let menu = try TriggerMenu(
      "paths: [{name: gap, conditions: [{jet-count: {}, min: 1}, {rapidity-gap: {jets: 3}, max: 2}]}]",
      plugins: plugins)
    #expect(menu.quantities.map(\.name) == ["gap/count", "gap/gap", "gap/momentum[0]", "gap/momentum[1]"])
    #expect(menu.quantities.map(\.unit) == [nil, nil, "GeV", "GeV"])
    let (decisions, _) = menu.run(sample.inputs)
    for event in 0..<sample.eventCount {
      let jets = sample.jets[event]
      let values = decisions.values[4 * event..<4 * event + 4].map { $0 }
      guard jets.count >= 3 else {
        #expect(!decisions.isAccepted[event] && values[1...].allSatisfy(\.isNaN))
        continue
      }
      let gap = abs(jets[0].rapidity - jets[1].rapidity)
      #expect(values == [Double(jets.count), gap, jets[0].px, jets[0].py])
      #expect(decisions.isAccepted[event] == (gap <= 2))
    }
    #expect(throws: PluginError.self) { try plugins.register(RapidityGap.self) }
    let error = #expect(throws: ConfigurationError.self) {
      try TriggerMenu("paths: [{name: gap, conditions: [{rapidity-gap: {jets: 1}}]}]", plugins: plugins)
    }
    #expect(
      error?.messages == [
        "menu.yaml:1:49: paths[0].conditions[0].rapidity-gap is refused: A gap needs two jets."
      ])
  }

  @Test func aNumberThatIsNotOnePassesNothing() throws {
    var broken = sample
    for event in 0..<broken.eventCount {
      broken.tags[event] = broken.tags[event].map { _ in .nan }
      broken.scores[event] = .nan
    }
    for condition in [
      "{jet-count: {outputs: {flavour/score: {max: 1}}}, min: 1}", "{jet: {quantity: flavour/score}}",
      "{event-output: hh/score, max: 2}",
    ] {
      let (decisions, _) = try TriggerMenu("paths: [{name: p, conditions: [\(condition)]}]").run(
        broken.inputs)
      #expect(!decisions.isAccepted.contains(true), "\(condition)")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

/// Decisions that depend on the events before.
@Suite struct StatefulDecisionTests {
  private let sample = TriggerSample(eventCount: 500, seed: 41)

  /// States after a seed, after and before other conditions, within bounds, and two in one path.
  private static let text = """
    paths:
      - {name: seeded, seed: jets, prescale: 2, conditions: [
          {event-output: hh/score, min: 0.3}, {rising-pt: {}, min: 60}, {ht: {}, min: 200}]}
      - {name: jets, conditions: [{jet-count: {min-pt: 30}, min: 2}], prescale: 2, seed-only: true}
      - {name: two, conditions: [{rising-pt: {factor: 0.5}}, {ht: {}, max: 400}, {rising-pt: {factor: 0.8}}]}
      - {name: zero-bias, prescale: 7}
    """

  private func menu(_ text: String = text) throws -> TriggerMenu {
    try TriggerMenu(text, plugins: RisingPt.registry)
  }

  /// What the menu says of the events in batches, with those that took too long among them.
  private func run(
    _ menu: TriggerMenu, batch: Int, isRestarted: Bool = false
  ) throws -> (
    TriggerDecisions, TriggerState
  ) {
    var (all, decisions, state) = (TriggerDecisions(), TriggerDecisions(), TriggerState(menu))
    for first in stride(from: 0, to: 500, by: batch) {
      let range = first..<min(first + batch, 500)
      menu.evaluate(sample.inputs(range), into: &decisions)
      for event in range where event % 11 == 5 { decisions.markPassThrough(event - first) }
      menu.decide(&decisions, &state)
      all.append(decisions)
      guard isRestarted else { continue }
      let stored = state
      state = try JSONDecoder().decode(TriggerState.self, from: JSONEncoder().encode(state))
      #expect(state.fits(menu) && state == stored)
      try state.restoreDecisions(of: menu)
      #expect(state == stored)
    }
    return (all, state)
  }

  @Test func aStateAdvancesIfAllConditionsBeforeItHold() throws {
    let menu = try menu()
    let (decisions, state) = try run(menu, batch: 500)
    func passes(_ pt: Double, _ threshold: inout Double, _ factor: Double) -> Bool {
      let isHarder = pt > threshold
      threshold = isHarder ? pt : threshold * factor
      return isHarder
    }
    var (seeded, first, second) = (0.0, 0.0, 0.0)
    var counts = (jets: 0, seeded: 0, two: 0)
    for event in 0..<500 where event % 11 != 5 {
      let jets = sample.jets[event]
      let ht = jets.map(\.pt).reduce(0, +)
      var isSeeded = false
      if jets.count(where: { $0.pt >= 30 }) >= 2 {
        counts.jets += 1
        // The score is compared as a menu reads it, a Double.
        if counts.jets % 2 == 0, Double(sample.scores[event]) >= 0.3, jets[0].pt >= 60,
          passes(jets[0].pt, &seeded, 0.9), ht >= 200
        {
          counts.seeded += 1
          isSeeded = counts.seeded % 2 == 0
        }
      }
      let isTwo =
        !jets.isEmpty && passes(jets[0].pt, &first, 0.5) && ht <= 400 && passes(jets[0].pt, &second, 0.8)
      counts.two += isTwo ? 1 : 0
      #expect(decisions.pathBits[4 * event] == isSeeded && decisions.pathBits[4 * event + 2] == isTwo)
      #expect(decisions.conditionsHold[4 * event + 2] == isTwo)
    }
    #expect(counts.seeded > 10 && counts.two > 20, "the paths say something")
    #expect(state.paths[0].beforePrescale == counts.seeded && state.paths[2].accepted == counts.two)
    #expect(menu.statefulConditions.map(\.name) == ["seeded/rising-pt", "two/rising-pt", "two/rising-pt"])
  }

  @Test(arguments: [1, 3, 64, 500]) func batchesAndRestartsMakeNoDifference(size: Int) throws {
    let menu = try menu()
    let (expected, expectedState) = try run(menu, batch: 500)
    let (found, state) = try run(menu, batch: size, isRestarted: true)
    #expect(found.pathBits == expected.pathBits && found.isAccepted == expected.isAccepted)
    #expect(found.conditionsHold == expected.conditionsHold && state == expectedState)
  }

  @Test func aStateIsWrittenOnlyIfThereIsOne() throws {
    func text(_ state: TriggerState) throws -> String {
      String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    }
    let (_, state) = try run(try menu(), batch: 500)
    #expect(try text(state).contains("threshold"))
    let stateless = try menu("paths: [{name: all}]")
    #expect(try !text(TriggerState(stateless)).contains("decisions"))
    #expect(!TriggerState(stateless).fits(try menu("paths: [{name: all, conditions: [{rising-pt: {}}]}]")))
  }

  @Test func aStateThatIsNotReadIsRefusedByName() throws {
    let menu = try menu()
    let (_, state) = try run(menu, batch: 500)
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    let other = text.replacing("threshold", with: "limit")
    var found = try JSONDecoder().decode(TriggerState.self, from: Data(other.utf8))
    let error = #expect(throws: PluginError.self) { try found.restoreDecisions(of: menu) }
    #expect(error?.description.contains("seeded/rising-pt does not read the state") == true)
  }

  @Test func thresholdsAreNotTunedWithStates() throws {
    let text = """
      rate: {input: 1000, budget: 100}
      paths: [{name: a, conditions: [{rising-pt: {}}, {ht: {}, min: tune}]}]
      """
    let error = #expect(throws: (any Error).self) {
      try TriggerMenu(text, plugins: RisingPt.registry, isForTuning: true)
    }
    #expect("\(error!)".contains("rising-pt depends on the events before"), "\(error!)")
  }
}

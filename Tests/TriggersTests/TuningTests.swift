// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Settings
import Testing
import Triggers

@Suite struct TuningTests {
  private static let text = """
    # The user's own words.
    rate:
      input: 1000     # Hz
      budget: 100
    paths:
      - name: score   # é before tune
        conditions: [{event-output: hh/score, min: tune}]   # to be found
      - name: tag
        conditions:
          - jet: {quantity: flavour/score, min-pt: 30}
            min: 0.2
          - ht: {}
            min: tune
      - {name: zero-bias, prescale: 50}
    """

  /// Events whose score and HT are larger for signal.
  private func sample(_ isSignal: Bool, seed: UInt64, count: Int = 1500) -> TriggerSample {
    var sample = TriggerSample(eventCount: count, seed: seed)
    var generator = SeededGenerator(seed: seed + 100)
    for event in 0..<count {
      let u = Float.random(in: 0..<1, using: &generator)
      sample.scores[event] = isSignal ? 1 - u * u : u
      guard isSignal else { continue }
      sample.jets[event] = sample.jets[event].map {
        FourMomentum(pt: 1.5 * $0.pt, rapidity: $0.rapidity, phi: $0.phi, mass: $0.mass)
      }
    }
    return sample
  }

  private func tuningSample(_ menu: TriggerMenu, _ sample: TriggerSample) -> TuningSample {
    var decisions = TriggerDecisions()
    var tuning = TuningSample(menu)
    menu.evaluate(sample.inputs, into: &decisions)
    tuning.append(decisions)
    return tuning
  }

  @Test func reachesTheBestOfAllPairsOfThresholds() throws {
    let menu = try TriggerMenu(Self.text, isForTuning: true)
    let (background, signal) = (sample(false, seed: 11), sample(true, seed: 12))
    let tuned = try menu.tune(
      background: tuningSample(menu, background), signal: tuningSample(menu, signal))
    #expect(tuned.background.acceptedCount <= 150)
    // The counters are those of the menu with these numbers.
    let done = menu.tuned(tuned.values)
    #expect(done.run(background.inputs).state == tuned.background)
    #expect(done.run(signal.inputs).state == tuned.signal)

    // Plain code: for each cut on the score the loosest on HT within the budget.
    func passes(_ sample: TriggerSample) -> [(score: Double, ht: Double, isPrescaled: Bool)] {
      (0..<sample.eventCount).map { event in
        let jets = sample.jets[event]
        let isTagged = jets.indices.contains { jets[$0].pt >= 30 && Double(sample.tags[event][$0]) >= 0.2 }
        return (
          Double(sample.scores[event]), isTagged ? jets.map(\.pt).reduce(0, +) : -1, (event + 1) % 50 == 0
        )
      }
    }
    let (plainBackground, plainSignal) = (passes(background), passes(signal))
    func count(
      _ events: [(score: Double, ht: Double, isPrescaled: Bool)], _ score: Double, _ ht: Double
    ) -> Int {
      events.count { $0.score >= score || $0.ht >= ht || $0.isPrescaled }
    }
    #expect(count(plainBackground, tuned.values[0], tuned.values[1]) == tuned.background.acceptedCount)
    #expect(count(plainSignal, tuned.values[0], tuned.values[1]) == tuned.signal.acceptedCount)
    var best = 0
    let hts = stride(from: 100.0, through: 1500, by: 20)
    for score in stride(from: 0.8, through: 1, by: 0.01) {
      guard let ht = hts.first(where: { count(plainBackground, score, $0) <= 150 }) else { continue }
      best = max(best, count(plainSignal, score, ht))
    }
    #expect(Double(tuned.signal.acceptedCount) >= 0.995 * Double(best))

    // The naive choice gives each path half of what the zero-bias path leaves.
    let half = (150 - 30) / 2
    let naiveScore = plainBackground.map(\.score).sorted(by: >)[half - 1]
    let naiveHT = plainBackground.map(\.ht).sorted(by: >)[half - 1]
    #expect(tuned.signal.acceptedCount > count(plainSignal, naiveScore, naiveHT) + 15)
    // The budget is used up to what one step of a threshold takes.
    #expect(tuned.background.acceptedCount >= 145)
  }

  @Test func theSameSamplesGiveTheSameThresholds() throws {
    let menu = try TriggerMenu(Self.text, isForTuning: true)
    let background = tuningSample(menu, sample(false, seed: 3, count: 400))
    let signal = tuningSample(menu, sample(true, seed: 4, count: 300))
    let first = try menu.tune(background: background, signal: signal)
    let second = try menu.tune(background: background, signal: signal)
    #expect(first.values == second.values && first.background == second.background)
  }

  /// With seeds, prescales and largest values the rate is the one that is counted.
  @Test func staysWithinTheBudgetWithSeedsAndPrescales() throws {
    let menu = try TriggerMenu(
      """
      rate: {input: 1000, budget: 60}
      paths:
        - {name: seed, conditions: [{scalar-sum: {}, min: tune}], prescale: 2, seed-only: true}
        - {name: quiet, seed: seed, conditions: [{missing-momentum: {}, max: tune}]}
        - {name: score, conditions: [{event-output: hh/score, min: tune, max: 0.9}], prescale: 3}
        - {name: two, seed: score, conditions: [{jet-count: {}, min: tune}]}
      """, isForTuning: true)
    let (background, signal) = (sample(false, seed: 5, count: 600), sample(true, seed: 6, count: 600))
    let tuned = try menu.tune(background: tuningSample(menu, background), signal: tuningSample(menu, signal))
    let done = menu.tuned(tuned.values)
    let state = done.run(background.inputs).state
    #expect(state == tuned.background && state.acceptedCount <= 36)
    #expect(state.acceptedCount >= 30 && tuned.signal.acceptedCount > state.acceptedCount)
    #expect(tuned.values[2] <= 0.9)
  }

  @Test func theTunedMenuKeepsTheUsersText() throws {
    let file = try MenuFile(yaml: Self.text, source: "menu.yaml")
    let menu = try file.menu(sources: TriggerSample.sources, plugins: .conditions, isForTuning: true)
    let text = try file.text(of: menu, tuned: [0.875, 312.0625])
    #expect(
      text
        == Self.text.replacingOccurrences(of: "min: tune}", with: "min: 0.875}")
        .replacingOccurrences(of: "min: tune\n", with: "min: 312.0625\n"))
    let tuned = try TriggerMenu(text)
    let sample = sample(false, seed: 7, count: 200)
    #expect(tuned.run(sample.inputs).state == menu.tuned([0.875, 312.0625]).run(sample.inputs).state)
    // Lines of another system, and a word in quotation marks.
    let other = try MenuFile(
      yaml: text.replacingOccurrences(of: "0.875", with: "'tune'"), source: "menu.yaml")
    let otherMenu = try other.menu(sources: TriggerSample.sources, plugins: .conditions, isForTuning: true)
    #expect(throws: ConfigurationError.self) { try other.text(of: otherMenu, tuned: [1]) }
  }

  @Test func whatCannotBeTunedIsRefused() throws {
    func refusal(_ yaml: String, background: Int = 500, signal: Int = 100) throws -> String? {
      let menu = try TriggerMenu(yaml, isForTuning: true)
      let (background, signal) = (
        sample(false, seed: 8, count: background), sample(true, seed: 9, count: signal)
      )
      let error = #expect(throws: PluginError.self) {
        try menu.tune(background: tuningSample(menu, background), signal: tuningSample(menu, signal))
      }
      return error?.description
    }
    let tail = "paths: [{name: a, conditions: [{ht: {}, min: tune}]}"
    #expect(
      try refusal("rate: {input: 1000, budget: 1}\n\(tail)]", background: 999)
        == "The background has 999 events, of which not even one is within the budget: give at least 1000.")
    #expect(
      try refusal("rate: {input: 1000, budget: 100}\n\(tail)]", signal: 0)
        == "The signal has no events to tune the menu with.")
    #expect(
      try refusal(
        "rate: {input: 1000, budget: 100}\n\(tail), {name: b, conditions: [{jet-count: {}, max: 99}], prescale: 5}]"
      )
        == "The paths without thresholds to tune accept 200.0 events per second, more than the budget of 100.0: "
        + "prescale them.")
    #expect(
      try refusal(
        "rate: {input: 1000, budget: 100}\n"
          + "paths: [{name: a, conditions: [{ht: {}, min: tune}, {jet-count: {}, min: 99}]}]")
        == "No event meets the other conditions of a, so that nothing can be said of a/ht: loosen them.")
  }
}

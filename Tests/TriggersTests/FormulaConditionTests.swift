// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import PluginKit
import Settings
import Testing
import Triggers

/// Conditions that are formulas, against plain code.
@Suite struct FormulaConditionTests {
  private let sample = TriggerSample(eventCount: 300, seed: 12)

  /// Compares the only path of a menu with plain code, in batches of one size.
  private func compare(_ formula: String, batch: Int = 300, _ expected: (Int) -> Bool) throws {
    let menu = try TriggerMenu("paths: [{name: p, conditions: [\"\(formula)\"]}]")
    #expect(menu.quantities.isEmpty)
    var inputs = DecisionInputs(menu.sources)
    var count = 0
    for first in stride(from: 0, to: 300, by: batch) {
      sample.fill(&inputs, first..<min(300, first + batch))
      let (decisions, _) = menu.run(inputs)
      for event in 0..<decisions.eventCount {
        #expect(decisions.isAccepted[event] == expected(first + event), "\(formula), event \(first + event)")
        if decisions.isAccepted[event] { count += 1 }
      }
    }
    #expect(count > 0 && count < 300, "a condition that says something")
  }

  @Test(arguments: [1, 7, 300]) func asPlainCodeHasIt(batch: Int) throws {
    let (jets, tags) = (sample.jets, sample.tags)
    try compare("mass(jet[0], jet[1]) > 150", batch: batch) {
      jets[$0].count > 1 && (jets[$0][0] + jets[$0][1]).mass > 150
    }
    try compare("(largest(jet.flavour/score, 0) + largest(jet.flavour/score, 1)) / 2 > 0.7", batch: batch) {
      let best = tags[$0].map { Double($0) }.sorted(by: >)
      return best.count > 1 && (best[0] + best[1]) / 2 > 0.7
    }
    try compare("deltaR(jet[0], jet[1]) < 2", batch: batch) {
      jets[$0].count > 1 && jets[$0][0].deltaR(to: jets[$0][1]) < 2
    }
    try compare("sum(jet.pt) > 250", batch: batch) { jets[$0].reduce(0) { $0 + $1.pt } > 250 }
    try compare("count(jet.flavour/score > 0.45 and jet.pt > 60) >= 2", batch: batch) { event in
      jets[event].indices.count { Double(tags[event][$0]) > 0.45 && jets[event][$0].pt > 60 } >= 2
    }
    try compare("hh/score > 0.5 or jet[0].flavour/score > 0.8", batch: batch) {
      sample.scores[$0] > 0.5 || tags[$0].first.map { Double($0) > 0.8 } ?? false
    }
    try compare("any(jet.flavour/mass[1] > 150)", batch: batch) { event in
      sample.masses[event].contains { $0[1] > 150 }
    }
    // Conditions of the model keep their double precision.
    let threshold = sample.conditions[5]
    try compare("resonance_mass == \(threshold) or count(jet) == 0", batch: batch) {
      sample.conditions[$0] == threshold || jets[$0].isEmpty
    }
    // Each jet of the sample is one particle.
    try compare("max(count(constituent)) == 1 and sum(sum(constituent.pt)) > 200", batch: batch) {
      jets[$0].reduce(0) { $0 + $1.pt } > 200
    }
    // What is missing meets no comparison.
    try compare("not (jet[2].pt > 40)", batch: batch) { jets[$0].count < 3 || jets[$0][2].pt <= 40 }
  }

  /// A text is short for the decision, among others and after a seed.
  @Test func aTextIsShort() throws {
    let menu = try TriggerMenu(
      """
      paths:
        - name: seed
          seed-only: true
          conditions: [count(jet) > 1]
        - name: short
          seed: seed
          conditions:
            - mass(jet[0], jet[1]) > 100 and hh/score < 0.9
            - jet-count: {min-pt: 40}
              min: 2
        - name: long
          conditions:
            - formula: mass(jet[0], jet[1]) > 100 and hh/score < 0.9
            - jet-count: {min-pt: 40}
              min: 2
      """)
    #expect(menu.quantities.map(\.name) == ["short/count", "long/count"])
    var inputs = DecisionInputs(menu.sources)
    sample.fill(&inputs, 0..<300)
    let (decisions, state) = menu.run(inputs)
    for event in 0..<300 {
      #expect(decisions.pathBits[3 * event + 1] == decisions.pathBits[3 * event + 2])
    }
    #expect(state.paths[1].accepted > 20 && state.paths[1].accepted < 280)
    #expect(state.paths[1].accepted == state.paths[2].accepted)
    // Curves rise with what a formula says, as with any condition.
    var curves = try TurnOnCurves(menu, against: "leading-jet-pt")
    curves.append(inputs, decisions)
    let passing = curves.curves(binCount: 4).first { $0.path == "short" }!.bins.reduce(0) {
      $0 + $1.efficiency.passed
    }
    #expect(passing == state.paths[1].accepted)
  }

  @Test func allMistakesAreToldAtOnce() {
    func problems(_ yaml: String) -> [String] {
      do {
        _ = try TriggerMenu(yaml)
        return []
      } catch let error as ConfigurationError {
        return error.messages
      } catch {
        return ["another error: \(error)"]
      }
    }
    #expect(
      problems(
        """
        paths:
          - name: a
            conditions:
              - masss(jet[0], jet[1]) > 80
              - formula: jet.flavor/score > 1
              - "count(jet.pt > 200"
              - formula: sum(jet.pt)
                min: 3
              - formula: sum(jet.pt) > 100
                min: 3
              - formula: {a: 1}
              - max(constituent.isolation/sum) > 1
        """) == [
          "menu.yaml:4:9: paths[0].conditions[0] is refused: at character 1: there is no function masss(); did you mean "
            + "mass()?",
          "menu.yaml:5:18: paths[0].conditions[1].formula is refused: at character 1: jets have no column flavor/score; "
            + "did you mean flavour/score?",
          "menu.yaml:6:9: paths[0].conditions[2] is refused: at character 19: ) or , is missing.",
          "menu.yaml:7:18: paths[0].conditions[3].formula is refused: at character 1: this is a number, and a condition is "
            + "needed; compare it, as in sum(jet.pt) != 0.",
          "menu.yaml:10:14: paths[0].conditions[4].min bounds nothing: formula has no quantity.",
          "menu.yaml:11:18: paths[0].conditions[5].formula must be text, not a mapping.",
          "menu.yaml:12:9: paths[0].conditions[6] is refused: at character 5: constituents have no column isolation/sum; "
            + "if you mean to divide or to subtract, put blanks around the sign.",
        ])
  }

  @Test(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
  func needsNoMemory() throws {
    let menu = try TriggerMenu(
      """
      paths:
        - name: a
          conditions:
            - mass(jet[0], jet[1]) > 80 and (largest(jet.flavour/score, 0) + largest(jet.flavour/score, 1)) / 2 > 0.3
            - count(jet.flavour/score > 0.1 and jet.pt > max(jet.pt) / 3) >= 1 or 0 < hh/score < 0.5
            - any(jet.flavour/mass[1] > 1) and deltaR(jet[0], jet[1]) < 9 and resonance_mass not in [3, 5..8]
            - max(sum(constituent.pt / jet.pt)) > 0.2 and sum(particle.pt) > 1 and not missing(jet[0].eta)
      """)
    let batches = (0..<100).map { sample.parts($0..<$0 + 1) }
    var inputs = DecisionInputs(menu.sources)
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu))
    func decide() {
      for index in 0..<batches.count {
        inputs.replace(with: batches[index].events, jets: batches[index].jets)
        inputs.append(predictions: batches[index].jetPredictions)
        inputs.append(predictions: batches[index].eventPredictions)
        menu.evaluate(inputs, into: &decisions)
        menu.decide(&decisions, &state)
      }
    }
    decide()
    decide()
    let before = allocation_count()
    decide()
    #expect(allocation_count() == before)
    #expect(state.eventCount == 300 && state.paths[0].accepted > 0)
  }
}

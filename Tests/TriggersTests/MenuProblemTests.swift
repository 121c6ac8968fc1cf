// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit
import Settings
import Testing
import Triggers

/// What is wrong with a menu is told before the first event, all at once, each problem with its place.
@Suite struct MenuProblemTests {
  private func problems(_ yaml: String, isForTuning: Bool = false) -> [String] {
    do {
      _ = try TriggerMenu(yaml, isForTuning: isForTuning)
      return []
    } catch let error as ConfigurationError {
      return error.messages
    } catch {
      return ["another error: \(error)"]
    }
  }

  @Test func menusHaveTheLimitsOfConfigurations() {
    for (text, message) in [
      (String(repeating: "[", count: 10_000), "menu.yaml:1:66: [0]"),
      ("paths: \(String(repeating: "[", count: 70))", "lies in more than 64 lists and mappings"),
      ("paths: [\(String(repeating: "1,", count: 100_000))]", "values that are read"),
      ("a: &a [1]\n? *a\n: 1", "has a list or a mapping for a key"),
      (
        "paths:\n- name: \(String(repeating: "x", count: 65_537))",
        "paths[0].name is longer than the 65536 bytes"
      ),
    ] {
      let found = problems(text)
      #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }
  }

  @Test func allProblemsAreTold() {
    let found = problems(
      """
      rate: {input: 1000, budget: 2000}
      paths:
        - name: a
          conditions:
            - jet-count: {min-pt: 30, outputs: {flavor/score: {min: 0.5}}}
              min: 2
            - event-output: hh/scroe
              min: 0.5
            - ht: {min-mass: 50, max-mass: 40}
              min: 1
            - missing-momentum: {}
              min: 30
              max: 20
            - jet-cuont: {}
              min: 1
            - scalar-sum: {}
          prescale: 0
          seed: d
        - name: a
          prescale: -2
          seed: c
        - name: c
          seed: a
          prescales: 2
        - name: e
          prescale: two
          seed: f
        - name: f
          seed: e
          conditions: [{ht: {}, min: .inf}, {ht: {}, max: many}, {min: 1}, {ht: {}, jet: {}}]
      """)
    #expect(
      found == [
        "menu.yaml:1:29: rate.budget is more than the 1000.0 events per second that come in.",
        "menu.yaml:5:20: paths[0].conditions[0].jet-count is refused: There is no head and no observable flavor; did you "
          + "mean flavour?",
        "menu.yaml:7:23: paths[0].conditions[1].event-output is refused: The head hh has no output scroe; did you mean "
          + "score?",
        "menu.yaml:9:38: paths[0].conditions[2].ht.max-mass is refused: is less than min-mass, so that no jet passes.",
        "menu.yaml:13:14: paths[0].conditions[3].max is less than min, so that nothing lies between.",
        "menu.yaml:14:20: paths[0].conditions[4].jet-cuont is refused: There is no decision jet-cuont; did you mean "
          + "jet-count?",
        "menu.yaml:16:21: paths[0].conditions[5].scalar-sum needs min, max or both: scalar-sum only measures.",
        "menu.yaml:17:15: paths[0].prescale must be 1 or more.",
        "menu.yaml:18:11: paths[0].seed names no path: there is no 'd'; did you mean 'a'?",
        "menu.yaml:19:11: paths[1].name 'a' is the name of a path before; give each path its own.",
        "menu.yaml:20:15: paths[1].prescale must be 1 or more.",
        "menu.yaml:24:5: unknown key 'prescales' in paths[2]; did you mean 'prescale'?",
        "menu.yaml:26:15: paths[3].prescale must be a whole number, not 'two'.",
        "menu.yaml:27:11: paths[3].seed goes in a circle, so that no path comes first: 'e' needs 'f' needs 'e'.",
        "menu.yaml:29:11: paths[4].seed goes in a circle, so that no path comes first: 'f' needs 'e' needs 'f'.",
        "menu.yaml:30:32: paths[4].conditions[0].min must be a finite number.",
        "menu.yaml:30:53: paths[4].conditions[1].max is refused: write a number, or tune.",
        "menu.yaml:30:60: paths[4].conditions[2] names no decision, such as jet-count, in addition to min and max.",
        "menu.yaml:30:70: paths[4].conditions[3] names ht and jet, but one is needed: make them conditions of their "
          + "own.",
      ])
  }

  @Test(arguments: [
    ("paths: []", "1:8: paths has no paths; give at least one."),
    ("rate: {input: 5}", "1:1: the configuration lacks the key 'paths'; add it."),
    ("paths: [{prescale: 2}]", "1:9: paths[0] lacks the key 'name'; add it."),
    (
      "paths: [{name: a/b}]",
      "1:16: paths[0].name “a/b” is no name: leave out slashes and do not leave it empty."
    ),
    ("paths: [a]", "1:9: paths[0] must be a mapping with keys, not 'a'."),
    (
      "rate: {budget: 5}\npaths: [{name: a, prescale: 9}]",
      "1:16: rate.budget means nothing without the rate of events that come in; add input."
    ),
    (
      "rate: {input: 10, budget: 0}\npaths: [{name: a}]",
      "1:27: rate.budget must be positive."
    ),
    (
      "rate: {input: -1}\npaths: [{name: a}]",
      "1:15: rate.input must be positive."
    ),
    (
      "rate: {input: 1000, budget: 90}\npaths: [{name: s, prescale: 2, seed-only: true}, {name: a, seed: s, prescale: 5}]",
      "2:50: paths[1] has no conditions and accepts 100.0 events per second, more than the budget of 90.0."
    ),
    (
      "paths: [{name: a, seed-only: true}]",
      "1:30: paths[0].seed-only is true, but no path has this one for a seed, so that it does nothing."
    ),
    (
      "paths: [{name: a, conditions: [{event-output: flavour/score, min: 1}]}]",
      "1:47: paths[0].conditions[0].event-output is refused: The head flavour has a row for each of the jets, where one "
        + "for each of the events is needed."
    ),
    (
      "paths: [{name: a, conditions: [{jet: {quantity: flavour/mass}, min: 1}]}]",
      "1:38: paths[0].conditions[0].jet is refused: The output flavour/mass has 2 numbers: write flavour/mass[0] to [1]."
    ),
    (
      "paths: [{name: a, conditions: [{jet: {quantity: energy}, min: 1}]}]",
      "1:38: paths[0].conditions[0].jet is refused: A jet has no quantity energy: write pt, mass, HEAD/OUTPUT or OBSERVABLE/QUANTITY."
    ),
    (
      "paths: [{name: a, conditions: [{jet: {rank: 0}, min: 1}]}]",
      "1:45: paths[0].conditions[0].jet.rank is refused: must lie between 1 and 1000."
    ),
    (
      "paths: [{name: a, conditions: [{ht: {min-pt: .inf}, min: 1}]}]",
      "1:46: paths[0].conditions[0].ht.min-pt is refused: must be 0 or more and finite."
    ),
    (
      "paths: [{name: a, conditions: [{ht: {min-pt: .nan}, min: 1}]}]",
      "1:46: paths[0].conditions[0].ht.min-pt must be a number, not '.nan'."
    ),
    (
      "observables: [soft-drop]\npaths: [{name: a, conditions: [{jet: {quantity: tight/mass}, min: 1}]}]",
      "1:14: observables must be a mapping with keys, not a list."
    ),
    (
      "paths:\n- name: a\n- name: a.conditions\n",
      "2:9: paths[0].name leads to two columns of the accepted events that are called trigger.a.conditions; rename the path."
    ),
    (
      "paths: [{name: a, conditions: [{ht: {mn-pt: 5}, min: 1}]}]",
      "1:38: unknown key 'mn-pt' in paths[0].conditions[0].ht; did you mean 'min-pt'?"
    ),
    (
      "paths: [{name: a, conditions: [{ht: {}, min: tune}]}]",
      "1:46: paths[0].conditions[0].min has no number yet: tune the menu first, or write a number."
    ),
    ("paths: [{name: a}", "2:1: this is not YAML"),
  ])
  func oneProblemIsTold(menu: String, problem: String) {
    let found = problems(menu)
    #expect(found.count == 1 && found.first?.hasPrefix("menu.yaml:\(problem)") == true, "\(found)")
  }

  @Test func whatTuningLacksIsTold() {
    #expect(
      problems("paths: [{name: a}]", isForTuning: true) == [
        "menu.yaml:1:1: the configuration has nothing to tune: write tune for a min or max.",
        "menu.yaml:1:1: the configuration has no budget to tune for: add it to rate.",
      ])
    #expect(
      problems(
        "rate: {input: 9, budget: 1}\npaths: [{name: a, conditions: [{ht: {}, min: tune, max: tune}]}]",
        isForTuning: true)
        == [
          "menu.yaml:2:57: paths[0].conditions[0].max cannot be tuned together with min; give one of them a number."
        ])
  }

  /// No problem, as the menu does what it says.
  @Test func conditionsThatNoEventMeetsAreTold() throws {
    let file = try MenuFile(
      yaml: """
        paths:
        - name: a
          conditions:
          - {jet-count: {}, min: 1}
          - {jet-count: {min-pt: 30}, min: 1.5}
          - {jet-count: {}, max: 3}
          - {jet: {rank: 2}, max: 500}
          - {jet: {}, min: 20}
          - {invariant-mass: {}}
          - {invariant-mass: {leading: 1}, min: 5}
          - {ht: {}, min: 5}
        """, source: "menu.yaml")
    var sources = DecisionSources()
    #expect(try file.remarks(on: file.menu(sources: sources, plugins: .conditions)) == [])
    sources.mostJets = 1
    let end = "can never be met: it takes 2 jets, and the model keeps at most 1 of an event."
    #expect(
      try file.remarks(on: file.menu(sources: sources, plugins: .conditions)) == [
        "menu.yaml:5:17: paths[0].conditions[1].jet-count \(end)",
        "menu.yaml:7:11: paths[0].conditions[3].jet \(end)",
        "menu.yaml:9:22: paths[0].conditions[5].invariant-mass \(end)",
      ])
    for (kind, leading, most) in [
      (.inclusive(minimumPt: 5), nil, nil), (.inclusive(minimumPt: 5), 3, 3), (.exclusiveCut(5), nil, nil),
      (.exclusiveJets(4), nil, 4), (.exclusiveJets(4), 2, 2), (.exclusiveJets(4), 9, 4),
    ] as [(JetSelection.Kind, Int?, Int?)] {
      #expect(try JetSelection(kind, leading: leading).mostJets == most)
    }
  }

  @Test func theRateOfTheCallerCounts() throws {
    let file = try MenuFile(yaml: "rate: {budget: 5}\npaths: [{name: a, prescale: 10}]", source: "menu.yaml")
    let menu = try file.menu(sources: DecisionSources(), plugins: .conditions, inputRate: 50)
    #expect(menu.inputRate == 50 && menu.budget == 5)
    #expect(throws: ConfigurationError.self) {
      try file.menu(sources: DecisionSources(), plugins: .conditions, inputRate: 51)
    }
  }
}

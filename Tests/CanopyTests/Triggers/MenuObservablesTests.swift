// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Testing

/// Menus with the observables that come with Canopy.
@Suite struct MenuObservablesTests {
  private static func menu(_ yaml: String) throws -> TriggerMenu {
    let head = DecisionSources.Head(name: "hh", rows: .events, outputs: [HeadOutput("score")])
    return try MenuFile(yaml: yaml, source: "menu.yaml").menu(
      sources: DecisionSources(heads: [head]), plugins: .builtIn)
  }

  /// A menu with observables of jets and events, and curves against one.
  @Test func conditionsReadObservables() throws {
    let menu = try Self.menu(
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
    var generator = SeededGenerator(seed: 8)
    var (events, jets) = (Events(), Jets())
    for event in 0..<400 {
      let momenta = (0..<(event < 3 ? event : Int.random(in: 0...8, using: &generator))).map { rank in
        FourMomentum(pt: 100 - 10 * Double(rank), rapidity: 0, phi: Double(rank), mass: 10)
      }
      try events.append(momenta)
    }
    jets.eventNumbers = events.eventNumbers
    jets.momenta = Ragged(offsets: events.offsets, content: events.momenta)
    for column in menu.observables.columns {
      let count = column.rows == .jets ? jets.jetCount : 400
      jets.columns[column.rows][column.name] = Column(
        values: (0..<count).map { _ in
          Double.random(in: 0...(column.unit == nil ? 0.5 : 100), using: &generator)
        })
    }
    var inputs = DecisionInputs(menu.sources)
    inputs.replace(with: events, jets: jets)
    var decisions = TriggerDecisions()
    inputs.append(predictions: Array(repeating: 0, count: 400))
    menu.evaluate(inputs, into: &decisions)
    let (mass, z) = (
      jets.columns.jets["shape/mass"]!.values, jets.columns.jets["shape/z"]!.values
    )
    let met = jets.columns.events["met/pt"]!.values
    for event in 0..<400 {
      let best = jets.jets(ofEvent: event).filter { z[$0] >= 0.2 }.map { mass[$0] }.max()
      #expect(
        decisions.values[2 * event] == best ?? -.infinity && decisions.values[2 * event + 1] == met[event])
      #expect(decisions.conditionsHold[2 * event] == (best ?? 0 >= 50))
      #expect(decisions.conditionsHold[2 * event + 1] == (met[event] <= 30))
    }
    var curves = try TurnOnCurves(menu, against: "hardest/pt-1")
    #expect(curves.unit == "GeV")
    curves.append(inputs, decisions)
    let hardest = jets.columns.events["hardest/pt-1"]!.values
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

  /// Formulas read numbers of all rows.
  @Test func formulasReadObservables() throws {
    let menu = try Self.menu(
      """
      observables:
        soft-drop: {}
        lund: {}
        parts: {plugin: constituent-kinematics}
        met: {plugin: missing-momentum}
      paths:
        - name: all
          conditions:
            - any(jet.soft-drop/mass > 1 and jet.pt > 2) and met/pt > 0 and hh/score < 1
            - max(max(splitting.lund/kt)) > 0 or max(sum(constituent.parts/pt-fraction)) > 0.99
      """)
    var events = Events()
    for event in 1...30 {
      try events.append(
        (0..<event).map {
          FourMomentum(
            pt: 3 + Double($0), rapidity: 0.01 * Double($0 * event), phi: 0.1 * Double($0), mass: 0.1)
        })
    }
    let jets = try JetReconstruction(
      JetFinder(JetDefinition(.antikt, radius: 1)), observables: menu.observables
    ).jets(in: events)
    var inputs = DecisionInputs(menu.sources)
    inputs.replace(with: events, jets: jets)
    inputs.append(predictions: (0..<30).map { $0 < 28 ? 0.5 : 1.5 })
    var decisions = TriggerDecisions()
    menu.evaluate(inputs, into: &decisions)
    let mass = jets.columns.jets["soft-drop/mass"]!.values
    for event in 0..<30 {
      let isGroomed = jets.jets(ofEvent: event).contains { mass[$0] > 1 && jets.momentum(ofJet: $0).pt > 2 }
      #expect(decisions.conditionsHold[event] == (isGroomed && event < 28))
    }
    #expect(decisions.conditionsHold.count { $0 } > 10)
    // Splittings of trees say what the observable says, a root is its jet, and a jet is the sum of its constituents.
    let reconstructed = ReconstructedEvents(events, jets: jets)
    for text in [
      "all(all(splitting.kt == splitting.lund/kt and splitting.delta-r == splitting.lund/delta-r))",
      "all(all(splitting.z == splitting.lund/z and abs(splitting.mass - splitting.lund/mass) < 1e-6))",
      "all(jet.constituents == 1 or abs(max(splitting.energy) - jet.energy) < 1e-9 * jet.energy)",
      "all(count(splitting) == jet.constituents - 1) and sum(count(constituent)) == count(particle)",
      "all(abs(sum(constituent.px) - jet.px) < 1e-9 * jet.energy)",
      "all(jet.pt <= largest(jet.pt, 0)) and jet[0].pt == max(jet.pt)",
      "missing(jet[1].pt) or abs(mass(jet[0], jet[1]) ** 2 - ((jet[0].energy + jet[1].energy) ** 2 "
        + "- (jet[0].px + jet[1].px) ** 2 - (jet[0].py + jet[1].py) ** 2 - (jet[0].pz + jet[1].pz) ** 2)) < 1e-12 * (jet[0].energy + jet[1].energy) ** 2",
    ] {
      var evaluator = FormulaEvaluator(
        try CompiledFormula(condition: Formula(text), for: .event, in: reconstructed))
      evaluator.evaluate(reconstructed)
      #expect(evaluator.values == Array(repeating: 1, count: 30), "\(text)")
    }
  }

  /// What a formula says of an observable that cannot be read is not said too; its other mistakes are.
  @Test func aFormulaOfABadObservable() throws {
    let error = #expect(throws: ConfigurationError.self) {
      try Self.menu(
        """
        observables: {tight: {plugin: soft-drop, z-cut: .nan}}
        paths: [{name: a, conditions: [any(jet.tight/mass > 1), jet.ptt > 2, "tight/mass > 1"]}]
        """)
    }
    #expect(error?.messages.count == 2, "\(error?.messages ?? [])")
    #expect(
      error?.messages.last?.contains("2:57: paths[0].conditions[1] is refused: at character 1: jets") == true)
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
      _ = try Self.menu(
        "observables: {\(declared)}\npaths: [{name: a, conditions: [{jet: {quantity: lund/kt}, min: 1}]}]")
      Issue.record("no error for \(declared)")
    } catch {
      #expect("\(error)".contains(problem), "\(error)")
    }
  }

  /// What conditions say of an observable that cannot be read is not said too.
  @Test(arguments: [
    ("tight: {plugin: soft-drop, z-cut: .nan}", "observables.tight.z-cut must be a number, not '.nan'."),
    ("hh: {plugin: soft-drop}", "observables.hh has the name of a head of the model: give it another."),
  ]) func aBadObservableIsOneProblem(declared: String, problem: String) throws {
    let name = declared.prefix { $0 != ":" }
    let error = #expect(throws: ConfigurationError.self) {
      try Self.menu(
        "observables: {\(declared)}\npaths: [{name: a, conditions: [{jet: {quantity: \(name)/mass}, min: 1}]}]"
      )
    }
    #expect(
      error?.messages.count == 1 && error?.messages.first?.hasSuffix(problem) == true,
      "\(error?.messages ?? [])")
  }
}

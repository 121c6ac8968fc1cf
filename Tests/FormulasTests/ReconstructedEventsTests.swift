// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import EventData
import Formulas
import Testing

/// Formulas over events with jets that are written down.
@Suite struct ReconstructedEventsTests {
  /// Three events: jets of two and three particles, none, one of one particle.
  static let sample: ReconstructedEvents = {
    var events = Events()
    func add(_ momenta: [FourMomentum], _ ids: [Int32], _ hits: [Double], label: Double) {
      try! events.append(
        momenta, pdgID: ids, particleColumns: ["hit": hits, "wide": hits.flatMap { [$0, -$0] }],
        columns: ["label": [label], "soft-drop/mass": [5]])
    }
    func particle(_ px: Double, _ py: Double, _ energy: Double) -> FourMomentum {
      FourMomentum(px: px, py: py, pz: 0, energy: energy)
    }
    add(
      [particle(0, 4, 5), particle(30, 0, 30), particle(0, 3, 3), particle(40, 0, 50), particle(0, 1, 1)],
      [211, 22, -211, 22, 13], [1, 2, 3, 4, 5], label: 1)
    add([], [], [], label: 0)
    add([particle(6, 8, 10)], [22], [9], label: 0)
    var jets = Jets()
    jets.eventNumbers = [0, 1, 2]
    jets.momenta = Ragged(
      offsets: [0, 2, 2, 3],
      content: FourMomenta([particle(70, 0, 80), particle(0, 8, 9), particle(6, 8, 10)]))
    jets.constituents = Ragged(offsets: [0, 2, 5, 6], content: [1, 3, 0, 2, 4, 0])
    // The softest two of the second jet first, then the hardest.
    var tree = JetTrees()
    func node(_ momentum: FourMomentum, _ left: Int32 = -1, _ right: Int32 = -1) {
      tree.momenta.append(momentum)
      tree.left.append(left)
      tree.right.append(right)
      tree.mergeScale.append(0)
    }
    for leaf in [particle(30, 0, 30), particle(40, 0, 50)] { node(leaf) }
    node(particle(70, 0, 80), 1, 0)
    tree.offsets.append(3)
    for leaf in [particle(0, 4, 5), particle(0, 3, 3), particle(0, 1, 1)] { node(leaf) }
    node(particle(0, 4, 4), 1, 2)
    node(particle(0, 8, 9), 0, 3)
    tree.offsets.append(8)
    node(particle(6, 8, 10))
    tree.offsets.append(9)
    jets.trees = tree
    jets.columns.events["met/pt"] = Column(values: [12, 13, 14])
    jets.columns.jets["soft-drop/mass"] = Column(values: [81, .nan, 3])
    jets.columns.constituents["isolation/sum"] = Column(values: [1, 2, 3, 4, 5, 6])
    jets.columns.splittings["lund/kt"] = Column(values: [10, 20, 30])
    return ReconstructedEvents(events, jets: jets)
  }()

  private func values(_ text: String, for rows: FormulaRows = .event) throws -> [Double] {
    var evaluator = FormulaEvaluator(try CompiledFormula(Formula(text), for: rows, in: Self.sample))
    evaluator.evaluate(Self.sample)
    return evaluator.values
  }

  static let formulas: [(String, FormulaRows, [Double])] = [
    ("count(jet)", .event, [2, 0, 1]), ("jet[0].pt", .event, [70, -1, 10]),
    ("jet[1].constituents", .event, [3, -1, -1]), ("sum(jet.constituents)", .event, [5, 0, 1]),
    // E = 89, p = (70, 8).
    ("mass(jet[0], jet[1]) ** 2", .event, [89 * 89 - 70 * 70 - 8 * 8, -1, -1]),
    ("label + met/pt - number", .event, [13, 12, 12]), ("soft-drop/mass", .event, [5, 5, 5]),
    ("count(particle)", .event, [5, 0, 1]), ("sum(particle.wide[1])", .event, [-15, 0, -9]),
    ("soft-drop/mass", .jet, [81, -1, 3]), ("jet.soft-drop/mass + event.soft-drop/mass", .jet, [86, -1, 8]),
    ("count(jet.soft-drop/mass > 60 and abs(jet.eta) < 2)", .event, [1, 0, 0]),
    ("px", .constituent, [30, 40, 0, 0, 0, 6]), ("hit", .constituent, [2, 4, 1, 3, 5, 9]),
    ("constituent.wide[1]", .constituent, [-2, -4, -1, -3, -5, -9]),
    ("pdgid", .constituent, [22, 22, 211, -211, 13, 22]), ("charge", .constituent, [0, 0, 1, -1, -1, 0]),
    ("sum(constituent.charge != 0)", .jet, [0, 3, 0]), ("count(constituent)", .jet, [2, 3, 1]),
    // A number of a jet goes with its constituents, one of an event too.
    ("sum(constituent.pt / jet.pt)", .jet, [1, 1, 1]),
    ("count(constituent.hit > label + 2)", .jet, [1, 1, 1]),
    ("max(largest(constituent.hit, 1))", .event, [3, -1, -1]),
    ("largest(constituent.hit, 1)", .jet, [2, 3, -1]),
    ("isolation/sum", .constituent, [1, 2, 3, 4, 5, 6]),
    ("any(any(constituent.pt > 35))", .event, [1, 0, 0]),
    ("count(splitting)", .jet, [1, 2, 0]), ("sum(count(splitting))", .event, [3, 0, 0]),
    ("energy", .splitting, [80, 4, 9]), ("z", .splitting, [30 / 70, 0.25, 0.5]),
    ("delta-r", .splitting, [0, 0, 0]), ("kt", .splitting, [0, 0, 0]), ("lund/kt", .splitting, [10, 20, 30]),
    ("mean(splitting.lund/kt * jet.pt)", .jet, [700, 200, -1]),
  ]

  /// -1 stands for a number that is missing, unless it is a charge.
  @Test(arguments: formulas) func byHand(text: String, rows: FormulaRows, expected: [Double]) throws {
    let found = try values(text, for: rows).map { $0.isNaN ? -1 : $0 }
    #expect(found.count == expected.count)
    for (value, number) in zip(found, expected) { #expect(abs(value - number) < 1e-9 * max(1, abs(number))) }
  }

  @Test func openings() throws {
    var sample = Self.sample
    // A quarter of a turn in azimuth between branches of 30 and 40.
    sample.jets.trees.momenta.py.swapAt(0, 2)
    sample.jets.trees.momenta.px[0] = 0
    sample.jets.trees.momenta.py[0] = 30
    var evaluator = FormulaEvaluator(
      try CompiledFormula(Formula("splitting.kt - 30 * splitting.delta-r"), for: .splitting, in: sample))
    evaluator.evaluate(sample)
    #expect(evaluator.values[0] == 0)
    evaluator = FormulaEvaluator(try CompiledFormula(Formula("delta-r"), for: .splitting, in: sample))
    evaluator.evaluate(sample)
    #expect(abs(evaluator.values[0] - .pi / 2) < 1e-12)
  }

  @Test func whatIsNotThereIsNamed() throws {
    for (text, fragment) in [
      ("jet.ptt > 1", "jets have no column ptt; did you mean pt?"),
      ("constituent.pt > 1", "there is a value for each constituent, and one for each event is needed"),
      ("sum(constituent.pt)", "there is a value for each jet"),
      ("any(jet.pt > constituent.pt) or sum(particle.pt) > 1", "for each jet"),
      ("sum(constituent.pt * splitting.kt) > 1", "constituents and splittings do not go together"),
    ] {
      let error = #expect(throws: FormulaError.self) { try values(text) }
      #expect(error?.problem.contains(fragment) == true, "\(error?.problem ?? "")")
    }
    var plain = Self.sample
    plain.jets.trees = JetTrees()
    plain.jets.columns.splittings = Columns()
    #expect(throws: FormulaError.self) {
      try CompiledFormula(Formula("splitting.kt > 1"), for: .splitting, in: plain)
    }
  }

  /// Identifiers that are not known are missing.
  @Test func withoutIdentifiers() throws {
    var plain = Self.sample
    let formula = try CompiledFormula(
      Formula("missing(pdgid) and missing(charge)"), for: .constituent, in: plain)
    plain.events.pdgID = []
    var evaluator = FormulaEvaluator(formula)
    evaluator.evaluate(plain)
    #expect(evaluator.values == [1, 1, 1, 1, 1, 1])
  }

  @Test(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
  func needsNoMemory() throws {
    let sample = Self.sample
    for (text, rows, _) in Self.formulas {
      var evaluator = FormulaEvaluator(try CompiledFormula(Formula(text), for: rows, in: sample))
      for _ in 0..<2 { evaluator.evaluate(sample) }
      let before = allocation_count()
      evaluator.evaluate(sample)
      #expect(allocation_count() == before, "\(text)")
    }
  }
}

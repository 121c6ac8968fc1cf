// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas
import Testing

@Suite struct FormulaTests {
  /// Three events: two jets, none, one.
  static let table = Table(
    events: [
      "label": [0, 1, 1], "met": [10, .nan, 3], "soft-drop/mass": [1, 2, 3], "odd name": [5, 6, 7],
    ],
    jets: [
      "pt": [[100, 50], [], [30]], "px": [[100, 50], [], [30]], "py": [[0, 0], [], [0]],
      "pz": [[0, 0], [], [0]],
      "energy": [[200, 100], [], [30]],
    ])

  private func values(_ text: String, for rows: FormulaRows = .event) throws -> [Double] {
    var evaluator = FormulaEvaluator(try CompiledFormula(Formula(text), for: rows, in: Self.table))
    evaluator.evaluate(Self.table)
    return evaluator.values
  }

  static let formulas: [(String, [Double])] = [
    ("count(jet)", [2, 0, 1]), ("count(jet.pt > 40)", [2, 0, 0]), ("sum(jet.pt)", [150, 0, 30]),
    ("any(jet.pt > 90)", [1, 0, 0]), ("all(jet.pt > 90)", [0, 1, 0]),
    // A number of an event goes with each of its jets.
    ("sum(jet.pt * label)", [0, 0, 30]), ("count(jet.pt > max(jet.pt) / 3)", [2, 0, 1]),
    ("max(min(jet.pt, 60))", [60, -1, 30]), ("jet[0].pt", [100, -1, 30]), ("jet[1].pt", [50, -1, -1]),
    // E = 300, |p| = 150.
    ("mass(jet[0], jet[1])", [(300.0 * 300 - 150 * 150).squareRoot(), -1, -1]),
    ("pt(jet[0], jet[1])", [150, -1, -1]), ("deltaPhi(jet[0], jet[1])", [0, -1, -1]),
    // What is missing meets no comparison, and is nothing to calculate with.
    ("met + 1", [11, -1, 4]), ("met != 5", [1, 0, 1]), ("not met > 5", [0, 1, 1]),
    ("missing(met)", [0, 1, 0]),
    ("met in [3, 10]", [1, 0, 1]), ("met not in 3, 4", [1, 0, 0]), ("met in [9..11, 5]", [1, 0, 0]),
    ("met ** 0", [1, -1, 1]), ("hypot(met, 0)", [10, -1, 3]),
    ("mean(jet.pt)", [75, -1, 30]), ("min(met, 5)", [5, -1, 3]),
    ("soft-drop/mass - label", [1, 1, 2]), ("`odd name` * 2", [10, 12, 14]), ("event.met / 2", [5, -1, 1.5]),
    ("5 < met <= 10", [1, 0, 0]), ("-7 % 3", [2, 2, 2]), ("2 ** 3 ** 2", [512, 512, 512]),
    ("largest(jet.pt, 0)", [100, -1, 30]), ("largest(-jet.pt, 1)", [-100, -1, -1]),
    ("(largest(jet.pt * label, 0) + 1) / 2", [0.5, -1, 15.5]), ("largest(met * jet.pt, 1)", [500, -1, -1]),
    ("3", [3, 3, 3]), ("(label == 1) * 2", [0, 2, 2]),
  ]

  /// -1 stands for a number that is missing.
  @Test(arguments: formulas) func byHand(text: String, expected: [Double]) throws {
    #expect(try values(text).map { $0.isNaN ? -1 : $0 } == expected)
  }

  @Test func textsAreWrittenAsTheyAreRead() throws {
    for text in [
      #"process == "w" and label > 1"#, #"process != "it's""#, #"not process in ["a", "b"]"#,
      #"process not in ["a", "b"]"#,
      #"process == 'say "w"'"#,
    ] {
      #expect(try Formula(text).description == text)
    }
    for (text, problem) in [
      (#"process == "w"#, #"the second " of a text is missing"#),
      (#"process < "w""#, "compared with one column by == or !="),
      (#"process in ["w", 1]"#, "a text is missing"),
      (#""w" == process"#, "a text is compared with a column"),
      (#"process + 1 == "w""#, "a text is compared with the name of a column"),
      ("process in [w, z]", #"a number is missing, or a text in quotation marks, as in "w""#),
      (#"any(particle.kind == "a")"#, "columns of particles are numbers; those of events alone may be text"),
    ] {
      let error = #expect(throws: FormulaError.self) {
        _ = try CompiledFormula(Formula(text), for: .event, in: Self.table)
      }
      #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    }
  }

  /// A word without quotation marks is a column.
  @Test func textsStandInQuotationMarks() throws {
    var events = Events()
    try events.append([FourMomentum](), columns: ["label": [1]])
    events.columns["process"] = Column(texts: ["w"])
    events.columns["generator"] = Column(texts: ["w"])
    for (text, character, problem) in [
      ("process == w", 12, #"process is text; write the text in quotation marks, as in process == "w""#),
      ("label == 1 and event.process != w", 33, #"as in event.process == "w""#),
      ("process == generator", 12, "process and generator are both text"),
      ("process == 1", 1, "process is text; compare it with one"),
    ] {
      let error = #expect(throws: FormulaError.self) {
        _ = try CompiledFormula(Formula(text), for: .event, in: events)
      }
      #expect(
        error?.character == character && error?.problem.contains(problem) == true,
        "\(String(describing: error))")
    }
    // Of what events have is not known before they are read, it is known that it is no text of particles.
    let particles = #expect(throws: FormulaError.self) {
      try Formula(#"any(particle.kind == "a")"#).check(isCondition: true)
    }
    #expect(particles?.problem.contains("columns of particles are numbers") == true)
    #expect(throws: Never.self) { try Formula(#"process == "a""#).check(isCondition: true) }
  }

  @Test func oneOfSeveralNumbers() throws {
    var events = Events()
    try events.append(
      [FourMomentum(px: 1, py: 0, pz: 0, energy: 2)], particleColumns: ["hit": [7, 8]],
      columns: ["weights": [1, 2, 3], "odd name": [4, 5], "one": [9]])
    try events.append([FourMomentum](), columns: ["weights": [4, 5, 6], "odd name": [6, 7], "one": [8]])
    func values(_ text: String) throws -> [Double] {
      var evaluator = FormulaEvaluator(try CompiledFormula(Formula(text), for: .event, in: events))
      evaluator.evaluate(events)
      return evaluator.values
    }
    #expect(try values("weights[2] - weights[0] * one") == [3 - 9, 6 - 32])
    #expect(try values("`odd name`[1] + event.weights[1]") == [7, 12])
    #expect(try values("sum(particle.hit[1])") == [8, 0])
    #expect(try Formula("weights[2]>1").description == "weights[2] > 1")
    for (text, problem) in [
      ("weights", "weights has 3 numbers; choose one, as in weights[0]"),
      ("weights[3]", "weights has 3 numbers, of which the last is weights[2]"),
      ("one[0]", "one has one number; leave [0] out"), ("wights[0]", "events have no column wights"),
      ("weights[x]", "the number of the place in weights is missing"), ("weights[0", "] is missing"),
      ("event[0].one", "only jet and particle have elements"),
    ] {
      let error = #expect(throws: FormulaError.self) { try values(text) }
      #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
    }
  }

  @Test func forEachJet() throws {
    #expect(try values("pt > 40 and label == 0", for: .jet) == [1, 1, 0])
    #expect(try values("pt / sum(jet.pt)", for: .jet) == [100.0 / 150, 50.0 / 150, 1])
    #expect(try values("met", for: .jet) == [10, 10, 3])
  }

  static let mistakes: [(String, Int, String)] = [
    ("", 1, "is missing"), ("labl == 1", 1, "events have no column labl; did you mean label?"),
    ("label = 1", 7, "= is not known here; write =="), ("label && met", 7, "write and"),
    ("label == 1 |", 12, "write or"), ("label and met > 1", 1, "compare it, as in label != 0"),
    ("met > 1 and label", 13, "compare it"), ("jet.pt", 1, "put it into sum()"),
    ("jet.pt > 5", 1, "put it into any(), all() or count()"), ("sum(met)", 5, "one value for each event"),
    ("summ(jet.pt)", 1, "did you mean sum()?"), ("sum(jet.pt", 11, ") or , is missing"),
    ("largest(jet.pt)", 1, "takes 2 arguments, not 1"), ("largest(jet.pt, 0.5)", 17, "the rank is missing"),
    ("largest(jet.pt, label)", 17, "counted from 0 for the largest, as in largest(jet.pt, 1)"),
    ("largest(met, 0)", 9, "one value for each event here, and largest() makes one of several"),
    ("lrgest(jet.pt, 0)", 1, "did you mean largest()?"), ("sum(jet.pt, 3)", 1, "takes one argument, not 2"),
    ("deltaR(jet[0])", 1, "takes 2 objects"),
    ("mass(met)", 6, "takes objects"), ("jet[0]", 1, "is no number"), ("jet", 1, "write count(jet)"),
    ("label[0]", 1, "label has one number; leave [0] out"), ("jet[-1].pt", 5, "counted from 0"),
    ("met-label", 1, "put blanks around the sign"), ("2 met", 3, "an operator"), ("2met", 2, "an operator"),
    ("met in [3, ]", 12, "a number is missing"), ("met in [5..3]", 9, "ends before it begins"),
    ("count(particle) > 2", 7, "there are no particles here"),
    ("particle.pt > 2", 1, "there are no particles here"),
    ("any(met in 3, 4)", 12, "put the numbers in brackets"), ("pt > 3", 1, "jets have one: write jet.pt"),
    ("1e999", 1, "too large"), ("met § 3", 5, "means nothing"), ("`met", 1, "the second `"),
    (String(repeating: "(", count: 5000), 31, "deeper than 60"),
    (String(repeating: "- ", count: 4000) + "1", 119, "deeper than 60"),
    (String(repeating: "not ", count: 2000) + "1", 241, "deeper than 60"),
    (String(repeating: "2 ** ", count: 1900) + "1", 296, "deeper than 60"),
    ("label == 9007199254740993", 10, "this whole number has more"), ("1 < met in [3]", 9, "in parentheses"),
    ("`and` == 1", 1, "events have no column and"),
    (String(repeating: "1 + ", count: 3000) + "1", 10_001, "at most 10000 characters"),
  ]

  @Test(arguments: mistakes) func namesTheCharacter(text: String, character: Int, fragment: String) {
    do {
      _ = try values(text)
      Issue.record("\(text) is no formula")
    } catch let error as FormulaError {
      #expect(error.character == character && error.description.contains(fragment), "\(error)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func whatMeansTheSameIsEqual() throws {
    #expect(try Formula("a  < 1.0") == Formula("(a) < 1"))
    #expect(try Formula("a < b<c") == Formula("(a) < b < (c)"))
    #expect(try Formula("a - (b - c)") != Formula("a - b - c"))
  }

  /// The middle of a < b < c is worked out once, however deep it lies.
  @Test func nestedComparisons() throws {
    let text = (0..<25).reduce("label") { inner, _ in "0 <= (\(inner)) < 2" }
    #expect(try values(text) == [1, 1, 1])
    #expect(try Formula(Formula(text).description) == Formula(text))
  }

  /// A chain is as long as it likes, on the stack of a thread.
  @Test func longChains() throws {
    for op in ["+", "- 1 *", "<= 0 or 0 <", "<", ">= 1 <"] {
      let text = "1" + String(repeating: " \(op) 1", count: 5000 / (op.count + 3))
      let formula = try Formula(text)
      #expect(try Formula(formula.description) == formula)
      #expect(try values(text).count == 3)
    }
  }

  @Test func eventsAndParticles() throws {
    var events = Events()
    try events.append(
      [FourMomentum(px: 3, py: 4, pz: 0, energy: 13), FourMomentum(px: 1, py: 0, pz: 0, energy: 1)],
      pdgID: [22, 211], particleColumns: ["charge": [0, 1]], columns: ["w": [2]])
    try events.append([], columns: ["w": [3]])
    func values(_ text: String) throws -> [Double] {
      var evaluator = FormulaEvaluator(try CompiledFormula(Formula(text), for: .event, in: events))
      evaluator.evaluate(events)
      return evaluator.values
    }
    #expect(try values("sum(particle.pt) * w") == [12, 0])
    // atan2(4, 3) - atan2(0, 1): the first less the second, as in deltaEta.
    let deltaPhi = try #require(try values("deltaPhi(particle[0], particle[1])").first)
    #expect(abs(deltaPhi - 0.9272952180016122) < 1e-15)
    // A column of events hides none of the particles.
    events.columns["particle.pt"] = Column(values: [1, 1])
    #expect(try values("sum(particle.pt)") == [6, 0])
    events.columns["particle.pt"] = nil
    #expect(try values("count(particle.pdgid == 22 or particle.charge > 0)") == [2, 0])
    #expect(try values("max(particle.mass)").first == 12)
    // A photon and a pion, by their identifiers; the column says less of them.
    events.particles.content.columns["charge"] = nil
    #expect(try values("count(particle.charge == 1)") == [1, 0])
    events.particles.content.columns["charge"] = Column(values: [1, 1])
    #expect(try values("count(particle.charge == 1)") == [2, 0])
    #expect(try values("number % 2 == 1") == [0, 1])
    let error = #expect(throws: FormulaError.self) { try values("count(jet) > 1") }
    #expect(error?.problem.hasPrefix("there are no jets here") == true)
    let object = #expect(throws: FormulaError.self) { try values("mass(w) > 1") }
    #expect(object?.problem.hasSuffix("as in mass(particle[0], particle[1])") == true)
    #expect(
      try Formula("any(particle.d0 > 1) and ht - particle[0].z0 in [3] or not sum(jet.pt) > 2").columns(
        of: .particle)
        == ["d0", "z0"])
  }
}

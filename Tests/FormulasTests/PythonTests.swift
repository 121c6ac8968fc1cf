// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Formulas
import Testing

/// Random formulas, compared with what Python makes of them (`Resources/Checks/formulas.py`).
@Suite struct PythonTests {
  struct Fixture: Decodable {
    struct Event: Decodable {
      let ht, met, label: Double
      let pt, eta: [Double]
      /// Of the constituents: `[jets][constituents]`.
      let x, y: [[Double]]
    }
    struct Case: Decodable, CustomTestStringConvertible {
      let formula: String
      let values: [Double]

      var testDescription: String { formula }
    }
    let events: [Event]
    let cases: [Case]
  }

  static let fixture: Fixture = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/python.json")
    return try! JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file))
  }()

  static let table = Table(
    events: [
      "ht": fixture.events.map(\.ht), "met": fixture.events.map(\.met), "label": fixture.events.map(\.label),
    ],
    jets: ["pt": fixture.events.map(\.pt), "eta": fixture.events.map(\.eta)],
    constituents: ["x": fixture.events.flatMap(\.x), "y": fixture.events.flatMap(\.y)])

  @Test func asPythonHasIt() throws {
    #expect(Self.fixture.cases.count == 900)
    for example in Self.fixture.cases {
      let formula = try Formula(example.formula)
      // What is printed is the same formula.
      #expect(try Formula("\(formula)") == formula)
      var evaluator = FormulaEvaluator(try CompiledFormula(formula, for: .event, in: Self.table))
      for _ in 0..<2 {
        evaluator.evaluate(Self.table)
        for (value, expected) in zip(evaluator.values, example.values) {
          #expect(
            abs(value - expected) <= 1e-12 * max(1, abs(expected)),
            "\(example.formula): \(value), \(expected)")
        }
      }
      #expect(evaluator.values.count == Self.fixture.events.count)
    }
  }
}

/// Columns of events and jets that lie in memory.
struct Table: FormulaSchema, FormulaData {
  /// `[events]` each.
  var events: [String: [Double]]
  /// `[events][jets]` each.
  var jets: [String: [[Double]]] = [:]
  /// `[jets][constituents]` each.
  var constituents: [String: [[Double]]] = [:]

  func names(of rows: FormulaRows) -> [String] {
    switch rows {
    case .event: Array(events.keys)
    case .jet: Array(jets.keys)
    case .constituent: Array(constituents.keys)
    default: []
    }
  }

  private func counts(_ rows: FormulaRows) -> [Int] {
    (rows == .constituent ? constituents : jets).first?.value.map(\.count)
      ?? Array(repeating: 0, count: events.first?.value.count ?? 0)
  }

  func count(of rows: FormulaRows) -> Int {
    rows == .event ? counts(.jet).count : counts(rows).reduce(0, +)
  }

  func range(of rows: FormulaRows, inOwner owner: Int) -> Range<Int> {
    let counts = counts(rows)
    let first = counts[..<owner].reduce(0, +)
    return first..<first + counts[owner]
  }

  func read(_ column: FormulaColumn, into values: inout [Double]) {
    switch column.rows {
    case .event: values = events[column.name]!
    case .constituent: values = constituents[column.name]!.flatMap(\.self)
    default: values = jets[column.name]!.flatMap(\.self)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A formula, of events and of particles, which reads as what is printed of it.
struct FormulaTarget: FuzzTarget {
  private let events: Events

  init(_ fixtures: Fixtures) throws {
    var events = Events()
    for event in 0..<3 {
      let momenta = (0..<event).map { FourMomentum(px: 1, py: Double($0), pz: -2, energy: 9) }
      try events.append(
        momenta, pdgID: momenta.map { _ in 22 }, particleColumns: ["charge": momenta.map { _ in 1 }],
        columns: ["label": [Double(event)], "met": [event == 1 ? .nan : 7]])
    }
    self.events = events
  }

  func read(_ input: Data) throws {
    let formula = try Formula(String(decoding: input, as: UTF8.self))
    let printed = try Formula(formula.description)
    precondition(printed == formula, "\(formula.text) is printed as another formula")
    for rows in [FormulaRows.event, .particle] {
      guard let compiled = try? CompiledFormula(formula, for: rows, in: events) else { continue }
      var evaluator = FormulaEvaluator(compiled)
      evaluator.evaluate(events)
      precondition(evaluator.values.count == events.count(of: rows))
    }
  }
}

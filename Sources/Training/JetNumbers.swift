// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventData
import Formulas
import PluginKit

/// Numbers of jets that formulas give, by the texts of these.
struct JetNumbers: Sendable {
  /// The numbers: `[jets]` each.
  private(set) var values: [String: [Float]] = [:]
  /// The number of constituents of each jet: `[jets]`.
  private(set) var constituentCounts: [Int] = []

  /// No jets, with numbers of these names.
  init(_ names: [String]) { for name in names { values[name] = [] } }

  /// The numbers of the jets of some events.
  ///
  /// - Throws: `SampleError` that names file and character if a formula reads what there is not.
  init(_ formulas: [(name: String, formula: Formula)], of events: Events, jets: Jets) throws {
    guard !formulas.isEmpty else { return }
    let data = ReconstructedEvents(events, jets: jets)
    for (name, formula) in formulas {
      do throws(FormulaError) {
        var evaluator = FormulaEvaluator(try CompiledFormula(formula, for: .jet, in: data))
        evaluator.evaluate(data)
        values[name] = evaluator.values.map { Float($0) }
      } catch {
        throw SampleError("\(events.source): data.reweight \(error).")
      }
    }
    constituentCounts = (0..<jets.jetCount).map { jets.constituents(ofJet: $0).count }
  }

  /// Adds the numbers of further jets.
  mutating func append(_ other: JetNumbers) {
    for (name, numbers) in other.values { values[name, default: []] += numbers }
    constituentCounts += other.constituentCounts
  }

  /// Numbers of jets, one for each row that heads have of these.
  func spread(_ numbers: [Float], over rows: HeadRows) -> [Float] {
    switch rows {
    case .events, .jets: numbers
    case .constituents: zip(numbers, constituentCounts).flatMap { repeatElement($0, count: $1) }
    // A binary tree has one splitting less than leaves.
    case .splittings: zip(numbers, constituentCounts).flatMap { repeatElement($0, count: max($1 - 1, 0)) }
    }
  }
}

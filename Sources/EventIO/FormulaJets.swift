// SPDX-License-Identifier: GPL-3.0-or-later

import Formulas
import JetPhysics
import PluginKit

/// How the jets are found that formulas over events read.
///
/// ```swift
/// var options = EventReadingOptions(definitions: [ColumnDefinition("ht", try Formula("sum(jet.pt)"))])
/// options.jets = FormulaJets(try JetFinder(JetDefinition(.antikt, radius: 0.4)))
/// ```
public struct FormulaJets: Sendable {
  /// How jets are found.
  public var finder: JetFinder
  /// Where observables come from, whose numbers are computed if formulas name them.
  public var observables: ObservableCatalogue
  /// What jets must meet, or formulas do not know them.
  public var cuts: [ObservableCut]

  /// Jets without observables and cuts unless given.
  public init(
    _ finder: JetFinder, observables: ObservableCatalogue = ObservableCatalogue(), cuts: [ObservableCut] = []
  ) {
    self.finder = finder
    self.observables = observables
    self.cuts = cuts
  }

  /// Whether a formula names jets or what is worked out with them; events may still have columns of these names.
  func areNamed(by formula: Formula) -> Bool {
    [FormulaRows.jet, .constituent, .splitting].contains(where: formula.names)
      || formula.columnsWithSlash.contains(where: observables.knows)
  }

  /// The observables that formulas name, and those that cuts need.
  ///
  /// - Throws: `PluginError` if there is no observable that a cut needs, or one has settings without defaults.
  func observables(for formulas: [Formula]) throws -> ObservableSet {
    var named = try observables.observables(for: Set(cuts.flatMap(\.columns)))
    try named.formUnion(
      observables.observables(knownOf: formulas.reduce(into: []) { $0.formUnion($1.columnsWithSlash) }))
    return named
  }

  /// What finds the jets, with all that formulas name, on one thread.
  ///
  /// - Throws: `JetPhysicsError` if FastJet refuses the jet definition, `PluginError` if an observable or a cut makes no sense.
  func makeReconstruction(for formulas: [Formula]) throws -> JetReconstruction {
    let named = try observables(for: formulas)
    let needsTrees = named.readsTrees || formulas.contains { $0.names(.splitting) }
    return try JetReconstruction(finder.withTrees(needsTrees), observables: named, cuts: cuts)
  }
}

extension FormulaJets: Equatable {
  /// Whether jets are found alike, with observables of the same names.
  public static func == (first: FormulaJets, second: FormulaJets) -> Bool {
    first.finder == second.finder && first.cuts == second.cuts
      && first.observables.declared.map(\.name) == second.observables.declared.map(\.name)
      && first.observables.plugins.observableIdentifiers == second.observables.plugins.observableIdentifiers
  }
}

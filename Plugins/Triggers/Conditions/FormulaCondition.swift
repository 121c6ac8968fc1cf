// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `formula`: a condition over all that is known of the event, such as `count(jet.pt > 30) >= 4`.
public struct FormulaCondition: Decision {
  /// `formula`.
  public static let identifier = "formula"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "A formula over jets, what is in them, outputs of heads and observables."
  /// An example for users and tests.
  public static let example = DecisionExample(
    "mass(jet[0], jet[1]) > 40 and largest(jet.tagger/score, 1) > 0.2 and max(sum(constituent.pt)) > 20",
    sources: DecisionSources(heads: [.init(name: "tagger", rows: .jets, outputs: [HeadOutput("score")])]))

  private let formula: CompiledFormula

  /// The condition that `configuration` says.
  ///
  /// - Throws: `PluginError` that names the character if the formula makes no sense, or reads what is not there.
  public init(configuration: Formula, sources: DecisionSources) throws {
    formula = try sources.condition(configuration)
  }

  /// None: a formula says yes or no.
  public var quantities: [HeadOutput] { [] }

  /// The formula.
  public var formulas: [CompiledFormula] { [formula] }

  /// Whether the event meets the formula.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    event.value(of: formula, using: &values) != 0
  }
}

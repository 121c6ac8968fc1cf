// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// What particles are multiplied by before jets are found.
struct WeightingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Multiply the momenta of particles by their weights before jets are found, and leave out those of weight 0.",
      discussion: """
        It is puppi, softkiller or another observable that gives constituents the number weight, also one of --observable with \
        settings; or the folder of a model whose head particle-identification has the output weight, or the name of one that \
        comes with canopy, as in pileup. A model that was trained with weights has them applied unless another name is given, or \
        none for nothing.
        """,
      valueName: "name"))
  var apply: [String] = []

  func validate() throws {
    guard apply.count < 2 else {
      throw ValidationError(
        "--apply is given \(apply.count) times; particles are multiplied by one weight each: give it once.")
    }
  }

  /// What particles are multiplied by: what the option names, else what a model was trained with; says on standard error if the
  /// two differ.
  ///
  /// - Parameters:
  ///   - observables: those that the user declares.
  ///   - plugins: the plugins that a model may name.
  ///   - model: the model that reads the particles; nil for none.
  /// - Returns: the weighting; nil for nothing.
  /// - Throws: `ValidationError` if there is nothing of the name, `ModelError` if a model cannot be read or has no weights.
  func choice(
    _ observables: ObservableSet, _ plugins: PluginRegistry, for model: Model? = nil
  ) throws -> AppliedWeighting? {
    var settings = WeightingSettings()
    settings.apply = apply.first
    do {
      let choice = try settings.choice(
        observables.members.map(ObservableChoice.init), plugins, for: model)
      reportRemarks([model?.remark(on: choice)].compactMap(\.self))
      return choice
    } catch let error as PluginError {
      throw ValidationError("--apply \(apply.first ?? ""): \(error)")
    }
  }
}

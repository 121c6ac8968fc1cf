// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// What particles are multiplied by before jets are found.
struct WeightingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Multiply the momenta of particles by their weights before jets are found, and leave out those of weight 0.",
      discussion: """
        It is puppi, softkiller or another observable that gives constituents the number weight, also one of --observable with \
        settings; or the folder of a model whose head particle-identification has the output weight, or the name of one that \
        comes with canopy, as in pileup.
        """,
      valueName: "name"))
  var apply: String?

  /// What particles are multiplied by, as the option says.
  ///
  /// - Parameters:
  ///   - observables: those that the user declares.
  ///   - plugins: the plugins that a model may name.
  /// - Returns: the weighting, and the folder of its model if it has one; nil if none is asked for.
  /// - Throws: `ValidationError` if there is nothing of the name, `ModelError` if a model cannot be read or has no weights.
  func choice(
    _ observables: ObservableSet, _ plugins: PluginRegistry
  ) throws -> (weighting: ParticleWeighting, folder: String?)? {
    guard let apply else { return nil }
    do {
      if let own = observables.members.first(where: { $0.name == apply }) {
        return (try ParticleWeighting(ObservableChoice(own)), nil)
      }
      if plugins.origin(ofObservable: apply) != nil {
        return (try ParticleWeighting(ObservableChoice(apply, plugins.observable(apply))), nil)
      }
    } catch let error as PluginError {
      throw ValidationError("--apply \(apply): \(error)")
    }
    let folder = ShippedResources.model(apply)
    guard !apply.isEmpty, FileManager.default.fileExists(atPath: folder) else {
      throw ValidationError(
        "--apply is “\(apply)”, but no observable and no model has this name, and no folder; give puppi, softkiller or the folder of a "
          + "model.")
    }
    let model = try Model(contentsOf: URL(fileURLWithPath: folder), plugins: plugins)
    return (try ParticleWeighting(model, name: apply), folder)
  }
}

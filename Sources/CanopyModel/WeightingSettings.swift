// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Which weights the momenta of particles are multiplied by, as trainings, menus, calls and the command line say it.
public struct WeightingSettings: SettingsSection {
  /// The name of what weights; nil if the user names nothing, ``nothing`` if no weights are wanted.
  public var apply: String?

  /// Nothing is named.
  public init() {}

  /// The name that stands for no weights, also for a model that was trained with some.
  public static let nothing = "none"

  /// The settings, in the order of tables.
  public static let settings: [Setting<WeightingSettings>] = [
    Setting(
      "apply", \.apply,
      "multiply the momenta of particles by their weights before jets are found, and leave out those of weight 0: `puppi`, `softkiller` or "
        + "another observable with the number `weight`, also one under `observables`; or the name or folder of a model with the output "
        + "`weight`, such as `pileup` (<doc:MitigatingPileup>); a model keeps it", default: "none")
  ]

  /// What is named, else what a model was trained with.
  ///
  /// - Parameters:
  ///   - observables: those that the user declares.
  ///   - plugins: the plugins.
  ///   - model: the model that reads the particles; nil for none.
  /// - Returns: what multiplies momenta; nil for nothing.
  /// - Throws: what ``AppliedWeighting/init(_:observables:plugins:)`` throws, and ``ModelError`` if the model is one of folds that go by
  ///   the particles, and another one is named than it was trained with.
  public func choice(
    _ observables: [ObservableChoice], _ plugins: PluginRegistry, for model: Model? = nil
  ) throws -> AppliedWeighting? {
    guard let apply else { return model?.weighting }
    let named =
      apply == Self.nothing ? nil : try AppliedWeighting(apply, observables: observables, plugins: plugins)
    if let model, model.folds?.goByParticles == true, named != model.weighting {
      throw ModelError(
        "The model is one of folds, which go by the particles that it was trained on: leave apply out, or train with a data.folds.by "
          + "that reads columns of events alone.")
    }
    return named
  }
}

extension Model {
  /// A sentence if particles are multiplied by other weights than those that the model was trained with; nil if they are not, or the
  /// model was trained without any.
  package func remark(on applied: AppliedWeighting?) -> String? {
    guard let weighting, applied != weighting else { return nil }
    return
      "the model is for particles multiplied by the weights of \(weighting.name); as asked, it now reads them "
      + (applied.map { "multiplied by those of \($0.name)" } ?? "as they are")
  }
}

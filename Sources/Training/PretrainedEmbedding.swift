// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit

/// The stage of jets of another model, to begin a training with.
public struct PretrainedEmbedding: Sendable {
  /// Whether the stage stays as it is, so that only what reads it learns.
  public let isFrozen: Bool
  /// The stage.
  public let choice: StageChoice
  /// The scaling that it was trained with; nil if it has none.
  public let scaling: StageScaling?
  /// The observables that it reads.
  public let observables: ObservableSet

  private let folder: URL
  private let model: Model

  /// The embedding of the model in `folder`.
  ///
  /// - Throws: ``TrainingError`` where the model embeds no jets, and what reading a model throws.
  public init(contentsOf folder: URL, isFrozen: Bool, plugins: PluginRegistry) throws {
    self.isFrozen = isFrozen
    self.folder = folder
    model = try Model(contentsOf: folder, plugins: plugins)
    guard model.folds == nil else {
      throw TrainingError(
        "\(folder.relativePath): is a model of folds, each with an embedding of its own; name one of them, such as "
          + "\(folder.relativePath)/\(Model.folder(ofFold: 0)).")
    }
    guard let embedding = model.network.embedding else {
      throw TrainingError(
        "\(folder.relativePath): the model does not embed jets; name one that does under embedding.from.")
    }
    choice = StageChoice(embedding.stage)
    scaling = model.description.scaling.nodes
    observables = try ObservableCatalogue(model.network.observables.members.map(ObservableChoice.init))
      .observables(for: embedding.stage.observables)
  }

  /// Whether the embedding reads no other observable under the name of a declared one.
  func agrees(with choice: ObservableChoice) -> Bool {
    guard observables.members.contains(where: { $0.name == choice.name }) else { return true }
    var both = observables
    return (try? both.add(choice)) != nil
  }

  /// A sentence if the embedding was trained on jets, or trees, of another definition or of other cuts.
  func remark(onJets jets: JetFinder, cuts: [ObservableCut]) -> String? {
    let own = model.description.jets
    if model.network.cuts != cuts {
      func text(_ cuts: [ObservableCut]) -> String {
        cuts.isEmpty ? "no cuts" : cuts.map(\.description).joined(separator: ", ")
      }
      return "The embedding of \(folder.relativePath) was trained on jets of other cuts than these: "
        + "\(text(model.network.cuts)) there, \(text(cuts)) here."
    }
    guard own.definition != jets.definition || own.recluster != jets.recluster else { return nil }
    return "The embedding of \(folder.relativePath) was trained on other jets than these: "
      + "\(own.summary) there, \(jets.summary) here."
  }

  /// Takes over the weights of the embedding into the parameters of a network with the same one.
  func assign(to parameters: Parameters) {
    parameters.assign(model.parameters, only: model.network.embedding!.parameters)
  }
}

extension JetFinder {
  /// The definition of the jets and of their trees, in a few words.
  fileprivate var summary: String {
    var parts = [definition.algorithm.rawValue]
    if definition.algorithm.hasRadius { parts.append("R = \(definition.radius)") }
    if let power = definition.power { parts.append("p = \(power)") }
    parts.append("\(definition.recombination.rawValue) scheme")
    if let recluster { parts.append("reclustered by \(recluster.rawValue)") }
    return parts.joined(separator: ", ")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit

/// The stage of jets of another model, to begin a training with.
public struct PretrainedEmbedding: Sendable {
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
  public init(contentsOf folder: URL, plugins: PluginRegistry) throws {
    self.folder = folder
    model = try Model(ofOneTrainingIn: folder, plugins: plugins)
    guard let embedding = model.network.embedding else {
      throw TrainingError(
        "\(folder.relativePath): the model does not embed jets; name one that does under embedding.from.")
    }
    choice = StageChoice(embedding.stage)
    scaling = model.description.scaling.nodes
    observables = try ObservableCatalogue(model.network.observables.members.map(ObservableChoice.init))
      .observables(for: embedding.stage.observables)
  }

  /// Tells which events the model was trained on; nil if it does not say.
  var fingerprint: SampleFingerprint? { model.description.training?.fingerprint }

  /// Whether the embedding reads no other observable under the name of a declared one.
  func agrees(with choice: ObservableChoice) -> Bool {
    guard observables.members.contains(where: { $0.name == choice.name }) else { return true }
    var both = observables
    return (try? both.add(choice)) != nil
  }

  /// A sentence if the embedding was trained on jets, or trees, of another definition or of other cuts, or of other weights of particles.
  func remark(onJets jets: JetFinder, cuts: [ObservableCut], _ weighting: AppliedWeighting?) -> String? {
    model.remark("The embedding of \(folder.relativePath)", onJets: jets, cuts: cuts, weighting)
  }

  /// The weights of the embedding, for a network with the same one.
  public var weights: PretrainedWeights {
    PretrainedWeights(model.parameters, only: model.network.embedding!.parameters)
  }
}

/// Weights of another network that a training begins with.
public struct PretrainedWeights: Sendable {
  private let weights: Parameters
  private let parameters: [ParameterID]

  /// Some parameters, which are the same in the network that is trained, and their weights.
  init(_ weights: Parameters, only parameters: [ParameterID]) {
    self.weights = weights
    self.parameters = parameters
  }

  /// Takes over the weights into the parameters of the network that is trained.
  func assign(to parameters: Parameters) { parameters.assign(weights, only: self.parameters) }
}

extension Model {
  /// A sentence if the model, or `part` of it, was trained on jets, or trees, of another definition or of other cuts, or of other weights
  /// of particles.
  func remark(
    _ part: String, onJets jets: JetFinder, cuts: [ObservableCut], _ applied: AppliedWeighting?
  ) -> String? {
    let own = description.jets
    if weighting != applied {
      func text(_ weighting: AppliedWeighting?) -> String {
        weighting.map { "those of \($0.name)" } ?? "none"
      }
      return
        "\(part) was trained with other weights of particles than these: \(text(weighting)) there, \(text(applied)) here."
    }
    if network.cuts != cuts {
      func text(_ cuts: [ObservableCut]) -> String {
        cuts.isEmpty ? "no cuts" : cuts.map(\.description).joined(separator: ", ")
      }
      return
        "\(part) was trained on jets of other cuts than these: \(text(network.cuts)) there, \(text(cuts)) here."
    }
    guard own.definition != jets.definition || own.recluster != jets.recluster else { return nil }
    return "\(part) was trained on other jets than these: \(own.summary) there, \(jets.summary) here."
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

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import PluginKit

/// The recursive network of another model, to begin a training with.
public struct PretrainedEmbedding: Sendable {
  /// Whether the network stays as it is, so that only what reads it learns.
  public let isFrozen: Bool
  /// The recursive network.
  public let description: EmbeddingDescription
  /// The scaling that it was trained with.
  public let scaling: FeatureScaling

  private let model: Model

  /// The embedding of the model in `folder`.
  ///
  /// - Throws: ``TrainingError`` where the model embeds no jets, and what reading a model throws.
  public init(contentsOf folder: URL, isFrozen: Bool, plugins: PluginRegistry) throws {
    self.isFrozen = isFrozen
    model = try Model(contentsOf: folder, plugins: plugins)
    guard let description = model.description.embedding, let scaling = model.description.scaling.nodes else {
      throw TrainingError(
        "\(folder.relativePath): the model does not embed jets; name one that does under embedding.from.")
    }
    self.description = description
    self.scaling = scaling
  }

  /// Takes over the weights of the embedding into the parameters of a network with the same one.
  func assign(to parameters: Parameters) {
    parameters.assign(model.parameters, only: model.network.embedding!.parameters)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO

extension ResultBatch {
  /// The events and jets of a prediction and what its heads predict, in columns called `HEAD/OUTPUT`.
  ///
  /// - Parameters:
  ///   - prediction: the prediction.
  ///   - embedding: whether the embeddings of jets and events come before these, in columns called `embedding`.
  public init(_ prediction: Prediction, embedding: Bool) {
    self.init(prediction.jets)
    if embedding, prediction.embeddingWidth > 0 {
      jetColumns.append(
        ResultColumn(name: "embedding", width: prediction.embeddingWidth, values: prediction.embedding))
    }
    if embedding, prediction.eventEmbeddingWidth > 0 {
      eventColumns.append(
        ResultColumn(
          name: "embedding", width: prediction.eventEmbeddingWidth, values: prediction.eventEmbedding))
    }
    for head in prediction.heads {
      switch head.rows {
      case .jets: jetColumns += head.columns
      case .events: eventColumns += head.columns
      case .constituents:
        constituentColumns.offsets = prediction.jets.constituents.offsets
        constituentColumns.columns += head.columns
      case .splittings:
        splittingColumns.offsets = prediction.jets.constituents.offsets.enumerated().map { $1 - $0 }
        splittingColumns.columns += head.columns
      }
    }
  }
}

extension HeadPrediction {
  /// A column for each output.
  fileprivate var columns: [ResultColumn] {
    outputs.map { output in
      ResultColumn(
        name: "\(name)/\(output.name)", width: output.width, values: self[output.name]!.values,
        unit: output.unit)
    }
  }
}

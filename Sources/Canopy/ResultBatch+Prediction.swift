// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO

extension ResultBatch {
  /// The jets of a prediction and what its heads predict, in columns called `HEAD/OUTPUT`.
  ///
  /// - Parameters:
  ///   - prediction: the prediction.
  ///   - embedding: whether the jets' embeddings come before these, in the column `embedding`.
  public init(_ prediction: Prediction, embedding: Bool) {
    self.init(prediction.jets)
    if embedding {
      jetColumns.append(
        ResultColumn(name: "embedding", width: prediction.embeddingWidth, values: prediction.embedding))
    }
    for head in prediction.heads {
      var first = 0
      for output in head.outputs {
        var values: [Float] = []
        values.reserveCapacity(jetCount * output.width)
        for jet in 0..<jetCount {
          let start = jet * head.width + first
          values += head.values[start..<start + output.width]
        }
        jetColumns.append(
          ResultColumn(
            name: "\(head.name)/\(output.name)", width: output.width, values: values, unit: output.unit))
        first += output.width
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import PluginKit

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
      case .constituents: addConstituentColumns(head.columns, of: prediction.jets)
      case .splittings: addSplittingColumns(head.columns, of: prediction.jets)
      }
    }
  }
}

extension ResultBatch {
  /// Adds numbers of observables, in columns called `OBSERVABLE/QUANTITY`.
  ///
  /// - Parameters:
  ///   - observables: the columns.
  ///   - jets: the jets of this batch, which have the columns.
  public mutating func add(_ observables: [ObservableColumn], of jets: Jets) {
    for column in observables {
      let values = jets.columns[column.rows][column.name]!.values.map { Float($0) }
      let result = ResultColumn(name: column.name, values: values, unit: column.unit)
      switch column.rows {
      case .jets: jetColumns.append(result)
      case .events: eventColumns.append(result)
      case .constituents: addConstituentColumns([result], of: jets)
      case .splittings: addSplittingColumns([result], of: jets)
      }
    }
  }

  mutating func addConstituentColumns(_ columns: [ResultColumn], of jets: Jets) {
    constituentColumns.offsets = jets.constituents.offsets
    constituentColumns.columns += columns
  }

  private mutating func addSplittingColumns(_ columns: [ResultColumn], of jets: Jets) {
    splittingColumns.offsets = jets.splittingOffsets
    splittingColumns.columns += columns
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

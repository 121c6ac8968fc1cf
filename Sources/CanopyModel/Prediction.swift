// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import NeuralEngine
import PluginKit

/// What a model says about the jets of a batch of events.
public struct Prediction: Sendable {
  /// The jets, in the order of all rows here.
  public var jets = JetBatch()
  /// The number of components of an embedding.
  public var embeddingWidth = 0
  /// The embedding of each jet, row-major `[jets × embeddingWidth]`.
  public var embedding: [Float] = []
  /// What each head predicts.
  public var heads: [HeadPrediction] = []

  /// A prediction without events, to be filled by ``Predictor/predict(_:into:heads:)``.
  public init() {}
}

/// What one head predicts.
public struct HeadPrediction: Sendable {
  /// The name that the user gave the head.
  public let name: String
  /// The quantities, in the order of their columns.
  public let outputs: [HeadOutput]
  /// The sum of the outputs' widths.
  public let width: Int
  /// The numbers, row-major `[jets × width]`.
  public var values: [Float]

  init(_ head: Network.NamedHead) {
    name = head.name
    outputs = head.head.outputs
    width = outputs.reduce(0) { $0 + $1.width }
    values = []
  }

  /// The numbers as a matrix `[jets × width]`.
  public var matrix: Matrix {
    Matrix(rows: width > 0 ? values.count / width : 0, columns: width, values: values)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import NeuralEngine
import PluginKit

/// What a model says about a batch of events and their jets.
public struct Prediction: Sendable {
  /// The jets, in the order of all rows for jets here; the events are in the order of the input.
  public var jets = Jets()
  /// The number of components of a jet's embedding; 0 if jets are not embedded.
  public var embeddingWidth = 0
  /// The embedding of each jet, row-major `[jets × embeddingWidth]`.
  public var embedding: [Float] = []
  /// The number of components of an event's embedding; 0 if events are not embedded.
  public var eventEmbeddingWidth = 0
  /// The embedding of each event, row-major `[events × eventEmbeddingWidth]`.
  public var eventEmbedding: [Float] = []
  /// What each head predicts.
  public var heads: [HeadPrediction] = []

  /// A prediction without events, to be filled by ``Predictor/predict(_:into:heads:)``.
  public init() {}

  /// The numbers of one output, by the name `HEAD/OUTPUT` that it has in result files: `[rows × width of the output]`.
  ///
  /// ```swift
  /// let scores = prediction["tagger/score"]
  /// ```
  ///
  /// It is nil if no head and output go by this name, as when the heads took no part in the prediction.
  public subscript(name: String) -> Matrix? {
    // Names of heads have no slash.
    guard let slash = name.firstIndex(of: "/") else { return nil }
    let head = heads.first { $0.name == name[..<slash] }
    return head?[String(name[name.index(after: slash)...])]
  }
}

/// What one head predicts.
public struct HeadPrediction: Sendable {
  /// The name that the user gave the head.
  public let name: String
  /// What the head has a row for.
  public let rows: HeadRows
  /// The quantities, in the order of their columns.
  public let outputs: [HeadOutput]
  /// The sum of the outputs' widths.
  public let width: Int
  /// The numbers, row-major `[jets × width]` or `[events × width]`.
  public var values: [Float]

  init(_ head: Network.NamedHead) {
    name = head.name
    rows = head.head.rows
    outputs = head.head.outputs
    width = outputs.reduce(0) { $0 + $1.width }
    values = []
  }

  /// The numbers as a matrix `[jets × width]` or `[events × width]`.
  public var matrix: Matrix {
    Matrix(rows: width > 0 ? values.count / width : 0, columns: width, values: values)
  }

  /// The numbers of the output of this name: `[rows × width of the output]`; nil if there is none.
  public subscript(output: String) -> Matrix? {
    var first = 0
    for candidate in outputs {
      guard candidate.name == output else {
        first += candidate.width
        continue
      }
      let rows = values.count / width
      var column: [Float] = []
      column.reserveCapacity(rows * candidate.width)
      for start in stride(from: first, to: values.count, by: width) {
        column += values[start..<start + candidate.width]
      }
      return Matrix(rows: rows, columns: candidate.width, values: column)
    }
    return nil
  }
}

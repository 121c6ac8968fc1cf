// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The scores that a classifying head gave to the rows of a sample, and what is true of them.
struct ClassifiedRows: Sendable {
  /// The name of the head.
  let name: String
  /// What there is a row for.
  let rows: HeadRows
  /// The truth columns.
  let truth: ClassTruth
  let classes: [String]
  /// The probability of class 1, the signal: `[rows]`.
  let scores: [Float]
  /// The number of the true class: `[rows]`.
  let labels: [Int]
  /// `[rows]`.
  let weights: [Double]

  /// Whether each row is of class 1: `[rows]`.
  var isSignal: [Bool] { labels.map { $0 == 1 } }

  /// What the other classes are called together.
  var backgroundName: String { classes.count == 2 ? classes[0] : "others" }
}

extension EvaluatedRows {
  /// The rows as a head of two or more classes classifies them; nil for other heads.
  var classified: ClassifiedRows? {
    guard let classification = (named.head as? any ScoringHead)?.classification else { return nil }
    let width = named.head.outputs.reduce(0) { $0 + $1.width }
    let column = classification.classes.count == 2 ? 0 : 1
    return ClassifiedRows(
      name: named.name, rows: named.head.rows, truth: classification.truth,
      classes: classification.classes, scores: (0..<truth.rows).map { outputs[$0 * width + column] },
      labels: classification.labels(of: truth).map { Int($0) }, weights: weights)
  }
}

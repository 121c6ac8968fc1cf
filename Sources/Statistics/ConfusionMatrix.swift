// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// How often examples of each class are classified as each class.
public struct ConfusionMatrix: Sendable, Equatable {
  /// The number of classes.
  public let classCount: Int
  /// The sum of weights of the examples of each true class, by the class they are taken for, row-major:
  /// `[true classes × chosen classes]`.
  public private(set) var contents: [Double]
  private var rightSquares = 0.0
  private var wrongSquares = 0.0

  /// Counts each example for the class of its highest score, the first of equals.
  ///
  /// - Parameters:
  ///   - scores: `[examples × classes]`.
  ///   - classCount: the number of classes.
  ///   - labels: the true class of each example, from 0: `[examples]`.
  ///   - weights: of each example, 1 unless given: `[examples]`.
  /// - Throws: ``MetricError`` if a score is not a number, a label is not a class or nothing is counted.
  public init(scores: [Float], classCount: Int, labels: [Int], weights: [Double]? = nil) throws {
    require(scores.count == labels.count * classCount, "each example needs a score a class")
    require(weights == nil || weights?.count == labels.count, "each example needs its weight")
    self.classCount = classCount
    contents = Array(repeating: 0, count: classCount * classCount)
    for (example, label) in labels.enumerated() {
      guard (0..<classCount).contains(label) else {
        throw MetricError(
          description: "The label of example \(example) is \(label), not one of 0 to \(classCount - 1).")
      }
      let row = example * classCount
      var chosen = 0
      for candidate in 0..<classCount {
        guard !scores[row + candidate].isNaN else {
          throw MetricError(
            description: "The score of example \(example) is not a number; train again more slowly.")
        }
        if scores[row + candidate] > scores[row + chosen] { chosen = candidate }
      }
      let weight = weights?[example] ?? 1
      contents[label * classCount + chosen] += weight
      if label == chosen { rightSquares += weight * weight } else { wrongSquares += weight * weight }
    }
    guard contents.reduce(0, +) > 0 else {
      throw MetricError(description: "There is no example with a weight; an accuracy needs some.")
    }
  }

  /// The share of examples taken for what they are, with its binomial error.
  public var accuracy: Estimate {
    let total = contents.reduce(0, +)
    let right = (0..<classCount).reduce(0.0) { $0 + contents[$1 * classCount + $1] }
    let share = right / total
    let variance = (1 - share) * (1 - share) * rightSquares + share * share * wrongSquares
    return Estimate(value: share, error: variance.squareRoot() / total)
  }
}

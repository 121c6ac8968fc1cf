// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// How often examples of each class are classified as each class.
public struct ConfusionMatrix: Sendable, Equatable {
  /// The number of classes.
  public let classCount: Int
  /// The sum of weights of the examples of each true class, by the class they are taken for, row-major:
  /// `[true classes × chosen classes]`.
  public private(set) var contents: [Double]
  /// The sums of squared weights, likewise.
  private var squares: [Double]

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
    squares = contents
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
      squares[label * classCount + chosen] += weight * weight
    }
    guard contents.reduce(0, +) > 0 else {
      throw MetricError(description: "There is no example with a weight; an accuracy needs some.")
    }
  }

  /// The share of examples taken for what they are, with its binomial error.
  public var accuracy: Estimate {
    Self.share(of: (0..<classCount).map { $0 * classCount + $0 }, among: contents.indices, contents, squares)!
  }

  /// The share of the examples of one class that are taken for another or for itself, with its binomial error; nil if no
  /// example of the class has a weight.
  public func share(ofClass label: Int, takenFor chosen: Int) -> Estimate? {
    let row = label * classCount
    return Self.share(of: [row + chosen], among: row..<row + classCount, contents, squares)
  }

  private static func share(
    of places: [Int], among all: Range<Int>, _ contents: [Double], _ squares: [Double]
  ) -> Estimate? {
    let total = all.reduce(0) { $0 + contents[$1] }
    guard total > 0 else { return nil }
    let share = places.reduce(0) { $0 + contents[$1] } / total
    let inside = places.reduce(0) { $0 + squares[$1] }
    let outside = max(0, all.reduce(0) { $0 + squares[$1] } - inside)
    let variance = (1 - share) * (1 - share) * inside + share * share * outside
    return Estimate(value: share, error: variance.squareRoot() / total)
  }
}

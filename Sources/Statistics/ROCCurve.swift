// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// The receiver operating characteristic of a score that is high for signal: efficiency for signal and for
/// background at every threshold.
///
/// Examples of equal score pass together, so a point stands for one distinct score; between two points the
/// curve is straight, as if ties were broken at random. Building it takes O(n log n).
public struct ROCCurve: Sendable {
  /// The distinct scores, falling: `[points]`.
  ///
  /// An example passes if its score is at least the threshold; the first is infinite and nothing passes it.
  public let thresholds: [Float]
  /// The share of the signal's weight that passes, from 0 to 1, rising unless there are negative weights: `[points]`.
  public let signalEfficiency: [Double]
  /// The share of the background's weight that passes, likewise: `[points]`.
  public let backgroundEfficiency: [Double]
  /// The number of signal examples with a weight.
  public let signalCount: Int
  /// The number of background examples with a weight.
  public let backgroundCount: Int

  /// The passing part of Σw² / (Σw)² of each class: `[points]`.
  let signalSquares: [Double]
  let backgroundSquares: [Double]

  /// The curve of `scores`, all `[examples]`; `weights`, such as those of a generator, may be negative and are 1 unless
  /// given.
  ///
  /// - Throws: ``MetricError`` if a score or weight is not finite, or if one of the two classes has no weight
  ///   or a sum of weights that is not positive.
  public init(scores: [Float], isSignal: [Bool], weights: [Double]? = nil) throws {
    var examples = try Self.weighted(scores, isSignal: isSignal, weights: weights)
    examples.sort { $0.score > $1.score }

    var thresholds: [Float] = [.infinity]
    var signal = RunningSums()
    var background = RunningSums()
    for (place, example) in examples.enumerated() {
      let weight = weights?[example.index] ?? 1
      if isSignal[example.index] { signal.add(weight) } else { background.add(weight) }
      if place + 1 == examples.count || examples[place + 1].score < example.score {
        thresholds.append(example.score)
        signal.closePoint()
        background.closePoint()
      }
    }
    for (sums, name) in [(signal, "signal"), (background, "background")] {
      guard sums.count > 0 else {
        throw MetricError(
          description:
            "There is no \(name) among the \(examples.count) examples; a ROC curve needs both classes.")
      }
      guard sums.weight > 0 else {
        throw MetricError(
          description:
            "The weights of the \(name) have the sum \(sums.weight); a ROC curve needs a positive one.")
      }
    }
    self.thresholds = thresholds
    signalCount = signal.count
    backgroundCount = background.count
    signalEfficiency = signal.weights.map { $0 / signal.weight }
    backgroundEfficiency = background.weights.map { $0 / background.weight }
    signalSquares = signal.squares.map { $0 / (signal.weight * signal.weight) }
    backgroundSquares = background.squares.map { $0 / (background.weight * background.weight) }
  }

  /// The examples with a weight.
  ///
  /// - Throws: ``MetricError`` if a score or weight is not finite.
  static func weighted(
    _ scores: [Float], isSignal: [Bool], weights: [Double]?
  ) throws -> [(score: Float, index: Int)] {
    require(isSignal.count == scores.count, "each score needs its truth")
    require(weights == nil || weights?.count == scores.count, "each score needs its weight")
    var examples: [(score: Float, index: Int)] = []
    examples.reserveCapacity(scores.count)
    for (index, score) in scores.enumerated() {
      guard score.isFinite else {
        throw MetricError(description: "The score of example \(index) is \(score); train again more slowly.")
      }
      let weight = weights?[index] ?? 1
      guard weight.isFinite else {
        throw MetricError(description: "The weight of example \(index) is \(weight); it must be finite.")
      }
      if weight != 0 { examples.append((score, index)) }
    }
    return examples
  }

  /// One curve a class of a multi-class score, that class against all others.
  ///
  /// - Parameters:
  ///   - scores: `[examples × classes]`.
  ///   - classCount: the number of classes.
  ///   - labels: the true class of each example, from 0: `[examples]`.
  ///   - weights: of each example, 1 unless given: `[examples]`.
  /// - Returns: the curves, in the order of the classes: `[classes]`.
  /// - Throws: ``MetricError`` as for one curve, naming the class.
  public static func oneVersusRest(
    scores: [Float], classCount: Int, labels: [Int], weights: [Double]? = nil
  ) throws -> [ROCCurve] {
    require(scores.count == labels.count * classCount, "each example needs a score a class")
    return try (0..<classCount).map { target in
      do {
        return try ROCCurve(
          scores: stride(from: target, to: scores.count, by: classCount).map { scores[$0] },
          isSignal: labels.map { $0 == target }, weights: weights)
      } catch let error as MetricError {
        throw MetricError(description: "Class \(target) against the rest: \(error.description)")
      }
    }
  }
}

/// Sums of one class while the threshold falls.
private struct RunningSums {
  var count = 0
  var weight = 0.0
  var square = 0.0
  /// The sums at each point of the curve.
  var weights = [0.0]
  var squares = [0.0]

  mutating func add(_ weight: Double) {
    count += 1
    self.weight += weight
    square += weight * weight
  }

  mutating func closePoint() {
    weights.append(weight)
    squares.append(square)
  }
}

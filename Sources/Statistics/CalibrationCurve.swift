// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Whether the score of a classifier is the probability that it claims to be: the reliability curve.
///
/// Of all examples with a score near 0.8, four fifths should be signal, for the shares of signal and background that
/// the sample has.
public struct CalibrationCurve: Sendable, Equatable {
  /// Examples of similar score.
  public struct Bin: Sendable, Equatable {
    /// The scores of the bin; the upper edge belongs to the next bin, and 1 to the last.
    public let range: ClosedRange<Double>
    /// The number of examples with a weight.
    public let count: Int
    /// The bin's share of all weights.
    public let share: Double
    /// The mean score.
    public let meanScore: Double
    /// The share of signal, with its binomial error.
    public let signalFraction: Estimate
  }

  /// The bins of equal width that have examples, by rising score.
  public let bins: [Bin]

  /// The curve of probabilities, all `[examples]`; `weights` are 1 unless given, and bins in which negative
  /// ones outweigh the others are left out.
  ///
  /// - Parameters:
  ///   - scores: the probabilities.
  ///   - isSignal: the truth.
  ///   - weights: of each example.
  ///   - binCount: the number of bins between 0 and 1; 15 unless given, as in arXiv:1706.04599.
  /// - Throws: ``MetricError`` if a score is no probability or no example has a weight.
  public init(scores: [Float], isSignal: [Bool], weights: [Double]? = nil, binCount: Int = 15) throws {
    require(isSignal.count == scores.count, "each score needs its truth")
    require(weights == nil || weights?.count == scores.count, "each score needs its weight")
    require(binCount > 0, "a calibration curve needs bins")
    var sums = Array(repeating: Sums(), count: binCount)
    for (index, score) in scores.enumerated() {
      guard score >= 0, score <= 1 else {
        throw MetricError(
          description:
            "The score of example \(index) is \(score); only probabilities from 0 to 1 are calibrated.")
      }
      let bin = min(binCount - 1, Int(Double(score) * Double(binCount)))
      sums[bin].add(Double(score), isSignal: isSignal[index], weight: weights?[index] ?? 1)
    }
    let total = sums.reduce(0) { $0 + $1.weight }
    guard total > 0 else {
      throw MetricError(description: "There is no example with a weight; a calibration needs some.")
    }
    bins = sums.enumerated().compactMap { index, sums in
      guard sums.weight > 0 else { return nil }
      return Bin(
        range: Double(index) / Double(binCount)...Double(index + 1) / Double(binCount), count: sums.count,
        share: sums.weight / total, meanScore: sums.score / sums.weight, signalFraction: sums.signalFraction)
    }
  }

  /// The expected calibration error: the mean distance between a bin's share of signal and its mean score, each bin
  /// with its share of the examples (arXiv:1706.04599, equations 3 and 5).
  ///
  /// The error is that of the bins' shares of signal, whose sizes count as exact. A perfect calibration has a value
  /// above 0 too, of about this error times the root of the number of bins.
  public var expectedError: Estimate {
    var value = 0.0
    var variance = 0.0
    for bin in bins {
      value += bin.share * abs(bin.signalFraction.value - bin.meanScore)
      let error = bin.share * (bin.signalFraction.error ?? 0)
      variance += error * error
    }
    return Estimate(value: value, error: variance.squareRoot())
  }
}

/// Sums over the examples of a bin.
private struct Sums {
  var count = 0
  var weight = 0.0
  var score = 0.0
  var signal = 0.0
  var signalSquares = 0.0
  var backgroundSquares = 0.0

  mutating func add(_ score: Double, isSignal: Bool, weight: Double) {
    guard weight != 0 else { return }
    count += 1
    self.weight += weight
    self.score += weight * score
    if isSignal {
      signal += weight
      signalSquares += weight * weight
    } else {
      backgroundSquares += weight * weight
    }
  }

  var signalFraction: Estimate {
    let share = signal / weight
    let variance = (1 - share) * (1 - share) * signalSquares + share * share * backgroundSquares
    return Estimate(value: share, error: variance.squareRoot() / weight)
  }
}

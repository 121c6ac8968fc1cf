// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// By how much one score tells signal from background better than another, on the same examples.
///
/// What fluctuates for one score fluctuates for the other, so that a difference is known better than either value.
public struct ScoreComparison: Sendable, Equatable {
  /// A background rejection over that of the reference.
  public struct RejectionRatio: Sendable, Equatable, Codable {
    /// The signal efficiency of both.
    public let signalEfficiency: Double
    /// The ratio of the rejections 1/ε_B; nil if no background passes one of the two, and without an error if none does in
    /// some bootstrap sample.
    public let ratio: Estimate?
  }

  /// A signal efficiency less that of the reference.
  public struct EfficiencyDifference: Sendable, Equatable, Codable {
    /// The background efficiency of both.
    public let backgroundEfficiency: Double
    /// The difference of the signal efficiencies.
    public let difference: Estimate
  }

  /// The area under the ROC curve less that of the reference.
  ///
  /// The error is that of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 837, 1988) for two curves of the same
  /// examples: the spread of the differences of their placement values, as in ``ROCCurve/auc``.
  public let aucDifference: Estimate
  /// The ratios of background rejections, at rising signal efficiencies.
  public let rejectionRatios: [RejectionRatio]
  /// The differences of signal efficiencies, at falling background efficiencies.
  public let efficiencyDifferences: [EfficiencyDifference]

  /// Compares `scores` with those of a reference, all `[examples]`.
  ///
  /// The errors of ratios and of differences of efficiencies are standard deviations over bootstrap samples, in each of
  /// which an example counts as often as a number drawn from a Poisson distribution of mean 1, the same for both scores.
  ///
  /// - Parameters:
  ///   - scores: the scores that are judged.
  ///   - reference: those that they are compared with.
  ///   - isSignal: the truth.
  ///   - weights: of each example; 1 unless given.
  ///   - signalEfficiencies: where rejections are compared.
  ///   - backgroundEfficiencies: where signal efficiencies are compared.
  ///   - samples: the number of bootstrap samples.
  ///   - generator: draws the bootstrap samples.
  /// - Throws: ``MetricError`` as for a ``ROCCurve``.
  public init(
    scores: [Float], reference: [Float], isSignal: [Bool], weights: [Double]? = nil,
    signalEfficiencies: [Double] = [0.3, 0.5, 0.8], backgroundEfficiencies: [Double] = [0.1, 0.01],
    samples: Int = 400,
    using generator: inout some RandomNumberGenerator
  ) throws {
    let weights = weights ?? Array(repeating: 1, count: scores.count)
    let curves = [
      try ROCCurve(scores: scores, isSignal: isSignal, weights: weights),
      try ROCCurve(scores: reference, isSignal: isSignal, weights: weights),
    ]
    let rankings = [
      RankedScores(scores, isSignal: isSignal, weights: weights),
      RankedScores(reference, isSignal: isSignal, weights: weights),
    ]
    aucDifference = Self.aucDifference(curves, [scores, reference], isSignal, weights)

    /// ln of the ratios of rejections, and the differences of signal efficiencies.
    func numbers(_ counts: [Double]?) -> [Double] {
      let sums = rankings.map { $0.sums(counts) }
      return signalEfficiencies.map { efficiency in
        let passed = sums.map { $0.background(atSignal: efficiency) }
        return log(passed[1] / passed[0])
      }
        + backgroundEfficiencies.map { efficiency in
          let passed = sums.map { $0.signal(atBackground: efficiency) }
          return passed[0] - passed[1]
        }
    }
    let values = numbers(nil)
    var (means, squares) = (values.map { _ in 0.0 }, values.map { _ in 0.0 })
    var counts = Array(repeating: 0.0, count: scores.count)
    for sample in 1...max(1, samples) {
      for example in counts.indices { counts[example] = PoissonCount.draw(using: &generator) }
      for (place, number) in numbers(counts).enumerated() {
        let step = number - means[place]
        means[place] += step / Double(sample)
        squares[place] += step * (number - means[place])
      }
    }
    let errors = squares.map { square -> Double? in
      let variance = square / Double(max(1, samples - 1))
      return variance.isFinite && samples > 1 ? variance.squareRoot() : nil
    }
    rejectionRatios = signalEfficiencies.enumerated().map { place, efficiency in
      let ratio = exp(values[place])
      return RejectionRatio(
        signalEfficiency: efficiency,
        ratio: ratio.isFinite && ratio > 0
          ? Estimate(value: ratio, error: errors[place].map { $0 * ratio }) : nil)
    }
    let count = signalEfficiencies.count
    efficiencyDifferences = backgroundEfficiencies.enumerated().map { place, efficiency in
      EfficiencyDifference(
        backgroundEfficiency: efficiency,
        difference: Estimate(value: values[count + place], error: errors[count + place]))
    }
  }

  private static func aucDifference(
    _ curves: [ROCCurve], _ scores: [[Float]], _ isSignal: [Bool], _ weights: [Double]
  ) -> Estimate {
    let difference = curves[0].auc.value - curves[1].auc.value
    let placements = zip(curves, scores).map { $0.placements($1, isSignal: isSignal) }
    /// One over the effective number of examples, and the variance of the mean of the differences.
    func variance(ofSignal: Bool) -> Double? {
      let examples = isSignal.indices.filter { isSignal[$0] == ofSignal && weights[$0] != 0 }
      let total = examples.reduce(0) { $0 + weights[$1] }
      let squares = examples.reduce(0) { $0 + weights[$1] * weights[$1] } / (total * total)
      guard examples.count > 1 else { return nil }
      let sum = examples.reduce(0.0) { sum, example in
        let part =
          weights[example] / total * (placements[0][example] - placements[1][example] - difference)
        return sum + part * part
      }
      return sum / (1 - squares)
    }
    guard let signal = variance(ofSignal: true), let background = variance(ofSignal: false) else {
      return Estimate(value: difference, error: nil)
    }
    return Estimate(value: difference, error: (signal + background).squareRoot())
  }
}

extension ROCCurve {
  /// The share of the other class on the right side of each example, half of equal scores counted: `[examples]`.
  fileprivate func placements(_ scores: [Float], isSignal: [Bool]) -> [Double] {
    scores.indices.map { example in
      // The point at which the example joins; thresholds fall.
      var points = 1..<thresholds.count
      while points.count > 1 {
        let middle = points.lowerBound + points.count / 2
        points =
          thresholds[middle] >= scores[example] ? middle..<points.upperBound : points.lowerBound..<middle
      }
      let point = points.lowerBound
      return isSignal[example]
        ? 1 - (backgroundEfficiency[point] + backgroundEfficiency[point - 1]) / 2
        : (signalEfficiency[point] + signalEfficiency[point - 1]) / 2
    }
  }
}

/// Scores in falling order, so that curves of further weights need no sorting.
private struct RankedScores {
  private let order: [Int]
  private let isSignal: [Bool]
  private let weights: [Double]
  /// Whether the next score is lower, so that a cut may lie here: `[examples]`.
  private let isEnd: [Bool]

  init(_ scores: [Float], isSignal: [Bool], weights: [Double]) {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    self.order = order
    self.isSignal = order.map { isSignal[$0] }
    self.weights = order.map { weights[$0] }
    isEnd = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] < scores[order[$0]] }
  }

  /// The efficiencies at each cut if examples count as often as `counts` `[examples]` says; once if it is nil.
  func sums(_ counts: [Double]?) -> Sums {
    var sums = Sums()
    var (signal, background) = (0.0, 0.0)
    for place in 0..<order.count {
      let weight = weights[place] * (counts?[order[place]] ?? 1)
      if isSignal[place] { signal += weight } else { background += weight }
      if isEnd[place] {
        sums.signal.append(signal)
        sums.background.append(background)
      }
    }
    for point in sums.signal.indices {
      sums.signal[point] /= signal
      sums.background[point] /= background
    }
    return sums
  }

  struct Sums {
    var signal = [0.0]
    var background = [0.0]

    /// The background efficiency at a signal efficiency, as in ``ROCCurve/rejection(atSignalEfficiency:)``.
    func background(atSignal target: Double) -> Double { Self.value(of: background, at: target, of: signal) }

    /// The signal efficiency at a background efficiency.
    func signal(atBackground target: Double) -> Double { Self.value(of: signal, at: target, of: background) }

    private static func value(of values: [Double], at target: Double, of places: [Double]) -> Double {
      guard let point = places.firstIndex(where: { $0 >= target - 1e-12 }), point > 0 else {
        return places.isEmpty ? .nan : values[0]
      }
      let part = min(1, (target - places[point - 1]) / (places[point] - places[point - 1]))
      return values[point - 1] + part * (values[point] - values[point - 1])
    }
  }
}

/// How often an example is drawn into a bootstrap sample.
private enum PoissonCount {
  /// The shares of 0, 1, 2 … added up: e⁻¹ Σ 1/k!.
  private static let shares: [Double] = {
    var (sum, term) = (0.0, exp(-1.0))
    return (1...16).map { k in
      sum += term
      term /= Double(k)
      return sum
    }
  }()

  static func draw(using generator: inout some RandomNumberGenerator) -> Double {
    let number = Double(generator.next() >> 11) * 0x1p-53
    var count = 0
    while count < shares.count, number >= shares[count] { count += 1 }
    return Double(count)
  }
}

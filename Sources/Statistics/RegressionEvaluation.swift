// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What is measured of the predictions of a positive quantity, such as a mass, and of other estimators of it.
///
/// Bias, resolution, pulls and coverage are given for all rows and in intervals of the true value, for the
/// regression and, if it was corrected, for its uncorrected predictions. Each of the other estimators appears
/// as it is and, if its predictions rise with the truth, once more as `NAME, corrected`: after a
/// ``ResponseCorrection`` that is fitted to the evaluated rows themselves, so that its median response is 1
/// at each true value. Without that a resolution means little: an estimator that predicts half the mass has
/// half the spread.
public struct RegressionEvaluation: Sendable {
  /// What is measured of one estimator.
  public struct Estimator: Sendable {
    /// The estimator's name; that of the regression comes first.
    public let name: String
    /// All rows.
    public let whole: ResponseSummary
    /// The rows in each interval of ``RegressionEvaluation/ranges``.
    public let bins: [ResponseSummary]
    /// The distribution of the predictions, with the rows of each interval of truth weighted to the same sum,
    /// as a flat distribution of truth would give it.
    public let predictions: Histogram
    /// Whether the ends of the range of truth shape the predictions; nil if there are too few rows to say.
    public let sculpting: Sculpting?
  }

  /// The name of the regression, such as its head's.
  public let name: String
  /// The unit of the quantity; nil for a pure number.
  public let unit: String?
  /// The regression, then the others.
  public let estimators: [Estimator]
  /// The ends of the intervals of truth that have rows, rising; an interval has its lower end: `[bins]`.
  public let ranges: [ClosedRange<Double>]
  /// The distribution of the truth, weighted as the predictions are.
  public let truth: Histogram
  /// How much better the prediction with its interval is than the same answer for every row, 0 … 1, larger is better.
  ///
  /// 1 − S/S₀, with S the mean quantile loss of the logarithms of low, value and high at 15.87, 50 and 84.13 % (Koenker
  /// and Bassett 1978), and S₀ that of the best constants. It is a proper score: no answer does better on average than
  /// the true quantiles.
  public let skill: Estimate

  /// Compares predictions with the truth, all `[rows]`.
  ///
  /// - Parameters:
  ///   - name: what the regression is called.
  ///   - unit: the unit of the quantity.
  ///   - predictions: the regression's own, with an interval, all positive.
  ///   - uncorrected: the regression before it was corrected; nil if nothing is.
  ///   - others: other estimators of the same rows.
  ///   - truth: the true values, positive.
  ///   - weights: the weight of each row.
  /// - Throws: ``MetricError`` if no row has a weight, the sum of the weights is not positive, or a
  ///   prediction or truth is not finite and positive.
  public init(
    name: String, unit: String? = nil, predictions: RegressionPredictions,
    uncorrected: RegressionPredictions? = nil, others: [RegressionPredictions] = [], truth: [Double],
    weights: [Double]
  ) throws {
    for row in truth.indices {
      let numbers =
        [predictions.values[row], truth[row]]
        + (predictions.interval.map { [$0.low[row], $0.high[row]] } ?? [])
      guard numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else {
        throw MetricError(
          description:
            "The prediction \(numbers[0]) of row \(row), its interval or the truth \(truth[row]) is not "
            + "positive and finite; train again more slowly.")
      }
    }
    let used = truth.indices.filter { weights[$0] != 0 }
    guard !used.isEmpty else {
      throw MetricError(description: "There is no row with a weight; a regression's evaluation needs some.")
    }
    let total = used.reduce(0) { $0 + weights[$1] }
    guard total > 0 else {
      throw MetricError(
        description:
          "The weights of the rows have the sum \(total); a regression's evaluation needs a positive one.")
    }
    self.name = name
    self.unit = unit
    let bins = TruthBins(used.map { truth[$0] })
    let rowsOfBins = bins.rows(used, truth)
    let filled = rowsOfBins.indices.filter { !rowsOfBins[$0].isEmpty }
    let ranges = filled.map { bins.range($0) }
    self.ranges = ranges
    var flat = Array(repeating: 0.0, count: truth.count)
    for bin in filled {
      let total = rowsOfBins[bin].reduce(0) { $0 + weights[$1] }
      for row in rowsOfBins[bin] where total > 0 { flat[row] = weights[row] / total }
    }
    func distribution(_ values: [Double]) -> Histogram {
      var histogram = bins.histogram()
      for row in used where values[row].isFinite { histogram.fill(values[row], weight: flat[row]) }
      return histogram
    }
    self.truth = distribution(truth)
    let own = [predictions, uncorrected].compactMap(\.self)
    let all = own + others.flatMap { [$0] + [$0.corrected(truth, weights)].compactMap(\.self) }
    estimators = all.map { estimator in
      Estimator(
        name: estimator.name,
        whole: ResponseSummary(estimator, truth: truth, weights: weights, rows: used),
        bins: filled.map {
          ResponseSummary(estimator, truth: truth, weights: weights, rows: rowsOfBins[$0])
        },
        predictions: distribution(estimator.values),
        sculpting: Sculpting(
          estimator.values, truth: truth, weights: flat, rows: used, ranges: ranges))
    }
    skill = Self.skill(predictions, truth, weights, used)
  }

  private static func skill(
    _ predictions: RegressionPredictions, _ truth: [Double], _ weights: [Double], _ rows: [Int]
  ) -> Estimate {
    let quantiles = WeightedQuantiles(truth, weights: weights)
    var columns = [(0.5, predictions.values)]
    if let interval = predictions.interval {
      columns += [(CentralInterval.low, interval.low), (CentralInterval.high, interval.high)]
    }
    func loss(_ level: Double, _ distance: Double) -> Double {
      distance > 0 ? level * distance : (level - 1) * distance
    }
    let own = rows.map { row in
      columns.reduce(0) { $0 + loss($1.0, log(truth[row] / $1.1[row])) }
    }
    let constant = rows.map { row in
      columns.reduce(0) { $0 + loss($1.0, log(truth[row] / quantiles[$1.0])) }
    }
    return Estimate.skill(of: own, over: constant, weights: rows.map { weights[$0] })
  }
}

extension RegressionPredictions {
  /// The predictions with a median response of 1 at each true value of these rows; nil if they do not rise
  /// with the truth.
  fileprivate func corrected(_ truth: [Double], _ weights: [Double]) -> RegressionPredictions? {
    let known = values.indices.filter { values[$0].isFinite && values[$0] > 0 }
    let correction = ResponseCorrection(
      fitting: known.map { log(values[$0]) }, truth: known.map { log(truth[$0]) },
      weights: known.map { weights[$0] })
    guard let correction else { return nil }
    return RegressionPredictions(
      "\(name), corrected", values: values.map { $0 > 0 ? exp(correction(log($0))) : .nan })
  }
}

/// Intervals of the truth of equal, round widths: 7 to 15 of them.
private struct TruthBins {
  let edges: [Double]

  init(_ truth: [Double]) {
    let (least, largest) = (truth.min()!, truth.max()!)
    guard largest > least else {
      // Around a single value any width will do.
      let half = max(abs(least) * 0.05, .leastNormalMagnitude)
      edges = [least - half, least + half]
      return
    }
    let power = pow(10, floor(log10((largest - least) / 10)))
    let width = [1, 2, 5, 10, 20].map { $0 * power }.first { (largest - least) / $0 <= 14 }!
    let first = (least / width).rounded(.down)
    let count = Int(((largest / width).rounded(.down) - first)) + 1
    edges = (0...count).map { (first + Double($0)) * width }
  }

  func range(_ bin: Int) -> ClosedRange<Double> { edges[bin]...edges[bin + 1] }

  /// Bins of half the width, for predictions up to half the range away.
  func histogram() -> Histogram {
    let width = edges[1] - edges[0]
    let beyond = edges.count / 2
    let below = min(beyond, max(0, Int((edges[0] / width).rounded(.down))))
    return Histogram(
      range: edges[0] - Double(below) * width...edges[edges.count - 1] + Double(beyond) * width,
      binCount: 2 * (edges.count - 1 + below + beyond))
  }

  /// The rows of each interval.
  func rows(_ rows: [Int], _ truth: [Double]) -> [[Int]] {
    var result = Array(repeating: [Int](), count: edges.count - 1)
    for row in rows {
      let bin = Int((truth[row] - edges[0]) / (edges[1] - edges[0]))
      result[min(max(bin, 0), edges.count - 2)].append(row)
    }
    return result
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// How predictions of a quantity compare with its true value in a sample.
///
/// The response of a row is its prediction over the truth or, for a quantity that may be negative, their difference. Errors are statistical: of quantiles, from the quantiles
/// two binomial standard deviations of the level away; of shares, binomial.
public struct ResponseSummary: Sendable, Equatable, Codable {
  /// The number of rows with a weight.
  public let count: Int
  /// The share of rows without a prediction, which the other numbers leave out.
  public let missing: Estimate
  /// The median response, less 1 if it is a ratio.
  public let bias: Estimate
  /// Half the central 68.27 % interval of the response.
  public let resolution: Estimate
  /// The mean of (prediction − truth) / uncertainty; nil if the estimator has no uncertainty.
  ///
  /// The uncertainty is the part of the interval on the side where the truth lies.
  public let pullMean: Estimate?
  /// Half the central 68.27 % interval of the same, 1 for a perfect uncertainty; nil if the estimator has
  /// none.
  public let pullWidth: Estimate?
  /// The share of rows whose interval holds the truth; nil if the estimator has no interval.
  public let coverage: Estimate?

  /// The summary of some rows.
  ///
  /// - Parameters:
  ///   - predictions: the predictions: `[rows]`.
  ///   - truth: the true values; positive if the response is a ratio: `[rows]`.
  ///   - weights: the weight of each row: `[rows]`.
  ///   - rows: the rows that count.
  ///   - isRelative: whether the response is a ratio, rather than a difference.
  public init(
    _ predictions: RegressionPredictions, truth: [Double], weights: [Double], rows: [Int],
    isRelative: Bool = true
  ) {
    let used = rows.filter { weights[$0] != 0 }
    let known = used.filter { predictions.values[$0].isFinite }
    count = used.count
    missing =
      Estimate.efficiency(used.map { !predictions.values[$0].isFinite }, weights: used.map { weights[$0] })
      ?? Estimate(value: 0, error: nil)
    let knownWeights = known.map { weights[$0] }
    let responses = known.map { row in
      isRelative ? predictions.values[row] / truth[row] : predictions.values[row] - truth[row]
    }
    let response = WeightedQuantiles(responses, weights: knownWeights)
    bias = Estimate(value: response.median.value - (isRelative ? 1 : 0), error: response.median.error)
    resolution = response.halfWidth
    guard let interval = predictions.interval, !known.isEmpty else {
      (pullMean, pullWidth, coverage) = (nil, nil, nil)
      return
    }
    coverage = Estimate.efficiency(
      known.map { (interval.low[$0]...max(interval.low[$0], interval.high[$0])).contains(truth[$0]) },
      weights: knownWeights)
    let pulls = known.map { row in
      let difference = predictions.values[row] - truth[row]
      let uncertainty =
        difference > 0
        ? predictions.values[row] - interval.low[row] : interval.high[row] - predictions.values[row]
      return difference == 0 ? 0 : difference / max(uncertainty, .leastNormalMagnitude)
    }
    let total = knownWeights.reduce(0, +)
    let mean = zip(pulls, knownWeights).reduce(0) { $0 + $1.0 * $1.1 } / total
    let variance = zip(pulls, knownWeights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total
    pullMean = Estimate(value: mean, error: (max(variance, 0) / response.effectiveCount).squareRoot())
    pullWidth = WeightedQuantiles(pulls, weights: knownWeights).halfWidth
  }
}

/// What an estimator predicts for each row.
public struct RegressionPredictions: Sendable {
  /// The estimator's name.
  public let name: String
  /// The predictions; NaN if there is none: `[rows]`.
  public let values: [Double]
  /// The interval that is to hold the truth of 68.27 % of the rows, `[rows]` each; nil if there is none.
  public let interval: (low: [Double], high: [Double])?

  /// Predictions, all `[rows]`.
  public init(_ name: String, values: [Double], interval: (low: [Double], high: [Double])? = nil) {
    require(
      interval == nil || interval!.low.count == values.count && interval!.high.count == values.count,
      "an interval for each row")
    self.name = name
    self.values = values
    self.interval = interval
  }
}

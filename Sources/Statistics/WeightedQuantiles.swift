// SPDX-License-Identifier: GPL-3.0-or-later

/// The quantiles of numbers with weights, with their statistical errors.
///
/// Each number stands in the middle of its share of the weight; between two, quantiles are interpolated. If
/// negative weights make the share fall, a quantile is the number at which it was first reached.
public struct WeightedQuantiles: Sendable {
  /// The numbers with a weight, rising.
  private let values: [Double]
  /// The share of the weight below each number, half of its own included.
  private let shares: [Double]
  /// (Σw)² / Σw², the number of numbers for equal weights.
  public let effectiveCount: Double

  /// How many numbers have a weight.
  public var count: Int { values.count }

  /// The quantiles of finite numbers, with the weight of each; those of the weight 0 do not count.
  public init(_ values: [Double], weights: [Double]) {
    var order = values.indices.filter { weights[$0] != 0 }.sorted { values[$0] < values[$1] }
    let total = order.reduce(0) { $0 + weights[$1] }
    if !(total > 0) { order = [] }
    self.values = order.map { values[$0] }
    let squares = order.reduce(0) { $0 + weights[$1] * weights[$1] }
    effectiveCount = squares > 0 ? total * total / squares : 0
    var below = 0.0
    var largest = -Double.infinity
    shares = order.map { index in
      defer { below += weights[index] }
      largest = max(largest, (below + weights[index] / 2) / total)
      return largest
    }
  }

  /// The number below which lies the share `level` of the weight; NaN without numbers.
  public subscript(level: Double) -> Double {
    guard let first = values.first, let last = values.last else { return .nan }
    if level <= shares[0] { return first }
    if level >= shares[shares.count - 1] { return last }
    var range = 0..<shares.count
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = shares[middle] < level ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    let end = range.lowerBound
    let part = (level - shares[end - 1]) / (shares[end] - shares[end - 1])
    return values[end - 1] + part * (values[end] - values[end - 1])
  }

  /// The standard deviation of a quantile: a quarter of the distance between the quantiles two binomial standard
  /// deviations of the level below and above; nil with fewer than twenty numbers.
  public func error(of level: Double) -> Double? {
    guard count >= 20 else { return nil }
    let deviation = (level * (1 - level) / effectiveCount).squareRoot()
    return (self[level + 2 * deviation] - self[level - 2 * deviation]) / 4
  }

  /// The median.
  public var median: Estimate { Estimate(value: self[0.5], error: error(of: 0.5)) }

  /// Half the interval that holds the central 68.27 %, the standard deviation of a Gaussian.
  public var halfWidth: Estimate {
    let (low, high) = (CentralInterval.low, CentralInterval.high)
    guard let below = error(of: low), let above = error(of: high) else {
      return Estimate(value: (self[high] - self[low]) / 2, error: nil)
    }
    // The two quantiles of one sample rise and fall together, with this correlation.
    let correlation = low / high
    let variance = below * below + above * above - 2 * correlation * below * above
    return Estimate(value: (self[high] - self[low]) / 2, error: max(variance, 0).squareRoot() / 2)
  }
}

/// The interval of one standard deviation of a Gaussian: 68.27 % in the middle.
public enum CentralInterval {
  /// The share of a Gaussian below −1 standard deviation.
  public static let low = 0.15865525393145707
  /// The share of a Gaussian below +1 standard deviation.
  public static let high = 1 - low
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Weighted counts in bins of equal width.
public struct Histogram: Sendable, Equatable {
  /// Where the first bin begins and the last one ends.
  public let range: ClosedRange<Double>
  /// The sum of weights of each bin: `[bins]`.
  public private(set) var contents: [Double]
  /// The sum of squared weights of each bin, the square of the statistical error: `[bins]`.
  public private(set) var squares: [Double]
  /// The sum of all weights, those outside the range included.
  public private(set) var total = 0.0

  /// An empty histogram of at least one bin.
  public init(range: ClosedRange<Double>, binCount: Int) {
    require(range.lowerBound < range.upperBound && binCount > 0, "a histogram needs bins of some width")
    self.range = range
    contents = Array(repeating: 0, count: binCount)
    squares = contents
  }

  /// The width of each bin.
  public var binWidth: Double { (range.upperBound - range.lowerBound) / Double(contents.count) }

  /// Counts a value; the last bin includes its upper edge, and values outside the range count only in the
  /// total.
  public mutating func fill(_ value: Double, weight: Double = 1) {
    total += weight
    guard range.contains(value) else { return }
    let bin = min(contents.count - 1, Int((value - range.lowerBound) / binWidth))
    contents[bin] += weight
    squares[bin] += weight * weight
  }

  /// The middle of a bin.
  public func centre(ofBin bin: Int) -> Double { range.lowerBound + (Double(bin) + 0.5) * binWidth }

  /// A bin's share of the total divided by its width, so that all bins together have the area 1, with the
  /// error of its sum of weights.
  public func density(ofBin bin: Int) -> Estimate {
    guard total > 0 else { return Estimate(value: 0, error: nil) }
    let unit = 1 / (total * binWidth)
    return Estimate(value: contents[bin] * unit, error: squares[bin].squareRoot() * unit)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

/// Robust scaling of features: (x − median) / interquartile range, learnt from training data.
///
/// If the quartiles of a feature coincide, because most rows have the same value, twice the median distance
/// of the other values from the median takes the place of the interquartile range, which it is for a
/// symmetric distribution. A feature that a row does not have (NaN) becomes 0, the median's place.
public struct FeatureScaling: Sendable, Equatable, Codable {
  /// The median of each feature over the rows that have it.
  public let median: [Float]
  /// The interquartile range of each feature, or what takes its place; 1 for a constant and for a flag of 0 and 1.
  public let interquartileRange: [Float]
  /// Medians, and reciprocal ranges, of so many rows that a vector of the kernel can begin at any feature.
  private let medians, inverses: [Float]

  private enum CodingKeys: CodingKey { case median, interquartileRange }

  /// Scaling by given numbers.
  public init(median: [Float], interquartileRange: [Float]) {
    require(median.count == interquartileRange.count, "a range for each median")
    self.init(unchecked: median, interquartileRange)
  }

  /// Scaling by the numbers of a file, which need not be as many medians as ranges.
  public init(from decoder: any Decoder) throws {
    let numbers = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      unchecked: try numbers.decode([Float].self, forKey: .median),
      try numbers.decode([Float].self, forKey: .interquartileRange))
  }

  private init(unchecked median: [Float], _ interquartileRange: [Float]) {
    self.median = median
    self.interquartileRange = interquartileRange
    let rows = canopy_scaling_rows()
    medians = Array(repeatElement(median, count: rows).joined())
    inverses = Array(repeatElement(interquartileRange.map { 1 / $0 }, count: rows).joined())
  }

  /// The scaling of `features`, row-major `[rows × count]`.
  public init(fitting features: [Float], count: Int) {
    var median: [Float] = []
    var range: [Float] = []
    for column in 0..<count {
      var values: [Float] = []
      values.reserveCapacity(features.count / count)
      for at in stride(from: column, to: features.count, by: count) where !features[at].isNaN {
        values.append(features[at])
      }
      values.sort()
      let isFlag = values.allSatisfy { $0 == 0 || $0 == 1 }
      let spread = isFlag ? 0 : Self.spread(of: values)
      median.append(isFlag ? 0 : Self.quantile(0.5, of: values))
      range.append(spread > 0 ? spread : 1)
    }
    self.init(median: median, interquartileRange: range)
  }

  /// The interquartile range of sorted values or, if the quartiles coincide, twice the median distance from the median
  /// of those values that differ from it; 0 only for a constant.
  private static func spread(of sorted: [Float]) -> Float {
    let (low, high) = (quantile(0.25, of: sorted), quantile(0.75, of: sorted))
    if !isRounding(low, high) { return high - low }
    let median = quantile(0.5, of: sorted)
    let distances = sorted.filter { !isRounding(min($0, median), max($0, median)) }.map { abs($0 - median) }
    return 2 * quantile(0.5, of: distances.sorted())
  }

  /// Whether two numbers differ by what rounding makes of one, such as an angle of an axis with itself.
  private static func isRounding(_ low: Float, _ high: Float) -> Bool {
    !(high - low > max(2 * .ulpOfOne * max(abs(low), abs(high)), 1e-12))
  }

  /// The least and the largest number of each feature in some rows of `features`, row-major `[rows × count]`; nil for
  /// a feature that none of the rows has.
  public static func extents(
    of features: [Float], count: Int, rows: some Sequence<Int>
  ) -> [ClosedRange<Float>?] {
    var extents = [ClosedRange<Float>?](repeating: nil, count: count)
    for row in rows {
      for column in 0..<count {
        let value = features[row * count + column]
        guard !value.isNaN else { continue }
        guard let extent = extents[column] else {
          extents[column] = value...value
          continue
        }
        if value < extent.lowerBound { extents[column] = value...extent.upperBound }
        if value > extent.upperBound { extents[column] = extent.lowerBound...value }
      }
    }
    return extents
  }

  /// The number of features.
  public var count: Int { median.count }

  /// Scales `features`, row-major `[rows × count]`, in place.
  public func apply(to features: inout [Float]) {
    guard count > 0 else { return }
    // Bounded, so that no momentum that a Double holds overflows the network.
    canopy_scale(features.count, medians.count, &features, medians, inverses, 1e6)
  }

  private static func quantile(_ fraction: Double, of sorted: [Float]) -> Float {
    guard !sorted.isEmpty else { return 0 }
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + Float(place - Double(below)) * (sorted[above] - sorted[below])
  }
}

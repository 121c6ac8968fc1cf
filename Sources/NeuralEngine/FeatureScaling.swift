// SPDX-License-Identifier: GPL-3.0-or-later

/// Robust scaling of features: (x − median) / interquartile range, learnt from training data.
///
/// A feature that a row does not have (NaN) becomes 0, the median's place.
public struct FeatureScaling: Sendable, Equatable, Codable {
  /// The median of each feature over the rows that have it.
  public let median: [Float]
  /// The distance of each feature's quartiles; 1 for a feature that hardly varies.
  public let interquartileRange: [Float]

  /// Scaling by given numbers.
  public init(median: [Float], interquartileRange: [Float]) {
    precondition(median.count == interquartileRange.count, "a range for each median")
    self.median = median
    self.interquartileRange = interquartileRange
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
      let quartiles = [0.25, 0.5, 0.75].map { Self.quantile($0, of: values) }
      let width = quartiles[2] - quartiles[0]
      median.append(isFlag ? 0 : quartiles[1])
      range.append(isFlag || !(width > 1e-6) ? 1 : width)
    }
    self.init(median: median, interquartileRange: range)
  }

  /// The number of features.
  public var count: Int { median.count }

  /// Scales `features`, row-major `[rows × count]`, in place.
  public func apply(to features: inout [Float]) {
    guard count > 0 else { return }
    // On the stack, as this is done for every batch.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { inverse in
      for column in 0..<count { inverse.initializeElement(at: column, to: 1 / interquartileRange[column]) }
      features.withUnsafeMutableBufferPointer { features in
        for row in stride(from: 0, to: features.count, by: count) {
          for column in 0..<count {
            let scaled = (features[row + column] - median[column]) * inverse[column]
            // Bounded, so that no momentum a Double holds can overflow the network.
            features[row + column] = scaled.isNaN ? 0 : min(max(scaled, -1e6), 1e6)
          }
        }
      }
    }
  }

  private static func quantile(_ fraction: Double, of sorted: [Float]) -> Float {
    guard !sorted.isEmpty else { return 0 }
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + Float(place - Double(below)) * (sorted[above] - sorted[below])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

extension ROCCurve {
  /// One point of the curve.
  public struct Point: Sendable, Equatable {
    /// An example passes if its score is at least this.
    public let threshold: Float
    /// The share of signal that passes.
    public let signalEfficiency: Double
    /// The binomial error of ``signalEfficiency``.
    public let signalEfficiencyError: Double
    /// The share of background that passes.
    public let backgroundEfficiency: Double
    /// 1 / ε_B with its binomial error, or nil if no background passes.
    public let rejection: Estimate?
  }

  /// The points that a plot needs: first and last, and each that lies a `1 / resolution` from the one kept
  /// before it, in either efficiency or by that factor in the background efficiency.
  public func points(resolution: Int = 400) -> [Point] {
    let step = 1 / Double(resolution)
    var kept: [Int] = []
    for index in thresholds.indices {
      if let last = kept.last, index < thresholds.count - 1 {
        let signal = signalEfficiency[index] - signalEfficiency[last]
        let background = backgroundEfficiency[index] - backgroundEfficiency[last]
        let leavesZero = backgroundEfficiency[last] == 0 && background > 0
        // In steps of 5 / resolution the decades of the logarithmic plot get as many points as its width.
        guard
          signal >= step || background >= step || leavesZero
            || (background >= 5 * step * backgroundEfficiency[last] && background > 0 && signal >= step / 5)
        else { continue }
      }
      kept.append(index)
    }
    /// The binomial error of an efficiency.
    func error(of efficiency: Double, passing squares: [Double], _ index: Int) -> Double {
      let failingSquares = max(0, squares[thresholds.count - 1] - squares[index])
      let fail = 1 - efficiency
      return (fail * fail * squares[index] + efficiency * efficiency * failingSquares).squareRoot()
    }
    return kept.map { index in
      let efficiency = backgroundEfficiency[index]
      return Point(
        threshold: thresholds[index], signalEfficiency: signalEfficiency[index],
        signalEfficiencyError: error(of: signalEfficiency[index], passing: signalSquares, index),
        backgroundEfficiency: efficiency,
        rejection: efficiency > 0 ? rejection(efficiency, passingSquares: backgroundSquares[index]) : nil)
    }
  }
}

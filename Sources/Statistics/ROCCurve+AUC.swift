// SPDX-License-Identifier: GPL-3.0-or-later

extension ROCCurve {
  /// The area under the curve: the probability that a signal example scores above a background example, half
  /// of the ties counted.
  ///
  /// The error is that of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 837, 1988): the spread of each
  /// class's placement values, here for weighted examples. It is zero if the classes are fully separated, and
  /// nil if a class has a single example.
  public var auc: Estimate {
    var area = 0.0
    for point in 1..<thresholds.count {
      area += signalStep(point) * (1 - middle(backgroundEfficiency, point))
    }
    var signalVariance = 0.0
    var backgroundVariance = 0.0
    for point in 1..<thresholds.count {
      // The share of the other class on the right side of the examples that join at this point.
      let ofSignal = 1 - middle(backgroundEfficiency, point) - area
      let ofBackground = middle(signalEfficiency, point) - area
      signalVariance += (signalSquares[point] - signalSquares[point - 1]) * ofSignal * ofSignal
      backgroundVariance +=
        (backgroundSquares[point] - backgroundSquares[point - 1]) * ofBackground * ofBackground
    }
    guard signalCount > 1, backgroundCount > 1 else { return Estimate(value: area, error: nil) }
    // The last value of the squares is one over the effective number of examples.
    let variance =
      signalVariance / (1 - signalSquares[thresholds.count - 1])
      + backgroundVariance / (1 - backgroundSquares[thresholds.count - 1])
    return Estimate(value: area, error: variance.squareRoot())
  }

  private func signalStep(_ point: Int) -> Double { signalEfficiency[point] - signalEfficiency[point - 1] }

  private func middle(_ efficiency: [Double], _ point: Int) -> Double {
    (efficiency[point] + efficiency[point - 1]) / 2
  }
}

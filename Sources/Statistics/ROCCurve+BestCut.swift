// SPDX-License-Identifier: GPL-3.0-or-later

/// The cut on a score that makes a ``Significance`` largest for given ``EventYields``.
public struct BestCut: Sendable, Equatable, Codable {
  /// An event passes if its score is at least this.
  public let threshold: Float
  /// The expected number of signal events that pass, s = S ε_S.
  public let signal: Estimate
  /// The expected number of background events that pass, b = B ε_B.
  public let background: Estimate
  /// The significance of s and b.
  public let significance: Estimate
}

extension BestCut: CustomStringConvertible {
  /// `4.52 ± 0.11 at score ≥ 0.9130, where s = 65.10 ± 0.61 and b = 142.0 ± 4.8`.
  public var description: String {
    let cut = Estimate(value: Double(threshold), error: nil)
    return "\(significance) at score ≥ \(cut), where s = \(signal) and b = \(background)"
  }
}

extension ROCCurve {
  /// The cut that makes a significance largest, of all cuts at a score of the sample.
  ///
  /// Cuts beyond which too little background is left say nothing of b and are passed over: the effective
  /// number of passing background examples, (Σ v)² / Σ v² for weights v and their number without, must be at
  /// least `minimumBackgroundCount`. If no cut is loose enough, the cut lets everything pass.
  ///
  /// The errors are those of the finite sample: the binomial ones of ε_S and ε_B at the cut, as in
  /// ``rejection(atSignalEfficiency:)``, and carried by the derivatives to the significance. The yields and the
  /// cut count as exact; a cut that is chosen and judged on the same sample is a little hopeful.
  public func bestCut(
    for significance: Significance, yields: EventYields, minimumBackgroundCount: Double = 10
  ) -> BestCut {
    let last = thresholds.count - 1
    var best = last
    var largest = -Double.infinity
    for point in 1...last {
      let efficiency = backgroundEfficiency[point]
      // Sums of weights are rounded: a count that misses the minimum only by rounding counts as reaching it.
      let isKnown = efficiency * efficiency >= (minimumBackgroundCount - 1e-9) * backgroundSquares[point]
      guard efficiency > 0, isKnown || point == last else { continue }
      let value = significance.value(
        signal: yields.signal * signalEfficiency[point], background: yields.background * efficiency)
      if value > largest { (best, largest) = (point, value) }
    }
    let signal = passing(yields.signal, signalEfficiency[best], signalSquares, best)
    let background = passing(yields.background, backgroundEfficiency[best], backgroundSquares, best)
    let slopes = significance.slopes(signal: signal.value, background: background.value)
    let variance = [(slopes.signal, signal), (slopes.background, background)].reduce(0.0) { sum, part in
      let error = part.0 * (part.1.error ?? 0)
      return sum + error * error
    }
    return BestCut(
      threshold: thresholds[best], signal: signal, background: background,
      significance: Estimate(value: largest, error: variance.squareRoot()))
  }

  /// The expected number of events that pass, with the binomial error of its efficiency.
  private func passing(_ yield: Double, _ efficiency: Double, _ squares: [Double], _ point: Int) -> Estimate {
    let failingSquares = max(0, squares[thresholds.count - 1] - squares[point])
    let fail = 1 - efficiency
    let variance = fail * fail * squares[point] + efficiency * efficiency * failingSquares
    return Estimate(value: yield * efficiency, error: yield * variance.squareRoot())
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// How strongly background is rejected at a chosen signal efficiency.
public struct BackgroundRejection: Sendable, Equatable, Codable {
  /// The signal efficiency ε_S that was asked for.
  public let signalEfficiency: Double
  /// The score from which on an example passes.
  public let threshold: Float
  /// The background efficiency ε_B there.
  public let backgroundEfficiency: Double
  /// 1 / ε_B and its error, or the lower limit on it.
  public let rejection: Estimate
  /// Whether no background passes, so that `rejection` is a lower limit at 95 % confidence.
  public let isLowerLimit: Bool
}

extension BackgroundRejection: CustomStringConvertible {
  /// `63.2 ± 4.1`, or `> 250 (95 % CL)`.
  public var description: String {
    isLowerLimit ? String(format: "> %.3g (95 %% CL)", rejection.value) : rejection.description
  }
}

extension ROCCurve {
  /// The background rejection 1 / ε_B at a signal efficiency in 0 … 1.
  ///
  /// The error is the binomial one of the finite background sample: σ(ε_B)² = ε_B (1 − ε_B) / N_B, carried to
  /// 1 / ε_B as σ(ε_B) / ε_B². With weights v,
  /// σ(ε_B)² = [(1 − ε_B)² Σ_pass v² + ε_B² Σ_fail v²] / (Σ v)², the same for unit weights. The threshold
  /// counts as exact. If no background passes, the rejection is above 1 / (1 − 0.05^(1 / N)) at 95 %
  /// confidence, with N = (Σ v)² / Σ v², the number of background examples for unit weights.
  public func rejection(atSignalEfficiency target: Double) -> BackgroundRejection {
    require((0...1).contains(target), "an efficiency lies in 0 … 1")
    // Sums of weights are rounded: a point that misses the target only by rounding counts as reaching it.
    let point = signalEfficiency.firstIndex { $0 >= target - 1e-12 }!
    var efficiency = backgroundEfficiency[point]
    var squares = backgroundSquares[point]
    if point > 0 {
      let before = signalEfficiency[point - 1]
      let part = min(1, (target - before) / (signalEfficiency[point] - before))
      efficiency = backgroundEfficiency[point - 1] + part * (efficiency - backgroundEfficiency[point - 1])
      squares = backgroundSquares[point - 1] + part * (squares - backgroundSquares[point - 1])
    }
    let isLowerLimit = efficiency <= 0
    let rejection =
      isLowerLimit
      ? Estimate(value: -1 / expm1(log(0.05) * backgroundSquares[thresholds.count - 1]), error: nil)
      : rejection(efficiency, passingSquares: squares)
    return BackgroundRejection(
      signalEfficiency: target, threshold: thresholds[point], backgroundEfficiency: efficiency,
      rejection: rejection, isLowerLimit: isLowerLimit)
  }

  /// 1 / ε_B with its error at a background efficiency above 0.
  func rejection(_ efficiency: Double, passingSquares: Double) -> Estimate {
    let failingSquares = max(0, backgroundSquares[thresholds.count - 1] - passingSquares)
    let fail = 1 - efficiency
    let variance = fail * fail * passingSquares + efficiency * efficiency * failingSquares
    return Estimate(value: 1 / efficiency, error: variance.squareRoot() / (efficiency * efficiency))
  }
}

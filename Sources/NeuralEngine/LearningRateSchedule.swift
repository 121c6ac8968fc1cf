// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// How the learning rate changes from the first step of a training to the last.
public enum LearningRateSchedule: String, Sendable, Codable, CaseIterable {
  /// The same rate throughout.
  case constant
  /// From the given rate to zero along half a cosine (Loshchilov and Hutter, arXiv:1608.03983, eq. 5).
  case cosine
  /// Up from a 25th to the given rate over the first three tenths, then down to nearly zero, both along half
  /// a cosine (Smith and Topin, arXiv:1708.07120).
  case oneCycle = "one-cycle"

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - step: from 0 to steps − 1.
  ///   - steps: the number of steps of the whole training.
  ///   - peak: the largest rate.
  ///   - warmUp: the number of steps over which the rate first rises to `peak` along a line; ``oneCycle``, which rises by
  ///     itself, has none.
  /// - Returns: the learning rate, from 0 to `peak`.
  public func learningRate(step: Int, of steps: Int, peak: Float, warmUp: Int = 0) -> Float {
    if warmUp > 0, self != .oneCycle {
      if step < warmUp { return peak * Float(step + 1) / Float(warmUp) }
      return learningRate(step: step - warmUp, of: steps - warmUp, peak: peak)
    }
    let last = max(Float(steps - 1), 1)
    func between(_ start: Float, _ end: Float, _ fraction: Float) -> Float {
      end + (start - end) * (1 + cos(.pi * fraction)) / 2
    }
    switch self {
    case .constant:
      return peak
    case .cosine:
      return between(peak, 0, Float(step) / last)
    case .oneCycle:
      let start = peak / 25
      let top = max(0.3 * last, 1)
      if Float(step) <= top { return between(start, peak, Float(step) / top) }
      return between(peak, start / 1e4, (Float(step) - top) / max(last - top, 1))
    }
  }
}

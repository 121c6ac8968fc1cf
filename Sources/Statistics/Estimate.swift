// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// A quantity measured on a finite sample, with its statistical error of one standard deviation.
public struct Estimate: Sendable, Equatable, Codable {
  /// The measured value.
  public var value: Double
  /// Its standard deviation, or nil if the sample is too small to tell.
  public var error: Double?

  /// A value and its standard deviation.
  public init(value: Double, error: Double?) {
    self.value = value
    self.error = error
  }
}

extension Estimate {
  /// The weighted share of rows that pass, with its binomial error; nil if no row has a weight.
  public static func efficiency(_ passes: [Bool], weights: [Double]) -> Estimate? {
    let total = weights.reduce(0, +)
    guard total > 0 else { return nil }
    let share = zip(passes, weights).reduce(0) { $0 + ($1.0 ? $1.1 : 0) } / total
    let variance = zip(passes, weights).reduce(0.0) { sum, row in
      let deviation = row.1 * ((row.0 ? 1 : 0) - share)
      return sum + deviation * deviation
    }
    return Estimate(value: share, error: variance.squareRoot() / total)
  }

  /// How much smaller a loss is than another of the same rows: 1 − S/S₀ of their sums, with its error.
  ///
  /// - Parameters:
  ///   - losses: the loss of each row: `[rows]`.
  ///   - references: what it is compared with: `[rows]`.
  ///   - weights: the weight of each row: `[rows]`.
  /// - Returns: the estimate; 0 if the other losses add up to nothing, so that there is nothing to learn.
  public static func skill(of losses: [Double], over references: [Double], weights: [Double]) -> Estimate {
    let sum = zip(losses, weights).reduce(0) { $0 + $1.0 * $1.1 }
    let reference = zip(references, weights).reduce(0) { $0 + $1.0 * $1.1 }
    guard reference > 0 else { return Estimate(value: 0, error: nil) }
    let ratio = sum / reference
    let variance = losses.indices.reduce(0) { total, i in
      let residual = weights[i] * (losses[i] - ratio * references[i])
      return total + residual * residual
    }
    return Estimate(value: 1 - ratio, error: variance.squareRoot() / reference)
  }
}

extension Estimate: CustomStringConvertible {
  /// The value to the second significant digit of its error: `0.9312 ± 0.0014`.
  public var description: String {
    guard let error, error.isFinite, error > 0 else { return String(format: "%.4g", value.withPlainNaN) }
    let digits = max(0, 1 - Int(log10(error).rounded(.down)))
    return String(format: "%.*f ± %.*f", digits, value.withPlainNaN, digits, error)
  }
}

/// Why a metric cannot be computed, in one sentence.
public struct MetricError: ReportedError, Equatable, LocalizedError {
  /// The sentence.
  public let description: String

  /// An error of one sentence.
  public init(description: String) { self.description = description }

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }
}

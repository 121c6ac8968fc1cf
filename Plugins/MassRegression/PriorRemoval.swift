// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Removes the pull towards the middle of the trained range from a prediction, as far as the prediction is
/// uncertain.
///
/// A network that learns from a range of masses answers with the posterior of a prior on that range. If both
/// were Gaussian, a measurement of μ under a prior of mean x₀ and variance P had the posterior mean x = μ −
/// (μ − x₀) s²/P with the posterior's own variance s², so that μ = x₀ + (x − x₀) / (1 − s²/P): rows of small
/// uncertainty stay as they are, and others are moved. The standard deviation grows by the root of the same
/// factor, which stops at 2.
struct PriorRemoval: Codable, Sendable, Equatable {
  /// The prior's mean x₀ of ln(m / scale).
  let mean: Double
  /// 1 / P; 0 leaves everything as it is.
  let precision: Double

  private static let largestShare: Float = 0.5

  /// Whether the numbers are those of a prior; those from a file may not be.
  var isValid: Bool { mean.isFinite && precision.isFinite && precision >= 0 }

  /// The distribution without the prior.
  func callAsFunction(_ distribution: MassDistribution) -> MassDistribution {
    let x = distribution.centre
    let deviation = 0.5 * (distribution.high - distribution.low)
    let share = Float(precision) * deviation.squared()
    let limited = share - (share - Self.largestShare).relu()
    // The root of the factor 1 / (1 − share).
    let growth = (-0.5 * (-limited + 1).log()).exp()
    let centre = (x - Float(mean)) * growth.squared() + Float(mean)
    return MassDistribution(
      centre: centre, low: centre - growth * (x - distribution.low),
      high: centre + growth * (distribution.high - x))
  }
}

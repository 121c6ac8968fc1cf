// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a network predicts of the distribution of ln(m / scale), and the loss that it learns from.
public enum MassLikelihood: String, Codable, Sendable, CaseIterable {
  /// Mean and standard deviation, by the likelihood of a Gaussian.
  case gaussian
  /// The quantiles at 15.87, 50 and 84.13 %, by the quantile loss.
  case quantiles

  /// How many numbers of the network describe the distribution.
  var parameterCount: Int { self == .gaussian ? 2 : 3 }

  /// The distribution for numbers of any size: `[rows × parameterCount]`.
  ///
  /// The centre lies within ±8 and the ends of the interval up to 4 from it, so that masses are finite whatever the
  /// network says. The ends cannot cross.
  func distribution(_ numbers: Variable) -> MassDistribution {
    let centre = numbers.columns(0..<1).bounded(by: 8)
    func width(_ column: Int) -> Variable {
      numbers.columns(column..<column + 1).softplus().bounded(by: 4) + 1e-3
    }
    let below = width(1)
    let above = self == .gaussian ? below : width(2)
    return MassDistribution(centre: centre, low: centre - below, high: centre + above)
  }

  /// The distribution of results that were computed before, on a tape of its own.
  func distribution(_ results: Matrix) -> MassDistribution {
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    return distribution(tape.constant(results).columns(0..<parameterCount))
  }

  /// The loss of each row: `[rows × 1]`, for targets ln(m / scale): `[rows]`.
  func loss(of distribution: MassDistribution, targets: [Float]) -> Variable {
    switch self {
    case .gaussian:
      let deviation = distribution.high - distribution.centre
      return distribution.centre.gaussianNegativeLogLikelihood(
        targets: targets, logVariance: 2 * deviation.log())
    case .quantiles:
      return distribution.low.concatenated(with: distribution.centre).concatenated(with: distribution.high)
        .quantileError(
          targets: targets, quantiles: [Float(CentralInterval.low), 0.5, Float(CentralInterval.high)])
    }
  }
}

/// The centre of the distribution of ln(m / scale) and the ends of its central 68.27 %: `[rows × 1]` each.
struct MassDistribution {
  var centre: Variable
  var low: Variable
  var high: Variable
}

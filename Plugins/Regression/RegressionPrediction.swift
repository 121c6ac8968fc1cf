// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a regression predicts of a target.
public enum RegressionPrediction: String, Codable, Sendable, CaseIterable {
  /// A single value, by Huber's loss.
  case value
  /// Quantiles that cannot cross, by the quantile loss.
  case quantiles
  /// The mean and the width of a Gaussian, by its likelihood.
  case gaussian
  /// The weights, means and widths of several Gaussians, by the likelihood of their sum (C. M. Bishop, *Mixture density
  /// networks*, NCRG/94/004).
  case mixture
}

/// The form of the distribution of a scaled target z, and its numbers: `[rows × parameterCount]`.
///
/// Centres and means lie within ±30 and widths within 30, so that predictions are finite whatever the network says.
struct ScaledDistribution {
  let prediction: RegressionPrediction
  /// The levels of the quantiles.
  let quantiles: [Double]
  /// How many Gaussians a mixture has.
  let components: Int

  private static let limit: Float = 30
  private static let leastWidth: Float = 1e-3

  /// How many numbers of the network describe the distribution of one target.
  var parameterCount: Int {
    switch prediction {
    case .value: 1
    case .quantiles: quantiles.count
    case .gaussian: 2
    case .mixture: 3 * components
    }
  }

  /// The place of the median among the quantiles.
  var median: Int { quantiles.firstIndex(of: 0.5)! }

  /// The value of z that is predicted: the value itself, the median, or the mean: `[rows × 1]`.
  func centre(_ numbers: Variable) -> Variable {
    switch prediction {
    case .value: numbers.bounded(by: Self.limit)
    case .quantiles: values(numbers).columns(median..<median + 1)
    case .gaussian: numbers.columns(0..<1).bounded(by: Self.limit)
    case .mixture: (weights(numbers) * means(numbers)).rowSums()
    }
  }

  /// The quantiles of z: `[rows × quantiles]`.
  func values(_ numbers: Variable) -> Variable {
    numbers.risingColumns(anchor: median).bounded(by: Self.limit)
  }

  /// The weights of the Gaussians of a mixture: `[rows × components]`.
  func weights(_ numbers: Variable) -> Variable { numbers.columns(0..<components).softmax() }

  /// The means of the Gaussians of a mixture, which begin at different places: `[rows × components]`.
  func means(_ numbers: Variable) -> Variable {
    let places = (0..<components).map { Float(2 * $0 + 1) / Float(components) - 1 }
    let begin = numbers.tape.constant(places, rows: 1, columns: components)
    return (numbers.columns(components..<2 * components) + begin).bounded(by: Self.limit)
  }

  /// The widths of the Gaussians: `[rows × components]`, of a single one `[rows × 1]`.
  func widths(_ numbers: Variable) -> Variable {
    let columns = prediction == .mixture ? 2 * components..<3 * components : 1..<2
    return numbers.columns(columns).softplus().bounded(by: Self.limit) + Self.leastWidth
  }

  /// The standard deviation of z: `[rows × 1]`.
  func deviation(_ numbers: Variable) -> Variable {
    guard prediction == .mixture else { return widths(numbers) }
    let distances = means(numbers) - centre(numbers)
    let variance = (weights(numbers) * (widths(numbers).squared() + distances.squared())).rowSums()
    return variance.squareRoot()
  }

  /// The loss of each row for scaled targets z `[rows]`: `[rows × 1]`.
  func loss(_ numbers: Variable, targets: [Float]) -> Variable {
    switch prediction {
    case .value: centre(numbers).huberError(targets: targets)
    case .quantiles: values(numbers).quantileError(targets: targets, quantiles: quantiles.map { Float($0) })
    case .gaussian:
      centre(numbers).gaussianNegativeLogLikelihood(
        targets: targets, logVariance: 2 * widths(numbers).log())
    case .mixture:
      numbers.columns(0..<components).concatenated(with: means(numbers))
        .concatenated(with: 2 * widths(numbers).log())
        .gaussianMixtureNegativeLogLikelihood(targets: targets, components: components)
    }
  }
}

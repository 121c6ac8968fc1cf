// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A network that guesses the distribution of the numbers from logits.
struct Adversary: Sendable {
  private let layers: [Dense]
  private let kind: AdversarySettings.Kind
  private let components: Int

  init(_ settings: AdversarySettings, inputs: Int, nuisances: Int, builder: inout HeadBuilder) {
    kind = settings.kind
    components = settings.components
    let outputs =
      switch kind {
      case .mixture: components * (1 + 2 * nuisances)
      case .bins: components * nuisances
      }
    let widths = [inputs] + settings.hidden + [outputs]
    layers = zip(widths, widths.dropFirst()).enumerated().map { index, sizes in
      builder.dense(
        "adversary\(index + 1)", inputs: sizes.0, outputs: sizes.1,
        initialisation: index == settings.hidden.count ? .glorot : .he)
    }
  }

  /// Its objective, of its own parameters.
  func objective(_ settings: AdversarySettings) -> Objective {
    Objective(
      "adversary", parameters: layers.flatMap(\.parameters), learningRate: settings.learningRate,
      schedule: .constant, alternation: .alternating(steps: settings.steps))
  }

  /// The negative logarithm of the likelihood of each row's numbers.
  ///
  /// - Parameters:
  ///   - logits: `[rows × logits]`.
  ///   - nuisances: their scales.
  ///   - truth: the numbers: `[nuisances][rows]`.
  /// - Returns: `[rows × 1]`.
  func loss(of logits: Variable, _ nuisances: Nuisances, truth: [[Float]]) -> Variable {
    let guess = layers.dropFirst().reduce(layers[0](logits)) { $1($0.relu()) }
    switch kind {
    case .mixture:
      return bounded(guess, dimensions: truth.count).gaussianMixtureNegativeLogLikelihood(
        targets: nuisances.scaled(truth), components: components)
    case .bins:
      let losses = truth.enumerated().map { index, values in
        guess.columns(index * components..<(index + 1) * components).crossEntropy(
          classes: nuisances.bins(of: values, index, count: components))
      }
      return losses.dropFirst().reduce(losses[0], +)
    }
  }

  /// The least ln σ² of a Gaussian, of numbers whose standard deviation is 1.
  private static let leastLogVariance: Float = -7

  /// The guess with variances that cannot vanish: a Gaussian on a single row would have any likelihood.
  private func bounded(_ guess: Variable, dimensions: Int) -> Variable {
    var result = guess.columns(0..<components)
    for dimension in 0..<dimensions {
      let first = components * (1 + 2 * dimension)
      let logVariances = guess.columns(first + components..<first + 2 * components)
      result = result.concatenated(with: guess.columns(first..<first + components)).concatenated(
        with: (logVariances - Self.leastLogVariance).softplus() + Self.leastLogVariance)
    }
    return result
  }
}

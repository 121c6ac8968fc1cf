// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The probability density of the trees of one class of jets, as a product over nodes from the root down.
///
/// A node has a state h, which knows its ancestors and not its siblings. It ends as a constituent or branches, with
/// probabilities that depend on h; if it branches, ln ΔR has a density given h, z one given h and ΔR, and the azimuth one given
/// all of these. The children's states follow from h and the branching:
///
///     u = [h; features],  z = σ(W_z u + b_z),  c = tanh(W_c u + b_c),  h' = z ⊙ h + (1 − z) ⊙ c
///
/// with other weights for the harder and the softer child. All densities are normalised, and so is their product.
struct BranchingDensity: Sendable {
  /// The number of Gaussians in a mixture.
  let components: Int
  /// The number of bins in azimuth.
  let azimuthBins: Int

  private let root: Dense
  private let branching: TwoLayers
  private let share: TwoLayers
  private let azimuth: TwoLayers
  private let harder: Dense
  private let softer: Dense
  private let width: Int

  /// The features of a child: see ``features(of:_:_:_:)``.
  static let featureCount = 6

  /// The layers of the class with a number, added to the network by `builder`.
  init(_ number: Int, width: Int, components: Int, azimuthBins: Int, builder: inout HeadBuilder) {
    (self.width, self.components, self.azimuthBins) = (width, components, azimuthBins)
    let name = "class\(number)"
    root = builder.dense("\(name).root", inputs: 1, outputs: width, initialisation: .glorot)
    branching = TwoLayers(
      "\(name).branching", inputs: width, width: width, outputs: 1 + 3 * components, builder: &builder)
    share = TwoLayers(
      "\(name).share", inputs: width + 1, width: width, outputs: 3 * components, builder: &builder)
    azimuth = TwoLayers(
      "\(name).azimuth", inputs: width + 2, width: width, outputs: azimuthBins, builder: &builder)
    let inputs = width + Self.featureCount
    harder = builder.dense("\(name).harder", inputs: inputs, outputs: 2 * width, initialisation: .glorot)
    softer = builder.dense("\(name).softer", inputs: inputs, outputs: 2 * width, initialisation: .glorot)
  }

  /// The states of the roots, from their scaled ln pT `[jets × 1]`: `[jets × width]`.
  func states(ofRoots logPt: Variable) -> Variable { root(logPt).tanh() }

  /// The logit of branching, and the mixture of the scaled ln ΔR: `[nodes × (1 + 3 components)]`.
  func branching(_ states: Variable) -> Variable { branching.callAsFunction(states) }

  /// The mixture of the scaled logit of the share: `[branchings × 3 components]`.
  func share(_ states: Variable, angles: Variable) -> Variable {
    share.callAsFunction(states.concatenated(with: angles))
  }

  /// The logits of the bins in azimuth: `[branchings × bins]`.
  func azimuth(_ states: Variable, angles: Variable, shares: Variable) -> Variable {
    azimuth.callAsFunction(states.concatenated(with: angles).concatenated(with: shares))
  }

  /// The states of the harder children, and below them those of the softer ones, from the states of the nodes that branch,
  /// `[branchings × width]`, and the features of their children, `[branchings × features]` each: `[2 branchings × width]`.
  func states(ofChildren states: Variable, harder hard: Variable, softer soft: Variable) -> Variable {
    child(states, hard, harder).stacked(above: child(states, soft, softer))
  }

  private func child(_ states: Variable, _ features: Variable, _ layer: Dense) -> Variable {
    let both = layer(states.concatenated(with: features))
    let kept = both.columns(0..<width).sigmoid()
    let candidate = both.columns(width..<2 * width).tanh()
    return kept * (states - candidate) + candidate
  }

  /// The features of a child: ln pT and ln(pT / pT of the jet), scaled alike, the scaled ln ΔR and logit of the share of its
  /// branching, and the cosine and sine of the relative azimuth.
  static func features(
    of child: Prong, _ jetPt: Double, _ branching: Branching, _ scaling: BranchingScaling
  ) -> [Float] {
    [
      scaling.logPt.scaled(log(child.pt)), Float(log(child.pt / jetPt)),
      scaling.logAngle.scaled(branching.logAngle), scaling.logitShare.scaled(branching.logitShare),
      Float(cos(branching.azimuth)), Float(sin(branching.azimuth)),
    ]
  }

  /// The bin of an azimuth in (−π, π].
  func bin(ofAzimuth azimuth: Double) -> Int {
    let bin = Int((azimuth + .pi) / (2 * .pi) * Double(azimuthBins))
    return min(max(bin, 0), azimuthBins - 1)
  }

  /// Two fully connected layers with a ReLU between them.
  private struct TwoLayers {
    private let hidden: Dense
    private let last: Dense

    init(_ name: String, inputs: Int, width: Int, outputs: Int, builder: inout HeadBuilder) {
      hidden = builder.dense("\(name).hidden", inputs: inputs, outputs: width)
      last = builder.dense("\(name).last", inputs: width, outputs: outputs, initialisation: .glorot)
    }

    func callAsFunction(_ x: Variable) -> Variable { last(hidden(x).relu()) }
  }
}

/// A mixture of Gaussians: the logarithms of the weights, the means and the logarithms of the widths.
struct GaussianMixture {
  /// ln of the weights: `[rows × components]`.
  let logWeights: Variable
  /// `[rows × components]`.
  let means: Variable
  /// ln of the widths, between −3.5 and 3.5: `[rows × components]`.
  let logWidths: Variable

  /// The mixtures of a layer's outputs, `[rows × 3 components]`.
  init(_ outputs: Variable) {
    let components = outputs.columns / 3
    logWeights = outputs.columns(0..<components).logSoftmax()
    means = outputs.columns(components..<2 * components)
    logWidths = 3.5 * (outputs.columns(2 * components..<3 * components) / 3.5).tanh()
  }

  /// ln of the density at one number for each row, `[rows]`: `[rows × 1]`.
  func logDensity(at values: [Float]) -> Variable {
    -logWeights.concatenated(with: means).concatenated(with: 2 * logWidths)
      .gaussianMixtureNegativeLogLikelihood(targets: values, components: means.columns)
  }

  /// A number drawn from the mixture of a row.
  func draw(_ row: Int, using generator: inout SeededGenerator) -> Double {
    let components = means.columns
    var level = Double.random(in: 0..<1, using: &generator)
    var chosen = components - 1
    for component in 0..<components {
      level -= exp(Double(logWeights.values[row * components + component]))
      if level < 0 {
        chosen = component
        break
      }
    }
    let place = row * components + chosen
    return Double(means.values[place]) + exp(Double(logWidths.values[place])) * generator.normal()
  }
}

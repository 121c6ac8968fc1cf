// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The probability density of jets as trees of branchings, learnt by maximum likelihood for each class of jets, and new
/// jets drawn from it; in the manner of JUNIPR (arXiv:1804.09720, arXiv:1906.10137).
///
/// The density of a tree is a product over its nodes from the root down: see ``BranchingDensity``. Trees are those of the
/// clustering, Cambridge/Aachen by rights, whose nodes carry the sum of the transverse momenta of their constituents and
/// their mean direction weighted by pT; masses of constituents are not in the density, see ``ConstituentMasses``. For each class there
/// is the output
/// `log-likelihood` of a jet, given its transverse momentum, and with two classes their difference, the likelihood ratio,
/// which is the best discriminant if the densities are right.
public struct TreeGeneration: Head {
  /// `tree-generation`.
  public static let identifier = "tree-generation"
  /// The version that models store.
  public static let version = PluginVersion(1, 1, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Learns the likelihood of jets' trees, and draws new jets from it."

  /// Two classes.
  public static let example = HeadExample(
    configuration: Configuration(
      truth: "label", classes: ["QCD", "W"], width: 6, components: 2, azimuthBins: 4),
    truth: ["label": [0, 1]])

  /// The configuration, with all defaults filled in.
  public let configuration: Configuration
  /// The scales and spectra; those of no jets before the training.
  private(set) var scaling = BranchingScaling()
  /// The density of each class: `[classes]`.
  let densities: [BranchingDensity]
  private let name: String
  /// The classes; nil if there is one alone.
  private let classification: Classification?

  /// A generator whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if a size is out of range, or if there are several classes without truth, one class with
  ///   truth, or two classes of one name.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    name = builder.headName
    let width = configuration.width ?? 48
    let components = configuration.components ?? 6
    let bins = configuration.azimuthBins ?? 16
    for (key, value, range) in [
      ("width", width, 1...1024), ("components", components, 1...64), ("azimuth-bins", bins, 1...256),
    ] where !range.contains(value) {
      throw PluginError(
        "\(key) is \(value): choose a number from \(range.lowerBound) to \(range.upperBound).")
    }
    (configuration.width, configuration.components, configuration.azimuthBins) = (width, components, bins)
    self.configuration = configuration
    switch (configuration.truth, configuration.classes.count) {
    case (let truth?, 2...):
      classification = try Classification(name: name, truth: truth, classes: configuration.classes)
    case (nil, 1):
      classification = nil
    case (nil, _):
      throw PluginError(
        "There are \(configuration.classes.count) classes: give truth, the column that tells them.")
    default:
      throw PluginError(
        "There is one class alone, which needs no truth: leave truth out, or name more classes.")
    }
    densities = configuration.classes.indices.map {
      BranchingDensity($0, width: width, components: components, azimuthBins: bins, builder: &builder)
    }
  }

  /// A row for each jet.
  public var rows: HeadRows { .jets }
  /// The trees.
  public var inputs: Set<HeadInput> { [.trees] }
  /// The column, or columns, that tell the class; none with one class.
  public var truthColumns: [String] { configuration.truth?.columns ?? [] }

  /// `log-likelihood` with one class; with more `log-likelihood-CLASS` for each, and with two `log-likelihood-ratio`, that of
  /// the second less that of the first.
  public var outputs: [HeadOutput] {
    let classes = configuration.classes
    guard classes.count > 1 else { return [HeadOutput("log-likelihood")] }
    return classes.map { HeadOutput("log-likelihood-\($0)") }
      + (classes.count == 2 ? [HeadOutput("log-likelihood-ratio")] : [])
  }

  /// Makes sure that the truth of each row is that of one class.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws { try classification?.check(truth) }

  /// Learns scales and spectra.
  ///
  /// - Throws: ``MetricError`` if no jet has more than one constituent.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> BranchingScaling {
    try BranchingScaling(
      inputs.trees, labels: labels(truth), weights: weights, classes: configuration.classes)
  }

  /// Takes over scales and spectra.
  ///
  /// - Throws: ``PluginError`` if they are not those of the classes.
  public mutating func prepare(by preparation: BranchingScaling) throws {
    try preparation.check(classes: configuration.classes)
    scaling = preparation
  }

  private func labels(_ truth: HeadTruth) -> [Int] {
    classification?.labels(of: truth).map { Int($0) } ?? Array(repeating: 0, count: truth.rows)
  }

  /// The logarithms of the likelihoods: `[jets × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let levels = BranchingLevels(inputs.trees)
    let likelihoods = densities.map { logLikelihood(levels, $0, inputs) }
    return likelihoods.dropFirst().reduce(likelihoods[0]) { $0.concatenated(with: $1) }
  }

  /// The logarithm of the likelihood of each jet under the density of a class: `[jets × 1]`.
  private func logLikelihood(
    _ trees: BranchingLevels, _ density: BranchingDensity, _ inputs: HeadInputs
  ) -> Variable {
    let jets = trees.roots.count
    func column(_ values: [Float]) -> Variable { inputs.constant(values, rows: values.count, columns: 1) }
    func sum(_ values: Variable, _ jet: [Int32]) -> Variable { values.scatteringRows(jet, rows: jets) }
    var states = density.states(ofRoots: column(trees.roots.map { scaling.logPt.scaled(log($0.pt)) }))
    var total = column(Array(repeating: 0, count: jets))
    for level in trees.levels {
      let outputs = density.branching(states)
      // ln P(end) = −softplus(x) and ln P(branch) = −softplus(−x) for the logit x of branching.
      var signs = [Float](repeating: 1, count: level.jets.count)
      for node in level.branching { signs[Int(node)] = -1 }
      total = total - sum((column(signs) * outputs.columns(0..<1)).softplus(), level.jets)
      guard !level.branchings.isEmpty else { break }

      states = states.gatheringRows(level.branching)
      let logAngles = level.branchings.map { scaling.logAngle.scaled($0.logAngle) }
      let logitShares = level.branchings.map { scaling.logitShare.scaled($0.logitShare) }
      let (angles, shares) = (column(logAngles), column(logitShares))
      let bins = level.branchings.map { Int32(density.bin(ofAzimuth: $0.azimuth)) }
      let parameters = outputs.columns(1..<outputs.columns).gatheringRows(level.branching)
      let terms =
        GaussianMixture(parameters).logDensity(at: logAngles)
        + GaussianMixture(density.share(states, angles: angles)).logDensity(at: logitShares)
        - density.azimuth(states, angles: angles, shares: shares).crossEntropy(classes: bins)
        + logVolume(density)
      let jet = level.branching.map { level.jets[Int($0)] }
      total = total + sum(terms, jet)
      func features(_ children: [Prong]) -> Variable {
        let values = children.indices.flatMap { place in
          BranchingDensity.features(
            of: children[place], trees.roots[Int(jet[place])].pt, level.branchings[place], scaling)
        }
        return inputs.constant(values, rows: children.count, columns: BranchingDensity.featureCount)
      }
      states = density.states(
        ofChildren: states, harder: features(level.harder), softer: features(level.softer))
    }
    return total
  }

  /// What turns the density in scaled numbers and the probability of a bin into a density in ln ΔR, the logit of the share
  /// and the azimuth.
  private func logVolume(_ density: BranchingDensity) -> Float {
    Float(
      log(Double(density.azimuthBins) / (2 * .pi))
        - log(scaling.logAngle.deviation * scaling.logitShare.deviation))
  }

  /// −ln L of the jet's own class, divided by the mean number of nodes: `[jets × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let factor = Float(-1 / scaling.nodes)
    guard densities.count > 1 else { return factor * result }
    var own = [Float](repeating: 0, count: result.count)
    for (row, label) in labels(truth).enumerated() { own[row * densities.count + label] = factor }
    let chosen = result.tape.constant(own, rows: result.rows, columns: result.columns)
    return (chosen * result).rowSums()
  }

  /// The logarithms of the likelihoods, and with two classes of their ratio: `[jets × outputs]`.
  public func outputs(of result: Variable) -> Variable {
    guard densities.count == 2 else { return result }
    return result.concatenated(with: result.columns(1..<2) - result.columns(0..<1))
  }

  /// The mean logarithm of the likelihood of the jets under the density of their own class, which training watches; with two
  /// classes also the ROC curve of the likelihood ratio.
  ///
  /// - Throws: ``MetricError`` if an output is not finite or no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    let labels = labels(truth)
    var metrics = [
      Metric(
        "log-likelihood",
        try mean((0..<outputs.rows).map { Double(outputs[$0, labels[$0]]) }, weights: weights))
    ]
    guard densities.count == 2 else { return HeadEvaluation(metrics: metrics) }
    let classes = configuration.classes
    let ratio = try ClassifierEvaluation(
      name: "\(name)/log-likelihood-ratio", signalName: classes[1], backgroundName: classes[0],
      scores: (0..<outputs.rows).map { outputs[$0, 2] }, isSignal: labels.map { $0 == 1 }, weights: weights,
      isProbability: false)
    metrics.append(Metric("AUC", ratio.auc))
    return HeadEvaluation(metrics: metrics, classifiers: [ratio])
  }

  /// The weighted mean of numbers with its statistical error.
  ///
  /// - Throws: ``MetricError`` if a number is not finite or none has a weight.
  private func mean(_ values: [Double], weights: [Double]) throws -> Estimate {
    if let row = values.indices.first(where: { weights[$0] != 0 && !values[$0].isFinite }) {
      throw MetricError(description: "The logarithm of the likelihood of row \(row) is \(values[row]).")
    }
    let total = weights.reduce(0, +)
    guard total > 0 else {
      throw MetricError(description: "There is no jet with a weight; a likelihood is judged by some.")
    }
    let rows = values.indices.filter { weights[$0] != 0 }
    let mean = rows.reduce(0) { $0 + weights[$1] * values[$1] } / total
    let variance = rows.reduce(0) {
      $0 + (weights[$1] * (values[$1] - mean)) * (weights[$1] * (values[$1] - mean))
    }
    return Estimate(value: mean, error: variance.squareRoot() / total)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The mass of a decayed particle from its decay products, with its uncertainty, in GeV.
///
/// Hidden ReLU layers read the embedding of the jet or the event and the classical estimators of the same
/// rows; they end with the distribution of ln(m / scale): its mean and standard deviation, or its quantiles
/// at 15.87, 50 and 84.13 %. After the training the validation sample corrects both (see
/// ``MassCalibration``): the median of the mass is the true mass at each true mass, and the interval holds
/// 68 %.
public struct MassRegression: Head {
  /// `mass-regression`.
  public static let identifier = "mass-regression"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Predicts the mass of a decayed particle and its uncertainty, for jets or events."

  /// The mass of jets.
  public static let example = HeadExample(
    configuration: Configuration(truth: "truth_mass", rows: .jets), truth: ["truth_mass": [80.4, 172.5, 125]])

  /// The configuration, with all defaults filled in.
  public let configuration: Configuration
  /// The correction of the response and of the interval; nil before training ends.
  public private(set) var calibration: MassCalibration?
  private let name: String
  private let likelihood: MassLikelihood
  let scale: Float
  let estimators: [MassEstimator]
  private let layers: Perceptron

  /// A regression whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if the scale is not positive, an estimator is of other rows or named twice, a
  ///   size or the dropout is out of range or the network does not embed the rows.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    rows = configuration.rows
    likelihood = configuration.likelihood ?? .quantiles
    configuration.likelihood = likelihood
    let scale = configuration.scale ?? 100
    guard scale > 0, Float(scale).isNormal else {
      throw PluginError("The scale of the mass is \(scale) GeV: choose a typical mass, such as 100.")
    }
    configuration.scale = scale
    self.scale = Float(scale)
    estimators = configuration.estimators ?? []
    configuration.estimators = estimators
    for (index, estimator) in estimators.enumerated() {
      guard estimator.rows == rows else {
        throw PluginError(
          "The \(estimator.rawValue) is one of \(estimator.rows.rawValue), and the head has a row for "
            + "each of the \(rows.rawValue): leave it out, or set rows to \(estimator.rows.rawValue).")
      }
      guard !estimators[..<index].contains(estimator) else {
        throw PluginError("The estimator \(estimator.rawValue) is named twice: name it once.")
      }
    }
    try builder.check(dropout: configuration.dropout)
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    name = builder.headName
    let learnt =
      switch rows {
      case .jets: try builder.jetEmbeddingWidth
      case .events: try builder.eventEmbeddingWidth + builder.eventInputNames.count
      case .constituents, .splittings:
        throw PluginError("The mass of \(rows.rawValue) is not predicted: set rows to jets or events.")
      }
    layers = try builder.perceptron(
      inputs: learnt + MassEstimator.featureCount(estimators, rows), hidden: widths,
      outputs: likelihood.parameterCount)
  }

  /// A row for each jet, or for each event, as configured.
  public let rows: HeadRows

  /// The embedding of the rows, and what the estimators are made from.
  public var inputs: Set<HeadInput> {
    let learnt: Set<HeadInput> = rows == .jets ? [.jetEmbedding] : [.eventEmbedding, .eventInputs]
    return estimators.reduce(learnt) { $0.union($1.inputs) }
  }

  /// What the estimators are made from.
  public var observables: Set<String> { estimators.reduce(into: []) { $0.formUnion($1.observables) } }

  /// Throws if an estimator is to be made from numbers of other rows than the head has.
  ///
  /// - Throws: ``PluginError`` that names the number.
  public func check(observables columns: [ObservableColumn]) throws {
    for column in columns where column.rows != rows {
      throw PluginError(
        "an estimator needs \(column.name) of \(rows.rawValue), and the observable that goes by this name has "
          + "numbers of \(column.rows.rawValue): give that observable another name.")
    }
  }

  /// The column that holds the true mass in GeV.
  public var truthColumns: [String] { [configuration.truth] }

  /// `mass`, `uncertainty`, `low`, `high`, `uncorrected-mass`, and each estimator under its name; all in GeV.
  public var outputs: [HeadOutput] {
    (Self.ownOutputs + estimators.map(\.rawValue)).map { HeadOutput($0, unit: "GeV") }
  }

  private static let ownOutputs = ["mass", "uncertainty", "low", "high", "uncorrected-mass"]

  /// Checks that all masses are positive.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    for (row, mass) in truth[configuration.truth].enumerated() where !(mass > 0 && mass.isFinite) {
      throw PluginError(
        "\(configuration.truth) is \(mass) GeV, but a mass to learn from is positive; leave the event out.",
        row: row)
    }
  }

  /// The parameters of the distribution, followed by the estimators in GeV: `[rows × anything]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    guard !estimators.isEmpty else { return self(inputs, numbers: []) }
    let classical = MassEstimator.estimate(estimators, rows, inputs, scale: Double(scale))
    let count = rows == .jets ? inputs.jetCount : inputs.eventCount
    let features = inputs.constant(
      classical.features, rows: count, columns: MassEstimator.featureCount(estimators, rows))
    let masses = inputs.constant(classical.masses, rows: count, columns: estimators.count)
    return self(inputs, numbers: [features, masses])
  }

  /// The same with the numbers that the estimators give the layers, and the estimators in GeV; without estimators with
  /// neither.
  package func callAsFunction(_ inputs: HeadInputs, numbers: [Variable]) -> Variable {
    let learnt =
      rows == .jets ? inputs.jetEmbedding : inputs.eventEmbedding.concatenated(with: inputs.eventInputs)
    let dropout = configuration.dropout
    guard let features = numbers.first else {
      return inputs.outputs(of: layers, on: learnt, dropout: dropout)
    }
    return inputs.outputs(of: layers, on: learnt.concatenated(with: features), dropout: dropout)
      .concatenated(with: numbers[1])
  }

  private func distribution(_ result: Variable) -> MassDistribution {
    likelihood.distribution(result.columns(0..<likelihood.parameterCount))
  }

  /// The negative logarithm of the likelihood, or the quantile loss, of ln(m / scale): `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    likelihood.loss(of: distribution(result), targets: truth[configuration.truth].map { log($0 / scale) })
  }

  /// The mass, its uncertainty, which is half the interval, the interval, the mass before the correction and the
  /// estimators, in GeV: `[rows × outputs]`.
  public func outputs(of result: Variable) -> Variable {
    let uncorrected = distribution(result)
    let corrected = calibration?.correct(uncorrected) ?? uncorrected
    let mass = scale * corrected.centre.exp()
    let low = scale * corrected.low.exp()
    let high = scale * corrected.high.exp()
    let predicted = mass.concatenated(with: 0.5 * (high - low)).concatenated(with: low)
      .concatenated(with: high).concatenated(with: scale * uncorrected.centre.exp())
    guard !estimators.isEmpty else { return predicted }
    return predicted.concatenated(with: result.columns(likelihood.parameterCount..<result.columns))
  }

  /// Takes over the corrections.
  ///
  /// - Throws: ``PluginError`` if they do not rise.
  public mutating func calibrate(by calibration: MassCalibration) throws {
    try calibration.check()
    self.calibration = calibration
  }

  /// The corrections that the validation sample asks for; nil if the mass does not rise with the true mass
  /// yet, or there are fewer than 200 rows.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> MassCalibration? {
    guard configuration.correctsResponse ?? true else { return nil }
    return MassCalibration(
      fitting: likelihood.distribution(results),
      truth: truth[configuration.truth].map { Double(log($0 / scale)) }, weights: weights)
  }

  /// Skill, bias, resolution and coverage, and the same of the estimators; training watches the skill.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    func column(_ column: Int) -> [Double] { (0..<outputs.rows).map { Double(outputs[$0, column]) } }
    let first = Self.ownOutputs.count
    let regression = try RegressionEvaluation(
      name: name, unit: "GeV",
      predictions: RegressionPredictions("mass", values: column(0), interval: (column(2), column(3))),
      uncorrected: RegressionPredictions("uncorrected-mass", values: column(4)),
      others: estimators.enumerated().map { index, estimator in
        RegressionPredictions(estimator.rawValue, values: column(first + index).map { $0 > 0 ? $0 : .nan })
      },
      truth: truth[configuration.truth].map { Double($0) }, weights: weights)
    let own = regression.estimators[0].whole
    var metrics = [
      Metric("skill", regression.skill), Metric("bias", own.bias), Metric("resolution", own.resolution),
    ]
    if let coverage = own.coverage { metrics.append(Metric("coverage", coverage)) }
    return HeadEvaluation(metrics: metrics, regressions: [regression])
  }
}

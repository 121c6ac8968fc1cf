// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Learns the ratio r = p₁(x)/p₀(x) of the densities of events under two hypotheses.
///
/// A classifier that tells samples of the two apart as well as can be has the logit ln r + ln(W₁/W₀), for samples of the weights
/// W₀ and W₁ (arXiv:1506.02169). If the parameters of the hypotheses are conditions among the event inputs, r is a function of
/// them too. If the ratio of the joint densities of an event and of all that its generator has drawn is known, its expectation
/// takes the place of the label in the cross entropy, with less variance (arXiv:1808.00973). The validation sample calibrates r:
/// see ``RatioCalibration``.
public struct LikelihoodRatio: ScoringHead {
  /// `likelihood-ratio`.
  public static let identifier = "likelihood-ratio"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Learns the ratio of the densities of events under two hypotheses."

  /// Background and signal.
  public static let example = HeadExample(
    configuration: Configuration(truth: "label", classes: ["background", "signal"], yields: [100, 10]),
    truth: ["label": [0, 0, 1, 1]])

  /// What the head learns from the training sample before the first step.
  public struct Preparation: Codable, Sendable, Equatable {
    /// ln(W₁/W₀).
    let logOdds: Double
  }

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  /// The hypotheses as classes.
  public let classification: Classification
  /// The calibration of ln r; nil before the training is done.
  public private(set) var calibration: RatioCalibration?
  private var logOdds = 0.0
  private let layers: Perceptron

  /// A likelihood ratio whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if the hypotheses share a name, a size or the dropout is out of range, or the network does not embed
  ///   events.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes)
    try builder.check(dropout: configuration.dropout)
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    layers = try builder.perceptron(
      inputs: builder.eventEmbeddingWidth + builder.eventInputNames.count, hidden: widths, outputs: 1)
  }

  /// A row for each event.
  public var rows: HeadRows { .events }
  /// All that is known of the event.
  public var inputs: Set<HeadInput> { [.eventEmbedding, .eventInputs] }
  /// Those of the hypotheses, and the joint ratio.
  public var truthColumns: [String] {
    let own = classification.truthColumns
    return own + [configuration.ratio].compactMap(\.self).filter { !own.contains($0) }
  }

  /// `score`, which is r/(1 + r); `log-ratio`, ln r; and `uncalibrated-log-ratio`.
  public var outputs: [HeadOutput] {
    [HeadOutput("score"), HeadOutput("log-ratio"), HeadOutput("uncalibrated-log-ratio")]
  }

  /// Makes sure that each row is of a hypothesis, and has a joint ratio that is one.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    try classification.check(truth)
    guard let column = configuration.ratio else { return }
    for (row, ratio) in truth[column].enumerated() where !(ratio >= 0 && ratio.isFinite) {
      throw PluginError("\(column) is \(ratio), but a ratio of densities is 0 or more.", row: row)
    }
  }

  private func isNumerator(_ truth: HeadTruth) -> [Bool] { classification.labels(of: truth).map { $0 == 1 } }

  /// ln(W₁/W₀).
  ///
  /// - Throws: ``MetricError`` if a hypothesis has no rows.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> Preparation {
    var totals = [0.0, 0.0]
    for (isNumerator, weight) in zip(isNumerator(truth), weights) { totals[isNumerator ? 1 : 0] += weight }
    if let absent = totals.firstIndex(where: { !($0 > 0) }) {
      throw MetricError(
        description:
          "There are no rows of \(configuration.classes[absent]), whose density is to be learnt: give some.")
    }
    return Preparation(logOdds: log(totals[1] / totals[0]))
  }

  /// Takes over ln(W₁/W₀).
  ///
  /// - Throws: ``PluginError`` if it is not finite.
  public mutating func prepare(by preparation: Preparation) throws {
    guard preparation.logOdds.isFinite else {
      throw PluginError("The log odds of the hypotheses are not finite.")
    }
    logOdds = preparation.logOdds
  }

  /// ln r + ln(W₁/W₀): `[events × 1]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    inputs.outputs(
      of: layers, on: inputs.eventEmbedding.concatenated(with: inputs.eventInputs),
      dropout: configuration.dropout)
  }

  /// The cross entropy of each row with its hypothesis or, if the joint ratio is known, with the probability that it is of the
  /// numerator: `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    guard let column = configuration.ratio else { return classification.loss(of: result, truth: truth) }
    let odds = Float(exp(logOdds))
    return result.binaryCrossEntropy(targets: truth[column].map { odds * $0 / (1 + odds * $0) })
  }

  /// The score, ln r, and ln r before calibration: `[rows × 3]`.
  public func outputs(of result: Variable) -> Variable {
    let outputs = result.tape.record(
      rows: result.rows, columns: 3, requiresGradient: false, CalibratedRatio())
    for row in 0..<result.rows {
      let learnt = Double(result.values[row]) - logOdds
      let ratio = calibration.map { $0(learnt) } ?? learnt
      outputs.values[3 * row] = Float(1 / (1 + exp(-ratio)))
      outputs.values[3 * row + 1] = Float(ratio)
      outputs.values[3 * row + 2] = Float(learnt)
    }
    return outputs
  }

  /// The calibration of ln r.
  ///
  /// - Throws: ``MetricError`` if a hypothesis has no rows.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> RatioCalibration? {
    try RatioCalibration(
      fitting: results.values.map { Double($0) - logOdds }, isNumerator: isNumerator(truth), weights: weights)
  }

  /// Takes over a calibration.
  ///
  /// - Throws: ``PluginError`` if it does not rise.
  public mutating func calibrate(by calibration: RatioCalibration) throws {
    guard calibration.isValid else {
      throw PluginError("The calibration of the ratio needs numbers that rise.")
    }
    self.calibration = calibration
  }
}

/// Numbers that follow from a result; no gradient passes through them.
private struct CalibratedRatio: TapeOperation {
  func backward(from result: Variable.ID, on tape: Tape) {}
}

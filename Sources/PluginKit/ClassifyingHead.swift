// SPDX-License-Identifier: GPL-3.0-or-later

/// A head that tells classes of its rows apart; everything but its layers and its inputs comes from its
/// ``Classification``.
///
/// The forward pass gives logits, `[rows × classification.logitCount]`.
public protocol ClassifyingHead: ScoringHead where Calibration == Classification.Calibration {
  /// The classes, and what was learnt of their probabilities.
  var classification: Classification { get set }
  /// The head whose weights it has, so that a training may begin with those of a model with that one: itself unless it
  /// encloses another.
  var enclosed: any ClassifyingHead { get }
}

extension ClassifyingHead {
  /// Itself.
  public var enclosed: any ClassifyingHead { self }

  /// The probabilities, and the working points if there are some: see ``Classification/outputs``.
  public var outputs: [HeadOutput] { classification.outputs }

  /// The cross entropy of each row: `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    classification.loss(of: result, truth: truth)
  }

  /// The probabilities, and the working points if there are some: `[rows × sum of the outputs' widths]`.
  public func outputs(of result: Variable) -> Variable { classification.outputs(of: result) }

  /// The temperature of the probabilities and the thresholds of the working points.
  public var calibration: Classification.Calibration? { classification.calibration }

  /// Takes over a temperature and thresholds.
  ///
  /// - Throws: ``PluginError`` if they are not those of the configuration.
  public mutating func calibrate(by calibration: Classification.Calibration) throws {
    try classification.calibrate(by: calibration)
  }

  /// Fits the temperature and fixes the thresholds.
  ///
  /// - Throws: ``MetricError`` if the sample is too small for a working point.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> Classification.Calibration? {
    try classification.calibration(fitting: results, truth: truth, weights: weights)
  }

  /// With two classes, the area under the ROC curve; with more, its mean over each class against the others,
  /// and the share of rows that are classified correctly; a number that needs a class that no row has is nil.
  ///
  /// - Throws: ``MetricError`` if a score is not finite or no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    try classification.evaluate(outputs, truth: truth, weights: weights)
  }
}

extension Head {
  /// The head whose loss spreads a share of each target evenly over all classes, if it tells classes apart.
  package func smoothingLabels(by share: Float) -> any Head {
    guard share > 0, var head = self as? any ClassifyingHead else { return self }
    head.classification.labelSmoothing = share
    return head
  }
}

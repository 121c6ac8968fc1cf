// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Tells classes of events apart: hidden ReLU layers on the event's embedding and what else is known of the event.
///
/// Two classes share one logit, and the output `score` is the probability of class 1, the signal. More classes
/// have a logit each, and an output for each class is its probability. A condition among the event inputs makes it
/// a parameterised classifier (arXiv:1601.07913).
public struct EventClassifier: Head {
  /// The configuration of a classifier.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The truth column that holds the number of the class, from 0.
    public var truth: String
    /// The names of the classes in the order of their numbers; with two, the second is the signal.
    public var classes: [String]
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// The background efficiencies for which thresholds are fixed on the validation sample; none unless given.
    public var workingPoints: [Double]?

    private enum CodingKeys: String, CodingKey {
      case truth, classes, hidden
      case workingPoints = "working-points"
    }

    /// A configuration; `hidden` is two layers of 64 unless given.
    public init(
      truth: String, classes: [String], hidden: [Int]? = nil, workingPoints: [Double]? = nil
    ) {
      self.truth = truth
      self.classes = classes
      self.hidden = hidden
      self.workingPoints = workingPoints
    }
  }

  /// `event-classifier`.
  public static let identifier = "event-classifier"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Tells two or more classes of events apart from the event's embedding and inputs."

  /// Two classes.
  public static let example = HeadExample(
    configuration: Configuration(truth: "label", classes: ["background", "signal"]), truth: ["label": [0, 1]])

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  private let name: String
  private var classification: Classification
  private let layers: Perceptron

  /// A classifier whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` where there are fewer than two classes, two share a name, a size is out of range or
  ///   the network does not embed events.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    classification = try Classification(
      truth: configuration.truth, classes: configuration.classes,
      workingPoints: configuration.workingPoints ?? [])
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    name = builder.headName
    layers = try builder.perceptron(
      inputs: builder.eventEmbeddingWidth + builder.eventInputNames.count, hidden: widths,
      outputs: classification.logitCount)
  }

  /// A row for each event.
  public var rows: HeadRows { .events }
  /// All that is known of the event.
  public var inputs: Set<HeadInput> { [.eventEmbedding, .eventInputs] }
  /// The column that holds the number of the class.
  public var truthColumns: [String] { [configuration.truth] }
  /// `score` for two classes, else the probability of each class under its name; `working-point` behind them where
  /// working points are asked for.
  public var outputs: [HeadOutput] { classification.outputs }

  /// Throws where a label is not the number of a class.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws { try classification.check(truth) }

  /// The logits: `[events × 1]` for two classes, else `[events × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    layers(inputs.eventEmbedding.concatenated(with: inputs.eventInputs))
  }

  /// The cross entropy of each event: `[events × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    classification.loss(of: result, truth: truth)
  }

  /// The probabilities, and the working points where there are some: `[events × sum of the outputs' widths]`.
  public func outputs(of result: Variable) -> Variable { classification.outputs(of: result) }

  /// The temperature of the probabilities and the thresholds of the working points.
  public var calibration: Classification.Calibration? { classification.calibration }

  /// Fits the temperature and fixes the thresholds.
  ///
  /// - Throws: ``MetricError`` where the sample is too small for a working point.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> Classification.Calibration? {
    try classification.calibration(fitting: results, truth: truth, weights: weights)
  }

  /// Takes over a temperature and thresholds.
  ///
  /// - Throws: ``PluginError`` where they are not those of the configuration.
  public mutating func calibrate(by calibration: Classification.Calibration) throws {
    try classification.calibrate(by: calibration)
  }

  /// With two classes, the area under the ROC curve; with more, its mean over each class against the others, and
  /// the share of events that are taken for what they are.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    try classification.evaluate(outputs, name: name, truth: truth, weights: weights)
  }
}

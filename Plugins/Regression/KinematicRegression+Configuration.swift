// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension KinematicRegression {
  /// The configuration of a regression.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// Whether there is a row for each jet, event or constituent.
    public var rows = HeadRows.jets
    /// What is predicted.
    public var targets: [RegressionTarget] = []
    /// What is predicted of each target; quantiles unless given.
    public var prediction: RegressionPrediction?
    /// With quantiles, their levels, rising between 0 and 1, with 0.5 among them; 0.1587, 0.5 and 0.8413 unless given.
    public var quantiles: [Double]?
    /// With a mixture, how many Gaussians it has; 3 unless given.
    public var components: Int?
    /// The numbers of observables that the layers read in addition to the embedding; none unless given.
    public var inputs: [RegressionInput]?
    /// The columns in whose intervals predictions are evaluated; none unless given.
    public var bins: [RegressionBins]?
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A configuration, with the defaults of the properties.
    public init(
      rows: HeadRows, targets: [RegressionTarget], prediction: RegressionPrediction? = nil,
      quantiles: [Double]? = nil, components: Int? = nil, inputs: [RegressionInput]? = nil,
      bins: [RegressionBins]? = nil, hidden: [Int]? = nil, dropout: Double? = nil
    ) {
      self.rows = rows
      self.targets = targets
      self.prediction = prediction
      self.quantiles = quantiles
      self.components = components
      self.inputs = inputs
      self.bins = bins
      self.hidden = hidden
      self.dropout = dropout
    }

    /// A regression of jets to no target yet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "rows", \.rows, "what there is a prediction for; events need the section `events`", isRequired: true,
        range: "jets, events, constituents"),
      Setting(
        "targets", \.targets, "what is predicted: a list of the keys below", isRequired: true,
        range: "one or more"),
      Setting("prediction", \.prediction, "what is predicted of each target", default: "quantiles"),
      Setting(
        "quantiles", \.quantiles, "with `prediction: quantiles`: their levels",
        default: "`[0.1587, 0.5, 0.8413]`", range: "rising between 0 and 1, with 0.5"),
      Setting(
        "components", \.components, .closed(1...50), "with `prediction: mixture`: how many Gaussians it has",
        default: "3"),
      Setting(
        "inputs", \.inputs,
        "numbers of observables of the same rows that are read besides the embedding: a list of the keys below"
      ),
      Setting(
        "bins", \.bins, "columns in whose intervals predictions are evaluated: a list of the keys below"),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "`[64, 64]`",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1).inSinglePrecision,
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]
  }
}

/// How the size of a number is measured.
public enum RegressionScale: String, Codable, Sendable, CaseIterable {
  /// By itself.
  case plain
  /// By its natural logarithm, for positive numbers.
  case log
}

/// A quantity that a regression predicts.
public struct RegressionTarget: SettingsSection, Encodable, Equatable {
  /// The name, under which results have the prediction.
  public var name = ""
  /// The column of events, given jets or particles, or the number of an observable, that has the true value.
  public var truth = ""
  /// Whether the target is learnt as it is or as its logarithm; as it is unless given.
  public var scale = RegressionScale.plain
  /// A positive number of an observable that the target is learnt as a ratio to, such as the pT of the jet; nil for none.
  public var reference: String?
  /// Numbers of observables that estimate the target, in its unit, and are evaluated beside it.
  public var estimators: [String] = []
  /// The unit, such as `GeV`; nil for a pure number.
  public var unit: String?

  /// A target.
  public init(
    _ name: String, truth: String, scale: RegressionScale = .plain, reference: String? = nil,
    estimators: [String] = [], unit: String? = nil
  ) {
    self.name = name
    self.truth = truth
    self.scale = scale
    self.reference = reference
    self.estimators = estimators
    self.unit = unit
  }

  /// A target without a name.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<RegressionTarget>] = [
    Setting("name", \.name, "the name of its outputs", isRequired: true),
    Setting(
      "truth", \.truth,
      "the column, or the number of an observable, with the true value (<doc:TruthPerJet>)", isRequired: true),
    Setting("scale", \.scale, "whether it is learnt as it is, or as its logarithm"),
    Setting(
      "reference", \.reference,
      "a positive number of an observable of the same rows, such as `kinematics/pt`, that it is learnt as a ratio to"
    ),
    Setting(
      "estimators", \.estimators,
      "numbers of observables of the same rows, in its unit, that are evaluated besides it", default: "none"),
    Setting("unit", \.unit, "the unit of the outputs, such as `GeV`"),
  ]
}

/// A number of an observable that a regression reads in addition to the embedding.
public struct RegressionInput: SettingsSection, Encodable, Equatable {
  /// The number, such as `kinematics/pt`.
  public var of = ""
  /// Whether it is read as it is or as its logarithm; as it is unless given.
  public var scale = RegressionScale.plain

  /// A number of an observable.
  public init(_ of: String, scale: RegressionScale = .plain) {
    self.of = of
    self.scale = scale
  }

  /// No number yet.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<RegressionInput>] = [
    Setting("of", \.of, "the number, such as `kinematics/pt`", isRequired: true),
    Setting("scale", \.scale, "whether it is read as it is, or as its logarithm"),
  ]
}

/// A column in whose intervals a regression is evaluated.
public struct RegressionBins: SettingsSection, Encodable, Equatable {
  /// The column, or the number of an observable.
  public var of = ""
  /// The edges of the intervals, rising; nil for eight intervals of equally many rows.
  public var edges: [Double]?

  /// The intervals of a column.
  public init(_ of: String, edges: [Double]? = nil) {
    self.of = of
    self.edges = edges
  }

  /// The intervals of no column yet.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<RegressionBins>] = [
    Setting("of", \.of, "the column, or the number of an observable", isRequired: true),
    Setting(
      "edges", \.edges, "the edges of the intervals", default: "eight intervals of equally many rows",
      range: "two or more, rising"),
  ]

  /// The column as the part of a name, without slashes.
  var title: String { of.split(separator: "/").joined(separator: "-") }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension KinematicRegression {
  /// The configuration of a regression.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Whether there is a row for each jet, event or constituent.
    public var rows: HeadRows
    /// What is predicted.
    public var targets: [RegressionTarget]
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
public struct RegressionTarget: Codable, Sendable, Equatable {
  /// The name, under which results have the prediction.
  public var name: String
  /// The column of events, given jets or particles, or the number of an observable, that has the true value.
  public var truth: String
  /// Whether the target is learnt as it is or as its logarithm; as it is unless given.
  public var scale: RegressionScale
  /// A positive number of an observable that the target is learnt as a ratio to, such as the pT of the jet; nil for none.
  public var reference: String?
  /// Numbers of observables that estimate the target, in its unit, and are evaluated beside it.
  public var estimators: [String]
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

  /// Reads a target; its scale is plain, and it has no estimators, unless given.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try values.decode(String.self, forKey: .name), truth: try values.decode(String.self, forKey: .truth),
      scale: try values.decodeIfPresent(RegressionScale.self, forKey: .scale) ?? .plain,
      reference: try values.decodeIfPresent(String.self, forKey: .reference),
      estimators: try values.decodeIfPresent([String].self, forKey: .estimators) ?? [],
      unit: try values.decodeIfPresent(String.self, forKey: .unit))
  }
}

/// A number of an observable that a regression reads in addition to the embedding.
public struct RegressionInput: Codable, Sendable, Equatable {
  /// The number, such as `kinematics/pt`.
  public var of: String
  /// Whether it is read as it is or as its logarithm; as it is unless given.
  public var scale: RegressionScale

  /// A number of an observable.
  public init(_ of: String, scale: RegressionScale = .plain) {
    self.of = of
    self.scale = scale
  }

  /// Reads an input; its scale is plain unless given.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try values.decode(String.self, forKey: .of),
      scale: try values.decodeIfPresent(RegressionScale.self, forKey: .scale) ?? .plain)
  }
}

/// A column in whose intervals a regression is evaluated.
public struct RegressionBins: Codable, Sendable, Equatable {
  /// The column, or the number of an observable.
  public var of: String
  /// The edges of the intervals, rising; nil for eight intervals of equally many rows.
  public var edges: [Double]?

  /// The intervals of a column.
  public init(_ of: String, edges: [Double]? = nil) {
    self.of = of
    self.edges = edges
  }

  /// The column as the part of a name, without slashes.
  var title: String { of.split(separator: "/").joined(separator: "-") }
}

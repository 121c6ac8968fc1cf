// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// What a head's predictions are worth on a sample.
public struct HeadEvaluation: Sendable {
  /// Single numbers, of which training watches the first: the best epoch has the largest.
  public var metrics: [Metric]
  /// The curves and score distributions of a head that classifies; empty for others.
  public var classifiers: [ClassifierEvaluation]
  /// Bias, resolution, pulls and coverage of a head that predicts quantities; empty for others.
  public let regressions: [RegressionEvaluation]
  /// Further figures, which reports draw; they and the tables have different names.
  public var figures: [HeadFigure]
  /// Further tables, which `canopy evaluate` prints and reports hold.
  public var tables: [HeadTable]

  /// An evaluation with at least one metric.
  ///
  /// The validation after each epoch evaluates a head too, and has no use for figures and tables: they should take no
  /// longer than the metrics.
  public init(
    metrics: [Metric], classifiers: [ClassifierEvaluation] = [], regressions: [RegressionEvaluation] = [],
    figures: [HeadFigure] = [], tables: [HeadTable] = []
  ) {
    require(!metrics.isEmpty, "an evaluation needs a figure of merit")
    self.metrics = metrics
    self.classifiers = classifiers
    self.regressions = regressions
    self.figures = figures
    self.tables = tables
  }
}

/// One number that says how good a head is.
public struct Metric: Sendable, Equatable, Codable {
  /// The name, such as `AUC`.
  public let name: String
  /// The value with its statistical error; nil if the rows cannot tell it, such as an efficiency for a class that is
  /// not among them.
  public let estimate: Estimate?

  /// A metric.
  public init(_ name: String, _ estimate: Estimate?) {
    self.name = name
    self.estimate = estimate
  }
}

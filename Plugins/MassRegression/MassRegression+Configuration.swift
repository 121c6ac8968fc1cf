// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension MassRegression {
  /// The configuration of a mass regression.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that holds the true mass in GeV.
    public var truth = ""
    /// Whether there is a mass for each jet or for each event.
    public var rows = HeadRows.jets
    /// What is predicted of the distribution of ln(m / scale); quantiles unless given.
    public var likelihood: MassLikelihood?
    /// A typical mass in GeV; 100 unless given.
    public var scale: Double?
    /// The classical estimators that are read and are outputs next to the mass; none unless given.
    public var estimators: [MassEstimator]?
    /// The widths of the hidden layers; two of 64 unless given.
    public var hidden: [Int]?
    /// Whether the validation sample corrects the response; true unless given.
    public var correctsResponse: Bool?
    /// How likely each number of a hidden layer is left out in a step of the training; none is unless given.
    public var dropout: Double?

    /// A configuration, with the defaults of the properties.
    public init(
      truth: String, rows: HeadRows, likelihood: MassLikelihood? = nil, scale: Double? = nil,
      estimators: [MassEstimator]? = nil, hidden: [Int]? = nil, correctsResponse: Bool? = nil,
      dropout: Double? = nil
    ) {
      self.truth = truth
      self.rows = rows
      self.likelihood = likelihood
      self.scale = scale
      self.estimators = estimators
      self.hidden = hidden
      self.correctsResponse = correctsResponse
      self.dropout = dropout
    }

    /// A regression of jets to no column yet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("truth", \.truth, "the event column with the true mass in GeV, positive", isRequired: true),
      Setting(
        "rows", \.rows,
        "whether there is a mass for each jet or for each event; events need the section `events`",
        isRequired: true, range: "jets, events"),
      Setting(
        "likelihood", \.likelihood, "what is predicted of the distribution of ln m", default: "quantiles"),
      Setting("scale", \.scale, .positive, unit: "GeV", "a typical mass", default: "100"),
      Setting(
        "estimators", \.estimators, "classical estimators that are read, and put out beside the mass",
        range: "of jets ungroomed-mass, soft-drop-mass; of events visible-mass, collinear-mass, fast-mtt-mass"
      ),
      Setting(
        "hidden", \.hidden, "the widths of the hidden layers", default: "`[64, 64]`",
        range: "up to 20, each 1 to 4096"),
      Setting(
        "correct-response", \.correctsResponse, "whether the validation sample corrects bias and interval",
        default: "true"),
      Setting(
        "dropout", \.dropout, .halfOpen(0..<1).inSinglePrecision,
        "how likely each number of a hidden layer is left out in a step of the training"),
    ]
  }
}

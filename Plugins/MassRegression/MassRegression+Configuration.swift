// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension MassRegression {
  /// The configuration of a mass regression.
  public struct Configuration: Codable, Sendable, Equatable {
    /// The truth column that holds the true mass in GeV.
    public var truth: String
    /// Whether there is a mass for each jet or for each event.
    public var rows: HeadRows
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

    private enum CodingKeys: String, CodingKey {
      case truth, rows, likelihood, scale, estimators, hidden, dropout
      case correctsResponse = "correct-response"
    }

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
  }
}

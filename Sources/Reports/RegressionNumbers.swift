// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The numbers of a regression's evaluation, as reports and evaluations write them.
struct RegressionNumbers: Encodable {
  /// The rows of an interval of truth.
  struct Bin: Encodable {
    var least: Double
    var largest: Double
    var summary: ResponseSummary
  }

  struct Estimator: Encodable {
    var name: String
    var whole: ResponseSummary
    var bins: [Bin]
    var sculpting: Sculpting?
  }

  var name: String
  var unit: String?
  var skill: Estimate
  var estimators: [Estimator]

  /// The numbers of `regression`.
  init(_ regression: RegressionEvaluation) {
    name = regression.name
    unit = regression.unit
    skill = regression.skill
    estimators = regression.estimators.map { estimator in
      Estimator(
        name: estimator.name, whole: estimator.whole,
        bins: zip(regression.ranges, estimator.bins).map {
          Bin(least: $0.lowerBound, largest: $0.upperBound, summary: $1)
        }, sculpting: estimator.sculpting)
    }
  }
}

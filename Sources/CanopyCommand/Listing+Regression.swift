// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

extension Listing {
  /// A regression beside other estimators, in all rows and in intervals of the true value.
  mutating func add(_ regression: RegressionEvaluation, rows: HeadRows) {
    let unit = regression.unit.map { " [\($0)]" } ?? ""
    begin("\(regression.name) beside other estimators")
    add(
      table: [["estimator", "bias", "resolution", "no estimate"]]
        + regression.estimators.map { estimator in
          let summary = estimator.whole
          return [
            estimator.name, "\(summary.bias)", "\(summary.resolution)",
            String(format: "%.1f %%", 100 * summary.missing.value),
          ]
        })

    let ranges = regression.ranges.map { String(format: "%g … %g", $0.lowerBound, $0.upperBound) }
    begin("\(regression.name) by truth")
    add(
      table: [
        ["truth\(unit)", rows.rawValue, "bias", "resolution", "mean pull", "width of pulls", "coverage"]
      ]
        + regression.estimators[0].bins.enumerated().map { bin, summary in
          let estimates = [
            summary.bias, summary.resolution, summary.pullMean, summary.pullWidth, summary.coverage,
          ]
          return [ranges[bin], "\(summary.count)"] + estimates.map { $0?.description ?? "-" }
        })

    guard regression.estimators.count > 1 else { return }
    begin("resolution by truth")
    add(
      table: [["truth\(unit)"] + regression.estimators.map(\.name)]
        + ranges.indices.map { bin in
          [ranges[bin]] + regression.estimators.map { "\($0.bins[bin].resolution)" }
        })
  }
}

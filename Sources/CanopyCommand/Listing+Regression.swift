// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

extension Listing {
  /// A regression and other estimators, in all rows and in intervals of the true value.
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

    if let first = regression.ranges.first, let last = regression.ranges.last,
      regression.estimators.contains(where: { $0.sculpting != nil })
    {
      begin("predictions at the ends of the range, over what the responses of its middle half give")
      let ends = [first.lowerBound, last.upperBound].map { String(format: "%g", $0) }
      add(
        table: [["estimator", "below \(ends[0])", ranges.first!, ranges.last!, "above \(ends[1])"]]
          + regression.estimators.compactMap { estimator in
            estimator.sculpting.map {
              [estimator.name] + [$0.below, $0.first, $0.last, $0.above].map(\.description)
            }
          })
    }

    guard regression.estimators.count > 1 else { return }
    begin("resolution by truth")
    add(
      table: [["truth\(unit)"] + regression.estimators.map(\.name)]
        + ranges.indices.map { bin in
          [ranges[bin]] + regression.estimators.map { "\($0.bins[bin].resolution)" }
        })
  }
}

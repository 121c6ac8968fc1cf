// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import Support

extension Report {
  /// The report's JSON and CSV files by name.
  func numbers() throws -> [String: Data] {
    var files = ["report.json": try NumbersFile.encode(Summary(self))]
    for (index, classifier) in classifiers.enumerated() {
      let prefix = filePrefix(ofClassifier: index)
      files["\(prefix)roc.csv"] = classifier.curve?.table.data
      files["\(prefix)scores.csv"] = classifier.scoreTable.data
      files["\(prefix)calibration.csv"] = classifier.calibration?.table.data
    }
    for (index, regression) in regressions.enumerated() {
      let prefix = filePrefix(ofRegression: index)
      files["\(prefix)response.csv"] = regression.responseTable.data
      files["\(prefix)predictions.csv"] = regression.predictionTable.data
    }
    for (file, figure) in headFiles.figures { files["\(file).csv"] = figure.table.data }
    for (file, table) in headFiles.tables { files["\(file).csv"] = table.table.data }
    if !conditions.isEmpty { files["conditions.csv"] = conditionTable.data }
    if !epochs.isEmpty { files["learning-curves.csv"] = EpochSummary.table(of: epochs).data }
    return files
  }

  private var conditionTable: Table {
    let efficiencies = classifiers.first?.signalEfficiencies ?? []
    let rejections = efficiencies.flatMap { ["rejection_at_\($0)", "rejection_at_\($0)_error"] }
    let significances = Significance.allCases.flatMap { ["\($0)_significance", "\($0)_significance_error"] }
    var table = Table(
      columns: [
        "classifier", "condition", "least", "largest", "signal_count", "background_count", "auc", "auc_error",
      ]
        + rejections + ["calibration_error", "calibration_error_error"] + significances)
    for conditioned in conditions {
      for classifier in conditioned.evaluation?.classifiers ?? [] {
        let calibration = classifier.calibration?.expectedError
        let cuts = Significance.allCases.map { classifier.bestCut(for: $0)?.significance }
        let rejections = classifier.signalEfficiencies.indices.map { classifier.rejections?[$0].rejection }
        let estimates = [classifier.auc] + rejections + [calibration] + cuts
        table.append(
          [
            conditioned.values.lowerBound, conditioned.values.upperBound,
            Double(classifier.signalCount), Double(classifier.backgroundCount),
          ] + estimates.flatMap { [$0?.value, $0?.error] }, behind: [classifier.name, conditioned.condition])
      }
    }
    return table
  }

  /// The names of all metrics in the order of their first epoch.
  var metricNames: [String] { EpochSummary.metricNames(of: epochs) }
}

/// The content of `report.json`.
private struct Summary: Encodable {
  var title: String
  var classifiers: [ClassifierNumbers]
  var regressions: [RegressionNumbers]
  var conditions: [ConditionNumbers]
  var heads: [HeadNumbers]
  var epochs: [EpochSummary]

  init(_ report: Report) {
    title = report.title
    classifiers = report.classifiers.map(ClassifierNumbers.init)
    regressions = report.regressions.map(RegressionNumbers.init)
    conditions = report.conditions.map(ConditionNumbers.init)
    heads = report.heads.map(HeadNumbers.init)
    epochs = report.epochs
  }
}

extension ROCCurve {
  fileprivate var table: Table {
    var table = Table(columns: [
      "threshold", "signal_efficiency", "background_efficiency", "background_rejection",
      "background_rejection_error", "signal_efficiency_error",
    ])
    for point in points() {
      table.append([
        Double(point.threshold), point.signalEfficiency, point.backgroundEfficiency, point.rejection?.value,
        point.rejection?.error, point.signalEfficiencyError,
      ])
    }
    return table
  }
}

extension ClassifierEvaluation {
  fileprivate var scoreTable: Table {
    var table = Table(columns: [
      "bin_centre", "signal_density", "signal_error", "background_density", "background_error",
    ])
    for bin in signalScores.contents.indices {
      let signal = signalScores.density(ofBin: bin)
      let background = backgroundScores.density(ofBin: bin)
      table.append([
        signalScores.centre(ofBin: bin), signal.value, signal.error, background.value, background.error,
      ])
    }
    return table
  }
}

extension CalibrationCurve {
  fileprivate var table: Table {
    var table = Table(columns: [
      "least_score", "largest_score", "mean_score", "signal_fraction", "signal_fraction_error", "count",
      "share",
    ])
    for bin in bins {
      table.append([
        bin.range.lowerBound, bin.range.upperBound, bin.meanScore, bin.signalFraction.value,
        bin.signalFraction.error, Double(bin.count), bin.share,
      ])
    }
    return table
  }
}

extension RegressionEvaluation {
  /// The columns of each estimator in `responseTable`, behind the two of the interval; figures name them by their place.
  static let responseColumns = [
    "count", "missing", "missing_error", "bias", "bias_error", "resolution", "resolution_error", "pull_mean",
    "pull_mean_error", "pull_width", "pull_width_error", "coverage", "coverage_error",
  ]

  fileprivate var responseTable: Table {
    var table = Table(
      columns: ["least_truth", "largest_truth"]
        + estimators.flatMap { estimator in Self.responseColumns.map { "\(estimator.name) \($0)" } })
    for (bin, range) in ranges.enumerated() {
      let numbers = estimators.flatMap { estimator -> [Double?] in
        let summary = estimator.bins[bin]
        let estimates = [
          summary.missing, summary.bias, summary.resolution, summary.pullMean, summary.pullWidth,
          summary.coverage,
        ]
        return [Double(summary.count)]
          + estimates.flatMap { [$0.flatMap { $0.value.isFinite ? $0.value : nil }, $0?.error] }
      }
      table.append([range.lowerBound, range.upperBound] + numbers)
    }
    return table
  }

  fileprivate var predictionTable: Table {
    var table = Table(
      columns: ["bin_centre", "truth", "truth_error"] + estimators.flatMap { [$0.name, "\($0.name) error"] })
    for bin in truth.contents.indices {
      let densities = ([truth] + estimators.map(\.predictions)).map { $0.density(ofBin: bin) }
      table.append([truth.centre(ofBin: bin)] + densities.flatMap { [$0.value, $0.error] })
    }
    return table
  }
}

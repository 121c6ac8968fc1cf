// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

extension Listing {
  /// An evaluation for people.
  init(_ evaluation: Evaluation) {
    add("events", "\(evaluation.eventCount)")
    add("jets", "\(evaluation.jetCount)")
    for result in evaluation.heads {
      begin("head \(result.head.name) (\(result.head.plugin) \(result.head.version))")
      let classifiers = result.evaluation.classifiers
      // A single classifier's AUC is the head's metric.
      for metric in result.evaluation.metrics { add(metric.name, "\(metric.estimate)") }
      for classifier in classifiers {
        if classifiers.count > 1 {
          begin(classifier.name)
          add("AUC", "\(classifier.auc)")
        }
        add(classifier, rows: result.rows)
      }
      for regression in result.evaluation.regressions { add(regression, rows: result.rows) }
      let conditions = result.conditions.reduce(into: [String]()) { names, conditioned in
        if names.last != conditioned.condition { names.append(conditioned.condition) }
      }
      for condition in conditions {
        let conditioned = result.conditions.filter { $0.condition == condition }
        if classifiers.isEmpty {
          begin("\(result.head.name) by \(condition)")
          add(table: Self.metricTable(conditioned, result))
        }
        for index in classifiers.indices {
          begin("\(classifiers[index].name) by \(condition)")
          add(table: Self.table(conditioned, classifiers[index], index))
        }
      }
    }
  }

  private mutating func add(_ classifier: ClassifierEvaluation, rows: HeadRows) {
    add("signal", "\(classifier.curve.signalCount) \(rows.rawValue): \(classifier.signalName)")
    add("background", "\(classifier.curve.backgroundCount) \(rows.rawValue): \(classifier.backgroundName)")
    for rejection in classifier.rejections { add("1/ε_B at ε_S = \(rejection.percent) %", "\(rejection)") }
    if let calibration = classifier.calibration { add("calibration error", "\(calibration.expectedError)") }
    for significance in Significance.allCases {
      if let cut = classifier.bestCut(for: significance) { add(significance.text, "\(cut)") }
    }
  }

  /// What a classifier is worth in each value of a condition; `whole` is the same classifier on the whole sample.
  private static func table(
    _ conditioned: [ConditionedEvaluation], _ whole: ClassifierEvaluation, _ index: Int
  ) -> [[String]] {
    let significances = whole.yields == nil ? [] : Significance.allCases
    let title =
      [conditioned[0].condition, "signal", "background", "AUC"]
      + whole.rejections.map { "1/ε_B at \($0.percent) %" }
      + (whole.calibration == nil ? [] : ["calibration error"]) + significances.map(\.text)
    return [title]
      + conditioned.map { part in
        guard let classifier = part.evaluation?.classifiers[index] else {
          return [part.values.text] + title.dropFirst().map { _ in "-" }
        }
        return [
          part.values.text, "\(classifier.curve.signalCount)", "\(classifier.curve.backgroundCount)",
          "\(classifier.auc)",
        ] + classifier.rejections.map(\.description)
          + (whole.calibration == nil ? [] : [classifier.calibration?.expectedError.description ?? "-"])
          + significances.map { classifier.bestCut(for: $0)?.significance.description ?? "-" }
      }
  }

  /// The metrics of a head without classifiers in each value of a condition.
  private static func metricTable(
    _ conditioned: [ConditionedEvaluation], _ result: Evaluation.HeadResult
  ) -> [[String]] {
    [[conditioned[0].condition, result.rows.rawValue] + result.evaluation.metrics.map(\.name)]
      + conditioned.map { part in
        [part.values.text, "\(part.rowCount)"]
          + result.evaluation.metrics.indices.map { part.evaluation?.metrics[$0].estimate.description ?? "-" }
      }
  }
}

extension BackgroundRejection {
  fileprivate var percent: Int { Int((100 * signalEfficiency).rounded()) }
}

extension Significance {
  fileprivate var text: String {
    switch self {
    case .simple: "best s/√(s + b)"
    case .asimov: "best Asimov"
    }
  }
}

extension ClosedRange<Double> {
  /// `500`, or `300 … 412.5`.
  fileprivate var text: String {
    let ends = lowerBound == upperBound ? [lowerBound] : [lowerBound, upperBound]
    return ends.map { String(format: "%g", $0) }.joined(separator: " … ")
  }
}

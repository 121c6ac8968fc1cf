// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

extension Listing {
  /// An evaluation for people, and those of other models that it is compared with.
  init(
    _ evaluation: Evaluation, of model: String, others: [(model: String, evaluation: Evaluation)] = [],
    calibration: Bool = false
  ) {
    if !others.isEmpty { add("model", model) }
    add(evaluation, calibration: calibration)
    for other in others {
      begin("model \(other.model)")
      add(other.evaluation, calibration: calibration)
    }
  }

  private mutating func add(_ evaluation: Evaluation, calibration: Bool) {
    add("events", "\(evaluation.eventCount)")
    add("jets", "\(evaluation.jetCount)")
    if evaluation.heads.contains(where: { $0.rows == .constituents }) {
      add("constituents", "\(evaluation.constituentCount)")
    }
    for result in evaluation.heads {
      begin("head \(result.head.name) (\(result.head.plugin) \(result.head.version))")
      guard let evaluation = result.evaluation else {
        add("no numbers", result.problem ?? "-")
        continue
      }
      let classifiers = evaluation.classifiers
      // A single classifier's AUC is the head's metric; rejections follow with the classifier.
      let rejections = classifiers.flatMap { $0.signalEfficiencies.map { "1/ε_B at \(Self.percent($0)) %" } }
      for metric in evaluation.metrics where !rejections.contains(metric.name) {
        add(metric.name, metric.estimate.text)
      }
      for classifier in classifiers {
        if classifiers.count > 1 {
          begin(classifier.name)
          add("AUC", classifier.auc.text)
        }
        add(classifier, rows: result.rows)
      }
      for classifier in classifiers where calibration { addCalibration(of: classifier, rows: result.rows) }
      if let table = result.comparisonTable {
        begin("\(result.head.name) compared with other scores")
        add(table: Self.cells(of: table))
      }
      if let table = result.importanceTable {
        begin("\(result.head.name) with one input shuffled")
        add(table: Self.cells(of: table))
      }
      if let table = result.robustnessTable {
        begin("\(result.head.name) on changed events")
        add(table: Self.cells(of: table))
      }
      if let templates = result.templates { add(templates) }
      for regression in evaluation.regressions { add(regression, rows: result.rows) }
      for table in evaluation.tables {
        begin("\(result.head.name) \(table.name)")
        add(table: Self.cells(of: table))
      }
      let conditions = result.conditions.reduce(into: [String]()) { names, conditioned in
        if names.last != conditioned.condition { names.append(conditioned.condition) }
      }
      for condition in conditions {
        let conditioned = result.conditions.filter { $0.condition == condition }
        if classifiers.isEmpty {
          begin("\(result.head.name) by \(condition)")
          add(table: Self.metricTable(conditioned, evaluation.metrics.map(\.name), rows: result.rows))
        }
        for index in classifiers.indices {
          begin("\(classifiers[index].name) by \(condition)")
          add(table: Self.table(conditioned, classifiers[index], index))
        }
        let others = evaluation.metrics.map(\.name).filter { $0 != "AUC" }
        if classifiers.count == 1, !others.isEmpty {
          begin("\(result.head.name) by \(condition), other metrics")
          add(table: Self.metricTable(conditioned, others, rows: result.rows))
        }
      }
    }
  }

  /// The titles of a head's table, and a line for each row.
  private static func cells(of table: HeadTable) -> [[String]] {
    [table.columns.map(\.title)]
      + (0..<table.rowCount).map { row in
        table.columns.map { column in
          switch column.cells {
          case .numbers(let numbers): numbers[row].isFinite ? String(format: "%.6g", numbers[row]) : "-"
          case .estimates(let estimates):
            estimates[row].flatMap { $0.value.isFinite ? $0 : nil }.text
          case .texts(let texts): texts[row]
          }
        }
      }
  }

  private mutating func add(_ classifier: ClassifierEvaluation, rows: HeadRows) {
    add("signal", "\(classifier.signalCount) \(rows.rawValue): \(classifier.signalName)")
    add("background", "\(classifier.backgroundCount) \(rows.rawValue): \(classifier.backgroundName)")
    for (efficiency, rejection) in zip(classifier.signalEfficiencies, Self.rejections(classifier)) {
      add("1/ε_B at ε_S = \(Self.percent(efficiency)) %", rejection)
    }
    if classifier.calibration != nil || classifier.curve == nil {
      add("calibration error", (classifier.calibration?.expectedError).text)
    }
    guard classifier.yields != nil else { return }
    for significance in Significance.allCases {
      add(significance.text, classifier.bestCut(for: significance)?.description ?? "-")
    }
  }

  /// The share of signal in bins of the score.
  private mutating func addCalibration(of classifier: ClassifierEvaluation, rows: HeadRows) {
    guard let curve = classifier.calibration else { return }
    begin("\(classifier.name) in bins of the score, with the share of signal")
    add(
      table: [["score", rows.rawValue, "mean score", "share of signal"]]
        + curve.bins.map { bin in
          [
            String(format: "%.3f … %.3f", bin.range.lowerBound, bin.range.upperBound), "\(bin.count)",
            String(format: "%.4f", bin.meanScore), bin.signalFraction.description,
          ]
        })
  }

  /// The numbers of events that are expected in bins of the score, and the significance of all bins together.
  private mutating func add(_ templates: ScoreTemplates) {
    begin("\(templates.name) in bins of the score")
    let edges = templates.edges.map { String(format: "%.4g", $0) }
    add(
      table: [["score"] + templates.samples.map(\.name)]
        + edges.indices.dropLast().map { bin in
          ["\(edges[bin]) … \(edges[bin + 1])"]
            + templates.samples.map {
              Estimate(value: $0.contents[bin], error: $0.errors[bin]).description
            }
        })
    add("", "binned Asimov: \(templates.significance)")
  }

  /// What a classifier is worth in each value of a condition; `whole` is the same classifier on the whole sample.
  private static func table(
    _ conditioned: [ConditionedEvaluation], _ whole: ClassifierEvaluation, _ index: Int
  ) -> [[String]] {
    let significances = whole.yields == nil ? [] : Significance.allCases
    let title =
      [conditioned[0].condition, "signal", "background", "AUC"]
      + whole.signalEfficiencies.map { "1/ε_B at \(percent($0)) %" }
      + (whole.calibration == nil ? [] : ["calibration error"]) + significances.map(\.text)
    return [title]
      + conditioned.map { part in
        guard let classifier = part.evaluation?.classifiers[index] else {
          return [part.values.text] + title.dropFirst().map { _ in "-" }
        }
        return [
          part.values.text, "\(classifier.signalCount)", "\(classifier.backgroundCount)", classifier.auc.text,
        ] + rejections(classifier)
          + (whole.calibration == nil ? [] : [(classifier.calibration?.expectedError).text])
          + significances.map { classifier.bestCut(for: $0)?.significance.description ?? "-" }
      }
  }

  /// The background rejections of a classifier, or dashes.
  private static func rejections(_ classifier: ClassifierEvaluation) -> [String] {
    classifier.rejections?.map(\.description) ?? classifier.signalEfficiencies.map { _ in "-" }
  }

  private static func percent(_ efficiency: Double) -> Int { Int((100 * efficiency).rounded()) }

  /// The metrics of a head without classifiers in each value of a condition.
  private static func metricTable(
    _ conditioned: [ConditionedEvaluation], _ metrics: [String], rows: HeadRows
  ) -> [[String]] {
    [[conditioned[0].condition, rows.rawValue] + metrics]
      + conditioned.map { part in
        [part.values.text, "\(part.rowCount)"]
          + metrics.map { name in (part.evaluation?.metrics.first { $0.name == name }?.estimate).text }
      }
  }
}

extension Estimate? {
  /// The estimate, or a dash for none.
  fileprivate var text: String { self?.description ?? "-" }
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

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit

extension Report {
  /// The report's JSON and CSV files by name.
  func numbers() throws -> [String: Data] {
    var files = ["report.json": try NumbersFile.encode(Summary(self))]
    for (index, classifier) in classifiers.enumerated() {
      let prefix = filePrefix(ofClassifier: index)
      files["\(prefix)roc.csv"] = classifier.curveTable.data
      files["\(prefix)scores.csv"] = classifier.scoreTable.data
    }
    if !epochs.isEmpty { files["learning-curves.csv"] = epochTable.data }
    return files
  }

  private var epochTable: Table {
    var table = Table(
      columns: ["epoch", "training_loss", "validation_loss", "learning_rate", "events", "seconds", "best"]
        + metricNames)
    for epoch in epochs {
      let metrics = metricNames.map { name in epoch.metrics.first { $0.name == name }?.value }
      table.append(
        [
          Double(epoch.epoch), epoch.trainingLoss, epoch.validationLoss, epoch.learningRate,
          Double(epoch.eventCount), epoch.seconds, epoch.isBest ? 1 : 0,
        ] + metrics)
    }
    return table
  }

  /// The names of all metrics in the order of their first epoch.
  var metricNames: [String] {
    epochs.flatMap { $0.metrics.map(\.name) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// The content of `report.json`.
private struct Summary: Encodable {
  var title: String
  var classifiers: [ClassifierNumbers]
  var epochs: [EpochSummary]

  init(_ report: Report) {
    title = report.title
    classifiers = report.classifiers.map(ClassifierNumbers.init)
    epochs = report.epochs
  }
}

extension ClassifierEvaluation {
  fileprivate var curveTable: Table {
    var table = Table(columns: [
      "threshold", "signal_efficiency", "background_efficiency", "background_rejection",
      "background_rejection_error",
    ])
    for point in curve.points() {
      table.append([
        Double(point.threshold), point.signalEfficiency, point.backgroundEfficiency, point.rejection?.value,
        point.rejection?.error,
      ])
    }
    return table
  }

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

/// Numbers in columns, to be written as CSV (RFC 4180 with line feeds).
private struct Table {
  private var text: String

  init(columns: [String]) {
    text = columns.map(Self.quoted).joined(separator: ",") + "\n"
  }

  mutating func append(_ row: [Double?]) {
    text +=
      row.map { value in value.map { $0 == $0.rounded() && abs($0) < 1e15 ? "\(Int($0))" : "\($0)" } ?? "" }
      .joined(separator: ",") + "\n"
  }

  var data: Data { Data(text.utf8) }

  private static func quoted(_ name: String) -> String {
    let line = name.map { $0.isNewline ? " " : $0 }
    return line.contains { ",\"".contains($0) }
      ? "\"\(String(line).replacingOccurrences(of: "\"", with: "\"\""))\"" : String(line)
  }
}

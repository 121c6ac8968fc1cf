// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// `canopy evaluate`.
struct EvaluateCommand: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures how good a model is on events whose truth is known.",
    discussion: """
      The events need the truth columns that the model was trained on, such as event/label in HDF5. For each head \
      that tells signal from background there are the area under the ROC curve (AUC) and the background rejection \
      1/ε_B at signal efficiencies of 30 %, 50 % and 80 %, with statistical errors of one standard deviation; \
      where no background is left, a lower limit at 95 % confidence.

      EXAMPLES:
        canopy evaluate w-vs-qcd.h5 --skip-events 64000 --model w-tagger
        canopy evaluate test.h5 --model w-tagger --report report --format json
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "Also write ROC curves, score distributions and learning curves into this folder, as PNG, SVG and CSV.",
      discussion: "Figures need gnuplot.", valueName: "dir"),
    completion: .directory)
  var report: String?

  @Option(help: "How the numbers are printed: table for people, json for programs.")
  var format = Format.table

  func run() throws {
    try reportingFailures {
      let model = try self.model.read()
      let stream = try reading.makeStream()
      let gnuplot = try report.map { _ in try Gnuplot() }
      var progress = EventProgress(stream, resultsOnStandardOutput: false)
      defer { progress.clear() }
      let evaluation = try Evaluation(of: model, on: stream, threads: reading.threadCount) {
        progress.update($0)
      }
      progress.clear()
      if let report, let gnuplot {
        let name = URL(fileURLWithPath: self.model.folder).lastPathComponent
        let sample = reading.inputs.map { URL(fileURLWithPath: $0).lastPathComponent }
        try Report(
          title: "\(name) on \(sample.joined(separator: ", "))", classifiers: evaluation.classifiers,
          epochs: model.description.training?.epochs ?? []
        ).write(to: URL(fileURLWithPath: report), using: gnuplot)
      }
      switch format {
      case .json: try writeToStandardOutput(evaluation.json())
      case .table: try writeToStandardOutput(Data(evaluation.listing.text.utf8))
      }
      stream.reportBadEvents()
    }
  }
}

extension Evaluation {
  /// The numbers for people.
  fileprivate var listing: Listing {
    var listing = Listing()
    listing.add("events", "\(eventCount)")
    listing.add("jets", "\(jetCount)")
    for result in heads {
      listing.begin("head \(result.head.name) (\(result.head.plugin) \(result.head.version))")
      let classifiers = result.evaluation.classifiers
      // A single classifier's AUC is the head's metric.
      for metric in result.evaluation.metrics { listing.add(metric.name, "\(metric.estimate)") }
      for classifier in classifiers {
        if classifiers.count > 1 {
          listing.begin(classifier.name)
          listing.add("AUC", "\(classifier.auc)")
        }
        listing.add("signal", "\(classifier.curve.signalCount) jets: \(classifier.signalName)")
        listing.add("background", "\(classifier.curve.backgroundCount) jets: \(classifier.backgroundName)")
        for rejection in classifier.rejections {
          let efficiency = Int((100 * rejection.signalEfficiency).rounded())
          listing.add("1/ε_B at ε_S = \(efficiency) %", "\(rejection)")
        }
      }
    }
    return listing
  }
}

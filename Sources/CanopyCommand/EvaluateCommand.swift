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
      Without inputs, the events are those that the model's training left out: data.test-inputs, or what meets data.test, read \
      as the training reads its own (the definitions, conditions and weights of its section data).

      The events need the truth columns that the model was trained on, such as event/label in HDF5. For each head \
      that tells signal from background there are the area under the ROC curve (AUC) and the background rejection \
      1/ε_B at signal efficiencies of 30 %, 50 % and 80 %, with statistical errors of one standard deviation; \
      where no background is left, a lower limit at 95 % confidence. The calibration error is the mean distance \
      between the score and the share of signal among events or jets of such a score. Of a model with working \
      points there are the shares of signal and background that pass each. Events of one class have these shares \
      for their class, and a dash for what compares it with others; in JSON, null.

      For each head that predicts a quantity such as a mass there are the bias (median of prediction over truth, \
      less 1), the resolution (half the central 68 % interval of the same), pulls and the coverage of the predicted \
      68 % interval, in intervals of the true value, beside other estimators of the same quantity. Those appear as \
      they are and "corrected", with a response of 1 at each true value of this sample, which is the fair comparison.

      A model with conditions, such as a hypothesised mass, is judged in each of their values too, or in ten \
      intervals where there are more than twenty.

      A head of a plugin may have tables of its own, which follow its metrics, and figures, which --report draws and \
      --format json has.

      With the numbers of signal and background events that a measurement expects, there are the largest expected \
      significances s/√(s + b) and √(2((s + b) ln(1 + s/b) − s)), and the cuts that reach them with at least ten \
      background events of the sample left.

      EXAMPLES:
        canopy evaluate w-vs-qcd.h5 --skip-events 64000 --model w-tagger
        canopy evaluate --model w-tagger
        canopy evaluate '{file: "w-*.h5", label: 1}' '{file: "qcd-*.h5", label: 0}' --model w-tagger
        canopy evaluate test.h5 --model w-tagger --report report --format json
        canopy evaluate hh-vs-ttbar.h5 --skip-events 32000 --model dihiggs \\
          --signal-yield 50 --background-yield 10000
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var model: ModelOptions

  @OptionGroup
  var weights: WeightOptions

  @Option(
    help: ArgumentHelp("The number of signal events (class 1) expected before any cut.", valueName: "events"))
  var signalYield: Double?

  @Option(
    help: ArgumentHelp(
      "The number of background events (class 0) expected before any cut.", valueName: "events"))
  var backgroundYield: Double?

  @Option(
    help: ArgumentHelp(
      "Also write curves, distributions and what training came to into this folder, as PNG, SVG and CSV.",
      discussion: "Figures need gnuplot.", valueName: "dir"),
    completion: .directory)
  var report: String?

  @Option(help: "How the numbers are printed: table for people, json for programs.")
  var format = Format.table

  func validate() throws {
    _ = try yields()
    try model.check(reading)
  }

  /// What the options say of the expected numbers of events.
  private func yields() throws -> EventYields? {
    switch (signalYield, backgroundYield) {
    case (nil, nil): return nil
    case (let signal?, let background?):
      do {
        return try EventYields(signal: signal, background: background)
      } catch let error as MetricError {
        throw ValidationError(error.description)
      }
    default: throw ValidationError("Give both --signal-yield and --background-yield, or neither.")
    }
  }

  /// The events: those of the inputs, or those that had no part in the training.
  private func makeStream(_ model: Model, _ plugins: PluginRegistry) throws -> EventStream {
    guard reading.inputs.isEmpty, let training = model.description.training else {
      return try reading.makeStream(
        plugins.eventFormats, columns: self.model.columns, for: model, weights: weights)
    }
    return try reading.makeStream(
      ofTestEvents: TrainingConfiguration(of: training, plugins: plugins).data, plugins.eventFormats,
      columns: self.model.columns, for: model, weights: weights)
  }

  func run() throws {
    try reportingFailures {
      var files = OutputCheck()
      try files.addInputs(reading.inputs)
      files.addModel(self.model.folder)
      if let report { files.addOutput("--report", report, .folder) }
      try files.check()
      let plugins = try self.model.plugins.registry()
      let model = try self.model.read(plugins)
      let stream = try makeStream(model, plugins)
      let gnuplot = try report.map { _ in try Gnuplot() }
      var progress = EventProgress(stream, resultsOnStandardOutput: false)
      defer { progress.clear() }
      let evaluation = try Evaluation(
        of: model, on: stream, yields: yields(), threads: reading.threadCount
      ) { progress.update($0) }
      progress.clear()
      if let report, let gnuplot {
        let name = URL(fileURLWithPath: self.model.folder).lastPathComponent
        let sample = stream.samples.map { sample in
          sample.name ?? sample.files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: ", ")
        }
        try Report(
          title: "\(name) on \(sample.joined(separator: ", "))", classifiers: evaluation.classifiers,
          regressions: evaluation.regressions,
          conditions: evaluation.heads.flatMap(\.conditions),
          heads: evaluation.heads.compactMap { result in
            result.evaluation.map { Report.Head(name: result.head.name, $0) }
          }, epochs: model.description.training?.epochs ?? []
        ).write(to: URL(fileURLWithPath: report), using: gnuplot)
      }
      switch format {
      case .json: try writeToStandardOutput(evaluation.json())
      case .table: try writeToStandardOutput(Data(Listing(evaluation).text.utf8))
      }
      reportRemarks(evaluation.remarks)
      stream.reportLeftOutEvents()
    }
  }
}

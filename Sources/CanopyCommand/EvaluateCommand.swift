// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

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
      background events of the sample left. --workspace writes the scores in bins for a fit by pyhf, and the same \
      significance, added in quadrature over the bins, is what the fit expects without systematic uncertainties.

      EXAMPLES:
        canopy evaluate w-vs-qcd.h5 --skip-events 64000 --model w-tagger
        canopy evaluate --model w-tagger
        canopy evaluate '{file: "w-*.h5", label: 1}' '{file: "qcd-*.h5", label: 0}' --model w-tagger
        canopy evaluate test.h5 --model w-tagger --report report --format json
        canopy evaluate hh-vs-ttbar.h5 --skip-events 32000 --model dihiggs \\
          --signal-yield 50 --background-yield 10000 --workspace dihiggs.json
        canopy evaluate test.h5 --model w-tagger --in kinematics/pt=250,275,300
        canopy evaluate test.h5 --model w-tagger --model other-tagger --compare n-subjettiness/tau-21
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var weighting: WeightingOptions

  @OptionGroup
  var model: ComparedModelOptions

  @OptionGroup
  var weights: WeightOptions

  @OptionGroup
  var jetTruth: JetTruthOptions

  @OptionGroup(title: "Study")
  var study: StudyOptions

  @Option(
    help: ArgumentHelp(
      "Also write curves, distributions and what training came to into this folder, as PNG, SVG and CSV.",
      discussion: "Figures need gnuplot.", valueName: "dir"),
    completion: .directory)
  var report: String?

  @Option(help: "How the numbers are printed: table for people, json for programs.")
  var format = Format.table

  func validate() throws {
    try model.conditions.check(reading)
    if !reading.inputs.isEmpty { try weights.checkThereAreWeights(weights.weight) }
  }

  func run() throws {
    try reportingFailures {
      var files = OutputCheck()
      try files.addInputs(reading.inputs + study.variationFiles.flatMap(\.sides))
      for folder in model.folders { files.addModel(folder) }
      if let report { files.addOutput("--report", report, .report) }
      if let workspace = study.workspace { files.addOutput("--workspace", workspace) }
      let plugins = try model.conditions.plugins.registry()
      files.addPlugins(plugins)
      try files.check()
      if model.folders.count > 1, reading.inputs.contains("-") {
        throw ValidationError(
          "Standard input can be read once, but each model reads the events: give a file.")
      }
      var models = try model.conditions.read(model.folders, plugins)
      if let matching = try jetTruth.matching() {
        guard models.contains(where: \.network.readsGivenJets) else {
          throw ValidationError(
            "--jet-truth is for truth of given jets, jet/NAME, which no head of the model has.")
        }
        models = models.map { $0.matchingGivenJets(by: matching) }
      }
      let gnuplot = try report.map { _ in try Gnuplot() }
      let training = try trainingWithTestEvents(of: models[0], plugins)
      let data = training?.data
      // The models are compared on the same events.
      var jets = try models[0].formulaJets(plugins)
      jets.observables.declared += training?.observables ?? []
      if let test = data?.testEvents {
        files.addInputs(files: test.samples.flatMap(\.files))
        try files.check()
      }
      let weightings = try models.map { try weighting.choice(ObservableSet(), plugins, for: $0) }
      for weighting in weightings { files.addModel(weighting?.folder) }
      try files.check()
      var evaluations: [Evaluation] = []
      for (model, weighting) in zip(models, weightings) {
        evaluations.append(
          try evaluate(model, on: data, plugins, jets, weighting, isFirst: evaluations.isEmpty))
      }
      var evaluation = evaluations[0]
      let names = model.names
      if models.count > 1 {
        for place in evaluations.indices { evaluations[place].nameClassifiers(by: names[place]) }
        evaluation = evaluations[0]
      }
      let others = zip(names, evaluations).dropFirst().map { (model: $0, evaluation: $1) }
      var remarks = evaluations.flatMap(\.remarks)
      for other in others { remarks += try evaluation.compare(with: other.evaluation, called: other.model) }
      if let workspace = study.workspace {
        try WholeFile.write(Workspace(channels: evaluation.templates).json(), to: workspace)
      }
      if let report, let gnuplot {
        let sample = try (data?.testEvents?.samples ?? reading.samples()).map(\.shortTitle)
        try Report(
          title: "\(names.joined(separator: ", ")) on \(sample.joined(separator: ", "))", evaluation,
          others: others.map(\.evaluation), epochs: models[0].description.training?.epochs ?? [],
          spectra: models[0].description.training?.spectra ?? []
        ).write(to: URL(fileURLWithPath: report), using: gnuplot)
      }
      switch format {
      case .json: try writeToStandardOutput(evaluation.json(others: others))
      case .table:
        try writeToStandardOutput(
          Data(Listing(evaluation, of: names[0], others: others, calibration: study.calibration).text.utf8))
      }
      // Several models may say the same of the events.
      reportRemarks(remarks.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
    }
  }

  /// What a model was trained by, if no events are given: those that the training left out are evaluated.
  private func trainingWithTestEvents(
    of model: Model, _ plugins: PluginRegistry
  ) throws -> TrainingConfiguration? {
    guard reading.inputs.isEmpty, let training = model.description.training else { return nil }
    return try TrainingConfiguration(of: training, plugins: plugins)
  }

  /// Evaluates a model, on events that a training left out or else on the inputs; what was left out of these is said for
  /// the first model.
  private func evaluate(
    _ model: Model, on data: DataSection?, _ plugins: PluginRegistry, _ jets: FormulaJets,
    _ weighting: AppliedWeighting?, isFirst: Bool
  ) throws -> Evaluation {
    var study = self.study.study(plugins)
    let particleColumns = try study.observables(for: model).particleColumns
    let stream =
      try data.map {
        try reading.makeStream(
          ofTestEvents: $0, plugins, jets: jets, columns: self.model.conditions.columns,
          particleColumns: particleColumns, for: model, weights: weights, weighting: weighting)
      }
      ?? reading.makeStream(
        plugins, jets: jets, columns: self.model.conditions.columns, particleColumns: particleColumns,
        for: model, weights: weights, weighting: weighting)
    if isFirst {
      for variation in self.study.variationFiles {
        let sides = try variation.sides.map { try evaluate(model, varied: $0, like: stream) }
        study.variations.append(
          EvaluationStudy.Variation(variation.name, up: sides[0], down: sides.count > 1 ? sides[1] : nil))
      }
    } else {
      // The bins are those of the first model, with which others are compared.
      study.binning = nil
    }
    return try evaluate(model, on: stream, study, isFirst: isFirst)
  }

  /// Evaluates a model on a file of varied events, all of which are read like those of a stream.
  private func evaluate(_ model: Model, varied file: String, like nominal: EventStream) throws -> Evaluation {
    if let sample = nominal.samples.first(where: { $0.weight != 1 || $0.totalWeight != nil }) {
      throw ValidationError(
        "--variation-files are files without weights of their own, and \(sample.title) has one; give the weight by --weight."
      )
    }
    var options = nominal.options
    options.maximumEvents = nil
    options.skipEvents = 0
    return try evaluate(
      model, on: EventStream(samples: InputArgument.samples([file]), options: options), EvaluationStudy(),
      isFirst: false)
  }

  private func evaluate(
    _ model: Model, on stream: EventStream, _ study: EvaluationStudy, isFirst: Bool
  ) throws -> Evaluation {
    var progress = EventProgress(stream, resultsOnStandardOutput: false)
    defer { progress.clear() }
    let evaluation = try Evaluation(
      of: model, on: stream, yields: self.study.yields(), study: study,
      threads: reading.threadCount
    ) { progress.update($0) }
    progress.clear()
    if isFirst { stream.reportLeftOutEvents() }
    return evaluation
  }
}

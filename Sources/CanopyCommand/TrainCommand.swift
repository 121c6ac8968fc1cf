// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// `canopy train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network as a YAML file says, and writes it as a model.",
    discussion: """
      After every epoch the folder MODELDIR holds the model of the best epoch so far, and a checkpoint from which \
      --resume goes on to the same bits as a training that was not interrupted: with the same events and the same \
      configuration but for training.epochs and training.learning-rate, so that a finished training can go on too. \
      Files in the configuration are relative to the working folder.

      EXAMPLES:
        canopy train w-tagger.yaml -o w-tagger
        canopy train w-tagger.yaml -o w-tagger --resume
        canopy train w-tagger.yaml -o w-tagger --resume --set training.epochs=20
        canopy train dihiggs.yaml -o two-jets --set events.leading=2
        canopy train dihiggs.yaml -o momenta \\
          --set embedding=null --set events.embedding=false
      """)

  @Argument(help: "The training configuration.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the new model.", valueName: "modeldir"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Set a value over what the configuration says, in YAML; may be given several times.",
      discussion: "null takes a value or a whole section away.", valueName: "key.key=value"))
  var `set`: [String] = []

  @Flag(help: "Go on with the training in MODELDIR; if there is none, begin.")
  var resume = false

  @OptionGroup
  var plugins: PluginOptions

  func run() throws {
    try reportingFailures {
      let plugins = try plugins.registry()
      let settings = try TrainingConfiguration(
        contentsOf: URL(fileURLWithPath: configuration), settings: self.set, plugins: plugins)
      var files = OutputCheck()
      files.addInput(configuration)
      files.addInputs(files: settings.data.files + settings.data.testInputs.flatMap(\.files))
      files.addModel(settings.embedding?.source.model)
      files.addOutput("-o", output, .folder)
      for file in [Model.descriptionFile, Model.weightsFile, Checkpoint.file] {
        files.addOutput("the model's file", "\(output)/\(file)", .part)
      }
      try files.check()
      let run = TrainingRun(settings, plugins: plugins)
      let observer = TrainingObserver(output)
      defer { observer.progress?.clear() }
      _ = try run.run(into: URL(fileURLWithPath: output), resuming: resume, observer: observer)
    }
  }
}

/// Shows a training on standard error.
private final class TrainingObserver: TrainingRun.Observer {
  var progress: TrainingProgress?
  private let folder: String

  init(_ folder: String) { self.folder = folder }

  func begin(_ summary: TrainingRun.Summary) {
    var text = summary.fold.map { "without fold \($0.fold + 1) of \($0.folds.count): " } ?? ""
    text +=
      "\(summary.trainingEvents) events to learn from and \(summary.validationEvents) to validate on, with "
      + "\(summary.jets) jets; \(summary.parameterCount) parameters; "
      + "\(summary.threads) \(summary.threads == 1 ? "thread" : "threads")\n"
    if summary.epochsDone > 0 { text += "resuming after epoch \(summary.epochsDone)\n" }
    for change in summary.changes { text += "\(change)\n" }
    writeToStandardError(text)
    reportRemarks(summary.remarks)
    progress = TrainingProgress(epochCount: summary.epochs, eventCount: summary.trainingEvents)
  }

  func step(epoch: Int, eventsDone: Int, loss: Double) {
    progress?.update(epoch: epoch, eventsDone: eventsDone, loss: loss)
  }

  func finish(_ epoch: EpochSummary) { progress?.finishEpoch(epoch) }
}

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
      After every epoch the folder MODELDIR holds the model of the best epoch so far, its learning curve \
      (learning-curve.csv), and a checkpoint from which --resume goes on to the same bits as a training that was not \
      interrupted: with the same events and the same configuration but for training.epochs, training.learning-rate and \
      training.early-stopping, so that a finished training can go on too. Files in the configuration are relative to the \
      working folder.

      EXAMPLES:
        canopy train w-tagger.yaml -o w-tagger
        canopy train w-tagger.yaml -o w-tagger --resume
        canopy train w-tagger.yaml -o w-tagger --resume --set training.epochs=20
        canopy train w-tagger.yaml -o w-tagger --set training.early-stopping=5 \\
          --tensorboard runs/w-tagger
        canopy train w-tagger.yaml --find-rate
        canopy train w-tagger.yaml -o tuned --from w-tagger --set training.rates.embedding=0.1
        canopy train dihiggs.yaml -o two-jets --set events.leading=2
        canopy train dihiggs.yaml -o momenta \\
          --set embedding=null --set events.embedding=false
      """)

  @Argument(help: "The training configuration.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the new model.", valueName: "modeldir"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Set a value over what the configuration says, in YAML; may be given several times.",
      discussion: "null takes a value or a whole section away.", valueName: "key.key=value"))
  var `set`: [String] = []

  @Flag(help: "Go on with the training in MODELDIR; if there is none, begin.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Begin with the weights of a model of the same network, like --set training.from=MODEL.",
      valueName: "model"),
    completion: .directory)
  var from: String?

  @Flag(
    help: "Print the loss of steps at rising learning rates, and a rate that it suggests; nothing is written."
  )
  var findRate = false

  @Option(
    help: ArgumentHelp(
      "Write a file of events for TensorBoard into this folder (default: MODELDIR with training.tensorboard, else none).",
      valueName: "dir"))
  var tensorboard: String?

  @OptionGroup
  var plugins: PluginOptions

  func validate() throws {
    guard findRate else {
      guard output != nil else {
        throw ValidationError(
          "Missing expected argument '--output <modeldir>': name the folder of the new model.")
      }
      return
    }
    for (option, isGiven) in [
      ("--output", output != nil), ("--resume", resume), ("--tensorboard", tensorboard != nil),
    ] where isGiven {
      throw ValidationError("\(option) means nothing with --find-rate, which writes nothing; leave it out.")
    }
  }

  func run() throws {
    try reportingFailures {
      let plugins = try plugins.registry()
      let settings = try TrainingConfiguration(
        contentsOf: URL(fileURLWithPath: configuration),
        settings: self.set + (from.map { ["training.from=\(try JSONValue(encoding: $0).text)"] } ?? []),
        plugins: plugins)
      let run = TrainingRun(settings, plugins: plugins)
      if let output {
        try train(run, into: output)
      } else {
        try findRate(run)
      }
    }
  }

  private func train(_ run: TrainingRun, into output: String) throws {
    let settings = run.configuration
    var files = OutputCheck()
    files.addInput(configuration)
    files.addInputs(files: settings.data.files + settings.data.testInputs.flatMap(\.files))
    files.addModel(settings.embedding?.source.model)
    files.addModel(settings.training.model)
    files.addPlugins(run.plugins)
    files.addOutput("-o", output, .folder)
    for file in [
      Model.descriptionFile, Model.weightsFile, Checkpoint.file, TrainingRun.learningCurveFile,
      TrainingRun.reweightingFile,
    ] {
      files.addOutput("the model's file", "\(output)/\(file)", .part)
    }
    if let tensorboard { files.addOutput("--tensorboard", tensorboard, .folder) }
    try files.check()
    let log = TrainingLog()
    defer { log.clear() }
    let model = try run.run(
      into: URL(fileURLWithPath: output), resuming: resume,
      tensorBoard: tensorboard.map { URL(fileURLWithPath: $0) }, observer: log)
    log.end(with: model, after: settings.training.epochs)
  }

  private func findRate(_ run: TrainingRun) throws {
    let test = try run.testRates(observer: TrainingLog())
    func text(_ rate: Double) -> String { String(format: "%.2g", rate) }
    var listing = Listing()
    // Some twenty lines show the curve.
    let stride = max(1, (test.steps.count + 19) / 20)
    listing.add(
      table: [["learning-rate", "loss", "smoothed loss"]]
        + test.steps.enumerated().filter { $0.offset % stride == 0 || $0.offset == test.steps.count - 1 }.map
      {
        [text($1.rate), String(format: "%.4f", $1.loss), String(format: "%.4f", $1.smoothedLoss)]
      })
    if let least = test.least, let rate = test.suggestedRate {
      listing.begin(
        "the loss is least at \(text(least.rate)); a tenth of that is a rate to begin with: --set training.learning-rate="
          + text(rate))
    } else {
      listing.begin("the loss falls at no rate: there are too few steps, or there is nothing to be learnt")
    }
    try writeToStandardOutput(Data(listing.text.utf8))
  }
}

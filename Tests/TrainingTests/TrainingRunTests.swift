// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Formulas
import Foundation
import NeuralEngine
import PluginKit
import Settings
import Support
import TestFiles
import Testing
import Training

/// Whole trainings, from a configuration file to a model's folder.
@Suite struct TrainingRunTests {
  private let folder: TemporaryFolder
  private let events: String

  init() throws {
    folder = try TemporaryFolder()
    events = try folder.write(ToyJets.lines(100).joined(), to: "toys.jsonl")
  }

  private final class Log: TrainingRun.Observer {
    var summary: TrainingRun.Summary?
    var epochs: [EpochSummary] = []
    var steps = 0
    /// Called after each epoch, when its model and checkpoint are written.
    var afterEpoch: (EpochSummary) throws -> Void = { _ in }
    var error: (any Error)?

    func begin(_ summary: TrainingRun.Summary) { self.summary = summary }
    func step(epoch: Int, eventsDone: Int, loss: Double) { steps += 1 }
    func finish(_ epoch: EpochSummary) {
      epochs.append(epoch)
      do { try afterEpoch(epoch) } catch { self.error = error }
    }
  }

  @discardableResult
  private func run(
    _ yaml: String, into name: String, resuming: Bool = false, log: Log = Log()
  ) throws -> Model {
    let file = URL(fileURLWithPath: try folder.write(yaml, to: "c.yaml"))
    let run = TrainingRun(
      try TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins), plugins: ToyJets.plugins)
    return try run.run(
      into: folder.url.appendingPathComponent(name), resuming: resuming, observer: log)
  }

  private func read(_ name: String) throws -> Model {
    try Model(contentsOf: folder.url.appendingPathComponent(name), plugins: ToyJets.plugins)
  }

  @Test func theFolderHoldsTheModel() throws {
    let yaml = ToyJets.configuration(
      events, training: "epochs: 8, batch-size: 10, learning-rate: 0.02, seed: 3, threads: 2")
    let log = Log()
    let folder = folder
    log.afterEpoch = { epoch in
      let model = try Model(
        contentsOf: folder.url.appendingPathComponent("model"), plugins: ToyJets.plugins)
      #expect(model.description.training?.epochs.last == epoch)
      #expect(FileManager.default.fileExists(atPath: folder.path("model/checkpoint.safetensors")))
    }
    let model = try run(yaml, into: "model", log: log)
    #expect(log.error == nil, "\(log.error.map { "\($0)" } ?? "")")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("model")).sorted()
    #expect(files == ["checkpoint.safetensors", "learning-curve.csv", "model.json", "weights.safetensors"])
    let copy = try read("model")
    #expect(copy.description == model.description)
    #expect(copy.parameters.values.elementsEqual(model.parameters.values))

    let training = try #require(copy.description.training)
    let summary = try #require(log.summary)
    #expect(training.configuration == yaml && training.files == ["toys.jsonl"])
    #expect(training.seed == 3 && training.threads == 2 && training.epochs == log.epochs)
    #expect(training.epochs.map(\.epoch) == Array(1...8))
    #expect(training.trainingEvents + training.validationEvents == 100 && summary.events == 100)
    #expect(summary.trainingEvents == training.trainingEvents && summary.epochsDone == 0)
    #expect(summary.parameterCount == copy.network.layout.parameterCount)
    #expect(log.steps == 8 * ((training.trainingEvents + 9) / 10))
    let best = training.epochs.map { $0.metrics[0].value }.max()!
    #expect(training.epochs[training.bestEpoch - 1].metrics[0].value == best && best > 0.9)

    let evaluation = try Evaluation(of: copy, on: EventStream(inputs: [events]), threads: 2)
    #expect(evaluation.eventCount == 100 && evaluation.jetCount == 100)
    #expect(evaluation.heads.map(\.head.name) == ["prongs"])
    #expect(try #require(evaluation.heads[0].evaluation?.metrics[0].estimate).value > 0.9)
  }

  @Test func theModelHoldsWhatIsLearntFromTheValidationSample() throws {
    let yaml = ToyJets.configuration(
      events, training: "epochs: 3, batch-size: 10, learning-rate: 0.02, seed: 3, threads: 2")
    let classes = "classes: [one, two]"
    let model = try run(
      yaml.replacingOccurrences(of: classes, with: "\(classes)\n      working-points: [0.3]"), into: "model")
    let calibration = try #require(
      try model.description.heads[0].calibration?.decode(Classification.Calibration.self))
    #expect(calibration.temperature > 0 && calibration.thresholds[0].map(\.target) == [0.3])
    let stream = try EventStream(inputs: [events])
    let batch = try #require(try stream.next(upTo: 50))
    let prediction = try Predictor(model).predict(batch)
    #expect(try Predictor(read("model")).predict(batch).heads[0].values == prediction.heads[0].values)
    let outputs = prediction.heads[0].matrix
    #expect((0..<outputs.rows).contains { outputs[$0, 1] == 0.3 })
    for row in 0..<outputs.rows {
      let passes = outputs[row, 0] >= calibration.thresholds[0][0].threshold
      #expect(outputs[row, 1] == (passes ? 0.3 : 1))
    }
    let error = #expect(throws: TrainingError.self) {
      try run(
        yaml.replacingOccurrences(of: classes, with: "\(classes)\n      working-points: [0.001]"),
        into: "other")
    }
    #expect(
      error?.description.hasPrefix("prongs cannot be calibrated on the validation events: The working point")
        == true)
  }

  @Test func theFormatOfTheFilesMayBeNamed() throws {
    func yaml(_ format: String) -> String {
      ToyJets.configuration(events, training: "epochs: 1, threads: 1").replacingOccurrences(
        of: "validation-fraction: 0.3", with: "validation-fraction: 0.3\n  format: \(format)")
    }
    let named = try run(yaml("jsonl"), into: "named")
    let told = try run(ToyJets.configuration(events, training: "epochs: 1, threads: 1"), into: "told")
    #expect(named.parameters.values.elementsEqual(told.parameters.values))
    for (format, problem) in [("text", "event 0"), ("jsnol", "which is no format; choose from hdf5")] {
      let error = #expect(throws: EventInputError.self) { try run(yaml(format), into: format) }
      #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
  }

  @Test func valuesAreSetOverTheFile() throws {
    let file = try folder.write(ToyJets.configuration(events, training: "epochs: 8"), to: "c.yaml")
    func read(_ settings: String...) throws -> TrainingConfiguration {
      try TrainingConfiguration(
        contentsOf: URL(fileURLWithPath: file), settings: settings, plugins: ToyJets.plugins)
    }
    let configuration = try read(
      "training.epochs=2", "data.where.label=1", "data.inputs=[a.h5, b.h5]", "embedding=null", "jets.min-pt=",
      "heads.prongs.configuration.classes=[x, y, z]")
    #expect(
      configuration.training.epochs == 2
        && configuration.data.reading.selection == [Formula(column: "label", isEqualTo: 1)])
    #expect(configuration.data.files == ["a.h5", "b.h5"] && configuration.embedding == nil)
    #expect(configuration.jets.selection.kind == .inclusive(minimumPt: 5))
    #expect(configuration.text.hasSuffix("# --set heads.prongs.configuration.classes=[x, y, z]\n"))
    let twice = #expect(throws: ConfigurationError.self) {
      try read("training.epochs=2", "training.epochs=3")
    }
    #expect(
      twice?.description
        == "--set training.epochs=3: training.epochs is set twice, by --set training.epochs=2 too; set it once."
    )
    // A mapping replaces another as a whole.
    let other = try read("heads={other: {plugin: p, configuration: {}}}", "jets={radius: 0.7}")
    #expect(other.heads.keys == ["other"] && other.jets.definition.radius == 0.7)
    #expect(other.jets.selection.kind == .inclusive(minimumPt: 5) && other.jets.recluster == nil)
    let complaints = [
      (
        "training.epoch=2",
        "--set training.epoch=2: unknown key 'epoch' in training; did you mean 'epochs'?"
      ),
      ("training", "--set training: write KEY.KEY=VALUE, as in events.leading=5."),
      ("training..x=1", "--set training..x=1: write KEY.KEY=VALUE, as in events.leading=5."),
      (
        "data.max-events=none",
        "--set data.max-events=none: data.max-events must be a whole number, not 'none'."
      ),
    ]
    for (setting, complaint) in complaints {
      let error = #expect(throws: ConfigurationError.self) { try read(setting) }
      #expect(error?.description == complaint)
    }
  }

  /// A second training on the embedding of a first: it starts from there, and stays there if it is frozen.
  @Test(arguments: [false, true]) func anEmbeddingCanComeFromAnotherModel(frozen: Bool) throws {
    let yaml = ToyJets.configuration(
      events, training: "epochs: 2, batch-size: 10, threads: 2, weight-decay: 0.1")
    let first = try run(yaml, into: "first")
    let source = folder.path("first")
    let second = try run(
      yaml.replacing(/cell:.*\n  width: 4/, with: "from: \(source)\n  frozen: \(frozen)")
        .replacingOccurrences(of: "prongs:", with: "again:"), into: "second")
    #expect(second.description.embedding == first.description.embedding)
    #expect(second.description.scaling == first.description.scaling)
    func embedding(_ model: Model) -> [Float] {
      model.network.embedding!.parameters.flatMap { Array(model.parameters[$0]) }
    }
    #expect((embedding(second) == embedding(first)) == frozen)
    let distance = zip(embedding(second), embedding(first)).map { abs($0 - $1) }.max()!
    #expect(distance < 0.1, "it begins at the first's weights")
    let both = yaml.replacing(/cell:.*\n/, with: "from: \(source)\n")
    #expect(complaint(both).contains("embedding.width is refused: is that of the model under from"))
    #expect(
      complaint(yaml.replacingOccurrences(of: "cell: gated", with: "frozen: true")).contains(
        "name a model under from"))
  }

  @Test func aFolderIsWrittenOnlyOnce() throws {
    let yaml = ToyJets.configuration(events, training: "epochs: 1, threads: 1")
    try run(yaml, into: "model")
    let weights = try folder.data("model/weights.safetensors")
    let again = #expect(throws: OutputPlaceError.self) { try run(yaml, into: "model") }
    #expect(again?.description.contains("holds a training already; add --resume") == true)
    try FileManager.default.removeItem(atPath: folder.path("model/checkpoint.safetensors"))
    for (resuming, fragment) in [(false, "holds a model already;"), (true, "no checkpoint to go on from")] {
      let error = #expect(throws: OutputPlaceError.self) { try run(yaml, into: "model", resuming: resuming) }
      #expect(error?.description.contains(fragment) == true)
    }
    #expect(try folder.data("model/weights.safetensors") == weights)
  }

  @Test func onlyTheSameConfigurationResumes() throws {
    // What a training that was stopped after its first epoch leaves.
    let folder = folder
    let log = Log()
    log.afterEpoch = { epoch in
      guard epoch.epoch == 1 else { return }
      try FileManager.default.copyItem(atPath: folder.path("whole"), toPath: folder.path("part"))
    }
    let yaml = ToyJets.configuration(events, training: "epochs: 3, batch-size: 20, threads: 2")
    try run(yaml, into: "whole", log: log)
    #expect(log.error == nil)
    let unfinished = #expect(throws: OutputPlaceError.self) { try run(yaml, into: "part") }
    #expect(unfinished?.description.contains("add --resume") == true)
    let other = #expect(throws: TrainingError.self) {
      try run(
        yaml.replacingOccurrences(of: "batch-size: 20", with: "batch-size: 21"), into: "part", resuming: true)
    }
    #expect(other?.description.contains("another configuration: training.batch-size differs") == true)
    let rest = Log()
    try run(yaml + "\n# other", into: "part", resuming: true, log: rest)
    #expect(rest.summary?.epochsDone == 1 && rest.epochs.map(\.epoch) == [2, 3])
    #expect(try folder.data("part/weights.safetensors") == folder.data("whole/weights.safetensors"))
  }

  @Test func aTrainingBeginsIfThereIsNone() throws {
    let yaml = ToyJets.configuration(events, training: "epochs: 1, threads: 1")
    try run(yaml, into: "first", resuming: true)
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: false)
    try run(yaml, into: "empty", resuming: true)
    #expect(try folder.data("empty/weights.safetensors") == folder.data("first/weights.safetensors"))
  }

  /// At a constant rate, two epochs and two more are four.
  @Test func aFinishedTrainingGoesOn() throws {
    func yaml(_ epochs: Int, rate: Double = 0.01) -> String {
      ToyJets.configuration(
        events,
        training: "epochs: \(epochs), batch-size: 20, threads: 2, schedule: constant, learning-rate: \(rate)")
    }
    try run(yaml(4), into: "whole")
    try run(yaml(2), into: "part")
    let log = Log()
    try run(yaml(4), into: "part", resuming: true, log: log)
    #expect(log.summary?.changes == ["training.epochs is '4' now, and was '2'"])
    #expect(log.epochs.map(\.epoch) == [3, 4])
    #expect(try folder.data("part/weights.safetensors") == folder.data("whole/weights.safetensors"))
    let slower = Log()
    try run(yaml(5, rate: 0.001), into: "part", resuming: true, log: slower)
    #expect(slower.summary?.changes.count == 2 && slower.epochs.map(\.epoch) == [5])
    let fewer = #expect(throws: TrainingError.self) {
      try run(yaml(3, rate: 0.001), into: "part", resuming: true)
    }
    #expect(fewer?.description.contains("5 epochs are done") == true)
    let description = try folder.data("part/model.json")
    let none = #expect(throws: TrainingError.self) {
      try run(yaml(5, rate: 0.002), into: "part", resuming: true)
    }
    #expect(
      none?.description.contains(
        "the training is finished after 5 epochs, which another training.learning-rate changes nothing of; give it the value that "
          + "it had, '0.001', or more training.epochs") == true, "\(none?.description ?? "")")
    #expect(try folder.data("part/model.json") == description)
  }

  /// The bits of one training only at a constant rate, and by the rates of the longer one in any case.
  @Test(
    arguments: LearningRateSchedule.allCases, ["", ", warm-up: 1.5", ", keep: average", ", optimiser: lion"])
  func moreEpochsAreThoseOfTheLongerSchedule(schedule: LearningRateSchedule, more: String) throws {
    if schedule == .oneCycle, more.contains("warm-up") { return }
    func yaml(_ epochs: Int) -> String {
      ToyJets.configuration(
        events,
        training: "epochs: \(epochs), batch-size: 20, threads: 1, schedule: \(schedule.rawValue)" + more)
    }
    let (whole, part) = (Log(), Log())
    try run(yaml(3), into: "whole", log: whole)
    try run(yaml(2), into: "part")
    try run(yaml(3), into: "part", resuming: true, log: part)
    #expect(part.epochs.map(\.learningRate) == whole.epochs.suffix(1).map(\.learningRate))
    let areSame = try folder.data("part/weights.safetensors") == folder.data("whole/weights.safetensors")
    #expect(areSame == (schedule == .constant))
    let changes = try #require(part.summary?.changes)
    #expect(changes.count == 1 && changes[0].contains("not those of one training of 3 epochs") == !areSame)
  }

  @Test func onlyTheSameEventsResume() throws {
    let yaml = ToyJets.configuration(events, training: "epochs: 1, threads: 1")
    try run(yaml, into: "model")
    let lines = ToyJets.lines(100)
    let inverted = lines.map { line in
      line.contains("\"label\": 1")
        ? line.replacingOccurrences(of: "\"label\": 1", with: "\"label\": 0")
        : line.replacingOccurrences(of: "\"label\": 0", with: "\"label\": 1")
    }
    let moved = lines.map { $0.replacingOccurrences(of: "[1", with: "[2") }
    #expect(inverted != lines && moved != lines)
    for (others, what) in [(inverted, "column label"), (moved, "features")] {
      try folder.write(others.joined(), to: "toys.jsonl")
      let error = #expect(throws: TrainingError.self) { try run(yaml, into: "model", resuming: true) }
      #expect(
        error?.description.contains("other events: their \(what)") == true, "\(error?.description ?? "")")
    }
  }

  @Test func aDamagedCheckpointIsRefused() throws {
    let yaml = ToyJets.configuration(events, training: "epochs: 1, threads: 1")
    try run(yaml, into: "model")
    var checkpoint = try folder.data("model/checkpoint.safetensors")
    checkpoint[checkpoint.count - 3] ^= 1
    try folder.write(checkpoint, to: "model/checkpoint.safetensors")
    let error = #expect(throws: TrainingError.self) { try run(yaml, into: "model", resuming: true) }
    #expect(error?.description.contains("checkpoint.safetensors: the checkpoint is damaged") == true)
  }

  /// The rate rises for some epochs until the network overflows.
  @Test func aTrainingThatDivergesLeavesWhatItHad() throws {
    let yaml = ToyJets.configuration(
      events, training: "epochs: 40, batch-size: 1000, learning-rate: 1e6, threads: 1", cell: "simple")
    let log = Log()
    let error = #expect(throws: TrainingError.self) { try run(yaml, into: "model", log: log) }
    #expect(error?.fault == .work)
    try #require(!log.epochs.isEmpty, "an epoch was done before")
    let model = try read("model")
    #expect(model.description.training?.epochs.count == log.epochs.count)
    let layout = model.network.layout
    let file = folder.url.appendingPathComponent("model/checkpoint.safetensors")
    #expect(try Checkpoint(contentsOf: file, layout: layout).epochs == log.epochs)

    // Without delay: no file is left that would be in the way.
    let sudden = ToyJets.configuration(events, training: "epochs: 2, learning-rate: 1e30, threads: 1")
    #expect(throws: TrainingError.self) { try run(sudden, into: "sudden") }
    #expect(!FileManager.default.fileExists(atPath: folder.path("sudden")))
  }

  // MARK: - Data that cannot be learnt from

  private func complaint(_ yaml: String) -> String {
    do {
      try run(yaml, into: "none")
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func labelsThatAreNoClassNameFileAndEvent() throws {
    var lines = ToyJets.lines(40)
    lines[17] = lines[17].replacingOccurrences(of: "\"label\": 1", with: "\"label\": 7")
    let bad = try folder.write(lines.joined(), to: "bad.jsonl")
    let text = complaint(ToyJets.configuration(bad, training: "threads: 2"))
    #expect(
      text
        == "\(bad), event 17: label is 7.0, but the classes one, two have the numbers 0 to 1.")
  }

  @Test func tooFewEventsToLearnFrom() throws {
    let one = try folder.write(ToyJets.lines(1).joined(), to: "one.jsonl")
    let text = complaint(ToyJets.configuration(one, training: "threads: 1"))
    #expect(text.contains("one.jsonl: of 1 events") && text.contains("needs some of each"), "\(text)")
    let empty = Array(repeating: ToyJets.line([], "\"label\": 1"), count: 20).joined()
    let none = try folder.write(empty, to: "none.jsonl")
    #expect(
      complaint(ToyJets.configuration(none, training: "threads: 1")).contains("20 events have no jets"))
  }

  @Test func aHeadWithoutTheStageThatItReads() throws {
    let file = try folder.write(ToyJets.lines(20).joined(), to: "toys.jsonl")
    let yaml = ToyJets.configuration(file, training: "threads: 1")
    let bare = yaml.replacing(/embedding:\n.*\n.*\n/, with: "")
    #expect(complaint(bare).contains("head prongs: The head reads the embeddings of jets"), "\(bare)")
    let context = yaml.replacingOccurrences(
      of: "truth: label", with: "truth: label\n      event-context: true")
    #expect(complaint(context).contains("head prongs: The head reads the embedding of the event"))
  }

  @Test func headsThatCannotBeMade() {
    let yaml = ToyJets.configuration(events, training: "threads: 1")
    let plugin = complaint(yaml.replacingOccurrences(of: "jet-tagger", with: "jet-tager"))
    #expect(plugin.contains("c.yaml:13:13:") && plugin.contains("There is no plugin jet-tager"), "\(plugin)")
    #expect(plugin.hasSuffix("jet-tagger.") && !plugin.hasSuffix(".."), "\(plugin)")
    #expect(
      complaint(yaml.replacingOccurrences(of: "[one, two]", with: "[one]"))
        == "The network cannot be made: the head prongs: A classifier needs at least two classes, and was given 1."
    )
    for name in ["pt", "..", "a/b"] {
      #expect(
        complaint(yaml.replacingOccurrences(of: "prongs:", with: "\(name):")).hasPrefix(
          "The network cannot be made: a head cannot be called “\(name)”"))
    }
    #expect(complaint(yaml.replacingOccurrences(of: "truth:", with: "thruth:")).contains("'truth'"))
  }
}

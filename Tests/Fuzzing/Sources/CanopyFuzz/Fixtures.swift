// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// What the targets read in addition to their inputs, made from the shipped samples, and the seeds of each
/// target.
struct Fixtures {
  /// Where all of it is.
  let folder: URL
  /// A folder of this process for inputs, which are best kept in memory.
  let scratch: URL

  /// The events of the run that left the journal: one batch, so that no event is left to decide about.
  static let journalEvents = 16

  init(folder: URL) throws {
    self.folder = folder
    scratch = FileManager.default.temporaryDirectory.appendingPathComponent("canopy-fuzz-\(getpid())")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
  }

  /// A training configuration of a network as small as can be, with a head of each kind.
  var configuration: URL { folder.appendingPathComponent("configuration.yaml") }
  /// The model of that training.
  var model: URL { folder.appendingPathComponent("model") }
  /// The folder of that training after its first epoch.
  var unfinishedModel: URL { folder.appendingPathComponent("unfinished-model") }
  /// The model of the same training with two folds.
  var foldedModel: URL { folder.appendingPathComponent("folded-model") }
  private var menu: URL { folder.appendingPathComponent("menu.yaml") }

  /// A copy of a folder that an input may be written into.
  func copy(of source: URL) throws -> URL {
    let copy = scratch.appendingPathComponent(source.lastPathComponent)
    try? FileManager.default.removeItem(at: copy)
    try FileManager.default.copyItem(at: source, to: copy)
    return copy
  }

  func stream(_ count: Int) throws -> EventStream {
    try EventStream(
      inputs: [Self.resources.appendingPathComponent("Samples/w-vs-qcd-small.h5").path],
      options: EventReadingOptions(maximumEvents: count))
  }

  func events(_ count: Int) throws -> Events { try stream(count).next(upTo: count)! }

  func triggerRun() throws -> TriggerRun {
    let model = try Model(contentsOf: model, plugins: .builtIn)
    let menu = try MenuFile(contentsOf: menu).menu(sources: DecisionSources(model), plugins: .builtIn)
    return try TriggerRun(model: model, menu: menu, threads: 1)
  }

  func triggerOutput(_ file: URL, isResumed: Bool) -> TriggerRun.Output {
    TriggerRun.Output(
      path: file.path, format: JSONLinesEventOutputFormat(), menu: menu, model: model, isResumed: isResumed)
  }
}

// MARK: - Making them

extension Fixtures {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../..").standardizedFileURL
  private static let resources = root.appendingPathComponent("Resources")

  /// Makes everything.
  func prepare() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try trainingText.write(to: configuration, atomically: true, encoding: .utf8)
    try menuText.write(to: menu, atomically: true, encoding: .utf8)
    try writeFileSeeds()
    for made in [model, unfinishedModel, foldedModel] { try? FileManager.default.removeItem(at: made) }
    let keeper = CheckpointKeeper(of: model, in: unfinishedModel)
    for (settings, model) in [([], model), (["data.folds=2"], foldedModel)] {
      _ = try TrainingRun(
        TrainingConfiguration(contentsOf: configuration, settings: settings, plugins: .builtIn),
        plugins: .builtIn
      )
      .run(into: model, resuming: false, observer: keeper)
    }
    try writeTrainedSeeds()
  }

  private var trainingText: String {
    """
    data:
      inputs: ["\(Self.resources.appendingPathComponent("Samples/w-vs-qcd-small.h5").path)"]
      max-events: 120
      validation-fraction: 0.3
    jets: {algorithm: antikt, radius: 1.0, min-pt: 100, leading: 2, recluster: kt}
    embedding: {cell: gated, width: 2, features: lund}
    events: {embedding: true, width: 2, leading: 2}
    heads:
      tagger:
        plugin: jet-tagger
        configuration: {truth: label, classes: [QCD, W], hidden: [2], working-points: [0.5]}
    training: {epochs: 2, batch-size: 16, learning-rate: 0.002, seed: 1, threads: 1}

    """
  }

  private var menuText: String {
    """
    rate: {input: 1000, budget: 100}
    paths:
      - name: tagged
        conditions:
          - jet: {quantity: tagger/score, max-abs-rapidity: 2.5}
            min: 0.2
      - name: any
        seed: tagged
        prescale: 3
        conditions:
          - scalar-sum: {}
            min: 100
            max: 5000

    """
  }

  /// The state of the menu and the accepted events after the only batch of a run.
  private func journal() throws -> Data {
    struct Stop: Error {}
    let output = triggerOutput(folder.appendingPathComponent("accepted.jsonl"), isResumed: false)
    try? FileManager.default.removeItem(atPath: output.journal)
    do {
      _ = try triggerRun().run(try stream(Self.journalEvents), to: output) { _ in throw Stop() }
    } catch is Stop {}
    return try Data(contentsOf: URL(fileURLWithPath: output.journal))
  }

  /// The seeds that are files of the project or text.
  private func writeFileSeeds() throws {
    let readers = Self.root.appendingPathComponent("Tests/EventIOTests/Fixtures")
    let enumerator = FileManager.default.enumerator(at: readers, includingPropertiesForKeys: nil)
    for case let file as URL in enumerator! {
      let data = (try? Data(contentsOf: file)) ?? Data()
      guard data.count < 64 << 10 else { continue }
      switch file.pathExtension {
      case "hepmc":
        let isOld = data.prefix(200).range(of: Data("IO_GenEvent".utf8)) != nil
        try write(data, isOld ? "hepmc2" : "hepmc3", file.lastPathComponent)
      case "h5", "hdf5": try write(data, "hdf5", file.lastPathComponent)
      case "lhe": try write(data, "lhe", file.lastPathComponent)
      case "jsonl": try write(data, "json", file.lastPathComponent)
      case "txt": try write(data, "text", file.lastPathComponent)
      case "gz", "zst", "xz", "bz2": try write(data, "compressed", file.lastPathComponent)
      default: break
      }
    }
    try write(
      Data(
        """
        {"particles": [[1, 2, 3, 4], [0.5, 0.25, -1e1, 20]], "pdgid": [211, 12], "label": 1, "weights": [1, null]}
        {"particles": [], "label": 0}

        """.utf8), "json", "seed")
    try write(
      Data(
        """
        {"particles": [[1, 2, 3, 4], [5, 1, 0, 9]], "d0.0": [1, 2], "d0.1": [null, 3], "process": "W", "number": 9007199254740993, \
        "jets": [{"pt": 7, "eta": 0.5, "phi": 1, "flavour": 5, "type": "b"}, {"pt": 3, "eta": -1, "phi": -3}]}
        {"particles": [[1, 0, 0, 2]], "process": "QCD", "jets": []}

        """.utf8), "json", "given-jets")
    try write(Data("lower,upper,share\n0,10,0.25\n10,20.5,0.5\n20.5,1e2,0\n".utf8), "pile-up", "seed")
    try write(
      Data("# px py pz E\n1 2 3 4\n0.5 .25 -1e1 20\n#END\n1 0 0 1\n\n2 0 0 2 211\n".utf8), "text", "seed")

    for (folder, target) in [("Configurations", "configuration"), ("Menus", "menu")] {
      let folder = Self.resources.appendingPathComponent(folder)
      for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
        try write(Data(contentsOf: file), target, file.lastPathComponent)
      }
    }
    try writeDocumentedSeeds()
    try write(Data(contentsOf: configuration), "configuration", "seed")
    try write(Data(contentsOf: menu), "menu", "seed")
    let settings = [
      "training.epochs=3", "embedding=null", "data.inputs=[a, b]",
      "heads.tagger.configuration.classes=[A, B]",
      "data.where={label: 1}", "heads.other={plugin: jet-tagger, weight: 0.5}", "events.inputs=[ht]",
    ]
    let formulas = [
      "label == 1 and not met < 5", "sum(particle.pt * charge) / max(met, 2) ** -1",
      "count(particle.pt > 1) in [0, 2..5]",
      "0 <= particle[0].eta < 2.5 or missing(`met`)", "mass(particle[0], particle[1]) % 3",
      "pdgid not in 22, -11",
    ]
    for (index, formula) in formulas.enumerated() { try write(Data(formula.utf8), "formula", "\(index)") }
    for (index, setting) in settings.enumerated() { try write(Data(setting.utf8), "settings", "\(index)") }
  }

  /// The configurations and menus in the documentation, which have all that one can write.
  private func writeDocumentedSeeds() throws {
    let pages = Self.root.appendingPathComponent("Sources/Canopy/Canopy.docc")
    for page in try FileManager.default.contentsOfDirectory(at: pages, includingPropertiesForKeys: nil)
    where page.pathExtension == "md" {
      let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
      for (index, part) in parts.enumerated() where part.hasPrefix("yaml\n") {
        let name = page.deletingPathExtension().lastPathComponent + "-\(index)"
        try write(Data(part.dropFirst(5).utf8), part.contains("paths:") ? "menu" : "configuration", name)
      }
    }
  }

  /// The seeds that come from a training.
  private func writeTrainedSeeds() throws {
    for name in [Model.descriptionFile, Model.weightsFile] {
      let data = try Data(contentsOf: model.appendingPathComponent(name))
      try write(data, name == Model.weightsFile ? "weights" : "model", "seed")
    }
    try write(
      Data(contentsOf: foldedModel.appendingPathComponent(Model.descriptionFile)), "folds", "seed")
    try write(
      Data(contentsOf: unfinishedModel.appendingPathComponent(Checkpoint.file)), "checkpoint", "seed")
    try write(journal(), "journal", "seed")
  }

  private func write(_ seed: Data, _ target: String, _ name: String) throws {
    let seeds = folder.appendingPathComponent("seeds/\(target)")
    try FileManager.default.createDirectory(at: seeds, withIntermediateDirectories: true)
    try seed.write(to: seeds.appendingPathComponent(name))
  }
}

/// Copies the folder of a training after its first epoch.
private final class CheckpointKeeper: TrainingRun.Observer {
  private let model: URL
  private let copy: URL

  init(of model: URL, in copy: URL) {
    self.model = model
    self.copy = copy
  }

  func begin(_ summary: TrainingRun.Summary) {}
  func step(epoch: Int, eventsDone: Int, loss: Double) {}
  func finish(_ epoch: EpochSummary) {
    if !FileManager.default.fileExists(atPath: copy.path) {
      try? FileManager.default.copyItem(at: model, to: copy)
    }
  }
}

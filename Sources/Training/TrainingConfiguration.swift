// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Formulas
import Foundation
import JetPhysics
import NeuralEngine
import PluginKit
import Settings
import Support

/// What `canopy train` reads: data, jets, observables, cuts, embedding, events, heads and training, and what `canopy scan` tries.
///
/// Keys are those of the command line without the dashes in front. A key that is not known is an error.
public struct TrainingConfiguration: Sendable {
  /// The events to train on.
  public var data: DataSection
  /// How jets are found.
  public var jets: JetFinder
  /// The observables that are declared.
  public var observables: [ObservableChoice]
  /// What jets must meet to be read at all; the model keeps it.
  public var cuts: [ObservableCut]
  /// The stage of jets; nil where jets are not embedded.
  public var embedding: StageSection?
  /// The stage of events; nil where events are not embedded.
  public var events: StageSection?
  /// The heads by the names that the user gives them.
  public var heads: OrderedMapping<HeadSection>
  /// The training itself.
  public var training: TrainingSection
  /// Which values of settings a scan tries; nil if there is nothing to scan.
  public var scan: ScanSection?
  /// The text of the file, which a model keeps.
  public var text: String

  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - settings: values over those of the file, as in `events.leading=5`.
  ///   - plugins: where the stages come from.
  /// - Throws: `ConfigurationError`, with the place of each problem.
  public init(contentsOf file: URL, settings: [String] = [], plugins: PluginRegistry) throws {
    try self.init(
      yaml: ConfigurationNode.text(of: file), source: file.relativePath, settings: settings, plugins: plugins)
  }

  /// Reads the text of a configuration.
  ///
  /// - Parameters:
  ///   - text: the text, in YAML or JSON.
  ///   - source: the name of the file in messages.
  ///   - settings: values over those of the text, as in `events.leading=5`.
  ///   - plugins: where the stages come from.
  /// - Throws: `ConfigurationError`, with the place of each problem.
  public init(yaml text: String, source: String, settings: [String] = [], plugins: PluginRegistry) throws {
    try Self.checkDiffer(settings)
    let node = try settings.reduce(ConfigurationNode(yaml: text, source: source)) { try $0.setting($1) }
    let lineEnd = text.isEmpty || text.hasSuffix("\n") || settings.isEmpty ? "" : "\n"
    try self.init(
      node, text: text + lineEnd + settings.map { "# --set \($0)\n" }.joined(), plugins: plugins)
  }

  /// Reads what a model's training was configured by.
  ///
  /// - Throws: `ConfigurationError`, with the place of each problem.
  public init(of training: TrainingProvenance, plugins: PluginRegistry) throws {
    let node = try ConfigurationNode(keptText: training.configuration, source: "the model's training")
    try self.init(node, text: training.configuration, plugins: plugins)
  }

  private init(_ node: ConfigurationNode, text: String, plugins: PluginRegistry) throws {
    let sections = try node.decode(Sections.self, userInfo: [.plugins: plugins]) { _ in [] }
    guard !sections.heads.isEmpty else {
      throw node["heads"]!.error("is empty; give at least one head")
    }
    data = sections.data
    jets = try sections.jets.finder()
    observables = sections.observables?.map(\.value.choice) ?? []
    cuts = sections.cuts ?? []
    embedding = sections.embedding
    events = sections.events
    heads = sections.heads
    training = sections.training
    scan = sections.scan
    self.text = text
  }

  /// Makes sure that no key is set twice, as one of the two values would be lost.
  private static func checkDiffer(_ settings: [String]) throws {
    var first: [Substring: String] = [:]
    for setting in settings {
      guard let key = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first
      else {
        continue
      }
      if let other = first.updateValue(setting, forKey: key) {
        throw ConfigurationError(
          ConfigurationPosition(file: "--set \(setting)", line: 0, column: 0),
          "\(key) is set twice, by --set \(other) too; set it once.")
      }
    }
  }

  private struct Sections: Decodable {
    var data: DataSection
    var jets: JetSettings
    var observables: OrderedMapping<ObservableSection>?
    var cuts: [ObservableCut]?
    var embedding: StageSection?
    var events: StageSection?
    var heads: OrderedMapping<HeadSection>
    var training: TrainingSection
    var scan: ScanSection?
  }
}

/// The section `data`: which events are read.
public struct DataSection: SettingsSection {
  /// The files, relative to the working folder, in samples.
  public var inputs: [InputSample] = []
  /// Samples that the network is validated on alone; with them all of ``inputs`` are learnt from.
  public var validationInputs: [InputSample] = []
  /// Samples that have no part in the training; `canopy evaluate` without files reads them.
  public var testInputs: [InputSample] = []
  /// How they are read; the model keeps which of their particles take part.
  public var reading = EventReadingOptions()
  /// What the momenta of their particles are multiplied by; the model keeps it.
  public var weighting = WeightingSettings()
  /// The share of the events, chosen at random, that the network is validated on.
  public var validationFraction = 0.1
  /// What events meet that the network is validated on; they are chosen at random unless it is given.
  public var validation: Formula?
  /// The event column of whose values each has the same share of events that the network is validated on; none unless given.
  public var stratify: String?
  /// The folds, for each of which a network is trained without its events; nil for one network.
  public var folds: EventFolds?
  /// What events of ``inputs`` meet that have no part in the training; none unless given.
  public var test: Formula?
  /// How jets that the files have go with the jets that are found, whose truth they are.
  public var jetTruth = JetMatching()
  /// The event column, such as a label, whose values shall have the same total weight each; none unless given.
  public var balance: String?
  /// The width of the intervals of `balance` that have the same total weight each; nil where each value has.
  public var balanceInterval: Double?
  /// Weights by which spectra become what the training is to see; nil for none.
  public var reweight: ReweightingSection?
  /// Column values of events, such as background, whose conditions mean nothing: each epoch draws them anew from
  /// those of the other events; none unless given.
  public var redrawConditions: [String: Double] = [:]
  /// The folder in which a file keeps what the network reads of the events; nil to keep it in memory.
  public var cache: String?

  /// All visible particles of all events, and no files yet.
  public init() {}

  /// The samples of events that have no part in the training, and how they are read; with ``folds``, if none are named, those
  /// of the training; else nil.
  public var testEvents: (samples: [InputSample], reading: EventReadingOptions)? {
    var reading = reading
    if !testInputs.isEmpty {
      (reading.skipEvents, reading.maximumEvents) = (0, nil)
      return (testInputs, reading)
    }
    guard let test else {
      // Each is judged by a network that has not seen it.
      return folds == nil ? nil : (inputs, reading)
    }
    reading.selection.append(test)
    return (inputs, reading)
  }

  /// The samples that are learnt from and validated on.
  var samples: [InputSample] { inputs + validationInputs }

  /// The files that are learnt from and validated on.
  public var files: [String] { samples.flatMap(\.files) }

  /// The settings, in the order of tables.
  public static let settings: [Setting<DataSection>] =
    inputSettings + EventReadingOptions.settings.map { $0.within(\.reading) }
    + WeightingSettings.settings.map { $0.within(\.weighting) } + useSettings

  private static let inputSettings: [Setting<DataSection>] = [
    Setting(
      "inputs", \.inputs, from: { (samples: [InputSample]) in samples },
      "event files, relative to the working folder, or samples with keys of their own (<doc:Samples>)",
      default: nil,
      range: "at least one"),
    Setting(
      "validation-inputs", \.validationInputs, from: { (samples: [InputSample]) in samples },
      "samples to validate on; with them all events of `inputs` are learnt from", default: "none"),
    Setting(
      "test-inputs", \.testInputs, from: { (samples: [InputSample]) in samples },
      "samples that have no part in the training, for `canopy evaluate --model MODEL` without files",
      default: "none"),
  ]

  /// What becomes of the events that were read.
  private static let useSettings: [Setting<DataSection>] = [
    Setting(
      "validation-fraction", \.validationFraction, .open(0, 1),
      "the share of the events, chosen at random, to validate on"),
    Setting(
      "validation", \.validation,
      "or: what the events to validate on meet, such as `number % 10 == 0` (<doc:Formulas>)",
      range: "a condition"),
    Setting(
      "stratify", \.stratify,
      "take the same share of the events of each value of this event column, such as the label"),
    Setting(
      "folds", \.folds,
      "train as many networks, each without the events of one fold, as a model that judges every event by the one that has "
        + "not seen it (<doc:Samples>)"),
    Setting(
      "test", \.test,
      "what events meet that have no part in the training, for `canopy evaluate --model MODEL` without files, such as "
        + "`number % 5 == 3`", range: "a condition"),
    Setting(
      "weight", \.reading.weight,
      "the weight of each event: an event column, the name that a generator gave a weight, or a formula such as "
        + "`xsec * weights[3]` (<doc:Formulas>)",
      range: "finite"),
    Setting(
      "negative-weights", \.reading.negativeWeights,
      "what becomes of events of negative weight (<doc:Samples>)"),
    Setting(
      "jet-truth", \.jetTruth,
      "how the files' own jets, whose columns `jet/NAME` are truth of heads on jets, go with the jets that are found "
        + "(<doc:TruthPerJet>)", default: "`{match: delta-r}`"),
    Setting(
      "balance", \.balance,
      "an event column, such as the label, each value of which gets the same total weight, in the loss and in the training's "
        + "metrics, calibration and working points, which therefore do not reflect the rates in the files; evaluate and trigger "
        + "do not balance"),
    Setting(
      "balance-interval", \.balanceInterval, .positive.inSinglePrecision,
      "the width of intervals of `balance` that get the same total weight, in place of single values: for a true mass, say"
    ),
    Setting(
      "reweight", \.reweight, from: { (section: ReweightingSection) in section },
      "give events, or jets, further weights, by which the spectra of some columns become flat, equal among classes, or those of "
        + "signed weights (<doc:Samples>)", default: "none"),
    Setting(
      "redraw-conditions", \.redrawConditions, from: Self.numbers,
      "a mapping from event columns to values, such as `{label: 0}`: events that have these, a background, get "
        + "conditions drawn anew in each epoch from those of the other events",
      default: "none", range: "numbers"),
    Setting(
      "cache", \.cache,
      "a folder, relative to the working folder, where a file that goes with the training keeps what the network reads of the "
        + "events, for samples larger than memory (<doc:LargerThanMemory>)",
      default: "none: memory", range: "a folder"),
  ]

  private static let numbers: @Sendable (OrderedMapping<Double>) -> [String: Double] = { mapping in
    Dictionary(uniqueKeysWithValues: mapping.map { ($0.key, $0.value) })
  }

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    try reading.check(given: given)
    if validation != nil, given.contains("validation-fraction") {
      throw SettingProblem("validation-fraction", "means nothing with validation; leave one out")
    }
    if inputs.isEmpty { throw SettingProblem("inputs", "is empty; give at least one file") }
    if !validationInputs.isEmpty {
      for key in ["validation", "validation-fraction", "stratify"] where given.contains(key) {
        throw SettingProblem(key, "means nothing with validation-inputs; leave one out")
      }
      for key in ["skip-events", "max-events"] where given.contains(key) {
        throw SettingProblem(
          key,
          "would count the events of inputs and of validation-inputs together; give max-events to each sample"
        )
      }
    }
    if validation != nil, stratify != nil {
      throw SettingProblem("stratify", "means nothing with validation; leave one out")
    }
    if test != nil, !testInputs.isEmpty {
      throw SettingProblem("test", "means nothing with test-inputs; leave one out")
    }
    if given.contains("negative-weights"), reading.weight == nil {
      throw SettingProblem("negative-weights", "is of weights; name one under weight")
    }
    if reweight?.target == .signed, reading.negativeWeights != .asTheyAre {
      throw SettingProblem("negative-weights", "means nothing with reweight.to: signed; leave one out")
    }
    if cache?.isEmpty == true { throw SettingProblem("cache", "is empty; name a folder") }
    if balanceInterval != nil, balance == nil {
      throw SettingProblem("balance-interval", "needs a column: name it under balance")
    }
  }
}

/// A stage's section: `embedding` or `events`.
///
/// Beside `plugin` stand the plugin's own keys, and under `embedding` the two that take another model's.
public struct StageSection: Sendable, Decodable {
  /// The stage; nil for that of another model.
  public var choice: StageChoice?
  /// What another model has a part in.
  public var source = Source()

  /// What a section says of another model, and of the plugin.
  public struct Source: SettingsSection {
    /// The identifier of the plugin; nil for the one that stands there as a rule.
    public var plugin: String?
    /// The folder of the model whose embedding the training begins with; nil for random weights.
    public var model: String?
    /// Whether that embedding stays as it is.
    public var isFrozen = false

    /// Random weights.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Source>] = [
      Setting(
        "plugin", \.plugin, "the identifier of the stage, whose own keys stand beside it",
        default: StagePlace.embedding.defaultPlugin),
      Setting(
        "from", \.model,
        "or: the folder of a model whose embedding the training begins with, relative to the working folder"),
      Setting(
        "frozen", \.isFrozen, "with `from`: leave the embedding as it is and train only what reads it"),
    ]

    /// Makes sure that the settings go together.
    public func check(given: Set<String>) throws {
      if isFrozen, model == nil {
        throw SettingProblem("frozen", "needs a trained network: name a model under from")
      }
      if model != nil, plugin != nil {
        throw SettingProblem("plugin", "is that of the model under from; leave one of the two out")
      }
    }
  }

  /// The plugin of a section of events, which no other model has a part in.
  private struct PluginName: SettingsSection {
    var name: String?

    static let settings: [Setting<PluginName>] = [
      Setting(
        "plugin", \.name, "the identifier of the stage, whose own keys stand beside it",
        default: StagePlace.events.defaultPlugin)
    ]
  }

  /// A stage.
  public init(_ choice: StageChoice) { self.choice = choice }

  /// Reads a section of the place that its key names, with the plugins of the decoder.
  ///
  /// - Throws: `DecodingError` or `ConfigurationError` that names the key.
  public init(from decoder: any Decoder) throws {
    let place = decoder.codingPath.last.flatMap { StagePlace(rawValue: $0.stringValue) } ?? .embedding
    let name: String?
    if place == .embedding {
      source = try Source(from: decoder)
      name = source.plugin
    } else {
      name = try PluginName(from: decoder).name
      source.plugin = name
    }
    guard source.model == nil else {
      if let key = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        .first(where: { !["plugin", "from", "frozen"].contains($0) })
      {
        throw try Self.refusal(
          decoder, key, "is that of the model under from; leave one of the two out")
      }
      return
    }
    let plugins = decoder.userInfo[.plugins] as? PluginRegistry ?? PluginRegistry()
    let type: any Stage.Type
    do {
      type = try plugins.stage(name ?? place.defaultPlugin)
    } catch let error as PluginError {
      throw try Self.refusal(decoder, "plugin", "\(error)")
    }
    guard type.rows == place.rows else {
      throw try Self.refusal(
        decoder, "plugin",
        "\(type.identifier) is a stage with a row for each of the \(type.rows.rawValue), and this section needs one of "
          + place.rows.rawValue
      )
    }
    choice = try StageChoice(type, from: decoder)
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static func refusal(
    _ decoder: any Decoder, _ key: String, _ problem: String
  ) throws -> DecodingError {
    DecodingError.dataCorruptedError(
      forKey: AnyKey(stringValue: key)!, in: try decoder.container(keyedBy: AnyKey.self),
      debugDescription: problem)
  }

  /// The settings of a place as tables in Markdown: those that every stage has there, and each stage's own.
  ///
  /// - Parameters:
  ///   - place: where the stage stands.
  ///   - plugins: the stages that there are.
  /// - Returns: the tables, with headings between them.
  public static func tables(of place: StagePlace, _ plugins: PluginRegistry) -> String {
    let general = place == .embedding ? Source.table : PluginName.table
    let types = plugins.stageIdentifiers.compactMap { try? plugins.stage($0) }.filter {
      $0.rows == place.rows
    }
    func own<S: Stage>(_ type: S.Type) -> String? {
      settingsTables(of: S.Configuration.self, "the stage `\(S.identifier)`")
    }
    let tables = types.sorted { a, _ in a.identifier == place.defaultPlugin }.map { own($0) }
    return ([general] + tables).compactMap(\.self).joined(separator: "\n\n")
  }
}

/// One entry of the section `heads`.
public struct HeadSection: SettingsSection {
  /// The identifier of the plugin.
  public var plugin: String { pluginNode.text }
  /// Where the file names the plugin.
  public var pluginPosition: ConfigurationPosition { pluginNode.position }
  /// The weight of the head's loss beside those of other heads.
  public var weight = 1.0
  /// The plugin's own configuration, which only the plugin can read.
  public var configuration = ConfigurationNode.none

  private var pluginNode = ConfigurationText.none

  /// A head of no plugin.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<HeadSection>] = [
    Setting(
      "plugin", \.pluginNode, from: { (text: ConfigurationText) in text },
      "the identifier of the plugin, such as `jet-tagger`", default: nil),
    Setting(
      "weight", \.weight, .positive.inSinglePrecision,
      "the weight λ of the head's loss beside those of other heads"),
    Setting(
      "configuration", \.configuration, from: { (node: ConfigurationNode) in node }, "the plugin's own keys",
      default: nil),
  ]

  /// The settings of entries as tables in Markdown: those that every entry has, and those of each head that declares its
  /// settings.
  ///
  /// - Parameter plugins: the heads that there are.
  /// - Returns: the tables, with a line before each that names what has the keys.
  public static func tables(_ plugins: PluginRegistry) -> String {
    func own<H: Head>(_ type: H.Type) -> String? {
      settingsTables(of: H.Configuration.self, "the head `\(H.identifier)`")
    }
    let types = plugins.headIdentifiers.compactMap { try? plugins.head($0) }
    return ([table] + types.compactMap { own($0) }).joined(separator: "\n\n")
  }
}

/// The section `training`: how the network learns.
public struct TrainingSection: SettingsSection {
  /// How often the network sees all training events.
  public var epochs = 10
  /// The number of events between two changes of the weights.
  public var batchSize = 256
  /// The largest learning rate.
  public var learningRate = 2e-3
  /// How the learning rate changes.
  public var schedule = LearningRateSchedule.oneCycle
  /// The largest norm of the gradient; none unless given.
  public var gradientClip: Double?
  /// The epochs, or the part of one, over which the learning rate first rises to its largest value along a line.
  public var warmUp = 0.0
  /// What changes the weights.
  public var optimiser = OptimiserKind.adamw
  /// The decoupled weight decay.
  public var weightDecay = 0.0
  /// The share of each target that the losses of classifiers spread evenly over all classes.
  public var labelSmoothing = 0.0
  /// How likely a step leaves out each number of an embedding.
  public var dropout = StageDropout()
  /// The folder of a model of the same network whose weights the training begins with; nil for random weights.
  public var model: String?
  /// The shares of the learning rate that sections of the network have; 1 unless given.
  public var rates = SectionRates()
  /// How many epochs without a better one end the training; nil for no such end.
  public var earlyStopping: Int?
  /// What decides which epoch is the best: a metric by its name, or `loss`; nil for the first metric.
  public var criterion: String?
  /// Whether the largest or the smallest value of the criterion is the best; nil for the largest of a metric and the
  /// smallest of the loss.
  public var bestValue: BestValue?
  /// Which weights the model has.
  public var keep = KeptWeights.best
  /// The decay of the moving average of the weights.
  public var averageDecay = 0.999
  /// Whether the model's folder gets a file of events for TensorBoard.
  public var writesTensorBoard = false
  /// The seed of all random numbers.
  public var seed = UInt64(1)
  /// The number of threads; all processors unless given.
  public var threads = ProcessorCount.available

  /// A training with the defaults.
  public init() {}

  /// Which values of a criterion are good.
  public enum BestValue: String, Sendable, Codable, CaseIterable {
    /// Large ones, as of an AUC.
    case largest
    /// Small ones, as of a resolution.
    case smallest
  }

  /// Which weights a model has.
  public enum KeptWeights: String, Sendable, Codable, CaseIterable {
    /// Those of the best epoch.
    case best
    /// Those of the last epoch.
    case last
    /// Those of the best epoch, averaged over the steps so far; the validation is by averages too.
    case average
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<TrainingSection>] = [
    Setting("epochs", \.epochs, .closed(1...100_000), "how often the network sees all training events"),
    Setting(
      "batch-size", \.batchSize, .closed(1...1_000_000),
      "the events, with all their jets, between two changes of the weights"),
    Setting("learning-rate", \.learningRate, .positive.inSinglePrecision, "the largest learning rate"),
    Setting("schedule", \.schedule, "how the learning rate changes"),
    Setting(
      "warm-up", \.warmUp, .notNegative,
      "the epochs, such as 0.5, over which the rate first rises to its largest value along a line; with `constant` and `cosine`"
    ),
    Setting("optimiser", \.optimiser, "what changes the weights"),
    Setting("gradient-clip", \.gradientClip, .positive.inSinglePrecision, "the largest norm of the gradient"),
    Setting("weight-decay", \.weightDecay, .notNegative.inSinglePrecision, "the decoupled weight decay"),
    Setting(
      "label-smoothing", \.labelSmoothing, .closed(0...0.5),
      "the share of each target that the losses of classifiers spread evenly over all classes"),
    Setting(
      "dropout", \.dropout, "what a step leaves out of the embeddings: the keys below", default: "none"),
    Setting(
      "from", \.model,
      "the folder of a model of the same network whose weights the training begins with, relative to the working folder"
    ),
    Setting(
      "rates", \.rates,
      "the shares of the learning rate that sections have, as in `{embedding: 0.1, heads: {tagger: 0}}`; 0 freezes",
      default: "1 for all", range: "0 or more"),
    Setting(
      "early-stopping", \.earlyStopping, .positive, "stop after this many epochs without a better one",
      default: "never"),
    Setting(
      "criterion", \.criterion,
      "what decides which epoch is the best: a metric as it is printed, such as `AUC` or `tagger AUC`, or `loss`",
      default: "the first metric"),
    Setting(
      "criterion-best", \.bestValue, "which value of the criterion is the best",
      default: "largest; of `loss` smallest"),
    Setting(
      "keep", \.keep,
      "which weights the model has: those of the best epoch, of the last, or at the best their moving average, which is then "
        + "validated"
    ),
    Setting(
      "average-decay", \.averageDecay, .open(0, 1).inSinglePrecision,
      "with `keep: average`: the share of the average that a step leaves"),
    Setting(
      "tensorboard", \.writesTensorBoard, "write a file of events for TensorBoard into the model's folder"),
    Setting(
      "seed", \.seed, from: { (seed: Int) in UInt64(bitPattern: Int64(seed)) },
      "the seed of the weights, the split and the order of events", default: "1", range: "a whole number"),
    Setting(
      "threads", \.threads, .closed(1...1024), "the number of threads, which decides the last bits",
      default: "the processors that the process may use"),
  ]

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    if warmUp > 0, schedule == .oneCycle {
      throw SettingProblem("warm-up", "needs schedule: constant or cosine, as one-cycle rises by itself")
    }
    guard warmUp < Double(epochs) else {
      throw SettingProblem("warm-up", "must be less than the \(epochs) epochs of the training")
    }
    if criterion == Criterion.loss, bestValue != nil {
      throw SettingProblem("criterion-best", "is smallest for the loss; leave it out")
    }
    if given.contains("average-decay"), keep != .average {
      throw SettingProblem("average-decay", "means nothing without keep: average; leave it out")
    }
  }
}

extension TrainingSection {
  /// Whether a training ends after some epochs: after all, or after so many without a better one that it stops early.
  func isFinished(after epochs: [EpochSummary]) -> Bool {
    guard epochs.count < self.epochs else { return true }
    guard let patience = earlyStopping else { return false }
    return epochs.count - (epochs.last(where: \.isBest)?.epoch ?? 0) >= patience
  }

  /// What is hardly wanted of the settings for a network: a sentence each.
  func remarks(on network: Network) -> [String] {
    let classifies = network.heads.contains { $0.head is any ClassifyingHead }
    return labelSmoothing > 0 && !classifies
      ? ["training.label-smoothing has no effect: no head tells classes apart."] : []
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventEncoding
import Foundation
import JetEmbedding
import JetPhysics
import NeuralEngine
import Settings
import Support

/// What `canopy train` reads: data, jets, embedding, heads and training.
///
/// Keys are those of the command line without the dashes in front. A key that is not known is an error.
public struct TrainingConfiguration: Sendable {
  /// The events to train on.
  public var data: DataSection
  /// How jets are found.
  public var jets: JetFinder
  /// The recursive network; nil where jets are not embedded.
  public var embedding: EmbeddingSection?
  /// The event encoder; nil where events are not embedded.
  public var events: EventEncoderDescription?
  /// The heads by the names that the user gives them.
  public var heads: OrderedMapping<HeadSection>
  /// The training itself.
  public var training: TrainingSection
  /// The text of the file, which a model keeps.
  public var text: String

  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - settings: values over those of the file, as in `events.leading=5`.
  /// - Throws: `ConfigurationError`, with the place of each problem.
  public init(contentsOf file: URL, settings: [String] = []) throws {
    try Self.checkDiffer(settings)
    let text = try ConfigurationNode.text(of: file)
    let node = try settings.reduce(ConfigurationNode(yaml: text, source: file.relativePath)) {
      try $0.setting($1)
    }
    let sections = try node.decode(Sections.self)
    guard !sections.heads.isEmpty else {
      throw node["heads"]!.error("is empty; give at least one head")
    }
    data = sections.data
    jets = try sections.jets.finder()
    embedding = sections.embedding
    events = sections.events
    heads = sections.heads
    training = sections.training
    let lineEnd = text.isEmpty || text.hasSuffix("\n") || settings.isEmpty ? "" : "\n"
    self.text = text + lineEnd + settings.map { "# --set \($0)\n" }.joined()
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
    var embedding: EmbeddingSection?
    var events: EventEncoderDescription?
    var heads: OrderedMapping<HeadSection>
    var training: TrainingSection
  }
}

/// The section `data`: which events are read.
public struct DataSection: SettingsSection {
  /// The files, relative to the working folder.
  public var inputs: [String] = []
  /// The events to leave out at the beginning.
  public var skipEvents = 0
  /// The events to read after these; all unless given.
  public var maximumEvents: Int?
  /// The share of the events, chosen at random, that the network is validated on.
  public var validationFraction = 0.1
  /// The event column that holds the weight of each event; all are 1 unless given.
  public var weight: String?
  /// The event column, such as a label, whose values shall have the same total weight each; none unless given.
  public var balance: String?
  /// The width of the intervals of `balance` that have the same total weight each; nil where each value has.
  public var balanceInterval: Double?
  /// Values that event columns must have for an event to take part.
  public var selection: [String: Double] = [:]
  /// Column values of events, such as background, whose conditions mean nothing: each epoch draws them anew from
  /// those of the other events; none unless given.
  public var redrawConditions: [String: Double] = [:]
  /// Which particles of the events take part; the model keeps it.
  public var particles = ParticleSelection()
  /// The unit of momenta of files that do not state theirs; GeV unless given.
  public var units: MomentumUnit?

  /// All visible particles of all events, and no files yet.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<DataSection>] = [
    Setting(
      "inputs", \.inputs, "event files, relative to the working folder", isRequired: true,
      range: "at least one"),
    Setting("skip-events", \.skipEvents, .notNegative, "leave out the first events"),
    Setting("max-events", \.maximumEvents, .positive, "events to read after these", default: "all"),
    Setting(
      "validation-fraction", \.validationFraction, .open(0, 1),
      "the share of the events, chosen at random, to validate on"),
    Setting(
      "weight", \.weight,
      "the event column with the weight of each event, finite; the name that a generator gave a weight does as well"
    ),
    Setting(
      "balance", \.balance,
      "an event column, such as the label: the events of each of its values get the same total weight"),
    Setting(
      "balance-interval", \.balanceInterval, .positive,
      "the width of intervals of `balance` that get the same total weight, in place of single values: for a true mass, say"
    ),
    Setting(
      "where", \.selection, from: Self.numbers,
      "a mapping from event columns to values: only events that have these take part", default: "none",
      range: "numbers"),
    Setting(
      "redraw-conditions", \.redrawConditions, from: Self.numbers,
      "a mapping from event columns to values, such as `{label: 0}`: events that have these, a background, get "
        + "conditions drawn anew in each epoch from those of the other events",
      default: "none", range: "numbers"),
    Setting(
      "particles", \.particles.conditions,
      from: { (texts: [String]) in try texts.map { try ParticleCondition($0) } },
      "a list of conditions that particles must meet to take part, such as `[pt > 0.5, charge != 0]` (<doc:Files>); the "
        + "model keeps it",
      default: "all", range: "conditions"),
    Setting(
      "keep-invisible", \.particles.keepsInvisible, "let neutrinos and other invisible particles take part"),
    Setting(
      "invisible", \.particles.invisible, from: { (text: String) in try InvisibleParticles(text) },
      "the invisible particles, as in `12, 14, 16` or `default, 5000012`", default: "`default`",
      range: "identifiers"),
    Setting(
      "status", \.particles.statuses, from: { (text: String) in try ParticleSelection.statuses(text) },
      "the statuses of particles of HepMC that take part, as in `1, 2`", default: "1", range: "numbers"),
    Setting("units", \.units, "the unit of momenta of files that do not state theirs", default: "GeV"),
  ]

  private static let numbers: @Sendable (OrderedMapping<Double>) -> [String: Double] = { mapping in
    Dictionary(uniqueKeysWithValues: mapping.map { ($0.key, $0.value) })
  }

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    if particles.keepsInvisible, given.contains("invisible") {
      throw SettingProblem("invisible", "means nothing with keep-invisible; leave one out")
    }
    if inputs.isEmpty { throw SettingProblem("inputs", "is empty; give at least one file") }
    if balanceInterval != nil, balance == nil {
      throw SettingProblem("balance-interval", "needs a column: name it under balance")
    }
  }
}

/// The section `embedding`: the recursive network.
public struct EmbeddingSection: SettingsSection {
  /// A model whose embedding the training begins with.
  public struct Source: Sendable {
    /// The folder of the model.
    public var model: String
    /// Whether the embedding stays as it is.
    public var isFrozen: Bool
  }

  /// The recursive network, if it is not that of another model.
  public var description = EmbeddingDescription(cell: .gated, width: 40, features: .lund)
  /// The folder of the model whose embedding the training begins with; nil for random weights.
  public var model: String?
  /// Whether that embedding stays as it is.
  public var isFrozen = false

  /// The model whose embedding the training begins with; nil for random weights.
  public var source: Source? { model.map { Source(model: $0, isFrozen: isFrozen) } }

  /// A gated network of width 40 on the Lund features.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<EmbeddingSection>] = [
    Setting("cell", \.description.cell, "how a splitting combines its children"),
    Setting(
      "width", \.description.width, .closed(EmbeddingDescription.allowedWidths),
      "the number of components of the embedding"),
    Setting("features", \.description.features, "what the network reads of each node"),
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
    if model != nil, let key = ["cell", "width", "features"].first(where: given.contains) {
      throw SettingProblem(key, "is that of the model under from; leave one of the two out")
    }
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
      "weight", \.weight, .positive, "the weight λ of the head's loss beside those of other heads"),
    Setting(
      "configuration", \.configuration, from: { (node: ConfigurationNode) in node }, "the plugin's own keys",
      default: nil),
  ]
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
  /// The decoupled weight decay.
  public var weightDecay = 0.0
  /// The seed of all random numbers.
  public var seed = UInt64(1)
  /// The number of threads; all processors unless given.
  public var threads = ProcessorCount.available

  /// A training with the defaults.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<TrainingSection>] = [
    Setting("epochs", \.epochs, .closed(1...100_000), "how often the network sees all training events"),
    Setting(
      "batch-size", \.batchSize, .closed(1...1_000_000),
      "the events, with all their jets, between two changes of the weights"),
    Setting("learning-rate", \.learningRate, .positive, "the largest learning rate"),
    Setting("schedule", \.schedule, "how the learning rate changes"),
    Setting("gradient-clip", \.gradientClip, .positive, "the largest norm of the gradient"),
    Setting("weight-decay", \.weightDecay, .notNegative, "the decoupled weight decay"),
    Setting(
      "seed", \.seed, from: { (seed: Int) in UInt64(bitPattern: Int64(seed)) },
      "the seed of the weights, the split and the order of events", default: "1", range: "a whole number"),
    Setting(
      "threads", \.threads, .closed(1...1024), "the number of threads, which decides the last bits",
      default: "the processors that the process may use"),
  ]
}

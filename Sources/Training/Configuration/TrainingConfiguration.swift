// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import EventEncoding
import JetEmbedding
import JetPhysics
import NeuralEngine
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
  /// - Throws: ``ConfigurationError``, with the place of each problem.
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
    jets = sections.jets.finder
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
    var jets: JetSection
    var embedding: EmbeddingSection?
    var events: EventEncoderDescription?
    var heads: OrderedMapping<HeadSection>
    var training: TrainingSection
  }
}

/// The section `data`: which events are read.
public struct DataSection: Sendable, Decodable {
  /// The files, relative to the working folder.
  public var inputs: [String]
  /// The events to leave out at the beginning.
  public var skipEvents: Int
  /// The events to read after these; all unless given.
  public var maximumEvents: Int?
  /// The share of the events, chosen at random, that the network is validated on.
  public var validationFraction: Double
  /// The event column that holds the weight of each event; all are 1 unless given.
  public var weight: String?
  /// The event column, such as a label, whose values shall have the same total weight each; none unless given.
  public var balance: String?
  /// The width of the intervals of `balance` that have the same total weight each; nil where each value has.
  public var balanceInterval: Double?
  /// Values that event columns must have for an event to take part.
  public var selection: [String: Double]
  /// Column values of events, such as background, whose conditions mean nothing: each epoch draws them anew from
  /// those of the other events; none unless given.
  public var redrawConditions: [String: Double]
  /// Which particles of the events take part; the model keeps it.
  public var particles: ParticleSelection
  /// The unit of momenta of files that do not state theirs; GeV unless given.
  public var units: MomentumUnit?

  private enum CodingKeys: String, CodingKey {
    case inputs, weight, balance, particles, invisible, status, units
    case skipEvents = "skip-events"
    case maximumEvents = "max-events"
    case validationFraction = "validation-fraction"
    case keepInvisible = "keep-invisible"
    case balanceInterval = "balance-interval"
    case selection = "where"
    case redrawConditions = "redraw-conditions"
  }

  /// Reads the section; all but `inputs` may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    inputs = try container.decode([String].self, forKey: .inputs)
    skipEvents = try container.decodeIfPresent(Int.self, forKey: .skipEvents) ?? 0
    maximumEvents = try container.decodeIfPresent(Int.self, forKey: .maximumEvents)
    validationFraction = try container.decodeIfPresent(Double.self, forKey: .validationFraction) ?? 0.1
    weight = try container.decodeIfPresent(String.self, forKey: .weight)
    selection = try container.values(.selection)
    redrawConditions = try container.values(.redrawConditions)
    balance = try container.decodeIfPresent(String.self, forKey: .balance)
    balanceInterval = try container.decodeIfPresent(Double.self, forKey: .balanceInterval)
    particles = ParticleSelection(
      keepsInvisible: try container.decodeIfPresent(Bool.self, forKey: .keepInvisible) ?? false,
      invisible: try container.parse(.invisible, InvisibleParticles.init) ?? InvisibleParticles(),
      statuses: try container.parse(.status, ParticleSelection.statuses) ?? [1],
      conditions: try container.decodeIfPresent([String].self, forKey: .particles).map { conditions in
        try container.explaining(.particles) { try conditions.map { try ParticleCondition($0) } }
      } ?? [])
    units = try container.decodeIfPresent(MomentumUnit.self, forKey: .units)
    try container.check(
      !(particles.keepsInvisible && container.contains(.invisible)), .invisible,
      "means nothing with keep-invisible; leave one out")
    try container.check(!inputs.isEmpty, .inputs, "is empty; give at least one file")
    try container.check(
      balanceInterval.map { $0 > 0 && $0.isFinite } ?? true, .balanceInterval, "must be positive")
    try container.check(
      balanceInterval == nil || balance != nil, .balanceInterval, "needs a column: name it under balance")
    try container.check(skipEvents >= 0, .skipEvents, "must not be negative")
    try container.check(maximumEvents.map { $0 > 0 } ?? true, .maximumEvents, "must be positive")
    try container.check(
      validationFraction > 0 && validationFraction < 1, .validationFraction, "must lie between 0 and 1")
  }
}

extension KeyedDecodingContainer {
  /// A list with commas in it, as on the command line, or nil if the key is left out.
  fileprivate func parse<Value>(_ key: Key, _ parse: (String) throws -> Value) throws -> Value? {
    try decodeIfPresent(String.self, forKey: key).map { text in try explaining(key) { try parse(text) } }
  }

  /// Makes a value, whose error becomes one of the value of `key`.
  fileprivate func explaining<Value>(_ key: Key, _ make: () throws -> Value) throws -> Value {
    do {
      return try make()
    } catch let error as JetPhysicsError {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath + [key], debugDescription: "is wrong: \(error.problem)"))
    }
  }

  /// Numbers by name; none where the key is left out.
  fileprivate func values(_ key: Key) throws -> [String: Double] {
    let mapping = try decodeIfPresent(OrderedMapping<Double>.self, forKey: key)
    return Dictionary(uniqueKeysWithValues: (mapping.map(Array.init) ?? []).map { ($0.key, $0.value) })
  }
}

/// The section `jets`: a jet definition, as on the command line.
struct JetSection: Decodable {
  var finder: JetFinder

  private enum CodingKeys: String, CodingKey {
    case algorithm, radius, power, recombination, leading, recluster
    case minimumPt = "min-pt"
    case maximumAbsRapidity = "max-abs-rapidity"
    case exclusiveJets = "exclusive-jets"
    case exclusiveCut = "exclusive-dcut"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let minimumPt = try container.decodeIfPresent(Double.self, forKey: .minimumPt)
    let exclusiveJets = try container.decodeIfPresent(Int.self, forKey: .exclusiveJets)
    let exclusiveCut = try container.decodeIfPresent(Double.self, forKey: .exclusiveCut)
    let kinds: [JetSelection.Kind?] = [
      minimumPt.map { .inclusive(minimumPt: $0) }, exclusiveJets.map { .exclusiveJets($0) },
      exclusiveCut.map { .exclusiveCut($0) },
    ]
    try container.check(
      kinds.compactMap(\.self).count <= 1, .algorithm,
      "comes with more than one of min-pt, exclusive-jets and exclusive-dcut; keep one")
    do {
      finder = try JetFinder(
        JetDefinition(
          container.decodeIfPresent(JetDefinition.Algorithm.self, forKey: .algorithm) ?? .antikt,
          radius: container.decodeIfPresent(Double.self, forKey: .radius) ?? 0.4,
          power: container.decodeIfPresent(Double.self, forKey: .power),
          recombination: container.decodeIfPresent(
            JetDefinition.RecombinationScheme.self, forKey: .recombination) ?? .e),
        selection: JetSelection(
          kinds.compactMap(\.self).first ?? .inclusive(minimumPt: 0),
          maximumAbsRapidity: container.decodeIfPresent(Double.self, forKey: .maximumAbsRapidity),
          leading: container.decodeIfPresent(Int.self, forKey: .leading)),
        recluster: container.decodeIfPresent(JetDefinition.Algorithm.self, forKey: .recluster))
    } catch let error as JetPhysicsError {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: error.description))
    }
  }
}

/// The section `embedding`: the recursive network.
public struct EmbeddingSection: Sendable, Decodable {
  /// A model whose embedding the training begins with.
  public struct Source: Sendable {
    /// The folder of the model.
    public var model: String
    /// Whether the embedding stays as it is.
    public var isFrozen: Bool
  }

  /// The recursive network, where it is not that of another model.
  public var description: EmbeddingDescription
  /// The model whose embedding the training begins with; nil for random weights.
  public var source: Source?

  private enum CodingKeys: String, CodingKey {
    case cell, width, features, from, frozen
  }

  /// Reads the section; every key may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let frozen = try container.decodeIfPresent(Bool.self, forKey: .frozen)
    source = try container.decodeIfPresent(String.self, forKey: .from).map {
      Source(model: $0, isFrozen: frozen ?? false)
    }
    try container.check(
      frozen != true || source != nil, .frozen, "needs a trained network: name a model under from")
    for key in [CodingKeys.cell, .width, .features] where source != nil {
      try container.check(
        !container.contains(key), key, "is that of the model under from; leave one of the two out")
    }
    description = EmbeddingDescription(
      cell: try container.decodeIfPresent(RecursiveNetwork.Cell.self, forKey: .cell) ?? .gated,
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? 40,
      features: try container.decodeIfPresent(NodeFeatures.self, forKey: .features) ?? .lund)
    try container.check(
      EmbeddingDescription.allowedWidths.contains(description.width), .width, "must lie between 1 and 1024")
  }
}

/// One entry of the section `heads`.
public struct HeadSection: Sendable, Decodable {
  /// The identifier of the plugin.
  public var plugin: String
  /// Where the file names the plugin.
  public var pluginPosition: ConfigurationPosition
  /// The weight of the head's loss beside those of other heads; 1 unless given.
  public var weight: Double
  /// The plugin's own configuration, which only the plugin can read.
  public var configuration: ConfigurationNode

  private enum CodingKeys: String, CodingKey {
    case plugin, weight, configuration
  }

  /// Reads the entry; `weight` may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    plugin = try container.decode(String.self, forKey: .plugin)
    pluginPosition = try container.decode(ConfigurationNode.self, forKey: .plugin).position
    weight = try container.decodeIfPresent(Double.self, forKey: .weight) ?? 1
    configuration = try container.decode(ConfigurationNode.self, forKey: .configuration)
    try container.check(weight > 0 && weight.isFinite, .weight, "must be positive")
  }
}

/// The section `training`: how the network learns.
public struct TrainingSection: Sendable, Decodable {
  /// How often the network sees all training events.
  public var epochs: Int
  /// The number of events between two changes of the weights.
  public var batchSize: Int
  /// The largest learning rate.
  public var learningRate: Double
  /// How the learning rate changes.
  public var schedule: LearningRateSchedule
  /// The largest norm of the gradient; none unless given.
  public var gradientClip: Double?
  /// The decoupled weight decay.
  public var weightDecay: Double
  /// The seed of all random numbers.
  public var seed: UInt64
  /// The number of threads; all processors unless given.
  public var threads: Int

  private enum CodingKeys: String, CodingKey {
    case epochs, schedule, seed, threads
    case batchSize = "batch-size"
    case learningRate = "learning-rate"
    case gradientClip = "gradient-clip"
    case weightDecay = "weight-decay"
  }

  /// Reads the section; every key may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    epochs = try container.decodeIfPresent(Int.self, forKey: .epochs) ?? 10
    batchSize = try container.decodeIfPresent(Int.self, forKey: .batchSize) ?? 256
    learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? 2e-3
    schedule = try container.decodeIfPresent(LearningRateSchedule.self, forKey: .schedule) ?? .oneCycle
    gradientClip = try container.decodeIfPresent(Double.self, forKey: .gradientClip)
    weightDecay = try container.decodeIfPresent(Double.self, forKey: .weightDecay) ?? 0
    seed = UInt64(bitPattern: Int64(try container.decodeIfPresent(Int.self, forKey: .seed) ?? 1))
    threads =
      try container.decodeIfPresent(Int.self, forKey: .threads)
      ?? ProcessorCount.available
    try container.check((1...100_000).contains(epochs), .epochs, "must lie between 1 and 100000")
    try container.check((1...1_000_000).contains(batchSize), .batchSize, "must lie between 1 and 1000000")
    try container.check(learningRate > 0 && learningRate.isFinite, .learningRate, "must be positive")
    try container.check(gradientClip.map { $0 > 0 } ?? true, .gradientClip, "must be positive")
    try container.check(weightDecay >= 0 && weightDecay.isFinite, .weightDecay, "must not be negative")
    try container.check((1...1024).contains(threads), .threads, "must lie between 1 and 1024")
  }
}

extension KeyedDecodingContainer {
  /// Throws an error at the place of `key` unless `condition` holds.
  fileprivate func check(_ condition: Bool, _ key: Key, _ problem: String) throws {
    guard condition else {
      throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: problem)
    }
  }
}

extension ConfigurationNode: HeadConfigurationSource {}

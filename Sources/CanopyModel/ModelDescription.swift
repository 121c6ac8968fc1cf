// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit

/// Everything about a model but its weights: the content of `model.json`.
public struct ModelDescription: Sendable, Equatable {
  /// The format of the file, always 1 so far.
  public var formatVersion = 1
  /// Which particles take part, unless the user says otherwise; nil for all visible ones.
  public var particles: ParticleSelection?
  /// How jets and their trees are found.
  public var jets: JetFinder
  /// The stage of jets; nil where jets are not embedded.
  public var embedding: StageDescription?
  /// The stage of events; nil where events are not embedded.
  public var events: StageDescription?
  /// The scaling of what the network reads.
  public var scaling: SampleScaling
  /// The heads in the order of the configuration.
  public var heads: [HeadDescription]
  /// Where the weights come from; nil for a network that was not trained.
  public var training: TrainingProvenance?

  /// A description of a model.
  public init(
    particles: ParticleSelection? = nil, jets: JetFinder, embedding: StageDescription?,
    events: StageDescription? = nil, scaling: SampleScaling, heads: [HeadDescription],
    training: TrainingProvenance? = nil
  ) {
    self.particles = particles
    self.jets = jets
    self.embedding = embedding
    self.events = events
    self.scaling = scaling
    self.heads = heads
    self.training = training
  }
}

/// One head of a model.
public struct HeadDescription: Sendable, Equatable, Codable {
  /// The name that the user gave it; its outputs are found under this name.
  public var name: String
  /// The identifier of its plugin.
  public var plugin: String
  /// The version of the plugin that the model was trained with.
  public var version: PluginVersion
  /// The plugin's own configuration.
  public var configuration: JSONValue
  /// What the plugin has learnt from the training sample before the first step; nil if that is nothing.
  public var preparation: JSONValue?
  /// What the plugin has learnt from the validation sample; nil where that is nothing.
  public var calibration: JSONValue?

  /// A head.
  public init(
    name: String, plugin: String, version: PluginVersion, configuration: JSONValue,
    preparation: JSONValue? = nil, calibration: JSONValue? = nil
  ) {
    self.name = name
    self.plugin = plugin
    self.version = version
    self.configuration = configuration
    self.preparation = preparation
    self.calibration = calibration
  }
}

/// Where the weights of a model come from.
public struct TrainingProvenance: Sendable, Equatable, Codable {
  /// The version of Canopy that trained the model.
  public var canopyVersion: String
  /// The text of the training configuration.
  public var configuration: String
  /// The names of the data files.
  public var files: [String]
  /// The number of events trained on.
  public var trainingEvents: Int
  /// The number of events validated on.
  public var validationEvents: Int
  /// The seed of all random numbers.
  public var seed: UInt64
  /// The number of threads, which decides the last bits.
  public var threads: Int
  /// The epoch whose weights the model has, from 1.
  public var bestEpoch: Int
  /// What was measured after each epoch.
  public var epochs: [EpochSummary]
  /// What the event inputs were in the events; nil in models that were trained before this was kept.
  public var ranges: [InputRange]?
  /// Tells whether other events are among those of the training; nil in models that were trained before this was kept.
  public var fingerprint: SampleFingerprint?

  /// A training.
  public init(
    canopyVersion: String, configuration: String, files: [String], trainingEvents: Int, validationEvents: Int,
    seed: UInt64, threads: Int, bestEpoch: Int, epochs: [EpochSummary], ranges: [InputRange]? = nil,
    fingerprint: SampleFingerprint? = nil
  ) {
    self.canopyVersion = canopyVersion
    self.configuration = configuration
    self.files = files
    self.trainingEvents = trainingEvents
    self.validationEvents = validationEvents
    self.seed = seed
    self.threads = threads
    self.bestEpoch = bestEpoch
    self.epochs = epochs
    self.ranges = ranges
    self.fingerprint = fingerprint
  }
}

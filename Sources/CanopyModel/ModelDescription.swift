// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import PluginKit

/// Everything about a model but its weights: the content of `model.json`.
public struct ModelDescription: Sendable, Equatable {
  /// The format of the file, always 1 so far.
  public var formatVersion = 1
  /// Which particles take part, unless the user says otherwise; nil for all visible ones.
  public var particles: ParticleSelection?
  /// What the momenta of particles are multiplied by before jets are found; nil for nothing.
  public var weighting: WeightingDescription?
  /// How jets and their trees are found.
  public var jets: JetFinder
  /// The observables that stages, heads and cuts read, and those that heads have as truth.
  public var observables: [ObservableDescription] = []
  /// What jets must meet to be read at all, such as `soft-drop/mass > 60`.
  public var cuts: [ObservableCut] = []
  /// The stage of jets; nil where jets are not embedded.
  public var embedding: StageDescription?
  /// The stage of events; nil where events are not embedded.
  public var events: StageDescription?
  /// The scaling of what the network reads.
  public var scaling: SampleScaling
  /// The heads in the order of the configuration.
  public var heads: [HeadDescription]
  /// How given jets go with jets to have truth; nil if no head has truth of given jets.
  public var jetMatching: JetMatching?
  /// Where the weights come from; nil for a network that was not trained.
  public var training: TrainingProvenance?

  /// A description of a model.
  public init(
    particles: ParticleSelection? = nil, weighting: WeightingDescription? = nil, jets: JetFinder,
    observables: [ObservableDescription] = [],
    cuts: [ObservableCut] = [], embedding: StageDescription?, events: StageDescription? = nil,
    scaling: SampleScaling, heads: [HeadDescription], jetMatching: JetMatching? = nil,
    training: TrainingProvenance? = nil
  ) {
    self.particles = particles
    self.weighting = weighting
    self.jets = jets
    self.observables = observables
    self.cuts = cuts
    self.embedding = embedding
    self.events = events
    self.scaling = scaling
    self.heads = heads
    self.jetMatching = jetMatching
    self.training = training
  }
}

extension ModelDescription {
  /// The observables to be made.
  ///
  /// - Throws: ``ModelError``, without a full stop, if one cannot be made or two have the same name.
  func observableChoices(_ plugins: PluginRegistry) throws -> [ObservableChoice] {
    var names: Set<String> = []
    for observable in observables where !names.insert(observable.name).inserted {
      throw ModelError("two observables are called \(observable.name)")
    }
    return try observables.map { try $0.choice(plugins) }
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

/// One observable of a model.
public struct ObservableDescription: Sendable, Equatable, Codable {
  /// The name; its numbers are called `NAME/QUANTITY`.
  public var name: String
  /// The identifier of its plugin.
  public var plugin: String
  /// The version of the plugin that the model was trained with.
  public var version: PluginVersion
  /// The plugin's own configuration.
  public var configuration: JSONValue

  /// An observable of a network.
  ///
  /// - Throws: what encoding its configuration throws.
  public init(_ member: ObservableSet.Member) throws {
    func describe<O: Observable>(_ observable: O) throws -> JSONValue {
      try JSONValue(encoding: observable.configuration)
    }
    name = member.name
    plugin = type(of: member.observable).identifier
    version = type(of: member.observable).version
    configuration = try describe(member.observable)
  }

  /// The observable to be made.
  ///
  /// - Throws: ``ModelError``, without a full stop, if the plugin is not here, is another than that of the training, or
  ///   does not read its configuration.
  func choice(_ plugins: PluginRegistry) throws -> ObservableChoice {
    let type: any Observable.Type
    do {
      type = try plugins.observable(plugin, version: version)
    } catch {
      throw ModelError("the observable \(name): \(error.clause)")
    }
    guard type.version.major == version.major else {
      throw ModelError(
        "the observable \(name) was computed with \(plugin) \(version), and this is \(type.version): train the model "
          + "again, or use the older plugin")
    }
    do {
      return try choice(type)
    } catch {
      throw ModelError("the observable \(name): \(error.clause)")
    }
  }

  private func choice<O: Observable>(_ type: O.Type) throws -> ObservableChoice {
    let choice = ObservableChoice(name, type, try configuration.decode(O.Configuration.self))
    let made = try ObservableSet([choice])
    // The same version writes what it has read; a default in place of a number would change what the network reads.
    let read = try ObservableDescription(made.members[0]).configuration
    guard version != O.version || read == configuration else {
      throw PluginError("its configuration \(configuration) would be read as \(read)")
    }
    return choice
  }
}

/// Where the weights of a model come from.
public struct TrainingProvenance: Sendable, Equatable, Codable {
  /// The version of Canopy that trained the model.
  public var canopyVersion: String
  /// The text of the training configuration.
  public var configuration: String
  /// The fold whose events had no part in the training; nil if there are no folds.
  public var fold: TrainingFold?
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
  /// How the numbers that the network reads were distributed in the events; nil in models that were trained before this was
  /// kept.
  public var inputs: [InputDistribution]?
  /// Tells whether other events are among those of the training; nil in models that were trained before this was kept.
  public var fingerprint: SampleFingerprint?
  /// The spectra that `data.reweight` has changed; nil if it has changed none.
  public var spectra: [ReweightedSpectrum]?

  private enum CodingKeys: String, CodingKey {
    case canopyVersion, configuration, fold, files, trainingEvents, validationEvents, seed, threads,
      bestEpoch,
      epochs, ranges, inputs, spectra
    // Earlier models have hashes of another kind under `fingerprint`.
    case fingerprint = "eventFingerprints"
  }

  /// A training.
  public init(
    canopyVersion: String, configuration: String, files: [String], trainingEvents: Int, validationEvents: Int,
    seed: UInt64, threads: Int, bestEpoch: Int, epochs: [EpochSummary], ranges: [InputRange]? = nil,
    inputs: [InputDistribution]? = nil, fingerprint: SampleFingerprint? = nil, fold: TrainingFold? = nil,
    spectra: [ReweightedSpectrum]? = nil
  ) {
    self.fold = fold
    self.spectra = spectra
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
    self.inputs = inputs
    self.fingerprint = fingerprint
  }
}

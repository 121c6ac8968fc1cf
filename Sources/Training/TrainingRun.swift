// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetEmbedding
import JetPhysics
import NeuralEngine
import PluginKit

/// A whole training from a configuration to a model's folder.
///
/// The folder holds the model of the best epoch so far after every epoch, and a checkpoint until the last.
public struct TrainingRun {
  /// What the training tells while it runs.
  public protocol Observer: AnyObject {
    /// The events are read; the training begins.
    func begin(_ summary: Summary)
    /// A step is done: `eventsDone` events of the epoch, at this mean loss so far.
    func step(epoch: Int, eventsDone: Int, loss: Double)
    /// An epoch is done and its model and checkpoint are written.
    func finish(_ epoch: EpochSummary)
  }

  /// What a training is about to do.
  public struct Summary: Sendable {
    /// The number of events read.
    public let events: Int
    /// The number of their jets.
    public let jets: Int
    /// The number of events to learn from.
    public let trainingEvents: Int
    /// The number of events to validate on.
    public let validationEvents: Int
    /// How many numbers are learnt.
    public let parameterCount: Int
    /// The number of epochs in all.
    public let epochs: Int
    /// The number of epochs that a checkpoint has done.
    public let epochsDone: Int
    /// The number of threads.
    public let threads: Int
    /// What is hardly wanted of the settings or the events, such as a feature that is the same in all of them: a
    /// sentence each.
    public let remarks: [String]
  }

  /// What to train.
  public let configuration: TrainingConfiguration
  /// The plugins that heads may come from.
  public let plugins: PluginRegistry

  /// A training of `configuration`.
  public init(_ configuration: TrainingConfiguration, plugins: PluginRegistry) {
    self.configuration = configuration
    self.plugins = plugins
  }

  /// Trains and writes the model into `folder`.
  ///
  /// - Parameters:
  ///   - folder: where the model is written; must not hold a model yet unless the training is resumed.
  ///   - resuming: whether to go on from the folder's checkpoint.
  ///   - observer: is told how the training gets on.
  /// - Returns: the model of the best epoch.
  /// - Throws: ``TrainingError``, ``ConfigurationError``, `EventInputError`, `ModelError` or
  ///   `SafetensorsError`, each in one sentence.
  public func run(into folder: URL, resuming: Bool, observer: any Observer) throws -> Model {
    let pretrained = try configuration.embedding?.source.map {
      try PretrainedEmbedding(
        contentsOf: URL(fileURLWithPath: $0.model), isFrozen: $0.isFrozen, plugins: plugins)
    }
    let embedding = pretrained?.description ?? configuration.embedding?.description
    let network = try makeNetwork(embedding)
    let review = TrainingReview(configuration: configuration, network: network)
    try review.checkSettings()
    let checkpointFile = folder.appendingPathComponent(Checkpoint.file)
    let isNew = !FileManager.default.fileExists(atPath: folder.path)
    // A training that fails before its first epoch leaves no empty folder behind.
    defer { if isNew { rmdir(folder.path) } }
    let checkpoint = try findCheckpoint(checkpointFile, in: folder, network, resuming: resuming)

    var dataset = try readEvents(
      network,
      EventSample(embedding: embedding, events: configuration.events, headInputs: network.headInputs))
    let split = EventSplit(
      dataset, validationFraction: configuration.data.validationFraction, seed: configuration.training.seed)
    try review.check(dataset, split)
    let remarks = review.remarks(dataset, dataset.sample.extents(ofEvents: split.training), pretrained)
    let ranges = review.inputRanges(dataset, training: split.training)
    let scaling = SampleScaling(
      fitting: dataset.sample, events: split.training, nodes: pretrained?.scaling,
      seed: configuration.training.seed)
    dataset.scale(by: scaling)

    let trainer = Trainer(
      network, headWeights: configuration.heads.map(\.value.weight), section: configuration.training,
      dataset: dataset, split: split, pretrained: pretrained, resuming: checkpoint)
    observer.begin(
      Summary(
        events: dataset.eventCount, jets: dataset.jetCount, trainingEvents: split.training.count,
        validationEvents: split.validation.count,
        parameterCount: network.layout.parameterCount, epochs: configuration.training.epochs,
        epochsDone: trainer.epochs.count, threads: configuration.training.threads, remarks: remarks))
    func model() throws -> Model {
      try self.model(trainer, embedding, scaling, split, ranges, dataset.fingerprint)
    }
    while !trainer.isFinished {
      let epoch = trainer.epochs.count + 1
      let summary = try trainer.trainEpoch { observer.step(epoch: epoch, eventsDone: $0, loss: $1) }
      // The checkpoint first: what is stopped between the two can be resumed.
      try Checkpoint(trainer, configuration: configuration.text).write(to: checkpointFile)
      try model().write(to: folder)
      observer.finish(summary)
    }
    let finished = try model()
    try finished.write(to: folder)
    try? FileManager.default.removeItem(at: checkpointFile)
    return finished
  }

  private func makeNetwork(_ embedding: EmbeddingDescription?) throws -> Network {
    do {
      return try Network(
        embedding: embedding, events: configuration.events,
        heads: configuration.heads.map { entry in
          do {
            return (entry.key, try plugins.head(entry.value.plugin), entry.value.configuration)
          } catch let error as PluginError {
            throw ConfigurationError(entry.value.pluginPosition, error.description)
          }
        })
    } catch let error as ModelError {
      throw TrainingError("The network cannot be made: \(error.description).")
    }
  }

  private func findCheckpoint(
    _ file: URL, in folder: URL, _ network: Network, resuming: Bool
  ) throws -> Checkpoint? {
    let files = FileManager.default
    guard resuming else {
      let model = folder.appendingPathComponent(Model.descriptionFile)
      if files.fileExists(atPath: file.path) {
        throw TrainingError(
          "\(folder.relativePath): holds a training that is not finished; add --resume, or choose another folder."
        )
      }
      if files.fileExists(atPath: model.path) {
        throw TrainingError("\(folder.relativePath): holds a model already; choose another folder.")
      }
      do {
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw TrainingError(
          "\(folder.relativePath): the folder cannot be made; choose one that can be written to.")
      }
      guard files.isWritableFile(atPath: folder.path) else {
        throw TrainingError("\(folder.relativePath): cannot be written to; choose another folder.")
      }
      return nil
    }
    guard files.fileExists(atPath: file.path) else {
      throw TrainingError("\(folder.relativePath): holds no training to resume; leave --resume out.")
    }
    let checkpoint = try Checkpoint(contentsOf: file, layout: network.layout)
    guard checkpoint.configuration == configuration.text else {
      throw TrainingError(
        "\(folder.relativePath): was begun with another configuration; give that one, or choose another folder."
      )
    }
    return checkpoint
  }

  /// How jets are found; trees only where they are read.
  private func jets(for network: Network) throws -> JetFinder {
    try network.readsTrees ? configuration.jets : configuration.jets.withoutTrees()
  }

  private func readEvents(_ network: Network, _ empty: EventSample) throws -> EventDataset {
    let data = configuration.data
    let stream = try EventStream(
      inputs: data.inputs,
      options: EventReadingOptions(
        particles: data.particles, maximumEvents: data.maximumEvents, skipEvents: data.skipEvents,
        selection: data.selection, units: data.units))
    return try EventDataset(
      stream, jets: try jets(for: network), as: empty, truth: Set(network.heads.flatMap(\.head.truthColumns)),
      weight: data.weight, balance: data.balance, balanceInterval: data.balanceInterval,
      redrawConditions: data.redrawConditions,
      threads: configuration.training.threads)
  }

  /// The model of the best epoch so far.
  private func model(
    _ trainer: Trainer, _ embedding: EmbeddingDescription?, _ scaling: SampleScaling, _ split: EventSplit,
    _ ranges: [InputRange]?, _ fingerprint: SampleFingerprint
  ) throws -> Model {
    let network = try trainer.calibratedNetwork()
    let particles = configuration.data.particles
    let description = ModelDescription(
      particles: particles == ParticleSelection() ? nil : particles, jets: try jets(for: network),
      embedding: embedding, events: configuration.events, scaling: scaling,
      heads: try network.heads.map { try $0.description() },
      training: TrainingProvenance(
        canopyVersion: CanopyVersion.current, configuration: configuration.text,
        files: configuration.data.inputs.map { URL(fileURLWithPath: $0).lastPathComponent },
        trainingEvents: split.training.count, validationEvents: split.validation.count,
        seed: configuration.training.seed, threads: configuration.training.threads,
        bestEpoch: trainer.bestEpoch, epochs: trainer.epochs, ranges: ranges, fingerprint: fingerprint))
    return Model(description: description, network: network, parameters: trainer.bestParameters)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetEmbedding
import NeuralEngine
import PluginKit

/// A whole training from a configuration to a model's folder.
///
/// The folder holds the model of the best epoch so far after every epoch, and a checkpoint until the last.
public struct TrainingRun {
  /// What the training tells while it runs.
  public protocol Observer: AnyObject {
    /// The jets are read; the training begins.
    func begin(_ summary: Summary)
    /// A step is done: `jetsDone` jets of the epoch, at this mean loss so far.
    func step(epoch: Int, jetsDone: Int, loss: Double)
    /// An epoch is done and its model and checkpoint are written.
    func finish(_ epoch: EpochSummary)
  }

  /// What a training is about to do.
  public struct Summary: Sendable {
    /// The number of events read.
    public let events: Int
    /// The number of jets to learn from.
    public let trainingJets: Int
    /// The number of jets to validate on.
    public let validationJets: Int
    /// How many numbers are learnt.
    public let parameterCount: Int
    /// The number of epochs in all.
    public let epochs: Int
    /// The number of epochs that a checkpoint has done.
    public let epochsDone: Int
    /// The number of threads.
    public let threads: Int
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
    let network = try makeNetwork()
    let checkpointFile = folder.appendingPathComponent(Checkpoint.file)
    let isNew = !FileManager.default.fileExists(atPath: folder.path)
    // A training that fails before its first epoch leaves no empty folder behind.
    defer { if isNew { rmdir(folder.path) } }
    let checkpoint = try findCheckpoint(checkpointFile, in: folder, network, resuming: resuming)

    var dataset = try readJets(network)
    let split = JetSplit(
      dataset, validationFraction: configuration.data.validationFraction, seed: configuration.training.seed)
    guard !split.training.isEmpty, !split.validation.isEmpty else {
      throw TrainingError(
        "\(configuration.data.inputs.joined(separator: ", ")): \(dataset.eventCount) events have \(dataset.jetCount) "
          + "jets, \(split.training.count) to learn from and \(split.validation.count) to validate on; a training "
          + "needs some of each.")
    }
    try dataset.checkTruth(for: network.heads, inputs: configuration.data.inputs)
    let scaling = Self.fitScaling(dataset, split.training)
    dataset.scale(by: scaling)

    let trainer = Trainer(
      network, headWeights: configuration.heads.map(\.value.weight), section: configuration.training,
      dataset: dataset, split: split, resuming: checkpoint)
    observer.begin(
      Summary(
        events: dataset.eventCount, trainingJets: split.training.count,
        validationJets: split.validation.count,
        parameterCount: network.layout.parameterCount, epochs: configuration.training.epochs,
        epochsDone: trainer.epochs.count, threads: configuration.training.threads))
    while !trainer.isFinished {
      let epoch = trainer.epochs.count + 1
      let summary = try trainer.trainEpoch { observer.step(epoch: epoch, jetsDone: $0, loss: $1) }
      // The checkpoint first: what is stopped between the two can be resumed.
      try Checkpoint(trainer, configuration: configuration.text).write(to: checkpointFile)
      try model(trainer, scaling, split).write(to: folder)
      observer.finish(summary)
    }
    let model = try model(trainer, scaling, split)
    try model.write(to: folder)
    try? FileManager.default.removeItem(at: checkpointFile)
    return model
  }

  private func makeNetwork() throws -> Network {
    do {
      return try Network(
        embedding: configuration.embedding,
        heads: configuration.heads.map { entry in
          do {
            return (entry.key, try plugins.head(entry.value.plugin), entry.value.configuration)
          } catch let error as PluginError {
            throw ConfigurationError(entry.value.pluginPosition, error.description)
          }
        })
    } catch let error as ModelError {
      throw TrainingError("The section heads: \(error.description).")
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

  private func readJets(_ network: Network) throws -> JetDataset {
    let data = configuration.data
    let stream = try EventStream(
      inputs: data.inputs,
      options: EventReadingOptions(
        keepInvisible: data.keepInvisible, maximumEvents: data.maximumEvents, skipEvents: data.skipEvents))
    return try JetDataset(
      stream, jets: configuration.jets, features: configuration.embedding.features,
      truth: Set(network.heads.flatMap(\.head.truthColumns)), weight: data.weight,
      threads: configuration.training.threads)
  }

  /// Medians and quartiles hardly move beyond some twenty thousand jets, and sorting more takes its time.
  private static func fitScaling(_ dataset: JetDataset, _ jets: [Int]) -> FeatureScaling {
    let trees = dataset.trees
    var features: [Float] = []
    for jet in jets.prefix(20_000) {
      let nodes = trees.offsets[jet]..<trees.offsets[jet + 1]
      features +=
        trees.features[
          nodes.lowerBound * trees.featureCount..<nodes.upperBound * trees.featureCount]
    }
    return FeatureScaling(fitting: features, count: trees.featureCount)
  }

  /// The model of the best epoch so far.
  private func model(_ trainer: Trainer, _ scaling: FeatureScaling, _ split: JetSplit) throws -> Model {
    let description = ModelDescription(
      jets: configuration.jets, embedding: configuration.embedding, scaling: scaling,
      heads: try trainer.network.heads.map { try $0.description() },
      training: TrainingProvenance(
        canopyVersion: CanopyVersion.current, configuration: configuration.text,
        files: configuration.data.inputs.map { URL(fileURLWithPath: $0).lastPathComponent },
        trainingJets: split.training.count, validationJets: split.validation.count,
        seed: configuration.training.seed, threads: configuration.training.threads,
        bestEpoch: trainer.bestEpoch, epochs: trainer.epochs))
    return Model(description: description, network: trainer.network, parameters: trainer.bestParameters)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import Settings
import Support

/// The folder that a training writes into, and no other training at the same time.
final class TrainingFolder {
  private let url: URL
  /// The folders that were made for it, from the outermost on.
  private let made: [String]
  private let lock: FolderLock
  private let tensorBoard: TensorBoardFile?
  private var checkpointFile: URL { url.appendingPathComponent(Checkpoint.file) }

  /// Takes a folder, which is made if it does not exist.
  ///
  /// - Parameters:
  ///   - url: the folder.
  ///   - tensorBoard: the folder of the file for TensorBoard; nil for none.
  /// - Throws: `FolderLockError` if another training has it, `OutputPlaceError` if it cannot be made or written.
  init(_ url: URL, tensorBoard: URL?) throws {
    self.url = url
    self.tensorBoard = tensorBoard.map(TensorBoardFile.init)
    try OutputPlace.checkFolder(url.relativePath)
    made = try UnfinishedFiles.makeFolders(url.path)
    do {
      lock = try FolderLock(url.relativePath)
    } catch {
      UnfinishedFiles.removeEmptyFolders(made)
      throw error
    }
  }

  /// Gives the folder back.
  ///
  /// A training that failed before its first epoch leaves no empty folder.
  func release() { UnfinishedFiles.removeEmptyFolders(made) }

  /// Makes sure that the folder holds no training of one network.
  ///
  /// - Throws: `OutputPlaceError` if it does.
  func checkIsOfFolds() throws {
    guard FileManager.default.fileExists(atPath: checkpointFile.path) else { return }
    throw OutputPlaceError(
      "\(url.relativePath): holds a training without folds already; choose another folder.")
  }

  /// The checkpoint to go on from, of a network with the parameters of `layout`; nil if the training begins.
  ///
  /// - Throws: `OutputPlaceError` if the folder holds a training that is not to be resumed, ``TrainingError`` if it holds one
  ///   that `configuration` cannot go on with.
  func checkpoint(
    resuming: Bool, _ configuration: TrainingConfiguration, _ layout: ParameterLayout
  ) throws -> (checkpoint: Checkpoint, changes: [String])? {
    let files = FileManager.default
    let hasModel = files.fileExists(atPath: url.appendingPathComponent(Model.descriptionFile).path)
    guard files.fileExists(atPath: checkpointFile.path) else {
      guard hasModel else { return nil }
      throw OutputPlaceError(
        "\(url.relativePath): holds a model already"
          + (resuming ? ", and no checkpoint to go on from" : "") + "; choose another folder.")
    }
    guard resuming else {
      throw OutputPlaceError(
        "\(url.relativePath): holds a training already; add --resume to go on with it, or choose another folder."
      )
    }
    let changes: [ConfigurationNode.Difference]
    do {
      changes = try self.changes(in: configuration, from: Checkpoint.configuration(of: checkpointFile))
    } catch let error as ConfigurationError {
      throw TrainingError(
        "\(checkpointFile.relativePath): its configuration cannot be read: \(error.description)")
    }
    let checkpoint = try Checkpoint(contentsOf: checkpointFile, layout: layout)
    guard checkpoint.epochs.count <= configuration.training.epochs else {
      throw TrainingError(
        "\(url.relativePath): \(checkpoint.epochs.count) epochs are done, and training.epochs is "
          + "\(configuration.training.epochs); give at least as many.")
    }
    let section = configuration.training
    if let rate = changes.first(where: { $0.key == Self.rateKey }),
      section.isFinished(after: checkpoint.epochs)
    {
      throw TrainingError(
        "\(url.relativePath): the training is finished after \(checkpoint.epochs.count) epochs, which another \(rate.key) "
          + "changes nothing of; give it the value that it had, \(rate.other ?? "the default"), or more training.epochs."
      )
    }
    return (checkpoint, changes.map { words(for: $0, section) })
  }

  /// What is done differently, as a sentence without its full stop.
  private func words(for change: ConfigurationNode.Difference, _ section: TrainingSection) -> String {
    let words = "\(change.key) is \(change.own ?? "left out") now, and was \(change.other ?? "left out")"
    guard change.key == Self.epochsKey, section.schedule != .constant else { return words }
    return words
      + ": the rate goes on as \(section.schedule.rawValue) over \(section.epochs) epochs has it, so that the weights are "
      + "not those of one training of \(section.epochs) epochs"
  }

  /// What a training may do differently when it goes on.
  private static let changeableKeys = [
    "data.cache", epochsKey, rateKey, "training.early-stopping", "training.tensorboard",
  ]
  private static let epochsKey = "training.epochs"
  private static let rateKey = "training.learning-rate"

  /// Whether a key belongs to the section `scan`, which has no part in a training.
  static func isOfScan(_ key: String) -> Bool { key == "scan" || key.hasPrefix("scan.") }

  /// Those of some keys that may not differ when a training goes on.
  private static func unchangeable(_ keys: [String]) -> [String] {
    keys.filter { !changeableKeys.contains($0) && !isOfScan($0) }
  }

  /// The keys by which a configuration differs from that of the training that a folder holds, and may not; none if it holds
  /// none that can be read.
  static func keysThatDiffer(_ configuration: TrainingConfiguration, from folder: URL) -> [String] {
    let file = folder.appendingPathComponent(Checkpoint.file)
    guard FileManager.default.fileExists(atPath: file.path),
      let kept = try? Checkpoint.configuration(of: file),
      let old = try? ConfigurationNode(keptText: kept, source: ""),
      let new = try? ConfigurationNode(keptText: configuration.text, source: "")
    else { return [] }
    // A training that is finished does not become one of another rate.
    return new.differences(from: old).map(\.key).filter {
      $0 == rateKey || !unchangeable([$0]).isEmpty
    }
  }

  /// What is changed on purpose.
  ///
  /// - Throws: ``TrainingError`` that names the keys that may not differ.
  private func changes(
    in configuration: TrainingConfiguration, from earlier: String
  ) throws -> [ConfigurationNode.Difference] {
    let old = try ConfigurationNode(keptText: earlier, source: checkpointFile.relativePath)
    let differences = try ConfigurationNode(keptText: configuration.text, source: "the configuration")
      .differences(from: old)
    let others = Self.unchangeable(differences.map(\.key))
    guard others.isEmpty else {
      throw TrainingError(
        "\(url.relativePath): was begun with another configuration: \(others.joined(separator: ", ")) "
          + "\(others.count == 1 ? "differs" : "differ"); give the values that it was begun with (only "
          + "\(Self.changeableKeys.dropLast().joined(separator: ", ")) and \(Self.changeableKeys.last!) may change), or choose another folder."
      )
    }
    return differences.filter { !Self.isOfScan($0.key) }
  }

  /// Makes sure that the events are those that a checkpoint was trained on.
  ///
  /// - Throws: ``TrainingError`` that names what differs.
  func check(_ events: [String: String], against checkpoint: Checkpoint?) throws {
    guard let known = checkpoint?.events else { return }
    // What earlier versions wrote down and this one does not says nothing.
    let differing = events.keys.filter { events[$0] != known[$0] }.sorted()
    guard differing.isEmpty else {
      throw TrainingError(
        "\(url.relativePath): was begun with other events: their \(differing.joined(separator: ", ")) "
          + "\(differing.count == 1 ? "differs" : "differ"); give the files that the training was begun with, or choose "
          + "another folder.")
    }
  }

  /// Writes the state of a training: the checkpoint first, so that a training that is stopped between the files
  /// can go on.
  ///
  /// - Throws: `FileOutputError` if the folder cannot be written.
  func write(_ checkpoint: Checkpoint, _ model: Model) throws {
    try checkpoint.write(to: checkpointFile)
    try model.write(to: url)
    try writeLearningCurve(checkpoint.epochs)
  }

  /// Writes the model of a finished training, and its learning curve.
  ///
  /// - Throws: `FileOutputError` if the folder cannot be written.
  func write(_ model: Model) throws {
    try model.write(to: url)
    try writeLearningCurve(model.description.training?.epochs ?? [])
  }

  /// Writes what came of changing spectra.
  ///
  /// - Throws: `FileOutputError` if the folder cannot be written.
  func write(_ reweighting: SpectrumReweighting) throws {
    try WholeFile.write(
      reweighting.table.data, to: url.appendingPathComponent(TrainingRun.reweightingFile).relativePath)
  }

  private func writeLearningCurve(_ epochs: [EpochSummary]) throws {
    try WholeFile.write(
      EpochSummary.table(of: epochs).data,
      to: url.appendingPathComponent(TrainingRun.learningCurveFile).relativePath)
    try tensorBoard?.record(epochs)
  }
}

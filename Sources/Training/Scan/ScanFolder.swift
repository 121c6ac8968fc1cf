// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit
import Settings
import Support

/// The folder of a scan, which one scan writes into at a time: a folder for each point, called by its number, and the files
/// of all.
public struct ScanFolder {
  /// A point of a scan.
  public struct Point: Sendable {
    /// The number, from 1, by which the folder of its model is called.
    public let number: Int
    /// The value of each setting that is tried, in YAML.
    public let values: [String]
    /// What is set over the configuration file, such as `training.learning-rate=0.001`.
    public let settings: [String]
    /// The configuration of the point.
    public let configuration: TrainingConfiguration
    /// The folder of its model.
    public let folder: URL
  }

  /// What has become of a point.
  public struct Progress: Sendable {
    /// What was measured after each epoch; empty before the first.
    public let epochs: [EpochSummary]
    /// The epoch whose weights the model has.
    public let keptEpoch: EpochSummary?
    /// Whether the training has come to its end.
    public let isFinished: Bool
  }

  /// The file that says which points have which numbers.
  private static let numbersFile = "scan.json"

  /// The settings that are tried.
  public let keys: [String]
  /// The points by their numbers.
  public let points: [Point]
  private let lock: FolderLock

  /// Takes a folder for the scan of a configuration file.
  ///
  /// A point that the folder has keeps its number, whatever else is tried now.
  ///
  /// - Parameters:
  ///   - folder: the folder, which is made if it does not exist.
  ///   - file: the configuration file, with a section `scan`.
  ///   - settings: values over those of the file.
  ///   - plugins: where the stages come from.
  /// - Throws: `ConfigurationError` if the configuration, or that of a point, is wrong; `OutputPlaceError` if the folder
  ///   holds something else; `FolderLockError` if another scan has it; `FileOutputError` if it cannot be written.
  public init(_ folder: URL, scanning file: URL, settings: [String] = [], plugins: PluginRegistry) throws {
    let whole = try TrainingConfiguration(contentsOf: file, settings: settings, plugins: plugins)
    guard let scan = whole.scan else {
      throw ConfigurationError(
        ConfigurationPosition(file: file.relativePath, line: 0, column: 0),
        "has no section scan; write one, such as scan: {grid: {training.learning-rate: [1e-3, 2e-3]}}")
    }
    keys = scan.keys
    // Points that each take all processors would stand in each other's way.
    let node = try ConfigurationNode(keptText: whole.text, source: file.relativePath)
    let isGiven = keys.contains("training.threads") || node["training"]?["threads"] != nil
    let common = settings + (isGiven ? [] : ["training.threads=1"])
    let configurations = try scan.points.map { values in
      let own = zip(scan.keys, values).map { "\($0)=\($1)" }
      do {
        return (
          values, common + own,
          try TrainingConfiguration(contentsOf: file, settings: common + own, plugins: plugins)
        )
      } catch let error as ConfigurationError {
        throw error.ofFile("\(file.relativePath), scan", settings: own)
      }
    }
    _ = try UnfinishedFiles.makeFolders(folder.path)
    lock = try FolderLock(folder.relativePath)
    var known = try Self.numbers(in: folder)
    var numbers = Dictionary(known.enumerated().map { ($1, $0 + 1) }) { first, _ in first }
    for (values, _, _) in configurations {
      let settings = Dictionary(uniqueKeysWithValues: zip(scan.keys, values))
      guard numbers[settings] == nil else { continue }
      known.append(settings)
      numbers[settings] = known.count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try WholeFile.write(
      encoder.encode(Numbers(points: known)),
      to: folder.appendingPathComponent(Self.numbersFile).relativePath)
    points = configurations.map { values, settings, configuration in
      let number = numbers[Dictionary(uniqueKeysWithValues: zip(scan.keys, values))]!
      return Point(
        number: number, values: values, settings: settings, configuration: configuration,
        folder: folder.appendingPathComponent(String(format: "%03d", number)))
    }.sorted { $0.number < $1.number }
    for point in points {
      let folds = (0..<(point.configuration.data.folds?.count ?? 0)).map {
        point.folder.appendingPathComponent(Model.folder(ofFold: $0))
      }
      for trained in folds.isEmpty ? [point.folder] : folds {
        let keys = TrainingFolder.keysThatDiffer(point.configuration, from: trained)
        guard keys.isEmpty else {
          throw TrainingError(
            "\(trained.relativePath): was trained with another configuration: \(keys.joined(separator: ", ")) "
              + "\(keys.count == 1 ? "differs" : "differ"); give the values that the scan was begun with, or choose another folder."
          )
        }
      }
    }
  }

  private struct Numbers: Codable {
    /// The settings of each point, by keys.
    var points: [[String: String]]
  }

  /// The points of earlier scans in a folder.
  private static func numbers(in folder: URL) throws -> [[String: String]] {
    let file = folder.appendingPathComponent(numbersFile)
    guard let data = FileManager.default.contents(atPath: file.path) else {
      let others = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      guard others.allSatisfy({ $0.hasPrefix(".") }) else {
        throw OutputPlaceError(
          "\(folder.relativePath): holds other files than a scan; choose another folder.")
      }
      return []
    }
    guard let numbers = try? JSONDecoder().decode(Numbers.self, from: data) else {
      throw TrainingError("\(file.relativePath): these are not the points of a scan; choose another folder.")
    }
    return numbers.points
  }
}

extension ScanFolder.Point {
  /// What has become of the point so far: with folds, of all of them, and what was measured is the mean.
  public var progress: ScanFolder.Progress {
    guard let folds = configuration.data.folds else { return progress(in: folder) }
    return ScanFolder.Progress(
      ofFolds: (0..<folds.count).map { progress(in: folder.appendingPathComponent(Model.folder(ofFold: $0))) }
    )
  }

  /// What has become of one training.
  private func progress(in folder: URL) -> ScanFolder.Progress {
    let file = folder.appendingPathComponent(Model.descriptionFile)
    guard let data = FileManager.default.contents(atPath: file.path),
      let training = (try? JSONDecoder().decode(Description.self, from: data))?.training
    else {
      return ScanFolder.Progress(epochs: [], keptEpoch: nil, isFinished: false)
    }
    let isSame =
      try? ConfigurationNode(keptText: training.configuration, source: file.relativePath)
      .differences(from: ConfigurationNode(keptText: configuration.text, source: ""))
      .allSatisfy { TrainingFolder.isOfScan($0.key) }
    return ScanFolder.Progress(
      epochs: training.epochs, keptEpoch: training.epochs.first { $0.epoch == training.bestEpoch },
      isFinished: isSame == true && configuration.training.isFinished(after: training.epochs))
  }

  private struct Description: Decodable {
    let training: TrainingProvenance?
  }
}

extension ScanFolder.Progress {
  /// What has become of the trainings of folds together: the mean of what they measured.
  fileprivate init(ofFolds folds: [ScanFolder.Progress]) {
    epochs = folds.max { $0.epochs.count < $1.epochs.count }?.epochs ?? []
    isFinished = folds.allSatisfy(\.isFinished)
    let kept = folds.compactMap(\.keptEpoch)
    guard isFinished, var mean = kept.first else {
      keptEpoch = nil
      return
    }
    func average(_ value: (EpochSummary) -> Double) -> Double {
      kept.reduce(0) { $0 + value($1) } / Double(kept.count)
    }
    mean.epoch = Int(average { Double($0.epoch) }.rounded())
    mean.trainingLoss = average(\.trainingLoss)
    mean.validationLoss = average { $0.validationLoss ?? .nan }
    for place in mean.metrics.indices {
      mean.metrics[place].value = average {
        $0.metrics.indices.contains(place) ? $0.metrics[place].value : .nan
      }
    }
    mean.seconds = average(\.seconds)
    keptEpoch = mean
  }
}

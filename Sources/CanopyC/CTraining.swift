// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import CanopyModel
import Canopy
import EventIO
import Foundation
import Support
import Training

// The function that canopy.h declares for trainings. Its documentation is there.

/// `canopy_train`.
@_cdecl("canopy_train")
public func train(
  _ training: UnsafePointer<canopy_training>?, _ watch: UnsafePointer<canopy_watch>?
) -> canopy_status {
  status {
    guard let training = training?.pointee else { throw CallError("The pointer to the training is null.") }
    guard training.size == MemoryLayout<canopy_training>.size else {
      throw CallError(
        "The size of canopy_training is \(training.size), and that of this library \(MemoryLayout<canopy_training>.size); begin "
          + "with canopy_no_training(), and build against the header of the library.")
    }
    guard let folder = training.folder else { throw CallError("The folder of the new model is null.") }
    let plugins = LoadedPlugins.registry
    var configuration = try TrainingConfiguration(training, plugins: plugins)
    configuration.data.reading.held = try GivenInputs(training.inputs, training.input_count).held
    let observer = WatchedTraining(try Watch(watch))
    defer { observer.log?.clear() }
    let model = try TrainingRun(configuration, plugins: plugins).run(
      into: URL(fileURLWithPath: String(cString: folder)), resuming: training.resume, observer: observer)
    observer.log?.end(with: model, after: configuration.training.epochs)
  }
}

extension TrainingConfiguration {
  /// The configuration of a call.
  fileprivate init(_ training: canopy_training, plugins: PluginRegistry) throws {
    guard training.setting_count >= 0, training.setting_count == 0 || training.settings != nil else {
      throw CallError("The pointer to the settings is null.")
    }
    let settings = try (0..<training.setting_count).map { place in
      guard let setting = training.settings[place] else { throw CallError("Setting \(place) is null.") }
      return String(cString: setting)
    }
    switch (training.file, training.text) {
    case (let file?, nil):
      try self.init(
        contentsOf: URL(fileURLWithPath: String(cString: file)), settings: settings, plugins: plugins)
    case (nil, let text?):
      try self.init(
        yaml: String(cString: text), source: "the configuration", settings: settings, plugins: plugins)
    default: throw CallError("Give the configuration as a file or as a text.")
    }
  }
}

/// A training that somebody looks on.
private final class WatchedTraining: TrainingRun.Observer {
  let log: TrainingLog?
  private let watch: Watch

  init(_ watch: Watch) {
    self.watch = watch
    log = watch.output.map { TrainingLog(output: $0) }
  }

  func read(_ place: EventPipeline.Progress) throws { try watch.check() }

  func begin(_ summary: TrainingRun.Summary) { log?.begin(summary) }

  func step(epoch: Int, eventsDone: Int, loss: Double) throws {
    try watch.check()
    log?.step(epoch: epoch, eventsDone: eventsDone, loss: loss)
  }

  func finish(_ epoch: EpochSummary) { log?.finish(epoch) }
}

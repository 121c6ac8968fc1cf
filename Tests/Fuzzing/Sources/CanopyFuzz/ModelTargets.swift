// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The description of a model, with sound weights.
struct ModelDescriptionTarget: FuzzTarget {
  private let reader: ModelReader

  init(_ fixtures: Fixtures) throws { reader = try ModelReader(fixtures, fixtures.model) }

  func read(_ input: Data) throws { try reader.read(input, as: Model.descriptionFile) }
}

/// The weights of a model, with a sound description.
struct WeightsTarget: FuzzTarget {
  private let reader: ModelReader

  init(_ fixtures: Fixtures) throws { reader = try ModelReader(fixtures, fixtures.model) }

  func read(_ input: Data) throws { try reader.read(input, as: Model.weightsFile) }
}

/// The description of a model of folds, whose own models are sound.
struct FoldsTarget: FuzzTarget {
  private let reader: ModelReader

  init(_ fixtures: Fixtures) throws { reader = try ModelReader(fixtures, fixtures.foldedModel) }

  func read(_ input: Data) throws { try reader.read(input, as: Model.descriptionFile) }
}

/// Reads a model one file of which is an input, and predicts with it.
private struct ModelReader {
  private let folder: URL
  private let events: Events

  init(_ fixtures: Fixtures, _ model: URL) throws {
    folder = try fixtures.copy(of: model)
    events = try fixtures.events(4)
  }

  func read(_ input: Data, as name: String) throws {
    try input.write(to: folder.appendingPathComponent(name))
    let model = try Model(contentsOf: folder, plugins: .builtIn)
    _ = try Predictor(model).predict(events)
  }
}

/// The checkpoint of a training, from which it is resumed.
struct CheckpointTarget: FuzzTarget {
  private let run: TrainingRun
  private let unfinished: URL
  private let folder: URL

  init(_ fixtures: Fixtures) throws {
    run = TrainingRun(
      try TrainingConfiguration(contentsOf: fixtures.configuration, plugins: .builtIn), plugins: .builtIn)
    unfinished = fixtures.unfinishedModel
    folder = fixtures.scratch.appendingPathComponent("model")
  }

  func read(_ input: Data) throws {
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.copyItem(at: unfinished, to: folder)
    try input.write(to: folder.appendingPathComponent(Checkpoint.file))
    _ = try run.run(into: folder, resuming: true, observer: SilentObserver())
  }
}

private final class SilentObserver: TrainingRun.Observer {
  func begin(_ summary: TrainingRun.Summary) {}
  func step(epoch: Int, eventsDone: Int, loss: Double) {}
  func finish(_ epoch: EpochSummary) {}
}

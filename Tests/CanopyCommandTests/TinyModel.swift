// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// A small network, trained for a moment by `canopy train` on some of the shipped jets, once for all tests.
enum TinyModel {
  /// The folder of the model; its file names are those that every model has.
  static func folder() throws -> String { try trained.get() }

  /// A folder of this process alone, which is removed with it.
  private static let home = FileManager.default.temporaryDirectory.appendingPathComponent(
    "canopy-tests-" + UUID().uuidString)

  private static let trained = Result {
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: TinyModel.home) }
    let configuration = home.appendingPathComponent("tiny.yaml")
    try Data(Self.configuration().utf8).write(to: configuration)
    let model = home.appendingPathComponent("model").path
    let outcome = try Program.run("train", configuration.path, "-o", model)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return model
  }

  /// A training configuration of a few seconds.
  static func configuration(epochs: Int = 1, events: Int = 200) -> String {
    """
    data:
      inputs: [\(Samples.path("w-vs-qcd-small.h5"))]
      max-events: \(events)
      validation-fraction: 0.25
    jets:
      algorithm: antikt
      radius: 1.0
      min-pt: 200
      leading: 1
      recluster: kt
    embedding:
      cell: gated
      width: 4
      features: lund
    heads:
      w-tagger:
        plugin: jet-tagger
        configuration:
          truth: label
          classes: [QCD, W]
    training:
      epochs: \(epochs)
      batch-size: 32
      learning-rate: 0.005
      seed: 7
      threads: 2
    """
  }
}

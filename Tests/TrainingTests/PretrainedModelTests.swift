// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import TestFiles
import Testing
import Training

/// Trainings that begin with the weights of a whole model.
@Suite struct PretrainedModelTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A training on toy jets of a seed.
  @discardableResult
  private func train(
    into name: String, seed: UInt64 = 5, training: String, resuming: Bool = false,
    changing: (String) -> String = { $0 }
  ) throws -> Model {
    let events = try folder.write(ToyJets.lines(80, seed: seed).joined(), to: "toys-\(seed).jsonl")
    let yaml = ToyJets.configuration(events, training: "batch-size: 16, threads: 2, \(training)")
    let file = URL(fileURLWithPath: try folder.write(changing(yaml), to: "c.yaml"))
    return try TrainingRun(
      TrainingConfiguration(contentsOf: file, plugins: ToyJets.plugins), plugins: ToyJets.plugins
    ).run(into: folder.url.appendingPathComponent(name), resuming: resuming, observer: ToyJets.Log())
  }

  private func numbers(_ model: Model, _ prefix: String = "") -> [Float] {
    model.network.layout.entries.filter { $0.name.hasPrefix(prefix) }.flatMap { entry in
      Array(model.parameters.values[entry.offset..<entry.offset + entry.count])
    }
  }

  @Test func allWeightsAndTheScalingAreTaken() throws {
    let first = try train(into: "first", training: "epochs: 2, learning-rate: 0.02")
    let from = "from: \(folder.path("first"))"
    // Steps that are too small to be seen.
    let second = try train(into: "second", seed: 6, training: "epochs: 1, learning-rate: 1e-30, \(from)")
    #expect(numbers(second) == numbers(first))
    #expect(second.description.scaling == first.description.scaling)
    let own = try train(into: "own", seed: 6, training: "epochs: 1, learning-rate: 1e-30")
    #expect(own.description.scaling != first.description.scaling)
    let third = try train(
      into: "third", seed: 6, training: "epochs: 2, learning-rate: 0.02, \(from), rates: {embedding: 0}")
    #expect(numbers(third, "embedding.") == numbers(first, "embedding."))
    #expect(numbers(third, "heads.") != numbers(first, "heads."))
  }

  /// An embedding that is frozen where it is named and one that has no rate are the same.
  @Test func thereIsOneWayToFreeze() throws {
    try train(into: "first", training: "epochs: 2, learning-rate: 0.02")
    func embedding(_ frozen: String) -> (String) -> String {
      { $0.replacing(/cell:.*\n  width: 4/, with: "from: \(folder.path("first"))\(frozen)") }
    }
    let named = try train(
      into: "named", seed: 6, training: "epochs: 2, gradient-clip: 0.1",
      changing: embedding("\n  frozen: true"))
    let rated = try train(
      into: "rated", seed: 6, training: "epochs: 2, gradient-clip: 0.1, rates: {embedding: 0}",
      changing: embedding(""))
    #expect(numbers(named) == numbers(rated))
    let error = #expect(throws: TrainingError.self) {
      try train(
        into: "both", training: "epochs: 1, rates: {embedding: 0.5}", changing: embedding("\n  frozen: true"))
    }
    #expect(
      error?.description.hasPrefix(
        "training.rates.embedding is 0.5, but embedding.frozen leaves the section as it is;") == true)
  }

  @Test func aResumedTrainingGivesTheSameBits() throws {
    try train(into: "first", training: "epochs: 1")
    let keys = "schedule: constant, rates: {heads: 0.3}, from: \(folder.path("first"))"
    let whole = try train(into: "whole", seed: 6, training: "epochs: 4, \(keys)")
    try train(into: "part", seed: 6, training: "epochs: 2, \(keys)")
    let rest = try train(into: "part", seed: 6, training: "epochs: 4, \(keys)", resuming: true)
    #expect(numbers(rest) == numbers(whole) && rest.description.scaling == whole.description.scaling)
    let other = #expect(throws: TrainingError.self) {
      try train(
        into: "part", seed: 6, training: "epochs: 5, schedule: constant, rates: {heads: 0.3}", resuming: true)
    }
    #expect(other?.description.contains("another configuration: training.from differs") == true)
  }

  @Test func anotherNetworkIsRefused() throws {
    try train(into: "first", training: "epochs: 1")
    let changes: [(from: String, to: String, fragment: String)] = [
      ("width: 4", "width: 5", "embedding.width is '5' here and '4' there"),
      ("cell: gated", "cell: simple", "embedding.cell is 'simple' here and 'gated' there"),
      ("prongs:", "pronged:", "the list of heads is pronged (jet-tagger) here and prongs (jet-tagger) there"),
      (
        "truth: label", "truth: label\n      hidden: [7]",
        "the parameter heads.prongs.hidden1.weight is 7 × 4 here and 4 × 4 there"
      ),
      ("heads:", "events: {width: 3, momenta: none}\nheads:", "events is here and absent there"),
    ]
    for (old, new, fragment) in changes {
      let error = #expect(throws: TrainingError.self) {
        try train(into: "other", training: "epochs: 1, from: \(folder.path("first"))") {
          $0.replacingOccurrences(of: old, with: new)
        }
      }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("\(folder.path("first")): is the model of another network: "), "\(text)")
      #expect(text.contains(fragment) && text.hasSuffix("by embedding.from."), "\(text)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("other")))
  }
}

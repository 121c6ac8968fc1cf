// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import JetTaggers
import NeuralEngine
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import Settings
import TestFiles
import Testing
import Training

/// Jets of one prong (label 0) and of two (label 1), a tenth of a second's work for a small network.
enum ToyJets {
  static let plugins: PluginRegistry = {
    var plugins = PluginRegistry()
    try! plugins.register(RecursiveStage.self)
    try! plugins.register(EventEncoder.self)
    try! plugins.register(JetTagger.self)
    return plugins
  }()

  /// One event as a line of JSON: its particles and further members such as `"label": 1`.
  static func line(_ particles: [FourMomentum], _ columns: String...) -> String {
    let rows = particles.map { "[\($0.px), \($0.py), \($0.pz), \($0.energy)]" }
    let members = ["\"particles\": [\(rows.joined(separator: ", "))]"] + columns
    return "{\(members.joined(separator: ", "))}\n"
  }

  /// The particles of a jet around η = 0 and `phi`.
  static func particles(
    prongs: Int, phi: Double = 1, using generator: inout SeededGenerator
  ) -> [FourMomentum] {
    (0..<8).map { particle in
      let pt = Double.random(in: 5...30, using: &generator)
      let side = prongs == 2 ? (particle.isMultiple(of: 2) ? 0.3 : -0.3) : 0
      let rapidity = side + Double.random(in: -0.15...0.15, using: &generator)
      return FourMomentum(
        pt: pt, rapidity: rapidity, phi: phi + Double.random(in: -0.15...0.15, using: &generator), mass: 0.14)
    }
  }

  /// Lines of `count` events with `label` and `flavour`.
  static func lines(_ count: Int, seed: UInt64 = 5) -> [String] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { event in
      let particles = particles(prongs: 1 + event % 2, using: &generator)
      return line(particles, "\"label\": \(event % 2)", "\"flavour\": \(event % 3)")
    }
  }

  static func finder() throws -> JetFinder {
    try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 20)), recluster: .kt)
  }

  /// The jets of lines, scaled.
  static func dataset(
    _ lines: [String], truth: Set<String> = ["label", "flavour"], weight: String? = nil,
    balance: String? = nil, balanceInterval: Double? = nil, redrawConditions: [String: Double] = [:],
    events: StageChoice? = nil, threads: Int = 1
  ) throws -> EventDataset {
    let folder = try TemporaryFolder()
    let stream = try EventStream(
      inputs: [try folder.write(lines.joined(), to: "toys.jsonl")],
      options: EventReadingOptions(weight: weight.map { EventWeight($0) }))
    var dataset = try EventDataset(
      stream, jets: finder(), for: Network(embedding: embedding(.gated), events: events, heads: []),
      keeping: truth, balance: balance, balanceInterval: balanceInterval,
      redrawConditions: redrawConditions,
      threads: threads)
    var scaling = scaling
    scaling.events =
      SampleScaling(fitting: dataset.sample, events: Array(0..<dataset.eventCount)).events
    dataset.scale(by: scaling)
    return dataset
  }

  /// The trees that the recursive network reads of a dataset.
  static func trees(_ dataset: EventDataset) throws -> FeatureTrees {
    try #require(dataset.sample.embedding as? NodeSample).trees
  }

  /// The same scaling for all data, so that two of them compare.
  private static let scaling = SampleScaling(
    nodes: StageScaling(
      FeatureScaling(
        median: [-2, -2, 0, 0, 0.2, -1, 3, 0, -2, -1, 1],
        interquartileRange: [1, 1, 0.3, 0.3, 0.2, 2, 1, 1, 1, 1, 1])))

  static func embedding(_ cell: RecursiveNetwork.Cell) -> StageChoice {
    StageChoice(RecursiveStage.self, EmbeddingDescription(cell: cell, width: 5, features: .lund))
  }

  /// A network with a tagger of each truth column: two classes of `label`, three of `flavour`.
  static func network(
    _ columns: [String] = ["label"], cell: RecursiveNetwork.Cell = .gated
  ) throws -> Network {
    try Network(
      embedding: embedding(cell),
      heads: columns.map { column in
        let classes = column == "label" ? ["one", "two"] : ["x", "y", "z"]
        let configuration = JetTagger.Configuration(truth: ClassTruth(column), classes: classes, hidden: [4])
        return (column, JetTagger.self, try JSONValue(encoding: configuration))
      })
  }

  /// What a training tells before its first step, and nothing else.
  final class Log: TrainingRun.Observer {
    private(set) var summary: TrainingRun.Summary?
    var remarks: [String] { summary?.remarks ?? [] }
    func begin(_ summary: TrainingRun.Summary) { self.summary = summary }
    func step(epoch: Int, eventsDone: Int, loss: Double) {}
    func finish(_ epoch: EpochSummary) {}
  }

  /// The section `training` of a configuration.
  static func section(_ yaml: String) throws -> TrainingSection {
    try ConfigurationNode(yaml: yaml, source: "c.yaml").decode(TrainingSection.self)
  }

  /// A whole configuration for a file of events.
  static func configuration(_ input: String, training: String, cell: String = "gated") -> String {
    """
    data:
      inputs: [\(input)]
      validation-fraction: 0.3
    jets:
      radius: 1
      min-pt: 20
      recluster: kt
    embedding:
      cell: \(cell)
      width: 4
    heads:
      prongs:
        plugin: jet-tagger
        configuration:
          truth: label
          classes: [one, two]
    training: {\(training)}
    """
  }
}

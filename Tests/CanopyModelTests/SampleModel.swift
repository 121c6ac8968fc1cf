// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventClassifiers
import EventIO
import Foundation
import JetPhysics
import JetTaggers
import NeuralEngine
import Observables
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import TestFiles
import Testing

/// Networks of random weights for the shipped events: nothing that is tested here needs a training.
enum SampleModel {
  static func finder() throws -> JetFinder {
    try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 100), leading: 2),
      recluster: .kt)
  }

  /// A model with heads of these names and classes, its features scaled for the jets of `events`.
  static func make(
    _ cell: RecursiveNetwork.Cell = .gated, _ features: NodeFeatures = .lund, width: Int = 7,
    heads: KeyValuePairs<String, [String]> = ["tagger": ["QCD", "W"], "origin": ["W", "q", "g"]]
  ) throws -> Model {
    let embedding = StageChoice(
      RecursiveStage.self, EmbeddingDescription(cell: cell, width: width, features: features))
    let network = try Network(
      embedding: embedding,
      heads: heads.map { name, classes in
        let configuration = JetTagger.Configuration(truth: "label", classes: classes, hidden: [5])
        return (name, JetTagger.self, try JSONValue(encoding: configuration))
      })
    var trees = FeatureTrees(featureCount: features.count)
    trees.replace(with: try jets.get().trees, features: features)
    var generator = SeededGenerator(seed: 3)
    let parameters = Parameters(layout: network.layout, using: &generator)
    // Biases that are not zero, so that no component of an embedding is.
    for entry in network.layout.entries where entry.rows == 1 {
      for i in 0..<entry.count {
        parameters.values[entry.offset + i] = Float.random(in: 0...0.5, using: &generator)
      }
    }
    return Model(
      description: ModelDescription(
        jets: try finder(), embedding: network.embedding?.description,
        scaling: SampleScaling(
          nodes: StageScaling(FeatureScaling(fitting: trees.features, count: features.count))),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: parameters)
  }

  /// A model that encodes events with every input that there is, with a classifier of events and a tagger that reads
  /// its event.
  static func withEvents(_ momenta: ItemMomenta = .relative) throws -> Model {
    let embedding = StageChoice(RecursiveStage.self, RecursiveStage.example)
    let encoder = StageChoice(
      EventEncoder.self,
      try EventEncoderDescription(
        momenta: momenta, width: 3, bidirectional: true,
        inputs: EventInputs(
          missingMomentum: true, scalarSum: true, itemCount: true,
          leptons: IsolatedParticles(count: 2, maximumIsolation: 1), photons: IsolatedParticles(count: 2),
          conditions: ["mass"])))
    let network = try Network(
      embedding: embedding, events: encoder,
      heads: [
        (
          "whole", EventClassifier.self,
          try JSONValue(
            encoding: EventClassifier.Configuration(truth: "label", classes: ["a", "b"], hidden: [4]))
        ),
        (
          "tagger", JetTagger.self,
          try JSONValue(
            encoding: JetTagger.Configuration(
              truth: "label", classes: ["a", "b", "c"], hidden: [4], eventContext: true))
        ),
      ])
    var generator = SeededGenerator(seed: 3)
    var sample = EventSample(network)
    try sample.replace(with: events.get(), jets: jets.get())
    return Model(
      description: ModelDescription(
        jets: try finder(), embedding: network.embedding?.description,
        events: network.events?.description,
        scaling: SampleScaling(fitting: sample, events: Array(0..<sample.eventCount)),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: Parameters(layout: network.layout, using: &generator))
  }

  /// The gated model with Lund features.
  static let gated = Result { try make() }

  private static let jets = Result { try JetClusterer(finder()).jets(in: events.get()) }

  /// Twenty full events of each of the two samples, with a mass for all of them.
  static let events = Result {
    let stream = try EventStream(
      inputs: [Samples.path("w-events-v2.hepmc.gz"), Samples.path("qcd-events.hepmc.zst")],
      options: EventReadingOptions(columns: ["mass": 500]))
    var events = try #require(try stream.next(upTo: 20))
    var others = try #require(try stream.next(upTo: 20))
    for name in Set(events.columns.names).symmetricDifference(others.columns.names) {
      events.columns[name] = nil
      others.columns[name] = nil
    }
    for event in 0..<others.eventCount { others.eventNumbers[event] = events.eventCount + event }
    events.append(others)
    return events
  }
}

extension Events {
  /// Adds an event of these momenta, with identifier 0 and every column 0, where the others have such.
  mutating func append(_ momenta: [FourMomentum]) {
    if !pdgID.isEmpty { pdgID += momenta.map { _ in 0 } }
    for (name, column) in columns.sorted {
      columns[name]!.values += Array(repeating: 0, count: column.width)
    }
    for momentum in momenta { self.momenta.append(momentum) }
    finishEvent(number: eventCount)
  }

  func momenta(ofEvent event: Int) -> [FourMomentum] {
    particles(ofEvent: event).map { momentum(ofParticle: $0) }
  }

  /// The batch of the events that `transform` makes of these.
  func map(_ transform: ([FourMomentum]) -> [FourMomentum]) -> Events {
    var result = Events(source: source)
    for event in 0..<eventCount { result.append(transform(momenta(ofEvent: event))) }
    return result
  }
}

extension Network {
  /// The recursive network, if the stage of jets is one.
  var recursive: RecursiveStage? { embedding?.stage as? RecursiveStage }
}

extension Prediction {
  /// Embeddings and predictions of all heads, one array for each.
  var numbers: [[Float]] { [embedding] + heads.map(\.values) }
}

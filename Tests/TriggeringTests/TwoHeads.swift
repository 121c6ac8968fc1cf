// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventClassifiers
import EventIO
import Foundation
import JetTaggers
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// A model of random weights with a head on jets and one on events, as many paths as are wanted, and a large event.
enum TwoHeads {
  static func model() throws -> Model {
    let embedding = StageChoice(
      RecursiveStage.self, EmbeddingDescription(cell: .gated, width: 8, features: .lund))
    let encoder = try EventEncoderDescription(
      momenta: .relative, width: 6, inputs: EventInputs(missingMomentum: true, scalarSum: true))
    let classes = ["background", "signal"]
    let network = try Network(
      embedding: embedding, events: StageChoice(EventEncoder.self, encoder),
      heads: [
        (
          "tagger", JetTagger.self,
          try JSONValue(encoding: JetTagger.Configuration(truth: "label", classes: classes, hidden: [8]))
        ),
        (
          "whole", EventClassifier.self,
          try JSONValue(
            encoding: EventClassifier.Configuration(truth: "label", classes: classes, hidden: [8]))
        ),
      ])
    var generator = SeededGenerator(seed: 5)
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 10)),
      recluster: .kt)
    let events = try event(particles: 500)
    var sample = EventSample(network)
    try sample.replace(with: events, jets: JetClusterer(finder).jets(in: events))
    return Model(
      description: ModelDescription(
        jets: finder, embedding: network.embedding?.description, events: network.events?.description,
        scaling: SampleScaling(fitting: sample, events: [0]),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: Parameters(layout: network.layout, using: &generator))
  }

  static func menu(paths: Int) throws -> TriggerMenu {
    var text = "paths:\n"
    for path in 0..<paths {
      text += """
          - name: path-\(path)
            prescale: \(1 + path % 3)
            conditions:
              - jet: {rank: \(1 + path % 2), quantity: tagger/score, min-pt: 20, max-abs-rapidity: 2.5}
                min: 0.\(path + 10)
              - event-output: whole/score
                min: 0.\(path + 10)
              - ht: {min-pt: 15}
                min: \(10 * path)
              - missing-momentum: {}
                max: 1.0e+4
              - jet-count: {outputs: {tagger/score: {min: 0.1}}}
                min: 1
              - invariant-mass: {}
              - mass(jet[0], jet[1]) > 1 and count(jet.tagger/score > 0.05) >= 1 and whole/score < 2
              - max(sum(constituent.pt * (constituent.charge != 0)) / jet.pt) > 0.01 and max(count(constituent)) > 1

        """
    }
    return try MenuFile(yaml: text, source: "menu").menu(
      sources: DecisionSources(model()), plugins: .shipped)
  }

  /// The hardest particles of the largest of some events.
  static func event(particles count: Int) throws -> Events {
    let stream = try EventStream(inputs: [Samples.path("qcd-events.hepmc.zst")])
    let events = try #require(try stream.next(upTo: 20))
    let largest = (0..<events.eventCount).max {
      events.particles(ofEvent: $0).count < events.particles(ofEvent: $1).count
    }
    var event = events.events(at: [try #require(largest)])
    let chosen = (0..<event.particleCount).sorted {
      event.momentum(ofParticle: $0).pt > event.momentum(ofParticle: $1).pt
    }.prefix(count)
    try #require(chosen.count == count)
    event.pdgID = chosen.map { event.pdgID[$0] }
    event.momenta = FourMomenta(chosen.map { event.momenta[$0] })
    event.offsets = [0, count]
    return event
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import EventClassifiers
import Foundation
import JetTaggers
import TestFiles
import Testing

/// Whole networks, from the trees of jets through the event encoder to heads on events and on jets.
@Suite struct EventNetworkTests {
  typealias Configuration = EventClassifier.Configuration

  private static let embedding = StageChoice(
    RecursiveStage.self, EmbeddingDescription(cell: .gated, width: 4, features: .lund))

  private static func encoder(bidirectional: Bool) throws -> StageChoice {
    StageChoice(
      EventEncoder.self,
      try EventEncoderDescription(
        width: 3, bidirectional: bidirectional, inputs: EventInputs(missingMomentum: true, scalarSum: true)))
  }

  /// A classifier of events and a tagger that reads its event, on one embedding.
  private static func network(
    _ classes: [String] = ["background", "signal"], bidirectional: Bool = false
  ) throws -> Network {
    try Network(
      embedding: embedding, events: encoder(bidirectional: bidirectional),
      heads: [
        (
          "whole", EventClassifier.self,
          try JSONValue(encoding: Configuration(truth: "label", classes: classes, hidden: [5]))
        ),
        (
          "quarks", JetTagger.self,
          try JSONValue(
            encoding: JetTagger.Configuration(
              truth: "label", classes: ["q", "g"], hidden: [4], eventContext: true))
        ),
      ])
  }

  /// Events of the shipped sample with none to many jets, as a network reads them.
  private static func sample(_ count: Int = 6, minimumPt: Double = 15) throws -> EventSample {
    let stream = try EventStream(inputs: [Samples.path("qcd-events.hepmc.zst")])
    var events = try #require(try stream.next(upTo: count - 1))
    events.eventNumbers.append(count - 1)
    events.offsets.append(events.particleCount)
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: minimumPt)),
      recluster: .kt)
    var sample = try EventSample(network())
    try sample.replace(with: events, jets: JetClusterer(finder).jets(in: events))
    sample.scale(by: SampleScaling(fitting: sample, events: Array(0..<count)))
    return sample
  }

  private static func parameters(_ network: Network) -> Parameters {
    var generator = SeededGenerator(seed: 13)
    let parameters = Parameters(layout: network.layout, using: &generator)
    for entry in network.layout.entries where entry.rows == 1 {
      for i in 0..<entry.count {
        parameters.values[entry.offset + i] = Float.random(in: 0.1...0.5, using: &generator)
      }
    }
    return parameters
  }

  /// The sum of both heads' losses, so that its gradient passes from events and jets into the recursive network.
  private static func loss(
    _ network: Network, _ batch: NetworkBatch, _ weights: NetworkWeights, on tape: Tape
  ) -> Variable {
    let inputs = network(batch, weights, on: tape).headInputs
    var losses: [Variable] = []
    for named in network.heads {
      let rows = inputs.count(of: named.head.rows)
      let truth = HeadTruth(rows: rows, columns: ["label": (0..<rows).map { Float($0 % 2) }])
      losses.append(named.head.totalLoss(inputs, truth))
    }
    return losses[0] + losses[1]
  }

  /// The gradient of the losses of events and jets in every parameter, through the event encoder into the recursive
  /// network, against central differences.
  @Test(arguments: [false, true]) func gradientsReachTheTrees(bidirectional: Bool) throws {
    let network = try Self.network(bidirectional: bidirectional)
    let sample = try Self.sample()
    #expect(sample.jets(ofEvent: 5).isEmpty && sample.jetCount > 6)
    let batch = NetworkBatch()
    batch.fill(sample, [3, 0, 5, 4, 1, 2])
    let parameters = Self.parameters(network)
    let weights = NetworkWeights(network, parameters)
    let gradients = Parameters(layout: network.layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    tape.backward(from: Self.loss(network, batch, weights, on: tape))

    let plain = Tape(parameters: parameters)
    func value() -> Double {
      weights.pack(parameters)
      plain.reset()
      return Double(Self.loss(network, batch, weights, on: plain).values[0])
    }
    for entry in network.layout.entries {
      var largest: Float = 0
      for i in stride(from: 0, to: entry.count, by: max(1, entry.count / 7)) {
        let place = entry.offset + i
        let kept = parameters.values[place]
        let step: Float = 1e-3
        parameters.values[place] = kept + step
        let above = value()
        parameters.values[place] = kept - step
        let below = value()
        parameters.values[place] = kept
        let difference = Float((above - below) / Double(2 * step))
        let gradient = gradients.values[place]
        #expect(
          abs(gradient - difference) < 0.02 * max(abs(gradient), abs(difference)) + 0.01,
          "\(entry.name) [\(i)]: \(gradient) and \(difference)")
        largest = max(largest, abs(gradient))
      }
      #expect(largest > 0, "\(entry.name) has no gradient")
    }
  }

  @Test func aFrozenEmbeddingGetsNoGradient() throws {
    let network = try Self.network()
    let batch = NetworkBatch()
    batch.fill(try Self.sample(), 0..<6)
    let parameters = Self.parameters(network)
    let gradients = Parameters(layout: network.layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    let weights = NetworkWeights(network, parameters)
    let pass = network(batch, weights, on: tape, freezingEmbedding: true)
    let head = network.heads[0].head
    tape.backward(
      from: head.totalLoss(pass.headInputs, HeadTruth(rows: 6, columns: ["label": [0, 1, 0, 1, 0, 1]])))
    let free = Tape(parameters: parameters)
    #expect(
      network(batch, weights, on: free).jetEmbedding!.matrix.values == pass.jetEmbedding!.matrix.values)
    let frozen = Set(network.embedding!.parameters)
    #expect(!frozen.isEmpty)
    for id in frozen { #expect(gradients[id].allSatisfy { $0 == 0 }) }
    let others = network.layout.entries.filter {
      $0.name.hasPrefix("events.") || $0.name.hasPrefix("heads.whole")
    }
    for entry in others {
      #expect(
        gradients.values[entry.offset..<entry.offset + entry.count].contains { $0 != 0 }, "\(entry.name)")
    }
  }

  @Test func severalClassesHaveAnOutputEach() throws {
    let network = try Self.network(["a", "b", "c"])
    let head = network.heads[0].head
    #expect(head.rows == .events && head.outputs.map(\.name) == ["a", "b", "c"])
    let batch = NetworkBatch()
    batch.fill(try Self.sample(), 0..<6)
    let parameters = Self.parameters(network)
    let tape = Tape(parameters: parameters)
    let inputs = network(batch, NetworkWeights(network, parameters), on: tape).headInputs
    let outputs = head.predictions(inputs)
    #expect(outputs.rows == 6 && outputs.columns == 3)
    for event in 0..<6 {
      #expect(abs((0..<3).reduce(Float(0)) { $0 + outputs[event, $1] } - 1) < 1e-6)
    }
    let truth = HeadTruth(rows: 6, columns: ["label": [0, 1, 2, 2, 1, 0]])
    let metrics = try head.evaluate(outputs, truth: truth, weights: Array(repeating: 1, count: 6)).metrics
    #expect(metrics.map(\.name) == ["mean AUC", "accuracy"])
  }
}

extension Head {
  fileprivate func totalLoss(_ inputs: HeadInputs, _ truth: HeadTruth) -> Variable {
    loss(of: self(inputs), truth: truth).sum()
  }

  fileprivate func predictions(_ inputs: HeadInputs) -> Matrix { outputs(of: self(inputs)).matrix }
}

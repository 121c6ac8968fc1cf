// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import PluginKit
import RecursiveEmbedding
import TestFiles
import TestPlugins
import Testing

/// What a network reads, compared with what it read in its training.
@Suite struct InputDriftTests {
  private let model: Model
  private let events: Events

  init() throws {
    model = try Model(contentsOf: Models.folder("w-tagger"), plugins: .shipped)
    events = try #require(
      try EventStream(inputs: [Samples.path("w-vs-qcd-small.h5")]).next(upTo: 400))
  }

  private func sample(_ events: Events) throws -> EventSample {
    var sample = EventSample(model)
    try sample.replace(with: events, jets: Predictor(model).predict(events, heads: false).jets)
    return sample
  }

  private func model(knowing inputs: [InputDistribution]) throws -> Model {
    var description = model.description
    description.training?.inputs = inputs
    return Model(description: description, network: model.network, parameters: model.parameters)
  }

  private func distributions(_ events: Events) throws -> [InputDistribution] {
    try sample(events).distributions(of: { _ in true }, inEvents: Array(0..<events.eventCount))
  }

  private func drifts(_ events: Events, against inputs: [InputDistribution]) throws -> [InputDrift] {
    let model = try model(knowing: inputs)
    let monitor = try #require(DriftMonitor(model))
    let predictor = try Predictor(model)
    predictor.driftMonitor = monitor
    // In pieces, as a trigger does.
    for first in stride(from: 0, to: events.eventCount, by: 70) {
      _ = try predictor.predict(events.events(at: Array(first..<min(first + 70, events.eventCount))))
    }
    return monitor.drifts(monitor.take())
  }

  /// The numbers of a feature of nodes: `[events][nodes]`.
  private func numbers(_ place: Int, _ sample: EventSample) -> [[Float]] {
    let trees = (sample.embedding as! NodeSample).trees
    return (0..<sample.eventCount).map { event in
      let jets = sample.jets(ofEvent: event)
      return (trees.offsets[jets.lowerBound]..<trees.offsets[jets.upperBound])
        .map { trees.features[$0 * trees.featureCount + place] }.filter { !$0.isNaN }
    }
  }

  @Test func distributionsAreThoseOfTheNumbers() throws {
    let sample = try sample(events)
    let names = (sample.embedding as! NodeSample).shuffledNames
    let found = try distributions(events)
    #expect(found.count > 3)
    for distribution in found {
      let numbers = numbers(try #require(names.firstIndex(of: distribution.input)), sample)
      let all = numbers.joined().sorted()
      #expect(distribution.edges.allSatisfy(all.contains) && distribution.edges.last! < all.last!)
      var ratios: [Double] = []
      for (edge, share) in zip(distribution.edges, distribution.shares) {
        let below = numbers.map { $0.count { $0 <= edge } }
        #expect(abs(share - Double(below.reduce(0, +)) / Double(all.count)) < 1e-12)
        // Events differ, and the numbers of one are alike.
        let variance = zip(below, numbers).reduce(0.0) { sum, event in
          let deviation = Double(event.0) - share * Double(event.1.count)
          return sum + deviation * deviation
        }
        ratios.append(variance / (Double(all.count) * Double(all.count)) / (share * (1 - share)))
      }
      let effective = Double(ratios.count) / ratios.reduce(0, +)
      #expect(abs(distribution.effectiveCount / effective - 1) < 1e-6)
    }
    // Most numbers differ from each other, so that there are nine deciles.
    let full = found.filter { $0.edges.count == 9 }
    #expect(full.count > 2)
    for distribution in full {
      for (decile, share) in distribution.shares.enumerated() {
        #expect(abs(share - 0.1 * Double(decile + 1)) < 0.05)
      }
    }
  }

  @Test func theSameEventsHaveNoDrift() throws {
    let inputs = try distributions(events)
    let found = try drifts(events, against: inputs)
    #expect(Set(found.map(\.input)) == Set(inputs.map(\.input)))
    #expect(found.allSatisfy { $0.distance == 0 && $0.expected > 0 && $0.expected < 0.1 })
  }

  /// The shipped models know the events that they were trained on, which those of the small samples are like.
  @Test(arguments: [
    ("w-tagger", "w-vs-qcd-small"), ("dihiggs", "dihiggs/hh-vs-ttbar-small"),
    ("ditau-mass", "ditau/tautau-mass-small"),
  ])
  func shippedModelsKnowTheirTraining(name: String, sample: String) throws {
    let model = try Model(contentsOf: Models.folder(name), plugins: .shipped)
    let monitor = try #require(DriftMonitor(model))
    let predictor = try Predictor(model)
    predictor.driftMonitor = monitor
    let stream = try EventStream(inputs: [Samples.path("\(sample).h5")])
    var count = 0
    while let events = try stream.next(upTo: 200), count < 1000 {
      count += events.eventCount
      _ = try predictor.predict(events, heads: false)
    }
    let drifts = monitor.drifts(monitor.take())
    #expect(drifts.count == model.description.training?.inputs?.count && drifts.count > 10)
    for drift in drifts { #expect(drift.distance < 4 * drift.expected, "\(drift)") }
  }

  /// One event tells as much as one number, however many nodes it has.
  @Test func oneEventIsExpectedToDrift() throws {
    let inputs = try distributions(events)
    for drift in try drifts(events.events(at: [3]), against: inputs) {
      #expect(drift.events == 1 && drift.expected > 0.8 && drift.expected < 1, "\(drift)")
    }
  }

  /// Particles of twice the energy.
  @Test func otherEventsDrift() throws {
    let inputs = try distributions(events)
    var other = events
    for particle in 0..<other.particleCount {
      for component in [\FourMomenta.px, \.py, \.pz, \.energy] {
        other.momenta[keyPath: component][particle] *= 2
      }
    }
    let found = try drifts(other, against: inputs)
    #expect(
      zip(found, found.dropFirst()).allSatisfy { $0.distance / $0.expected >= $1.distance / $1.expected })
    let first = found[0]
    #expect(first.distance > 5 * first.expected)
    let sample = try sample(other)
    let names = (sample.embedding as! NodeSample).shuffledNames
    for drift in found {
      let numbers = Array(numbers(names.firstIndex(of: drift.input)!, sample).joined())
      let distribution = inputs.first { $0.input == drift.input }!
      let differences = zip(distribution.edges, distribution.shares).map { edge, share in
        abs(Double(numbers.count { $0 <= edge }) / Double(numbers.count) - share)
      }
      #expect(abs(drift.distance - differences.max()!) < 1e-12)
    }
  }

  /// Halves of one sample differ as is expected.
  @Test func theExpectedDistanceIsThatOfLikeEvents() throws {
    var generator = SeededGenerator(seed: 9)
    var ratios: [Double] = []
    for _ in 0..<6 {
      let places = Array(0..<400).shuffled(using: &generator)
      let inputs = try distributions(events.events(at: Array(places[..<200])))
      ratios += try drifts(events.events(at: Array(places[200...])), against: inputs)
        .map { $0.distance / $0.expected }
    }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    #expect(mean > 0.5 && mean < 1.3, "\(mean)")
  }

  @Test func whatIsNoDistributionIsPassedOver() throws {
    var inputs = Array(try distributions(events).prefix(2))
    inputs[0].edges.reverse()
    #expect(try drifts(events, against: inputs).map(\.input) == [inputs[1].input])
    inputs[1].shares.removeLast()
    #expect(try DriftMonitor(model(knowing: inputs)) == nil && DriftMonitor(model(knowing: [])) == nil)
  }
}

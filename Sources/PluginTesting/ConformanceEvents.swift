// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetPhysics
import NeuralEngine
import Observables
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding

/// Events that heads are tried on.
enum ConformanceEvents {
  /// The plugins that networks here may have besides the one that is tried.
  static let plugins: PluginRegistry = {
    var plugins = PluginRegistry()
    // Their identifiers differ, so that registering them cannot fail.
    try! plugins.registerObservables()
    try! plugins.register(RecursiveStage.self)
    try! plugins.register(EventEncoder.self)
    return plugins
  }()

  /// The same plugins, and further observables and heads.
  static func plugins(with observables: [any Observable.Type], heads: [any Head.Type] = []) -> PluginRegistry
  {
    var plugins = plugins
    for type in heads where plugins.origin(ofHead: type.identifier) == nil { try? plugins.register(type) }
    // One that comes with Canopy is there already.
    for type in observables where plugins.origin(ofObservable: type.identifier) == nil {
      try? plugins.register(type)
    }
    return plugins
  }

  /// The event column that networks here read as a condition.
  static let condition = "condition"

  /// Twelve events of two jets of some particles each, with a lepton and a photon.
  static let ordinary: Events = {
    var generator = SeededGenerator(seed: 5)
    func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
    return batch(
      (0..<12).map { _ in
        let phi = random(0...6.2)
        var event: [(FourMomentum, Int32)] = []
        for axis in [phi, phi + 3] {
          let eta = random(-1...1)
          for _ in 0..<6 {
            event.append(
              (momentum(random(5...80), eta + random(-0.4...0.4), axis + random(-0.4...0.4), 0.14), 211))
          }
        }
        event.append((momentum(random(20...60), random(-2...2), phi + 1.5, 0.0005), 11))
        event.append((momentum(random(20...60), random(-2...2), phi - 1.5, 0), 22))
        return event
      })
  }()

  /// Events at the edges of what is valid.
  static let extreme: Events = {
    let alone = [momentum(100, 0.3, 1, 0.14)]
    let identical = Array(repeating: momentum(20, -0.5, 2, 0), count: 5)
    let alongBeam = [5000.0, -5000].map { FourMomentum(px: 0, py: 0, pz: $0, energy: 5000) }
    let hard = [momentum(6500, 0, 0, 0), momentum(6500, 0, .pi, 0)]
    let soft = [momentum(1e-6, 0, 0, 0), momentum(2e-6, 1, 1, 0)]
    let belowShell = [FourMomentum(px: 30, py: 40, pz: 0, energy: 50 * (1 - 1e-12)), momentum(10, 0, 2, 0)]
    let wide = [momentum(1e-3, 9, 0, 0.14), momentum(3000, 0, 3, 0.14)]
    return batch(
      [[], alone, identical, alongBeam, hard, soft, belowShell, wide].map { $0.map { ($0, 211) } })
  }()

  /// Events with columns of particles, each number of which depends on its particle alone.
  static func events(_ events: Events, with columns: Set<String>) -> Events {
    var events = events
    for (place, name) in columns.subtracting(["pdgid"]).sorted().enumerated() {
      let values = events.momenta.map { sin(Double(place + 1) * (100 * $0.px + 10 * $0.py + $0.pz)) }
      events.particles.content.columns[name] = Column(values: values)
    }
    return events
  }

  /// A model of random weights that are no weights of an untrained network: biases are not zero, so that the corners of ReLUs
  /// lie elsewhere than at zero.
  static func model(of network: Network) throws -> Model {
    var generator = SeededGenerator(seed: 3)
    let parameters = Parameters(layout: network.layout, using: &generator)
    for entry in network.layout.entries where entry.rows == 1 && entry.isLearnt {
      for i in entry.offset..<entry.offset + entry.count {
        parameters.values[i] += Float.random(in: 0.05...0.4, using: &generator)
      }
    }
    let finder = try JetFinder(JetDefinition(.antikt, radius: 1), recluster: .kt)
    let events = events(ordinary, with: network.particleColumns)
    var sample = EventSample(network)
    let reconstruction = try JetReconstruction(finder, observables: network.observables)
    try sample.replace(with: events, jets: reconstruction.jets(in: events))
    return Model(
      description: ModelDescription(
        jets: finder, observables: try network.observables.members.map(ObservableDescription.init),
        embedding: network.embedding?.description, events: network.events?.description,
        scaling: SampleScaling(fitting: sample, events: Array(0..<sample.eventCount)),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: parameters)
  }

  /// The momenta of the first particles of some events, for messages; in words if there are none.
  static func momenta(of events: Events) -> String {
    if events.particleCount == 0 { return "none" }
    let shown = (0..<min(3, events.particleCount)).map { i in
      let p = events.momenta[i]
      return "(\(p.px), \(p.py), \(p.pz), \(p.energy))"
    }
    return shown.joined(separator: ", ") + (events.particleCount > 3 ? ", …" : "")
  }

  /// A particle of transverse momentum, pseudorapidity, azimuth and mass.
  private static func momentum(_ pt: Double, _ eta: Double, _ phi: Double, _ mass: Double) -> FourMomentum {
    let p = pt * cosh(eta)
    return FourMomentum(
      px: pt * cos(phi), py: pt * sin(phi), pz: pt * sinh(eta), energy: (p * p + mass * mass).squareRoot())
  }

  private static func batch(_ events: [[(momentum: FourMomentum, pdgID: Int32)]]) -> Events {
    var batch = Events(source: "events of PluginTesting")
    for (number, event) in events.enumerated() {
      batch.eventNumbers.append(number)
      for (p, id) in event {
        batch.momenta.append(p)
        batch.pdgID.append(id)
      }
      batch.offsets.append(batch.particleCount)
    }
    batch.columns[condition] = Column(values: events.indices.map { 100 + Double($0) })
    return batch
  }
}

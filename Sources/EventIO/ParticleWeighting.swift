// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import JetPhysics
import PluginKit

/// What the four-momenta of particles are multiplied by before anything reads them, such as how likely each is not from pile-up.
///
/// ```swift
/// var options = EventReadingOptions()
/// options.weighting = try ParticleWeighting(ObservableChoice("puppi", plugins.observable("puppi")))
/// let stream = try EventStream(inputs: ["events.h5"], options: options)
/// ```
public struct ParticleWeighting: Sendable {
  /// What messages call it: the name of an observable or of a model.
  public let name: String
  /// The columns of particles that it reads.
  public let particleColumns: Set<String>

  /// The number that an observable of constituents or a head on constituents calls the weight.
  package static let quantity = "weight"

  /// Makes what finds the jets of events and the weight of each constituent of these, on one thread.
  private let makeWorker: @Sendable () throws -> ((Events) throws -> (jets: Jets, weights: [Double]))

  /// A weighting by any means that gives weights of constituents.
  ///
  /// - Parameters:
  ///   - name: what messages call it.
  ///   - particleColumns: the columns of particles that it reads.
  ///   - makeWorker: makes what finds jets of events that have each particle once, and the weight of each of their constituents,
  ///     `[constituents]`, on one thread; what it gives for an event must not depend on the others.
  package init(
    name: String, particleColumns: Set<String>,
    makeWorker: @escaping @Sendable () throws -> ((Events) throws -> (jets: Jets, weights: [Double]))
  ) {
    self.name = name
    self.particleColumns = particleColumns
    self.makeWorker = makeWorker
  }

  /// A weighting by the number `weight` of an observable of constituents, which are those of all anti-kT jets of R = 0.4.
  ///
  /// - Throws: `PluginError` if the observable is not one of constituents or has no such number.
  public init(_ choice: ObservableChoice) throws {
    let observables = try ObservableSet([choice])
    let column = "\(choice.name)/\(Self.quantity)"
    guard observables.columns.contains(where: { $0.name == column && $0.rows == .constituents }) else {
      throw PluginError(
        "The observable \(choice.name) has no number “weight” of constituents, which particles could be multiplied by: choose another."
      )
    }
    let finder = try JetFinder(JetDefinition(.antikt, radius: 0.4), trees: observables.readsTrees)
    self.init(name: choice.name, particleColumns: observables.particleColumns) {
      let reconstruction = try JetReconstruction(finder, observables: observables)
      return { events in
        let jets = try reconstruction.jets(in: events)
        return (jets, jets.columns.constituents[column]!.values)
      }
    }
  }

  /// What weights the particles of events on one thread, and leaves out those of weight 0.
  func worker() throws -> (inout Events) throws -> Void {
    let work = try makeWorker()
    return { [name] events in
      let (jets, found) = try work(events)
      let weights = try events.weights(found, ofConstituentsOf: jets, by: name)
      events.multiplyMomenta(by: weights)
      if weights.contains(0) { events.keepParticles(weights.map { $0 != 0 }) }
    }
  }
}

extension ParticleWeighting: Equatable {
  /// Whether two weightings have the same name.
  public static func == (first: ParticleWeighting, second: ParticleWeighting) -> Bool {
    first.name == second.name
  }
}

extension Events {
  /// The weights of particles, by those of the constituents of jets: `[particles]`.
  ///
  /// - Throws: `EventInputError` if a particle is in no jet, or its weight is none.
  fileprivate func weights(_ found: [Double], ofConstituentsOf jets: Jets, by name: String) throws -> [Double]
  {
    var weights = [Double](repeating: .nan, count: particleCount)
    for event in 0..<eventCount {
      let first = offsets[event]
      for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
        weights[first + Int(jets.constituents.content[place])] = found[place]
      }
      // Jets leave out particles whose momentum is 0, or whose square is, which no weight changes.
      for particle in particles(ofEvent: event) where weights[particle].isNaN {
        let p = momentum(ofParticle: particle)
        if p.energy * p.energy == 0 || p.px * p.px + p.py * p.py + p.pz * p.pz == 0 { weights[particle] = 1 }
      }
      for particle in particles(ofEvent: event) where !(weights[particle] >= 0 && weights[particle].isFinite)
      {
        throw EventInputError(
          source: source, event: eventNumbers[event], field: "particles",
          problem:
            "have no weight by \(name) in this event: that of particle \(particle - first) is \(weights[particle].text); leave the event out, or look at what \(name) reads of the particle"
        )
      }
    }
    return weights
  }

  fileprivate mutating func multiplyMomenta(by weights: [Double]) {
    for particle in weights.indices {
      momenta.px[particle] *= weights[particle]
      momenta.py[particle] *= weights[particle]
      momenta.pz[particle] *= weights[particle]
      momenta.energy[particle] *= weights[particle]
    }
  }
}

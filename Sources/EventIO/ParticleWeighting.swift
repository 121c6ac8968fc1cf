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

  /// Makes what finds the jets of events and replaces numbers by the weight of each constituent of these, on one thread.
  private let makeWorker: @Sendable () throws -> (Events, inout [Double]) throws -> Jets

  /// A weighting by any means that gives weights of constituents.
  ///
  /// - Parameters:
  ///   - name: what messages call it.
  ///   - particleColumns: the columns of particles that it reads.
  ///   - makeWorker: makes what finds jets of events that have each particle once, and replaces numbers by the weight of each of
  ///     their constituents, `[constituents]`, on one thread; what it gives for an event must not depend on the others.
  package init(
    name: String, particleColumns: Set<String>,
    makeWorker: @escaping @Sendable () throws -> (Events, inout [Double]) throws -> Jets
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
      var jets = Jets()
      return { events, weights in
        try reconstruction.findJets(in: events, into: &jets)
        weights.removeAll(keepingCapacity: true)
        weights.append(contentsOf: jets.columns.constituents[column]!.values)
        return jets
      }
    }
  }

  /// What weights the particles of events on one thread.
  package func makeWeigher() throws -> ParticleWeigher { ParticleWeigher(name, try makeWorker()) }
}

/// Multiplies the momenta of particles by their weights, with memory that is kept from batch to batch; it belongs to one thread at
/// a time.
package final class ParticleWeigher {
  private let name: String
  private let work: (Events, inout [Double]) throws -> Jets
  /// The weight of each constituent of the jets: `[constituents]`.
  private var found: [Double] = []
  /// The weight of each particle: `[particles]`.
  private var weights: [Double] = []
  private var isKept: [Bool] = []

  fileprivate init(_ name: String, _ work: @escaping (Events, inout [Double]) throws -> Jets) {
    self.name = name
    self.work = work
  }

  /// Multiplies the momenta of the particles of events by their weights, and leaves out those of weight 0.
  ///
  /// - Throws: `EventError` that names the event, if a particle has no weight or jets cannot be made of the event.
  package func weigh(_ events: inout Events) throws {
    guard events.particleCount > 0 else { return }
    let jets = try work(events, &found)
    try findWeights(of: events, by: jets)
    events.multiplyMomenta(by: weights)
    guard weights.contains(0) else { return }
    isKept.removeAll(keepingCapacity: true)
    for particle in 0..<weights.count { isKept.append(weights[particle] != 0) }
    events.keepParticles(isKept)
  }

  /// Gives each particle the weight that it has as a constituent.
  private func findWeights(of events: Events, by jets: Jets) throws {
    weights.removeAll(keepingCapacity: true)
    weights.append(contentsOf: repeatElement(.nan, count: events.particleCount))
    for event in 0..<events.eventCount {
      let first = events.offsets[event]
      for place in jets.constituents(ofJets: jets.jets(ofEvent: event)) {
        weights[first + Int(jets.constituents.content[place])] = found[place]
      }
      // Jets leave out particles whose momentum is 0, or whose square is, which no weight changes.
      for particle in events.particles(ofEvent: event) where weights[particle].isNaN {
        let p = events.momentum(ofParticle: particle)
        if p.energy * p.energy == 0 || p.px * p.px + p.py * p.py + p.pz * p.pz == 0 { weights[particle] = 1 }
      }
      for particle in events.particles(ofEvent: event)
      where !(weights[particle] >= 0 && weights[particle].isFinite) {
        throw ParticleWeightError(
          event: events.eventNumbers[event], particle: particle - first, weight: weights[particle], name: name
        )
      }
    }
  }
}

/// An event with a particle that has no weight.
public struct ParticleWeightError: EventError {
  /// The number of the event, counted from 0 through all inputs.
  public let event: Int?
  /// What the particle lacks.
  public let field = "weight"
  /// The problem, to follow the name of the file.
  public let predicate: String

  fileprivate init(event: Int, particle: Int, weight: Double, name: String) {
    self.event = event
    predicate =
      "has no usable weight by \(name): that of particle \(particle) is \(weight.text); leave the event out, or look at what "
      + "\(name) reads of the particle."
  }
}

extension ParticleWeighting: Equatable {
  /// Whether two weightings have the same name.
  public static func == (first: ParticleWeighting, second: ParticleWeighting) -> Bool {
    first.name == second.name
  }
}

extension Events {
  fileprivate mutating func multiplyMomenta(by weights: [Double]) {
    for particle in weights.indices {
      momenta.px[particle] *= weights[particle]
      momenta.py[particle] *= weights[particle]
      momenta.pz[particle] *= weights[particle]
      momenta.energy[particle] *= weights[particle]
    }
  }
}

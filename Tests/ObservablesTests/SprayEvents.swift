// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Events of three sprays of particles over soft ones, and what observables say of their jets.
enum SprayEvents {
  /// Twenty events of ninety particles.
  static let events: Events = {
    var generator = SeededGenerator(seed: 21)
    func random(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &generator) }
    var events = Events()
    for _ in 0..<20 {
      let axes = (0..<3).map { _ in (random(-1.5...1.5), random(0...6.2)) }
      let momenta = (0..<90).map { particle in
        let axis = axes[particle % 3]
        // The larger the momentum, the nearer to the axis.
        let pt = particle < 45 ? 0.3 - 15 * log(random(0.01...1)) : random(0.2...2)
        let width = particle < 45 ? 2 / (pt + 4) : 2
        return FourMomentum(
          pt: pt, rapidity: axis.0 + random(-width...width), phi: axis.1 + random(-width...width), mass: 0.14)
      }
      try! events.append(momenta)
    }
    return events
  }()

  /// The jets of all events with the numbers of an observable; trees are reclustered by the Cambridge algorithm.
  static func jets<O: Observable>(
    _ type: O.Type, _ configuration: O.Configuration, of events: Events = events
  ) throws -> (jets: Jets, columns: Columns) {
    let set = try ObservableSet([ObservableChoice("o", type, configuration)])
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 20)),
      recluster: .cambridge)
    let jets = try JetReconstruction(finder, observables: set).jets(in: events)
    return (jets, jets.columns[set.columns[0].rows])
  }

  /// Hands over each jet with its constituents.
  static func forEachJet(_ jets: Jets, of events: Events = events, _ body: (Int, [FourMomentum]) -> Void) {
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        body(jet, jets.constituents[jet].map { events.momentum(ofParticle: events.offsets[event] + Int($0)) })
      }
    }
  }

  static func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
    a == b || a.isNaN && b.isNaN || abs(a - b) <= tolerance * max(1, abs(a), abs(b))
  }

  /// Clusters particles pair by pair, the pair of least distance first, until one is left or `isEnd` says so of that distance.
  static func cluster(
    _ particles: [FourMomentum], power: Double, isEnd: (Double, [FourMomentum]) -> Bool = { _, _ in false },
    join: (FourMomentum, FourMomentum) -> FourMomentum = { $0 + $1 }
  ) -> [FourMomentum] {
    var branches = particles
    while branches.count > 1 {
      var nearest = (distance: Double.infinity, i: 0, j: 0)
      for i in branches.indices {
        for j in 0..<i {
          let (a, b) = (branches[i], branches[j])
          let separation = hypot(a.rapidity - b.rapidity, a.deltaPhi(to: b))
          let distance = pow(min(a.pt, b.pt), 2 * power) * separation * separation
          if distance < nearest.distance { nearest = (distance, i, j) }
        }
      }
      if isEnd(nearest.distance, branches) { break }
      branches[nearest.j] = join(branches[nearest.j], branches[nearest.i])
      branches.remove(at: nearest.i)
    }
    return branches
  }
}

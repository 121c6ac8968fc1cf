// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine

/// A particle of a test's event.
struct Particle {
  var momentum: FourMomentum
  var pdgID: Int32 = 211

  init(_ momentum: FourMomentum, _ pdgID: Int32 = 211) {
    self.momentum = momentum
    self.pdgID = pdgID
  }

  /// A massless particle.
  init(pt: Double, eta: Double, phi: Double, _ pdgID: Int32 = 211) {
    self.init(FourMomentum(pt: pt, rapidity: eta, phi: phi, mass: 0), pdgID)
  }

  /// The particle with its momentum changed.
  func moved(_ change: (FourMomentum) -> FourMomentum) -> Particle { Particle(change(momentum), pdgID) }
}

extension Events {
  /// A batch of events of these particles.
  init(_ events: [[Particle]]) {
    self.init()
    for (number, particles) in events.enumerated() {
      eventNumbers.append(number)
      offsets.append(offsets.last! + particles.count)
      for particle in particles {
        momenta.append(particle.momentum)
        pdgID.append(particle.pdgID)
      }
    }
  }
}

extension Jets {
  /// The jets of events in any order, without constituents or trees.
  init(_ events: [[FourMomentum]]) {
    self.init()
    for (number, jets) in events.enumerated() {
      eventNumbers.append(number)
      for momentum in jets { momenta.content.append(momentum) }
      momenta.endList(at: jetCount)
    }
  }
}

/// Events with their jets: none, one soft particle, one jet, several, 200, and only particles along the beam.
struct SampleEvents {
  var particles: [[Particle]] = []
  var jets: [[FourMomentum]] = []
  var events: Events { Events(particles) }
  var jetBatch: Jets { Jets(jets) }

  init(jetCounts: [Int] = [3, 0, 1, 200, 7, 2]) {
    var generator = SeededGenerator(seed: 11)
    func momentum(_ pt: ClosedRange<Double>) -> FourMomentum {
      FourMomentum(
        pt: Double.random(in: pt, using: &generator), rapidity: Double.random(in: -3...3, using: &generator),
        phi: Double.random(in: 0...6.28, using: &generator),
        mass: Double.random(in: 0.1...20, using: &generator))
    }
    for count in jetCounts {
      jets.append((0..<count).map { _ in momentum(20...200) })
      particles.append(
        (0..<4 * count).map { index in
          Particle(momentum(1...60), [211, 11, -13, 22, -211, 130][index % 6])
        })
    }
    let alongTheBeam = [5.0, -3, 0].map { FourMomentum(px: 0, py: 0, pz: $0, energy: $0.magnitude) }
    particles.append(alongTheBeam.enumerated().map { Particle($1, [11, 22, 211][$0]) })
    jets.append(alongTheBeam)
    particles.append([Particle(pt: 1e-4, eta: 0.3, phi: 1)])
    jets.append([particles.last![0].momentum])
  }
}

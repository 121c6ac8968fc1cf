// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation
import NeuralEngine

/// A change of events that tells how much a score hangs on what it should not: soft and collinear particles, the frame and resolution.
///
/// Random numbers depend on the number of the event alone. A particle that is added has the identifier of a photon, and columns of
/// particles are not known of it (NaN), so that sums over particles stay as they are.
public enum EventChange: String, Sendable, CaseIterable {
  /// 200 particles of pT = 10⁻¹⁸ GeV, each within 0.4 in y and in φ of a particle.
  case ghosts
  /// Each particle becomes two halves of its direction.
  case halves
  /// The ten particles of largest pT each become two with any share of its momentum, at a relative kT of 10⁻³ of the whole.
  case collinear
  /// 20 particles of pT = 0.1 GeV, each within 0.4 in y and in φ of a particle.
  case soft
  /// A turn about the beam, by any angle.
  case rotation
  /// A mirror image along the beam.
  case reflection
  /// A boost along the beam, by a rapidity of up to 0.5.
  case boost
  /// The momentum of each particle is changed by a normal share of 5 %.
  case smearing

  /// What the change is, in a few words.
  public var summary: String {
    switch self {
    case .ghosts: "200 particles of 10⁻¹⁸ GeV"
    case .halves: "each particle in two halves"
    case .collinear: "ten particles split at small angles"
    case .soft: "20 particles of 0.1 GeV"
    case .rotation: "turned about the beam"
    case .reflection: "mirrored along the beam"
    case .boost: "boosted along the beam by up to 0.5"
    case .smearing: "momenta smeared by 5 %"
    }
  }

  /// The changed events, with the columns, weights and given jets that they have.
  public func callAsFunction(_ events: Events) -> Events {
    var changed = events
    changed.particles = Ragged(content: Particles(columns: events.particles.content.columns.rows([Int]())))
    for event in 0..<events.eventCount {
      // Other random numbers for each kind of change.
      var generator = SeededGenerator(
        seed: UInt64(bitPattern: Int64(events.eventNumbers[event])) &* 8
          &+ UInt64(Self.allCases.firstIndex(of: self)!))
      let range = events.particles(ofEvent: event)
      var particles = Particles()
      particles.append(contentsOf: events.particles.content, range)
      particles.inputIndices = []
      apply(to: &particles, using: &generator)
      changed.particles.content.append(contentsOf: particles, 0..<particles.count)
      changed.particles.endList(at: changed.particleCount)
    }
    return changed
  }

  private func apply(to particles: inout Particles, using generator: inout SeededGenerator) {
    let count = particles.count
    guard count > 0 else { return }
    switch self {
    case .ghosts: particles.add(200, ofPt: 1e-18, using: &generator)
    case .soft: particles.add(20, ofPt: 0.1, using: &generator)
    case .halves:
      for place in 0..<count {
        let p = particles.momenta[place]
        let half = FourMomentum(px: p.px / 2, py: p.py / 2, pz: p.pz / 2, energy: p.energy / 2)
        particles.momenta[place] = half
        particles.addUnknown(half)
      }
    case .collinear:
      let hardest = (0..<count).sorted { particles.momenta[$0].pt2 > particles.momenta[$1].pt2 }.prefix(10)
      for place in hardest { particles.split(place, relativeKt: 1e-3, using: &generator) }
    case .rotation:
      let angle = Double.random(in: 0..<2 * .pi, using: &generator)
      particles.transform {
        FourMomentum(
          px: $0.px * cos(angle) - $0.py * sin(angle), py: $0.px * sin(angle) + $0.py * cos(angle), pz: $0.pz,
          energy: $0.energy)
      }
    case .reflection:
      particles.transform { FourMomentum(px: $0.px, py: $0.py, pz: -$0.pz, energy: $0.energy) }
    case .boost:
      let rapidity = Double.random(in: -0.5...0.5, using: &generator)
      particles.transform {
        FourMomentum(
          px: $0.px, py: $0.py, pz: $0.pz * cosh(rapidity) + $0.energy * sinh(rapidity),
          energy: $0.energy * cosh(rapidity) + $0.pz * sinh(rapidity))
      }
    case .smearing:
      particles.transform {
        // At least a hundredth, which five per cent do not reach but in 10⁻⁸⁰ of all cases.
        let factor = max(1 + 0.05 * generator.normal(), 0.01)
        return FourMomentum(
          px: $0.px * factor, py: $0.py * factor, pz: $0.pz * factor, energy: $0.energy * factor)
      }
    }
  }
}

extension Particles {
  fileprivate mutating func transform(_ change: (FourMomentum) -> FourMomentum) {
    for place in 0..<count { momenta[place] = change(momenta[place]) }
  }

  /// Adds a photon of which nothing else is known.
  fileprivate mutating func addUnknown(_ momentum: FourMomentum) {
    momenta.append(momentum)
    if !pdgID.isEmpty { pdgID.append(22) }
    for name in columns.names {
      columns[name]!.values += Array(repeating: .nan, count: columns[name]!.width)
    }
  }

  /// Adds massless particles, each near one of those there are.
  fileprivate mutating func add(_ number: Int, ofPt pt: Double, using generator: inout SeededGenerator) {
    let count = count
    for _ in 0..<number {
      let near = momenta[Int.random(in: 0..<count, using: &generator)]
      let shift = (0..<2).map { _ in Double.random(in: -0.4...0.4, using: &generator) }
      // Particles along the beam have no place for others around them.
      let rapidity = min(max(near.rapidity, -10), 10)
      addUnknown(FourMomentum(pt: pt, rapidity: rapidity + shift[0], phi: near.phi + shift[1], mass: 0))
    }
  }

  /// Splits a particle into two of any shares, with a transverse momentum relative to it that is this part of its own momentum times
  /// both shares.
  fileprivate mutating func split(
    _ place: Int, relativeKt: Double, using generator: inout SeededGenerator
  ) {
    let p = momenta[place]
    let (modulus, pt) = (p.modulus, p.pt)
    let share = Double.random(in: 0.01...0.99, using: &generator)
    guard modulus > 0, pt > 0 else { return }
    let kt = relativeKt * share * (1 - share) * modulus
    let mass = max(p.mass, 0)
    // In the plane of the beam and the particle, and across it.
    let angle = Double.random(in: 0..<2 * .pi, using: &generator)
    let (a, b) = (kt * cos(angle), kt * sin(angle))
    let across = (
      x: -p.py / pt * a - p.px * p.pz / (pt * modulus) * b,
      y: p.px / pt * a - p.py * p.pz / (pt * modulus) * b,
      z: pt / modulus * b
    )
    func part(_ share: Double, _ sign: Double) -> FourMomentum {
      let (x, y, z) = (
        share * p.px + sign * across.x, share * p.py + sign * across.y, share * p.pz + sign * across.z
      )
      let own = share * mass
      return FourMomentum(px: x, py: y, pz: z, energy: (x * x + y * y + z * z + own * own).squareRoot())
    }
    momenta[place] = part(share, 1)
    addUnknown(part(1 - share, -1))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

/// The mass of fastMTT against its likelihood, whose integral over the decays is summed here.
@Suite struct FastMTTTests {
  private typealias Particles = [(momentum: FourMomentum, pdgID: Int32)]

  private struct Leg {
    let momentum: FourMomentum
    let isLepton: Bool
    /// The mass that the least share is made from.
    let mass: Double
  }

  private static func lepton(_ pt: Double, _ eta: Double, _ phi: Double, _ pdgID: Int32) -> Particles {
    [(FourMomentum(pt: pt, rapidity: eta, phi: phi, mass: pdgID.magnitude == 13 ? 0.10566 : 0.000511), pdgID)]
  }

  /// Pions, and photons that make their mass.
  private static func hadrons(_ pt: Double, _ eta: Double, _ phi: Double, charge: Int32) -> Particles {
    [(0.0, 211), (0.03, -211), (-0.02, 211), (0.05, 22)].map { place, identity in
      (
        FourMomentum(
          pt: pt / 4, rapidity: eta + place, phi: phi - 0.7 * place, mass: identity == 22 ? 0 : 0.13957),
        identity == 22 ? 22 : charge * Int32(identity)
      )
    }
  }

  private static func sum(_ particles: Particles) -> FourMomentum {
    particles.reduce(.zero) { $0 + $1.momentum }
  }

  private static let pairs: [(first: Particles, second: Particles, areLeptons: (Bool, Bool))] = [
    (lepton(35, 0.4, 0.3, 11), lepton(24, -0.6, 2.9, -13), (true, true)),
    (lepton(38, -1.1, 1.0, 13), hadrons(29, 0.3, 3.6, charge: 1), (true, false)),
    (hadrons(45, 0.9, 5.0, charge: -1), lepton(22, -0.2, 2.4, -11), (false, true)),
    (hadrons(52, 0.1, 0.5, charge: 1), hadrons(31, -0.7, 4.1, charge: -1), (false, false)),
  ]

  /// A photon that leaves a missing momentum.
  private static func recoil(_ seen: FourMomentum, missing: (x: Double, y: Double)) -> Particles {
    let (x, y) = (-seen.px - missing.x, -seen.py - missing.y)
    return [(FourMomentum(pt: hypot(x, y), rapidity: 2.2, phi: atan2(y, x), mass: 0), 22)]
  }

  private static func values(_ particles: Particles, resolution: Double) throws -> [Double] {
    var events = Events()
    events.momenta = FourMomenta(particles.map(\.momentum))
    events.pdgID = particles.map(\.pdgID)
    events.eventNumbers = [0]
    events.offsets = [0, particles.count]
    var configuration = FastMTTMass.Configuration()
    configuration.resolution = resolution
    let set = try ObservableSet([ObservableChoice("o", FastMTTMass.self, configuration)])
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.4), selection: JetSelection(.inclusive(minimumPt: 15)))
    let jets = try JetReconstruction(finder, observables: set).jets(in: events)
    return ["mass", "share-1", "share-2"].map { jets.columns.events["o/\($0)"]!.values[0] }
  }

  /// ln of the likelihood, without its constant.
  private static func logLikelihood(
    _ a: Leg, _ b: Leg, _ x: Double, _ y: Double, missing: (x: Double, y: Double), resolution: Double
  ) -> Double {
    let full = FourMomentum(
      px: a.momentum.px / x + b.momentum.px / y, py: a.momentum.py / x + b.momentum.py / y,
      pz: a.momentum.pz / x + b.momentum.pz / y, energy: a.momentum.energy / x + b.momentum.energy / y)
    let (m, visible) = (full.mass / 1.15, (a.momentum + b.momentum).mass)
    func least(_ leg: Leg) -> Double { leg.mass / 1.77693 * leg.mass / 1.77693 }
    guard m >= visible, x >= least(a), y >= least(b) else { return -.infinity }
    let product = visible * visible / (m * m)
    // ∫ dz₂/z₂ over ln z₂, z₁ = product / z₂.
    let (low, high) = (log(max(least(b), product)), log(min(1, product / least(a))))
    guard low < high else { return -.infinity }
    let steps = 200
    var integral = 0.0
    for step in 0..<steps {
      let z2 = exp(low + (high - low) * (Double(step) + 0.5) / Double(steps))
      let z1 = product / z2
      integral += (a.isLepton ? 1 - z1 : 1) * (b.isLepton ? 1 - z2 : 1) * (high - low) / Double(steps)
    }
    let (dx, dy) = (
      missing.x - (full.px - a.momentum.px - b.momentum.px),
      missing.y - (full.py - a.momentum.py - b.momentum.py)
    )
    return log(2 * visible * visible * pow(m, -6) * integral)
      - (dx * dx + dy * dy) / (2 * resolution * resolution)
  }

  @Test(arguments: 0..<4) func theEstimateHasTheLargestLikelihood(_ index: Int) throws {
    let (first, second, areLeptons) = Self.pairs[index]
    let (p, q) = (Self.sum(first), Self.sum(second))
    let missing = (x: 0.9 * p.px + 0.5 * q.px + 6, y: 0.9 * p.py + 0.5 * q.py - 9)
    let found = try Self.values(first + second + Self.recoil(p + q, missing: missing), resolution: 12)
    let (a, b) = (
      Leg(momentum: p, isLepton: areLeptons.0, mass: areLeptons.0 ? p.mass : min(max(p.mass, 0.13957), 1.5)),
      Leg(momentum: q, isLepton: areLeptons.1, mass: areLeptons.1 ? q.mass : min(max(q.mass, 0.13957), 1.5))
    )
    func reference(_ x: Double, _ y: Double) -> Double {
      Self.logLikelihood(a, b, x, y, missing: missing, resolution: 12)
    }
    var best = -Double.infinity
    for i in 1..<100 {
      for j in 1..<100 { best = max(best, reference(Double(i) / 100, Double(j) / 100)) }
    }
    #expect(best.isFinite && reference(found[1], found[2]) > best - 1e-3)
    let full = FourMomentum(
      px: p.px / found[1] + q.px / found[2], py: p.py / found[1] + q.py / found[2],
      pz: p.pz / found[1] + q.pz / found[2], energy: p.energy / found[1] + q.energy / found[2])
    #expect(abs(found[0] - full.mass) < 1e-6 * full.mass)
  }

  /// A missing momentum that is known well tells the shares.
  @Test func collinearNeutrinosAreFound() throws {
    let (first, second, _) = Self.pairs[0]
    let (p, q) = (Self.sum(first), Self.sum(second))
    let missing = (x: p.px + 1.5 * q.px, y: p.py + 1.5 * q.py)
    let found = try Self.values(first + second + Self.recoil(p + q, missing: missing), resolution: 0.05)
    #expect(found[1] == 0.5 && found[2] == 0.4)
    #expect(abs(found[0] - (p + q).mass / (0.5 * 0.4).squareRoot()) < 0.05)
  }

  @Test func withoutAPairThereIsNoMass() throws {
    #expect(try Self.values(Self.pairs[0].first, resolution: 10).allSatisfy(\.isNaN))
  }
}

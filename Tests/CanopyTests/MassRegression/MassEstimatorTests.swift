// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import MassRegression
import Testing

/// The classical estimators, seen through the outputs of a head.
@Suite struct MassEstimatorTests {
  /// Particles with their identifiers.
  typealias Particles = [(momentum: FourMomentum, pdgID: Int32)]

  /// What a head puts out for events of these particles, without its own five numbers: `[rows × estimators]`.
  private static func estimates(
    _ estimators: [MassEstimator], _ events: [Particles], radius: Double = 0.4, identifiers: Bool = true
  ) throws -> Matrix {
    var batch = Events()
    for (number, particles) in events.enumerated() {
      for (p, pdgID) in particles {
        batch.momenta.append(p)
        if identifiers { batch.pdgID.append(pdgID) }
      }
      batch.eventNumbers.append(number)
      batch.offsets.append(batch.particleCount)
    }
    var builder = HeadBuilder(
      headName: "mass", jetEmbeddingWidth: 1, eventEmbeddingWidth: 1, eventInputNames: [],
      layout: ParameterLayout())
    let head = try MassRegression(
      configuration: .init(truth: "m", rows: estimators[0].rows, estimators: estimators, hidden: []),
      builder: &builder)
    let observables = try MassRegressionTests.observables(of: head)
    let found = try JetReconstruction(
      JetFinder(JetDefinition(.antikt, radius: radius)), observables: observables
    ).jets(in: batch)
    var kinematics = Kinematics(head.inputs, observables: head.observables)
    kinematics.replace(with: batch, jets: found)
    let tape = Tape(parameters: Parameters(layout: builder.layout))
    let eventOfJet = (0..<batch.eventCount).flatMap {
      repeatElement(Int32($0), count: found.jets(ofEvent: $0).count)
    }
    let rows = estimators[0].rows == .jets ? found.jetCount : batch.eventCount
    let zeros = { tape.constant(Array(repeating: 0, count: $0), rows: $0, columns: 1) }
    let inputs = HeadInputs(
      eventCount: batch.eventCount, eventOfJet: eventOfJet, on: tape, jetEmbedding: zeros(found.jetCount),
      eventEmbedding: zeros(batch.eventCount),
      eventInputs: tape.constant([], rows: batch.eventCount, columns: 0),
      kinematics: kinematics)
    let outputs = head.outputs(of: head(inputs)).matrix
    return Matrix(
      rows: rows, columns: estimators.count,
      values: (0..<rows).flatMap { row in estimators.indices.map { outputs[row, 5 + $0] } })
  }

  private static func lepton(
    _ pt: Double, _ eta: Double, _ phi: Double, _ pdgID: Int32
  ) -> (FourMomentum, Int32) {
    (FourMomentum(pt: pt, rapidity: eta, phi: phi, mass: 0), pdgID)
  }

  /// Massless visible momenta whose neutrinos are exactly collinear.
  @Test func theCollinearMassIsExactWhereNeutrinosAreCollinear() throws {
    let (a, b) = (Self.lepton(30, 0.3, 0.2, 11), Self.lepton(22, -0.8, 2.6, -13))
    // The neutrinos take 0.7 and 1.4 times the visible momenta, and a photon balances the rest.
    let missing = (x: 0.7 * a.0.px + 1.4 * b.0.px, y: 0.7 * a.0.py + 1.4 * b.0.py)
    let recoil = (x: -missing.x - a.0.px - b.0.px, y: -missing.y - a.0.py - b.0.py)
    let photon = FourMomentum(
      pt: hypot(recoil.x, recoil.y), rapidity: 2.5, phi: atan2(recoil.y, recoil.x), mass: 0)
    let estimates = try Self.estimates([.visible, .collinear], [[a, b, (photon, 22)]])
    let full = FourMomentum(
      px: 1.7 * a.0.px + 2.4 * b.0.px, py: 1.7 * a.0.py + 2.4 * b.0.py, pz: 1.7 * a.0.pz + 2.4 * b.0.pz,
      energy: 1.7 * a.0.energy + 2.4 * b.0.energy)
    #expect(abs(Double(estimates[0, 0]) - (a.0 + b.0).mass) < 1e-3)
    #expect(abs(Double(estimates[0, 1]) - full.mass) < 1e-3)
  }

  @Test func whereNeutrinosWouldFlyBackwardsThereIsNoCollinearMass() throws {
    let (a, b) = (Self.lepton(30, 0.3, 0.2, 11), Self.lepton(22, -0.8, 2.6, -13))
    // Nothing else: the missing momentum points away from both.
    let estimates = try Self.estimates([.collinear, .visible], [[a, b]])
    #expect(estimates[0, 0] == 0 && estimates[0, 1] > 40)
    // Back to back: no solution or one that is not finite.
    let (c, d) = (Self.lepton(25, 0, 0, 11), Self.lepton(25, 0, .pi, -11))
    #expect(try Self.estimates([.collinear], [[c, d]]).values.allSatisfy { $0.isFinite })
  }

  @Test func eventsWithoutTwoCandidatesHaveNoMass() throws {
    let a = Self.lepton(30, 0.3, 0.2, 11)
    let estimates = try Self.estimates([.visible, .collinear], [[], [a], [a, Self.lepton(20, 0, 2, -11)]])
    #expect(estimates.values[..<4].allSatisfy { $0 == 0 } && estimates[2, 0] > 0)
    // Momenta along the beam are no candidates.
    let beam = FourMomentum(px: 0, py: 0, pz: 500, energy: 500)
    #expect(try Self.estimates([.visible], [[(beam, 22), a]]).values == [0])
  }

  @Test func leptonsAndNarrowJetsAreTakenBeforeWideOnes() throws {
    let muon = Self.lepton(20, 1, 1, 13)
    // A τ of three tracks and a photon within ΔR of 0.05.
    let tau: Particles = [(0.0, 211), (0.02, -211), (0.04, 211), (0.03, 22)].map {
      (FourMomentum(pt: 8, rapidity: -0.5 + $0.0, phi: 4, mass: 0.1), $0.1)
    }
    // A harder jet of many soft particles, all around.
    let jet: Particles = (0..<24).map { i in
      let angle = Double(i) * .pi / 12
      return (
        FourMomentum(pt: 3, rapidity: 0.2 + 0.3 * cos(angle), phi: 2.5 + 0.3 * sin(angle), mass: 0.1),
        i.isMultiple(of: 2) ? 211 : -211
      )
    }
    let estimate = try Self.estimates([.visible], [jet + [muon] + tau])
    let expected = tau.reduce(muon.0) { $0 + $1.momentum }.mass
    #expect(abs(Double(estimate[0, 0]) - expected) < 1e-3)
    // Without identifiers there is a result too.
    #expect(try Self.estimates([.visible], [jet + [muon] + tau], identifiers: false)[0, 0] > 0)
  }

  /// Soft drop keeps two hard prongs and drops a soft particle at a wide angle.
  @Test func theSoftDropMassIsThatOfTheProngs() throws {
    let prongs: Particles = [
      (FourMomentum(pt: 100, rapidity: 0.2, phi: 1, mass: 0), 22),
      (FourMomentum(pt: 60, rapidity: -0.2, phi: 1, mass: 0), 22),
    ]
    let soft = FourMomentum(pt: 2, rapidity: 0, phi: 1.7, mass: 0)
    let single = Self.lepton(50, 0, 4, 11)
    let estimates = try Self.estimates(
      [.softDrop, .ungroomed], [prongs + [(soft, 22)], [single], []], radius: 1)
    #expect(estimates.rows == 2)
    let pair = prongs[0].momentum + prongs[1].momentum
    #expect(abs(Double(estimates[0, 0]) - pair.mass) < 1e-3)
    #expect(abs(Double(estimates[0, 1]) - (pair + soft).mass) < 1e-3)
    // A jet of one particle.
    #expect(abs(estimates[1, 0]) < 1e-2 && abs(estimates[1, 1]) < 1e-2)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// The shipped regressions know the physics that they have learnt from.
@Suite struct ShippedRegressionTests {
  private static func events(_ events: [[(momentum: FourMomentum, pdgID: Int32)]]) -> Events {
    var batch = Events()
    for (number, particles) in events.enumerated() {
      for (p, pdgID) in particles {
        batch.momenta.append(p)
        batch.pdgID.append(pdgID)
      }
      batch.eventNumbers.append(number)
      batch.offsets.append(batch.particleCount)
    }
    let charged = batch.pdgID.map { [11, 13, 211].contains($0.magnitude) ? 1.0 : 0 }
    batch.particles.content.columns["charged"] = Column(values: charged)
    batch.particles.content.columns["neutral_hadron"] = Column(values: batch.pdgID.map { $0 == 130 ? 1 : 0 })
    return batch
  }

  private static func predictions(_ name: String, of events: Events) throws -> Matrix {
    let model = try Model(contentsOf: Models.folder(name), plugins: .builtIn)
    return try Predictor(model).predict(events).heads[0].matrix
  }

  /// A jet of 100 GeV, all particles of which are of one kind.
  private static func jet(of pdgID: Int32, eta: Double) -> [(momentum: FourMomentum, pdgID: Int32)] {
    let mass = pdgID.magnitude == 211 ? 0.13957 : 0
    return (0..<20).map { particle in
      let angle = Double(particle)
      return (
        FourMomentum(
          pt: 5, rapidity: eta + 0.15 * cos(angle), phi: 1 + 0.15 * sin(angle), mass: mass),
        particle.isMultiple(of: 2) || pdgID != 211 ? pdgID : -pdgID
      )
    }
  }

  @Test func whatACalorimeterLosesIsGivenBack() throws {
    let kinds: [Int32] = [211, 22, 130]
    let found = try Self.predictions(
      "jet-energy", of: Self.events(kinds.map { Self.jet(of: $0, eta: 0.4) }))
    #expect(found.rows == 3)
    // pT, its three quantiles, the energy and its three.
    for row in 0..<3 {
      #expect(found[row, 1] < found[row, 2] && found[row, 2] < found[row, 3])
      #expect(found[row, 0] == found[row, 2] && found[row, 4] == found[row, 6])
    }
    // Tracks and photons are measured well, hadrons in the calorimeter too low by 1 − 0.4 E^−0.15.
    #expect(found[0, 0] > 95 && found[0, 0] < 112)
    #expect(found[2, 0] > 1.1 * found[0, 0] && found[2, 0] > 1.1 * found[1, 0])
  }

  /// Lepton and missing momentum of half the mass of a W boson, back to back: the neutrino has the rapidity of the lepton.
  @Test func aNeutrinoIsWhereBothSolutionsAre() throws {
    let etas = [-1.2, 0.0, 1.2]
    let muons = etas.map { eta -> [(momentum: FourMomentum, pdgID: Int32)] in
      [(FourMomentum(pt: 40.1, rapidity: eta, phi: 2, mass: 0), 13)]
    }
    let found = try Self.predictions("neutrino-eta", of: Self.events(muons))
    for (row, eta) in etas.enumerated() {
      #expect(abs(Double(found[row, 0]) - eta) < 0.6)
      let sum = found[row, 2] + found[row, 3] + found[row, 4]
      #expect(abs(sum - 1) < 1e-5)
    }
  }
}

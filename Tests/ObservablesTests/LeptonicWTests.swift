// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

@Suite struct LeptonicWTests {
  private static func values(
    _ particles: [(FourMomentum, Int32)], identifiers: Bool = true
  ) throws -> [Double] {
    var events = Events()
    events.momenta = FourMomenta(particles.map(\.0))
    events.pdgID = identifiers ? particles.map(\.1) : []
    events.eventNumbers = [0]
    events.offsets = [0, particles.count]
    let set = try ObservableSet([ObservableChoice("w", LeptonicW.self, LeptonicW.Configuration())])
    let finder = try JetFinder(JetDefinition(.antikt, radius: 0.4))
    let jets = try JetReconstruction(finder, observables: set).jets(in: events)
    return set.columns.map { jets.columns.events[$0.name]!.values[0] }
  }

  /// A decay at rest, moved: one of the two solutions is the neutrino, and both have the mass of the W boson.
  @Test(arguments: [(0.3, 1.1, 0.5), (-1.2, 2.9, -0.8), (2.0, 0.4, 1.7)])
  func oneSolutionIsTheNeutrino(cosine: Double, phi: Double, boost: Double) throws {
    let (energy, sine) = (80.37 / 2, (1 - cos(cosine) * cos(cosine)).squareRoot())
    func massless(_ sign: Double) -> FourMomentum {
      FourMomentum(
        pt: energy * sine, rapidity: boost + sign * atanh(cos(cosine)), phi: phi + (sign < 0 ? .pi : 0),
        mass: 0)
    }
    let (lepton, neutrino) = (massless(1), massless(-1))
    let softer = FourMomentum(pt: 5, rapidity: 0.2, phi: 1, mass: 0)
    // What recoils takes the place of the softer lepton's momentum.
    let balance = FourMomentum(pt: 5, rapidity: -0.4, phi: 1 + .pi, mass: 0)
    let found = try Self.values([(softer, 11), (lepton, -13), (balance, 22)])
    #expect(abs(found[0] - lepton.pt) < 1e-9 && abs(found[1] - lepton.pseudorapidity) < 1e-9)
    #expect(abs(found[2] + 1) < 1e-9 && abs(found[3] - 2 * lepton.pt) < 1e-6)
    #expect(abs(found[4]) <= abs(found[5]))
    #expect(min(abs(found[4] - neutrino.pseudorapidity), abs(found[5] - neutrino.pseudorapidity)) < 1e-6)
    for eta in found[4...5] {
      let other = FourMomentum(pt: neutrino.pt, rapidity: eta, phi: neutrino.phi, mass: 0)
      #expect(abs((lepton + other).mass - 80.37) < 1e-6)
    }
  }

  @Test func aLargeMissingMomentumIsTakenToBeBesideTheLepton() throws {
    let lepton = FourMomentum(pt: 60, rapidity: 0.7, phi: 0, mass: 0)
    let found = try Self.values([(lepton, 11), (FourMomentum(pt: 40, rapidity: 1, phi: 0, mass: 0), 22)])
    // 100 GeV are missing opposite to the lepton: no neutrino of this pT is as light.
    #expect(found[4] == found[1] && found[5] == found[1])
  }

  @Test func whatIsNotThereIsMissing() throws {
    let photon = FourMomentum(pt: 40, rapidity: 1, phi: 0, mass: 0)
    #expect(try Self.values([(photon, 22)]).allSatisfy(\.isNaN))
    #expect(try Self.values([(photon, 11)], identifiers: false).allSatisfy(\.isNaN))
    #expect(try Self.values([]).allSatisfy(\.isNaN))
  }
}

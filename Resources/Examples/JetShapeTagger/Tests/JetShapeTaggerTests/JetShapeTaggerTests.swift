// SPDX-License-Identifier: GPL-3.0-or-later

import JetShapeTagger
import PluginKit
import PluginTesting
import Testing

@Suite struct JetShapeTaggerTests {
  @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
    try HeadConformance(JetShapeTagger.self).run(check)
  }

  /// Two particles of 30 and 10 GeV, 0.4 apart in azimuth: shapes by hand.
  @Test func shapesOfTwoParticles() throws {
    var events = EventBatch()
    for (pt, phi) in [(30.0, 1.0), (10, 1.4)] {
      let p = FourMomentum(pt: pt, rapidity: 0, phi: phi, mass: 0)
      events.momenta.append(p)
    }
    events.eventNumbers = [0]
    events.offsets = [0, 2]
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1))).jets(in: events)
    var kinematics = Kinematics([.jetMomenta, .constituents])
    kinematics.replace(with: events, jets: jets)
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let shapes = JetShapes(
      ofJet: 0, HeadInputs(eventCount: 1, eventOfJet: [0], on: tape, kinematics: kinematics))
    #expect(shapes.multiplicity == 2)
    #expect(abs(shapes.dispersion - (900.0 + 100).squareRoot() / 40) < 1e-12)
    // The axis divides the angle so that the transverse momenta balance.
    let axis = jets.momentum(ofJet: 0).phi - 1
    #expect(abs(shapes.width - (30 * axis + 10 * (0.4 - axis)) / 40) < 1e-9 && axis > 0.05 && axis < 0.15)
  }
}

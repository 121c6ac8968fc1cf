// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import GroomedMass
import PluginKit
import PluginTesting
import Testing

@Suite struct GroomedMassTests {
  @Test(arguments: HeadCheck.allCases) func conforms(_ check: HeadCheck) throws {
    try HeadConformance(GroomedMass.self).run(check)
  }

  private func head() throws -> GroomedMass {
    var builder = HeadBuilder(headName: "groomed", jetEmbeddingWidth: 8, layout: ParameterLayout())
    return try GroomedMass(configuration: GroomedMass.example.configuration, builder: &builder)
  }

  /// A soft particle far away is dropped, and a single particle has no mass.
  @Test func truthByHand() throws {
    var events = Events()
    func momentum(_ pt: Double, _ phi: Double) -> FourMomentum {
      FourMomentum(pt: pt, rapidity: 0, phi: phi, mass: 0)
    }
    let hard = [momentum(60, 1), momentum(40, 1.2)]
    try events.append(hard + [momentum(2, 1.7)])
    try events.append([momentum(50, 2)])
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1), recluster: .cambridge)).jets(
      in: events)
    let masses = try #require(head().derivedTruth(of: events, jets: jets)["groomed-mass"])
    let expected = (hard[0] + hard[1]).mass
    #expect(masses.count == 2 && abs(Double(masses[0]) - expected) < 1e-4 && masses[1].isNaN)
    #expect(jets.mass[0] > expected + 1)
  }

  /// The target has the mean 0 and the width 1, whatever has the weight 0.
  @Test func scaling() throws {
    let masses: [Float] = [10, 1000, 40, 20]
    let inputs = HeadInputs(
      eventCount: 0, eventOfJet: [], on: Tape(parameters: Parameters(layout: ParameterLayout())))
    let scaling = try head().preparation(
      fitting: HeadTruth(rows: 4, columns: ["groomed-mass": masses]), weights: [1, 0, 1, 0], inputs: inputs)
    #expect(abs(exp(scaling.mean) - 20) < 1e-5 && abs(exp(scaling.width) - 2) < 1e-6)
  }
}

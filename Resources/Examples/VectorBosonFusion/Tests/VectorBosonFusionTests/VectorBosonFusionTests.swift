// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import PluginTesting
import Testing
import VectorBosonFusion

@Suite struct VectorBosonFusionTests {
  @Test(arguments: DecisionCheck.allCases) func conforms(_ check: DecisionCheck) throws {
    try DecisionConformance(VectorBosonFusion.self).run(check)
  }

  /// The mass of two massless jets is √(2 pT₁ pT₂ (cosh Δy − cos Δφ)).
  @Test func pairOfTwoForwardJets() throws {
    let values = try #require(
      try quantities([(60, 2, 0.5), (50, -1.8, 2.9), (40, 0.1, 1.7), (20, -4, 5)], #"{}"#))
    #expect(abs(values[0] - (2 * 60 * 50 * (cosh(3.8) - cos(2.4))).squareRoot()) < 1e-9)
    #expect(abs(values[1] - 3.8) < 1e-12)
    // With softer jets, the mass of another pair is larger.
    let softer = try #require(
      try quantities([(60, 2, 0.5), (50, -1.8, 2.9), (40, 0.1, 1.7), (20, -4, 5)], #"{"min-pt": 10}"#))
    #expect(abs(softer[1] - 6) < 1e-12)
  }

  @Test(arguments: [
    [], [(100.0, 3.0, 1.0)], [(100, 3, 1), (100, 1, 3)], [(100, 3, 1), (25, -3, 3)],
    [(100, 1, 1), (100, -1, 3)],
  ]) func noPair(_ jets: [(pt: Double, rapidity: Double, phi: Double)]) throws {
    #expect(try quantities(jets, #"{}"#) == nil)
  }

  @Test func negativeCutsAreRefused() throws {
    #expect(throws: PluginError.self) { try quantities([], #"{"min-pt": -1}"#) }
  }

  /// What the decision writes of an event with a particle for each jet; nil where it says no.
  private func quantities(
    _ jets: [(pt: Double, rapidity: Double, phi: Double)], _ configuration: String
  ) throws -> [Double]? {
    var events = EventBatch()
    for jet in jets {
      let p = FourMomentum(pt: jet.pt, rapidity: jet.rapidity, phi: jet.phi, mass: 0)
      events.momenta.append(p)
    }
    events.eventNumbers = [0]
    events.offsets = [0, jets.count]
    var inputs = DecisionInputs(DecisionSources())
    inputs.replace(
      with: events, jets: try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 0.4))).jets(in: events))
    let decision = try VectorBosonFusion(
      configuration: JSONDecoder().decode(
        VectorBosonFusion.Configuration.self, from: Data(configuration.utf8)),
      sources: inputs.sources)
    var values = DecisionValues()
    values.begin(2)
    return decision(inputs, &values) ? values.all : nil
  }
}

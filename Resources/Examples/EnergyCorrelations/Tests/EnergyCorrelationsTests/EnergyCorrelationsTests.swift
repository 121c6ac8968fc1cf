// SPDX-License-Identifier: GPL-3.0-or-later

import EnergyCorrelations
import PluginKit
import PluginTesting
import Testing

@Suite struct EnergyCorrelationsTests {
  @Test(arguments: ObservableCheck.allCases) func conforms(_ check: ObservableCheck) throws {
    try ObservableConformance(EnergyCorrelations.self).run(check)
  }

  private static func numbers(_ momenta: [FourMomentum]) throws -> [String: Double] {
    var events = Events()
    try events.append(momenta)
    let set = try ObservableSet([ObservableChoice("ecf", EnergyCorrelations.self, .init())])
    let jets = try JetReconstruction(JetFinder(JetDefinition(.antikt, radius: 1)), observables: set).jets(
      in: events)
    return Dictionary(uniqueKeysWithValues: jets.columns.jets.sorted.map { ($0.name, $0.column.values[0]) })
  }

  @Test func threeParticlesHaveTheCorrelationsOfTheirTriangle() throws {
    let sides = [(50.0, 0.0, 0.0), (30, 0.3, 0), (20, 0, 0.4)]
    let numbers = try Self.numbers(sides.map { FourMomentum(pt: $0, rapidity: $1, phi: 1 + $2, mass: 0) })
    // Distances 0.3, 0.4 and 0.5, shares 0.5, 0.3 and 0.2.
    let e2 = 0.5 * 0.3 * 0.3 + 0.5 * 0.2 * 0.4 + 0.3 * 0.2 * 0.5
    let e3 = 0.5 * 0.3 * 0.2 * 0.3 * 0.4 * 0.5
    #expect(abs(numbers["ecf/e2"]! - e2) < 1e-12)
    #expect(abs(numbers["ecf/e3"]! - e3) < 1e-12)
    #expect(abs(numbers["ecf/d2"]! - e3 / (e2 * e2 * e2)) < 1e-9)
  }

  @Test func oneParticleHasNoRatio() throws {
    let numbers = try Self.numbers([FourMomentum(pt: 50, rapidity: 0, phi: 1, mass: 0)])
    #expect(numbers["ecf/e2"] == 0 && numbers["ecf/d2"]!.isNaN)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPull
import PluginKit
import PluginTesting
import Testing

@Suite struct JetPullTests {
  @Test(arguments: ObservableCheck.allCases) func conforms(_ check: ObservableCheck) throws {
    try ObservableConformance(JetPull.self).run(check)
    var configuration = JetPull.Configuration()
    configuration.hardestBranch = true
    try ObservableConformance(JetPull.self, configuration: configuration).run(check)
  }

  private static func numbers(
    _ momenta: [FourMomentum], _ configuration: JetPull.Configuration
  ) throws
    -> [String: Double]
  {
    var events = Events()
    try events.append(momenta)
    let set = try ObservableSet([ObservableChoice("pull", JetPull.self, configuration)])
    let jets = try JetReconstruction(JetFinder(JetDefinition(.antikt, radius: 1)), observables: set).jets(
      in: events)
    return Dictionary(uniqueKeysWithValues: jets.columns.jets.sorted.map { ($0.name, $0.column.values[0]) })
  }

  @Test func thePullOfThreeParticlesPointsToTheWider() throws {
    var configuration = JetPull.Configuration()
    configuration.hardestBranch = true
    let sides = [(50.0, 0.0, 0.0), (30, 0.3, 0), (20, 0, 0.4)]
    let momenta = sides.map { FourMomentum(pt: $0, rapidity: $1, phi: 1 + $2, mass: 0) }
    let numbers = try Self.numbers(momenta, configuration)
    let jetPt = momenta.reduce(FourMomentum.zero) { $0 + $1 }.pt
    let (y, phi) = (30 * 0.3 * 0.3 / jetPt, 20 * 0.4 * 0.4 / jetPt)
    #expect(abs(numbers["pull/magnitude"]! - hypot(y, phi)) < 1e-9)
    #expect(abs(numbers["pull/angle"]! - atan2(phi, y)) < 1e-9)
  }

  @Test func oneParticlePullsNowhere() throws {
    let numbers = try Self.numbers([FourMomentum(pt: 50, rapidity: 0, phi: 1, mass: 0)], .init())
    #expect(numbers["pull/magnitude"]! < 1e-9)
  }
}

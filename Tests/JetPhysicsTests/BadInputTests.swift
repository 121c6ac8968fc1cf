// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Testing

@Suite struct BadInputTests {
  private func clusterer() throws -> JetClusterer { try JetClusterer(JetFinder(JetDefinition(.antikt))) }

  @Test(arguments: ["px", "py", "pz", "E"], [Double.nan, .infinity, -.infinity, 1e51])
  func badComponentIsNamed(field: String, value: Double) throws {
    var events = hadronEvents(4, particles: 6...6, seed: 31)
    events.eventNumbers = [10, 11, 12, 13]
    let paths: [String: WritableKeyPath<Events, [Double]>] = [
      "px": \.momenta.px, "py": \.momenta.py, "pz": \.momenta.pz, "E": \.momenta.energy,
    ]
    events[keyPath: paths[field]!][6 * 2 + 3] = value
    var jets = Jets()
    jets.eventNumbers = [99]
    let before = jets
    let error = try #require(throws: JetPhysicsError.self) {
      try clusterer().findJets(in: events, into: &jets)
    }
    #expect(jets == before)
    #expect(error.event == 12)
    #expect(error.particle == 3)
    #expect(error.field == field)
    #expect(error.problem.hasPrefix("Event 12, particle 3: \(field) is \(value) GeV, which is "))
    #expect(throws: JetPhysicsError.self) { try clusterer().histories(of: events) }
  }

  @Test func negativeEnergyIsNamedAndNegativeZeroIsNot() throws {
    var events = Events([[FourMomentum(px: 0, py: 0, pz: 0, energy: -0.0)]])
    #expect(try clusterer().jets(in: events).jetCount == 0)
    events.momenta.energy[0] = -1e-3
    let error = try #require(throws: JetPhysicsError.self) { try clusterer().jets(in: events) }
    #expect(
      error.description
        == "Event 0, particle 0: E is -0.001 GeV, which is negative; correct the input or leave the event out."
    )
  }

  @Test func clustererWorksAfterAnError() throws {
    let clusterer = try clusterer()
    let good = hadronEvents(5, seed: 32)
    let expected = try clusterer.jets(in: good)
    var bad = good
    bad.momenta.energy[bad.momenta.energy.count - 1] = .nan
    #expect(throws: JetPhysicsError.self) { try clusterer.jets(in: bad) }
    #expect(try clusterer.jets(in: good) == expected)
  }

  @Test func arraysThatDoNotBelongTogetherAreErrors() throws {
    let good = hadronEvents(3, particles: 4...4, seed: 33)
    let changes: [(String, (inout Events) -> Void)] = [
      ("px", { $0.momenta.px.removeLast() }), ("py", { $0.momenta.py.append(1) }),
      ("pz", { $0.momenta.pz = [] }),
      ("offsets", { $0.offsets = [0, 8, 4, 12] }), ("offsets", { $0.offsets = [1, 4, 8, 12] }),
      ("offsets", { $0.offsets = [0, 4, 8, 13] }), ("offsets", { $0.offsets = [0, 4, 12] }),
      ("offsets", { $0.offsets = [] }), ("offsets", { $0.offsets = [0, .max, .min, 12] }),
    ]
    for (field, change) in changes {
      var events = good
      change(&events)
      let error = #expect(throws: JetPhysicsError.self) { try clusterer().jets(in: events) }
      #expect(error?.field == field)
    }
  }

  @Test(arguments: [0, -1, .nan, .infinity, 1000.1, 1e-7])
  func badRadiusIsAnError(radius: Double) {
    let error = #expect(throws: JetPhysicsError.self) { try JetDefinition(.kt, radius: radius) }
    #expect(error?.field == "radius")
    #expect(throws: Never.self) { try JetDefinition(.eeKt, radius: radius) }
  }

  @Test func badPowerIsAnError() throws {
    for algorithm in [JetDefinition.Algorithm.genkt, .eeGenkt] {
      #expect(throws: JetPhysicsError.self) { try JetDefinition(algorithm) }
      #expect(throws: JetPhysicsError.self) { try JetDefinition(algorithm, power: .nan) }
      #expect(throws: JetPhysicsError.self) { try JetFinder(JetDefinition(.kt), recluster: algorithm) }
      #expect(throws: Never.self) { try JetFinder(JetDefinition(.kt, power: 0.2), recluster: algorithm) }
    }
  }

  @Test(arguments: [-30, -5, 5, 30, 1e300])
  func hugePowerIsAnErrorOrHasFiniteDistances(power: Double) throws {
    let events = Events(degenerateEvents().map(\.event) + [hadronEvents(1, seed: 34).momenta(ofEvent: 0)])
    for algorithm in [JetDefinition.Algorithm.genkt, .eeGenkt] {
      let clusterer = try JetClusterer(JetFinder(JetDefinition(algorithm, power: power)))
      do {
        let jets = try clusterer.jets(in: events)
        #expect(jets.trees.mergeScale.allSatisfy { $0.isFinite })
      } catch let error as JetPhysicsError {
        #expect(error.problem.contains("choose a power p closer to 0"))
      }
    }
  }

  @Test func badSelectionsAreErrors() {
    let bad: [(String, () throws -> JetSelection)] = [
      ("minimumPt", { try JetSelection(.inclusive(minimumPt: -1)) }),
      ("minimumPt", { try JetSelection(.inclusive(minimumPt: .nan)) }),
      ("exclusiveJets", { try JetSelection(.exclusiveJets(0)) }),
      ("exclusiveCut", { try JetSelection(.exclusiveCut(-0.1)) }),
      ("exclusiveCut", { try JetSelection(.exclusiveCut(.infinity)) }),
      ("maximumAbsRapidity", { try JetSelection(.exclusiveJets(1), maximumAbsRapidity: .nan) }),
      ("leading", { try JetSelection(.exclusiveJets(1), leading: 0) }),
    ]
    for (field, make) in bad {
      let error = #expect(throws: JetPhysicsError.self) { try make() }
      #expect(error?.field == field)
    }
  }

  @Test(arguments: [
    #"{"definition": {"algorithm": "antikt", "radius": -1}}"#,
    #"{"definition": {"algorithm": "genkt", "radius": 1}}"#,
    #"{"definition": {"algorithm": "kt"}, "selection": {"exclusiveJets": 2, "exclusiveCut": 1}}"#,
    #"{"definition": {"algorithm": "kt"}, "selection": {"exclusiveJets": 0}}"#,
    #"{"definition": {"algorithm": "kt"}, "recluster": "genkt"}"#,
  ])
  func badDescriptionsAreErrors(json: String) {
    #expect(throws: JetPhysicsError.self) { try JSONDecoder().decode(JetFinder.self, from: Data(json.utf8)) }
  }
}

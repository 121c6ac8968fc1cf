// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Testing

/// The plain clustering that `canopy bench` measures a clusterer against does the same work.
@Suite struct PlainClusteringTests {
  private static let finders: [JetFinder] = {
    let antikt = try! JetDefinition(.antikt, radius: 0.4)
    let largest = JetDefinition.allowedRadii.upperBound
    return [
      try! JetFinder(JetDefinition(.kt, radius: largest)),
      try! JetFinder(JetDefinition(.cambridge, radius: 0.8, recombination: .wtaPt)),
      try! JetFinder(JetDefinition(.genkt, radius: 0.8, power: 0.5)),
      try! JetFinder(
        antikt, selection: JetSelection(.inclusive(minimumPt: 5), maximumAbsRapidity: 2.5, leading: 2)),
      try! JetFinder(JetDefinition(.kt, radius: 0.6), selection: JetSelection(.exclusiveJets(3))),
      try! JetFinder(JetDefinition(.kt, radius: 0.6), selection: JetSelection(.exclusiveCut(10))),
    ]
  }()

  @Test(arguments: finders)
  func findsTheJetsOfAClusterer(finder: JetFinder) throws {
    let events = hadronEvents(30, seed: 41)
    let jets = try JetClusterer(finder).jets(in: events)
    let sum = (0..<jets.jetCount).reduce(0) { $0 + jets.momentum(ofJet: $1).pt }
    #expect(abs(finder.clusterPlainly(events) - sum) <= 1e-9 * sum)
  }

  @Test func reclustersWhereAClustererDoes() throws {
    let events = hadronEvents(30, seed: 42)
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 20)), recluster: .kt)
    let jets = try JetClusterer(finder).jets(in: events)
    // The constituents of a jet recluster to the jet.
    let sum = (0..<jets.jetCount).reduce(0) { $0 + 2 * jets.momentum(ofJet: $1).pt }
    #expect(jets.jetCount > 0)
    #expect(abs(finder.clusterPlainly(events) - sum) <= 1e-9 * sum)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import JetPhysics
import Testing

/// FastJet's memory comes from a block of the clusterer as long as there are blocks, and the results are the
/// same without.
@Suite struct ClusteringMemoryTests {
  /// There are 256 blocks.
  @Test func moreClusterersThanBlocksGiveTheSameJets() throws {
    let finder = try JetFinder(JetDefinition(.antikt, radius: 0.4), recluster: .kt)
    let events = hadronEvents(2, seed: 1)
    let expected = try JetClusterer(finder).jets(in: events)
    for _ in 0..<2 {
      let clusterers = try (0..<300).map { _ in try JetClusterer(finder) }
      for clusterer in clusterers { #expect(try clusterer.jets(in: events) == expected) }
    }
  }

  @Test func anEventThatFillsItsBlockIsClusteredAsFastJetDoes() throws {
    let definition = try JetDefinition(.kt, radius: 0.2)
    let clusterer = try JetClusterer(JetFinder(definition, trees: false))
    let large = hadronEvents(1, particles: 60_000...60_000, seed: 2)
    let small = hadronEvents(3, particles: 100...100, seed: 3)
    for events in [small, large, small] {
      let histories = try clusterer.histories(of: events)
      for event in 0..<events.eventCount {
        let reference = Reference(events.momenta(ofEvent: event), definition)
        #expect(reference.differingEntries(histories, event: event) == 0)
      }
    }
  }

  /// The memory that an event leaves when it fails does no harm to the next event.
  @Test func failuresLeaveTheMemoryInOrder() throws {
    let finder = try JetFinder(JetDefinition(.genkt, radius: 1, power: 200))
    let clusterer = try JetClusterer(finder)
    let events = hadronEvents(1, particles: 50...50, seed: 4)
    for _ in 0..<20 {
      #expect(throws: JetPhysicsError.self) { try clusterer.jets(in: events) }
    }
    let alone = Events([[FourMomentum(px: 1, py: 0, pz: 0, energy: 1)]])
    #expect(try clusterer.jets(in: alone) == JetClusterer(finder).jets(in: alone))
  }
}

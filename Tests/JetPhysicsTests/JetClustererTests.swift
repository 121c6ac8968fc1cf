// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Testing

@Suite struct JetClustererTests {
  @Test func eventWithoutParticlesHasNoJets() throws {
    var events = EventBatch()
    events.eventNumbers = [7]
    events.offsets = [0, 0]
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 0.4))).jets(in: events)
    #expect(jets.eventNumbers == [7])
    #expect(jets.offsets == [0, 0])
    #expect(jets.trees == JetTrees())
  }
}

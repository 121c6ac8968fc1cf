// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Testing

@Suite struct JetClustererTests {
  @Test func eventWithoutParticlesHasNoJets() throws {
    let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 0.4))).jets(
      in: Events([[]], firstNumber: 7))
    #expect(jets.eventNumbers == [7])
    #expect(jets.offsets == [0, 0])
    #expect(jets.trees == JetTrees())
  }

  @Test func batchWithoutEventsIsEmpty() throws {
    let clusterer = try JetClusterer(JetFinder(JetDefinition(.antikt)))
    #expect(try clusterer.jets(in: Events()) == Jets())
    #expect(try clusterer.histories(of: Events()) == ClusteringHistories())
  }

  @Test func aStoredBatchIsReplaced() throws {
    let clusterer = try JetClusterer(JetFinder(JetDefinition(.kt, radius: 0.5)))
    var jets = try clusterer.jets(in: hadronEvents(9, seed: 41))
    let events = hadronEvents(4, seed: 42)
    try clusterer.findJets(in: events, into: &jets)
    #expect(try jets == clusterer.jets(in: events))
    #expect(jets.eventNumbers == events.eventNumbers)
  }

  @Test func batchesDoNotMatter() throws {
    let clusterer = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 0.4), recluster: .kt))
    let events = hadronEvents(6, seed: 43)
    let together = try clusterer.jets(in: events)
    var first = 0
    for event in 0..<events.eventCount {
      let alone = try clusterer.jets(in: Events([events.momenta(ofEvent: event)]))
      #expect(alone.momenta.content.px == Array(together.momenta.content.px[together.jets(ofEvent: event)]))
      let nodes = together.trees.offsets[first]..<together.trees.offsets[first + alone.jetCount]
      #expect(alone.trees.left == Array(together.trees.left[nodes]))
      #expect(alone.trees.mergeScale == Array(together.trees.mergeScale[nodes]))
      first += alone.jetCount
    }
  }

  @Test func withoutTreesTheRestIsTheSame() throws {
    let definition = try JetDefinition(.antikt, radius: 0.4)
    let events = hadronEvents(6, seed: 44)
    var expected = try JetClusterer(JetFinder(definition)).jets(in: events)
    expected.trees = JetTrees()
    #expect(try JetClusterer(JetFinder(definition, trees: false)).jets(in: events) == expected)
  }

  @Test func rapidityLimitAndLeadingJetsSelect() throws {
    let definition = try JetDefinition(.antikt, radius: 0.4)
    let events = hadronEvents(10, particles: 150...200, seed: 45)
    let all = try JetClusterer(JetFinder(definition)).jets(in: events)
    let selection = try JetSelection(.inclusive(minimumPt: 1), maximumAbsRapidity: 1.5, leading: 3)
    let some = try JetClusterer(JetFinder(definition, selection: selection)).jets(in: events)
    for event in 0..<events.eventCount {
      let expected = all.jets(ofEvent: event).filter { all.pt[$0] >= 1 && abs(all.rapidity[$0]) <= 1.5 }
      #expect(
        some.jets(ofEvent: event).map { some.momenta.content.px[$0] }
          == expected.prefix(3).map { all.momenta.content.px[$0] })
    }
  }

  @Test func jetsAreSorted() throws {
    for (definition, events, isEnergy) in [
      (try JetDefinition(.antikt, radius: 0.4), hadronEvents(5, seed: 46), false),
      (try JetDefinition(.eeGenkt, radius: 0.4, power: 1), leptonEvents(5, seed: 47), true),
    ] {
      let jets = try JetClusterer(JetFinder(definition)).jets(in: events)
      for event in 0..<events.eventCount {
        let hardness = jets.jets(ofEvent: event).map {
          isEnergy ? jets.momenta.content.energy[$0] : jets.pt[$0]
        }
        #expect(hardness == hardness.sorted(by: >))
        #expect(hardness.count > 1 || events.particles(ofEvent: event).count <= 1)
      }
    }
  }

  @Test func findersSurviveJSON() throws {
    let finders = try [
      JetFinder(JetDefinition(.antikt, radius: 0.4)),
      JetFinder(
        JetDefinition(.genkt, radius: 1.2, power: 0.5, recombination: .wtaPt),
        selection: JetSelection(.inclusive(minimumPt: 20), maximumAbsRapidity: 2.5, leading: 2),
        recluster: .cambridge, trees: false),
      JetFinder(JetDefinition(.eeKt), selection: JetSelection(.exclusiveJets(4))),
      JetFinder(JetDefinition(.kt), selection: JetSelection(.exclusiveCut(100))),
    ]
    let data = try JSONEncoder().encode(finders)
    #expect(try JSONDecoder().decode([JetFinder].self, from: data) == finders)
    let short = #"{"definition": {"algorithm": "ee-kt", "recombination": "WTA-modp"}}"#
    #expect(
      try JSONDecoder().decode(JetFinder.self, from: Data(short.utf8))
        == JetFinder(JetDefinition(.eeKt, recombination: .wtaModp)))
  }

  @Test func fastJetIsCredited() {
    #expect(FastJetCredit.version.hasPrefix("3."))
    #expect(FastJetCredit.citation.contains("arXiv:1111.6097"))
  }
}

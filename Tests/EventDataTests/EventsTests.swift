// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Testing

/// Events that a program builds itself.
@Suite struct EventsTests {
  private func momenta(_ count: Int, energy: Double = 5) -> [FourMomentum] {
    (0..<count).map { FourMomentum(px: 3, py: 4, pz: Double($0), energy: energy + Double($0)) }
  }

  private func events() throws -> Events {
    var events = Events()
    try events.append(
      momenta(2), pdgID: [211, -11], particleColumns: ["charge": [1, 1], "hit": [1, 2, 3, 4]],
      columns: ["label": [1], "truth": [5, 6]])
    try events.append([FourMomentum](), columns: ["label": [0], "truth": [7, 8]])
    try events.append(
      momenta(3, energy: 9), pdgID: [22, 22, 13],
      particleColumns: ["charge": [0, 0, -1], "hit": [5, 6, 7, 8, 9, 10]],
      columns: ["label": [1], "truth": [9, 10]], number: 17)
    return events
  }

  @Test func whatIsAppendedIsThere() throws {
    let events = try events()
    #expect(events.eventNumbers == [0, 1, 17] && events.offsets == [0, 2, 2, 5])
    #expect(events.pdgID == [211, -11, 22, 22, 13] && events.momenta.energy == [5, 6, 9, 10, 11])
    #expect(events.columns["truth"] == Column(width: 2, values: [5, 6, 7, 8, 9, 10]))
    #expect(events.particles.content.columns["hit"]?.values == (1...10).map(Double.init))
    #expect(events.particles.range(of: 2) == 2..<5 && events.momentum(ofParticle: 3).pz == 1)
  }

  @Test func whatDoesNotFitIsRefusedAndNothingIsAdded() throws {
    var events = try events()
    let before = events
    func problem(
      pdgID: [Int32] = [1, 2], particles: [String: [Double]] = ["charge": [0, 0], "hit": [0, 0, 0, 0]],
      columns: [String: [Double]] = ["label": [0], "truth": [0, 0]]
    ) -> String {
      do {
        try events.append(momenta(2), pdgID: pdgID, particleColumns: particles, columns: columns)
        return ""
      } catch { return "\(error)" }
    }
    #expect(problem(pdgID: [1]).hasPrefix("pdgid has 1 elements for 2 particles"))
    #expect(problem(pdgID: []).hasPrefix("pdgid is missing"))
    #expect(
      problem(particles: ["charge": [0], "hit": [0, 0, 0, 0]]).hasPrefix("charge has 1 numbers for 2 rows"))
    #expect(problem(particles: ["charge": [0, 0]]).hasPrefix("hit is missing"))
    #expect(problem(columns: ["label": [0], "truth": [0]]).hasPrefix("truth has 1 numbers"))
    #expect(problem(columns: ["label": [0], "truth": [0, 0], "new": [1]]).hasPrefix("new is given though"))
    #expect(events == before)
    #expect(problem().isEmpty && events.eventCount == 4)
  }

  @Test func partsHaveAllThatBelongsToThem() throws {
    let events = try events()
    let part = events.events(at: [2, 0])
    #expect(
      part.eventNumbers == [17, 0] && part.offsets == [0, 3, 5] && part.pdgID == [22, 22, 13, 211, -11])
    #expect(part.particles.content.columns["hit"]?.values == [5, 6, 7, 8, 9, 10, 1, 2, 3, 4])
    #expect(part.columns["truth"]?.values == [9, 10, 5, 6])
    var one = Events()
    for event in [0, 2, 1, 2] {
      one.replace(withEvent: event, of: events)
      #expect(one == events.events(at: [event]))
    }
    var all = events.events(at: [0])
    all.append(events.events(at: [1, 2]))
    #expect(all == events)
  }

  @Test func particlesThatAreLeftOutTakeTheirColumnsWithThem() throws {
    var events = try events()
    events.keepParticles([false, true, true, false, true])
    #expect(events.offsets == [0, 1, 1, 3] && events.momenta.energy == [6, 9, 11])
    #expect(events.particles.content.columns["hit"]?.values == [3, 4, 5, 6, 9, 10])
    #expect(events.particles.content.inputIndices == [1, 0, 2])
    events.keepParticles([true, false, true])
    #expect(events.particles.content.inputIndices == [1, 2] && events.pdgID == [-11, 13])
  }

  @Test func raggedListsAreSlices() {
    let lists = Ragged(offsets: [0, 2, 2, 3], content: [7, 8, 9])
    #expect(lists.count == 3 && lists[0] == [7, 8] && lists[1].isEmpty && lists[2] == [9])
    var momenta = FourMomenta(momenta(3))
    momenta[1] = .zero
    #expect(momenta.count == 3 && momenta.map(\.energy) == [5, 0, 7] && momenta.last?.pz == 2)
  }
}

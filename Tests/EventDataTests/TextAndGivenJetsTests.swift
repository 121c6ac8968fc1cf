// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Testing

/// Columns of text, and the jets that the input itself has, through all that becomes of events.
@Suite struct TextAndGivenJetsTests {
  /// Events whose text, and whose given jets, follow from a number.
  private func events(_ numbers: Range<Int>, texts: [String] = ["w", "qcd", "", "top"]) throws -> Events {
    var events = Events()
    var flavours: [String] = []
    var pt: [Double] = []
    var offsets = [0]
    for number in numbers {
      try events.append(
        [FourMomentum(px: Double(number), py: 0, pz: 0, energy: Double(number))], number: number)
      for jet in 0..<number % 3 {
        flavours.append(texts[(number + jet) % texts.count])
        pt.append(Double(10 * number + jet))
      }
      offsets.append(pt.count)
    }
    events.columns["process"] = Column(texts: numbers.map { texts[$0 % texts.count] })
    events.givenJets = Ragged(
      offsets: offsets, content: ["flavour": Column(texts: flavours), "pt": Column(values: pt)])
    return events
  }

  /// What events say, whatever numbers stand for their texts.
  private func content(_ events: Events) -> [[String]] {
    (0..<events.eventCount).map { event in
      let jets = events.givenJets!
      return ["\(events.eventNumbers[event])", events.columns["process"]!.text(ofRow: event)]
        + jets.range(of: event).map {
          "\(jets.content["flavour"]!.text(ofRow: $0)) \(jets.content["pt"]!.values[$0])"
        }
    }
  }

  @Test func textsAreThoseThatWereGiven() {
    let column = Column(texts: ["b", "", "light", "b"])
    #expect((0..<4).map(column.text(ofRow:)) == ["b", "", "light", "b"])
    #expect(column.categories == ["b", "light"] && column.values[1].isNaN)
    #expect(Column(values: [1]).categories == nil && Column(values: [1]).text(ofRow: 0).isEmpty)
  }

  @Test func selectionsKeepTextsAndGivenJets() throws {
    let all = try events(0..<20)
    let places = [17, 3, 3, 8]
    let expected = content(all)
    #expect(content(all.events(at: places)) == places.map { expected[$0] })
    var one = Events()
    for place in [5, 0, 19] {
      one.replace(withEvent: place, of: all)
      #expect(content(one) == [expected[place]])
    }
  }

  /// Texts of other batches have other numbers.
  @Test func eventsAreJoined() throws {
    var all = Events()
    var expected: [[String]] = []
    for (range, texts) in [
      (0..<5, ["w", "qcd", "", "top"]), (5..<9, ["top", "w", "z"]), (9..<30, ["", "z"]),
    ] {
      let part = try events(range, texts: texts)
      expected += content(part)
      all.append(part)
    }
    #expect(content(all) == expected)
    #expect(Set(all.columns["process"]!.categories!) == ["w", "qcd", "top", "z"])
  }

  @Test func eventsWithoutGivenJetsHaveNone() throws {
    var all = try events(0..<4)
    var others = try events(4..<6)
    others.givenJets = nil
    all.append(others)
    #expect(all.givenJets?.offsets == [0, 0, 1, 3, 3, 3, 3])
    others.append(try events(6..<9))
    #expect(others.givenJets?.offsets == [0, 0, 0, 0, 1, 3])
    others.finishEvent(number: 9)
    #expect(others.givenJets?.offsets == [0, 0, 0, 0, 1, 3, 3])
  }
}

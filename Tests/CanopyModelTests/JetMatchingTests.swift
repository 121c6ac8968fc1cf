// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import JetPhysics
import NeuralEngine
import Settings
import Testing

/// Which given jet goes with which jet.
@Suite struct JetMatchingTests {
  /// Found jets, as lists of the momenta of each event, with one constituent each.
  private func jets(_ events: [[FourMomentum]]) -> Jets {
    var jets = Jets()
    for (number, event) in events.enumerated() {
      jets.eventNumbers.append(number)
      for (place, momentum) in event.enumerated() {
        jets.momenta.content.append(momentum)
        jets.constituents.content.append(Int32(place))
        jets.constituents.endList(at: jets.constituents.content.count)
      }
      jets.momenta.endList(at: jets.jetCount)
    }
    return jets
  }

  /// Events with given jets of these columns.
  private func events(_ counts: [Int], _ columns: Columns) -> Events {
    var events = Events(source: "made")
    for _ in counts { events.finishEvent(number: events.eventCount) }
    events.givenJets = Ragged(
      offsets: counts.reduce(into: [0]) { $0.append($0.last! + $1) }, content: columns)
    return events
  }

  private func matching(_ yaml: String) throws -> JetMatching {
    try ConfigurationNode(yaml: yaml, source: "c.yaml").decode(JetMatching.self)
  }

  /// The same by another way: the closest pair of all that are free, again and again, with angles by their sine and cosine.
  private func reference(
    _ found: [(along: Double, phi: Double)], _ given: [(along: Double, phi: Double)], _ radius: Double
  ) -> [Int?] {
    var matches: [Int?] = Array(repeating: nil, count: found.count)
    while true {
      var best: (distance: Double, found: Int, given: Int)?
      for (f, jet) in found.enumerated() where matches[f] == nil {
        for (g, axis) in given.enumerated() where !matches.contains(g) {
          let angle = atan2(sin(axis.phi - jet.phi), cos(axis.phi - jet.phi))
          let distance = hypot(axis.along - jet.along, angle)
          if distance <= radius, best.map({ distance < $0.distance }) ?? true { best = (distance, f, g) }
        }
      }
      guard let best else { return matches }
      matches[best.found] = best.given
    }
  }

  /// Random jets, dense enough that most given jets are disputed, at angles of any turn.
  @Test(arguments: ["rapidity", "eta"]) func nearestPairsGoTogetherFirst(quantity: String) throws {
    var generator = SeededGenerator(seed: 17)
    var found: [[FourMomentum]] = []
    var given: [[(along: Double, phi: Double)]] = []
    for event in 0..<300 {
      func phi() -> Double { .random(in: event % 2 == 0 ? 3.0...3.4 : 0...0.9, using: &generator) }
      found.append(
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in
          FourMomentum(
            pt: .random(in: 20...90, using: &generator), rapidity: .random(in: -0.4...0.4, using: &generator),
            phi: phi(),
            mass: .random(in: 1...30, using: &generator))
        })
      given.append(
        (0..<Int.random(in: 0...6, using: &generator)).map { place in
          (.random(in: -0.5...0.5, using: &generator), phi() + Double(place % 3 - 1) * 2 * .pi)
        })
    }
    let flat = given.flatMap(\.self)
    let events = events(
      given.map(\.count),
      [quantity: Column(values: flat.map(\.along)), "phi": Column(values: flat.map(\.phi))])
    let matches = try matching("{radius: 0.35}").givenJets(for: jets(found), in: events)
    var expected: [Int?] = []
    for (event, momenta) in found.enumerated() {
      let first = events.givenJets!.offsets[event]
      expected += reference(
        momenta.map { (quantity == "eta" ? $0.pseudorapidity : $0.rapidity, $0.phi) }, given[event], 0.35
      ).map { $0.map { first + $0 } }
    }
    #expect(matches == expected)
    let matched = matches.count { $0 != nil }
    #expect(matched > 200 && matched < matches.count - 100)
  }

  @Test func jetsWithoutAnAxisGoWithNone() throws {
    let found = jets([[FourMomentum(pt: 50, rapidity: 0, phi: 1, mass: 1)]])
    let events = events([2], ["rapidity": Column(values: [.nan, 0.5]), "phi": Column(values: [1, 1])])
    #expect(try JetMatching().givenJets(for: found, in: events) == [nil])
    var without = events
    without.givenJets = nil
    #expect(try JetMatching().givenJets(for: found, in: without) == [nil])
    without.givenJets = Ragged(offsets: [0, 1], content: ["pt": Column(values: [3])])
    let error = #expect(throws: SampleError.self) { try JetMatching().givenJets(for: found, in: without) }
    #expect(error?.description.contains("have no columns phi and rapidity, or phi and eta") == true)
  }

  @Test func orderIsThatOfTheFile() throws {
    let momentum = FourMomentum(pt: 50, rapidity: 0, phi: 1, mass: 1)
    let found = jets([[momentum, momentum], [], [momentum, momentum, momentum]])
    let events = events([1, 2, 3], ["flavour": Column(values: [1, 2, 3, 4, 5, 6])])
    #expect(try matching("order").givenJets(for: found, in: events) == [0, nil, 3, 4, 5])
  }

  /// Two jets of pT 30 + 20 + 5 and 15 + 40: the first has most of given jet 0, the second of none or of 1.
  @Test func indicesOfParticlesSayWhoseMostOfAJetIs() throws {
    let pt = [30.0, 20, 5, 15, 40]
    func matches(_ places: [Double], given: Int = 2) throws -> [Int?] {
      var events = Events(source: "made")
      try events.append(
        pt.map { FourMomentum(pt: $0, rapidity: 0, phi: 0, mass: 0) }, particleColumns: ["jet": places])
      events.givenJets = Ragged(
        offsets: [0, given], content: ["flavour": Column(values: Array(repeating: 1, count: given))])
      var found = Jets()
      found.eventNumbers = [0]
      for constituents in [[0, 1, 2], [3, 4]] {
        found.momenta.content.append(
          constituents.reduce(.zero) { $0 + events.momentum(ofParticle: $1) })
        found.constituents.content += constituents.map { Int32($0) }
        found.constituents.endList(at: found.constituents.content.count)
      }
      found.momenta.endList(at: 2)
      return try matching("{match: index}").givenJets(for: found, in: events)
    }
    #expect(try matches([0, 0, 1, 1, 1]) == [0, 1])
    #expect(try matches([0, 1, 1, 0, -1]) == [0, nil])
    #expect(try matches([.nan, -1, 1, 1, 0]) == [nil, 0])
    // Both have most of given jet 0, and the second has more of it.
    #expect(try matches([0, 1, 1, 0, 0]) == [nil, 0])
    let error = #expect(throws: SampleError.self) { try matches([0, 2, 0, 0, 0]) }
    #expect(
      error?.description.hasPrefix("made, event 0: jet is 2.0 for a particle, but there are 2 given jets")
        == true)
  }

  @Test func settingsThatMeanNothingAreRefused() throws {
    #expect(try matching("order").method == .order)
    #expect(try matching("{match: index, column: owner}").column == "owner")
    for (yaml, problem) in [
      ("{match: order, radius: 0.2}", "means nothing with match: order"),
      ("{column: jet}", "means nothing with match: delta-r"),
      ("{radius: 0}", "must be positive"), ("nearest", "must be one of delta-r, order, index"),
    ] {
      let error = #expect(throws: ConfigurationError.self) { try matching(yaml) }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }
}

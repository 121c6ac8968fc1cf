// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing
import Triggers

/// Seeds, prescales and counters.
@Suite struct TriggerStateTests {
  private let sample = TriggerSample(eventCount: 500, seed: 2)

  /// Paths that overlap, depend on each other and are prescaled; a seed stands after the path that needs it.
  private static let menu = """
    rate: {input: 1000, budget: 900}
    paths:
      - {name: tagged, seed: jets, conditions: [{jet: {quantity: flavour/score}, min: 0.6}], prescale: 3}
      - {name: jets, conditions: [{jet-count: {min-pt: 30}, min: 2}], prescale: 2, seed-only: true}
      - {name: hh, conditions: [{event-output: hh/score, min: 0.5}]}
      - {name: ht, conditions: [{ht: {}, min: 250}], prescale: 5}
      - {name: both, seed: tagged, conditions: [{ht: {}, min: 100}]}
      - {name: zero-bias, prescale: 7}
    """

  @Test func countsAsPlainCodeDoes() throws {
    let menu = try TriggerMenu(Self.menu)
    let (decisions, state) = menu.run(sample.inputs)
    let names = menu.paths.map(\.name)
    let prescales = ["jets": 2, "tagged": 3, "hh": 1, "ht": 5, "both": 1, "zero-bias": 7]
    var counters: [String: Int] = [:]
    var expected = (raw: [String: Int](), accepted: [String: Int](), pure: [String: Int](), any: 0)
    var together: [Set<String>: Int] = [:]
    for event in 0..<sample.eventCount {
      let jets = sample.jets[event]
      let ht = jets.map(\.pt).reduce(0, +)
      var bits: Set<String> = []
      func look(_ name: String, _ holds: Bool) {
        guard holds else { return }
        expected.raw[name, default: 0] += 1
        counters[name, default: 0] += 1
        guard counters[name] == prescales[name] else { return }
        counters[name] = 0
        bits.insert(name)
        expected.accepted[name, default: 0] += 1
      }
      look("jets", jets.count { $0.pt >= 30 } >= 2)
      look("tagged", bits.contains("jets") && sample.tags[event].contains { Double($0) >= 0.6 })
      look("hh", sample.scores[event] >= 0.5)
      look("ht", ht >= 250)
      look("both", bits.contains("tagged") && ht >= 100)
      look("zero-bias", true)
      #expect(names.map(bits.contains) == Array(decisions.pathBits[event * 6..<event * 6 + 6]))
      together[bits, default: 0] += 1
      let accepting = bits.subtracting(["jets"])
      #expect(decisions.isAccepted[event] == !accepting.isEmpty)
      if !accepting.isEmpty { expected.any += 1 }
      if accepting.count == 1 { expected.pure[accepting.first!, default: 0] += 1 }
      if bits == ["jets"] { expected.pure["jets", default: 0] += 1 }
    }
    #expect(state.eventCount == 500 && state.acceptedCount == expected.any)
    for (index, name) in names.enumerated() {
      #expect(state.paths[index].beforePrescale == expected.raw[name, default: 0])
      #expect(state.paths[index].accepted == expected.accepted[name, default: 0])
      #expect(state.paths[index].pure == expected.pure[name, default: 0])
      #expect(state.paths[index].accepted > 0, "\(name) says something")
      for (other, otherName) in names.enumerated() {
        let both = together.filter { $0.key.isSuperset(of: [name, otherName]) }.values.reduce(0, +)
        #expect(state.overlap[index * 6 + other] == both)
      }
    }
  }

  @Test func countsAddUpExactly() throws {
    let menu = try TriggerMenu(Self.menu)
    let (_, state) = menu.run(sample.inputs)
    // The events that exactly k paths accepted add up to the accepted events, and k-fold to those that the
    // paths accepted.
    #expect(state.eventsByPathCount.reduce(0, +) == state.eventCount)
    #expect(state.eventsByPathCount.dropFirst().reduce(0, +) == state.acceptedCount)
    let recording = menu.paths.indices.filter { !menu.paths[$0].isSeedOnly }.map { state.paths[$0] }
    #expect(state.eventsByPathCount[1] == recording.map(\.pure).reduce(0, +))
    var weighted = 0
    for (number, count) in state.eventsByPathCount.enumerated() { weighted += number * count }
    #expect(recording.map(\.accepted).reduce(0, +) == weighted)
    #expect(state.eventsByPathCount[2...].contains { $0 > 0 }, "paths overlap")
    let report = TriggerReport(menu, state)
    #expect(report.acceptedByExactly.map(\.count).reduce(0, +) == report.total.count)
    for path in report.paths { #expect(path.pure.count + path.shared.count == path.accepted.count) }
  }

  /// Sizes of batches, from single events to all at once.
  @Test(arguments: [1, 3, 64, 500])
  func batchesMakeNoDifference(size: Int) throws {
    let menu = try TriggerMenu(Self.menu)
    var (expected, expectedState) = (TriggerDecisions(), TriggerState(menu))
    menu.evaluate(sample.inputs, into: &expected)
    for event in stride(from: 5, to: 500, by: 11) { expected.markPassThrough(event) }
    menu.decide(&expected, &expectedState)
    var (all, state) = (TriggerDecisions(), TriggerState(menu))
    var decisions = TriggerDecisions()
    for first in stride(from: 0, to: 500, by: size) {
      let range = first..<min(first + size, 500)
      menu.evaluate(sample.inputs(range), into: &decisions)
      for event in range where event % 11 == 5 { decisions.markPassThrough(event - first) }
      menu.decide(&decisions, &state)
      all.append(decisions)
      // As a restart does.
      state = try JSONDecoder().decode(TriggerState.self, from: JSONEncoder().encode(state))
      #expect(state.fits(menu))
    }
    #expect(state == expectedState && all.pathBits == expected.pathBits)
    #expect(all.isAccepted == expected.isAccepted && all.isPassThrough == expected.isPassThrough)
    #expect(zip(all.values, expected.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
  }

  @Test func anEventThatTookTooLongIsNotLost() throws {
    let menu = try TriggerMenu(
      "paths: [{name: few, conditions: [{jet-count: {}, min: 9}]}, {name: third, prescale: 3}]")
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu))
    menu.evaluate(sample.inputs(0..<6), into: &decisions)
    decisions.markPassThrough(1)
    menu.decide(&decisions, &state)
    #expect(decisions.isAccepted == [false, true, false, true, false, false])
    #expect(decisions.isPassThrough == [false, true, false, false, false, false])
    #expect(!decisions.pathBits[2] && !decisions.pathBits[3])
    #expect(state.passThroughCount == 1 && state.acceptedCount == 2 && state.acceptedByPaths == 1)
    #expect(state.paths[1].beforePrescale == 5 && state.eventCount == 6)
    let report = TriggerReport(menu, state)
    #expect(report.total.count == report.acceptedByPaths.count + report.passThrough.count)
  }

  @Test func aPrescaleAcceptsEveryNthEvent() throws {
    let menu = try TriggerMenu("paths: [{name: fourth, prescale: 4}]")
    let (decisions, _) = menu.run(sample.inputs(0..<20))
    #expect(decisions.isAccepted.indices.filter { decisions.isAccepted[$0] } == [3, 7, 11, 15, 19])
  }

  @Test func countersOfAnotherMenuDoNotFit() throws {
    let menu = try TriggerMenu(Self.menu)
    let (_, state) = menu.run(sample.inputs)
    #expect(state.fits(menu))
    let other = try TriggerMenu("paths: [{name: a}, {name: b}]")
    #expect(!state.fits(other))
    let otherPrescales = try TriggerMenu(
      Self.menu.replacingOccurrences(of: "prescale: 7", with: "prescale: 6"))
    #expect(!state.fits(otherPrescales))
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    for (find, replacement) in [
      ("\"eventCount\":500", "\"eventCount\":400"), ("\"eventCount\":500", "\"eventCount\":-1"),
    ] {
      let damaged = text.replacingOccurrences(of: find, with: replacement)
      #expect(damaged != text)
      #expect(try !JSONDecoder().decode(TriggerState.self, from: Data(damaged.utf8)).fits(menu))
    }
  }
}

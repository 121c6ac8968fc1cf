// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import PluginKit
import Testing
import Triggers

/// Decisions with memory that is kept from event to event.
@Suite(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
struct AllocationTests {
  @Test(arguments: [1, 50])
  func decidingNeedsNoMemory(size: Int) throws {
    let sample = TriggerSample(eventCount: 100, seed: 31)
    let conditions = """
      [{jet-count: {min-pt: 30, outputs: {flavour/score: {min: 0.3}}}, min: 1}, {jet: {rank: 2, max-abs-rapidity: 2.5}},
      {jet: {quantity: flavour/score}, min: 0.1}, {ht: {}, min: 50}, {invariant-mass: {}, min: 20},
      {missing-momentum: {}, min: 1}, {scalar-sum: {}, min: 1}, {event-output: hh/score, min: 0.1}]
      """
    let paths = (1...20).map {
      "  - {name: p\($0), prescale: \($0)\($0 > 1 ? ", seed: p1" : ""), conditions: \(conditions)}"
    }
    let stateful = "\n  - {name: rising, seed: p1, conditions: [{rising-pt: {}}, {rising-pt: {}, min: 30}]}"
    let menu = try TriggerMenu(
      "paths:\n" + paths.joined(separator: "\n") + stateful, plugins: RisingPt.registry)
    let batches = stride(from: 0, to: 100, by: size).map { sample.parts($0..<$0 + size) }
    var inputs = DecisionInputs(TriggerSample.sources)
    var (decisions, state) = (TriggerDecisions(), TriggerState(menu))
    func decide() {
      for index in 0..<batches.count {
        inputs.replace(with: batches[index].events, jets: batches[index].jets)
        inputs.append(predictions: batches[index].jetPredictions)
        inputs.append(predictions: batches[index].eventPredictions)
        menu.evaluate(inputs, into: &decisions)
        menu.decide(&decisions, &state)
      }
    }
    let start = allocation_count()
    decide()
    #expect(allocation_count() > start, "the counter counts")
    decide()
    let before = allocation_count()
    decide()
    #expect(allocation_count() == before)
    #expect(state.eventCount == 300 && state.paths[0].accepted > 0)
  }
}

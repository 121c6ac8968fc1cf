// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// Runs of menus with decisions that depend on the events before.
@Suite struct StatefulRunTests {
  private struct Stop: Error {}

  /// Of the jets' masses that reach it, those that are larger than the last one.
  private struct Larger: Decision {
    struct Configuration: Decodable, Sendable {}
    struct State: Codable, Sendable { var last = 0.0 }
    static let identifier = "larger"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "The mass of the first jet is larger than that of the event before."
    static let example = DecisionExample("{}")
    init(configuration: Configuration, sources: DecisionSources) {}
    var quantities: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }
    var initialState: State { State() }
    func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
      guard event.jetCount > 0 else { return false }
      values[0] = event.mass(ofJet: 0)
      return true
    }
    func decide(_ values: DecisionValues, _ state: inout State) -> Bool {
      defer { state.last = values[0] }
      return values[0] > state.last
    }
  }

  /// The same name with another state.
  private struct LargerOfTwo: Decision {
    struct Configuration: Decodable, Sendable {}
    struct State: Codable, Sendable { var masses: [Double] = [] }
    static let identifier = "larger"
    static let version = PluginVersion(2, 0, 0)
    static let summary = "Another version."
    static let example = DecisionExample("{}")
    init(configuration: Configuration, sources: DecisionSources) {}
    var quantities: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }
    var initialState: State { State() }
    func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool { false }
    func decide(_ values: DecisionValues, _ state: inout State) -> Bool { false }
  }

  private static let text = """
    paths:
      - {name: tagged, conditions: [{jet: {quantity: w-tagger/score}, min: 0.5}, {larger: {}}]}
      - {name: monitoring, prescale: 17}
    """

  private func menu(_ decision: any Decision.Type = Larger.self) throws -> TriggerMenu {
    var registry = PluginRegistry.shipped
    try registry.register(decision)
    return try MenuFile(yaml: Self.text, source: "menu").menu(
      sources: DecisionSources(SampleRun.model.get()), plugins: registry)
  }

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(Self.text, to: "menu.yaml")
  }

  /// Runs to the end, or until after the `stop`-th batch.
  private func run(
    threads: Int = 2, stop: Int? = nil, _ decision: any Decision.Type = Larger.self
  ) throws -> TriggerState {
    let output = TriggerRun.Output(
      path: folder.path("out.jsonl"), format: JSONLinesEventOutputFormat(),
      menu: URL(fileURLWithPath: folder.path("menu.yaml")),
      model: Models.folder("w-tagger"), isResumed: true)
    var batches = 0
    return try TriggerRun(model: SampleRun.model.get(), menu: menu(decision), threads: threads).run(
      SampleRun.stream(events: 400), to: output
    ) { _ in
      batches += 1
      if batches == stop { throw Stop() }
    }.state
  }

  /// One at a time, with the values that an evaluator without order finds.
  @Test(arguments: [1, 2, 4]) func theOrderOfEventsDecidesWhateverTheThreads(threads: Int) throws {
    let state = try run(threads: threads)
    let trigger = try EventTrigger(model: SampleRun.model.get(), menu: menu())
    let events = try Events(SampleRun.stream(events: 400))
    var (last, count, reached) = (0.0, 0, 0)
    var lines: [Int] = []
    for place in 0..<events.eventCount {
      let isAccepted = try trigger.decide(events.events(at: [place]))
      if isAccepted { lines.append(place) }
      let values = trigger.decisions.values
      guard values[0] >= 0.5 else { continue }
      reached += 1
      #expect(trigger.decisions.pathBits[0] == (values[1] > last))
      count += values[1] > last ? 1 : 0
      last = values[1]
    }
    #expect(count > 20 && count < reached - 20)
    #expect(state == trigger.state && state.paths[0].accepted == count)
    #expect(try folder.data("out.jsonl").split(separator: 10).count == lines.count)
  }

  @Test func aRunThatIsStoppedGoesOnWithTheStates() throws {
    let whole = try run()
    let output = try folder.data("out.jsonl")
    for stop in 1...6 {
      try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
      #expect(throws: Stop.self) { try run(threads: 1 + stop % 3, stop: stop) }
      #expect(try run(threads: 1 + stop % 2) == whole)
      #expect(try folder.data("out.jsonl") == output)
    }
  }

  @Test func aStateOfAnotherVersionIsRefused() throws {
    #expect(throws: Stop.self) { try run(stop: 2) }
    let journal = try folder.data("out.jsonl.journal")
    let error = #expect(throws: TriggerError.self) { try run(LargerOfTwo.self) }
    #expect(error?.description.contains("tagged/larger does not read the state that was kept of it") == true)
    #expect(try folder.data("out.jsonl.journal") == journal)
    _ = try run()
  }
}

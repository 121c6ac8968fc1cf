// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import PluginTesting
import Testing
import Triggers

/// The decisions that come with Canopy conform.
@Suite struct BuiltInDecisionsTests {
  private static let registry: PluginRegistry = {
    var registry = PluginRegistry()
    try! registry.registerConditions()
    return registry
  }()

  @Test(arguments: registry.decisionIdentifiers, DecisionCheck.allCases)
  func conform(_ identifier: String, _ check: DecisionCheck) throws {
    func run<D: Decision>(_ type: D.Type) throws { try DecisionConformance(type).run(check) }
    try run(Self.registry.decision(identifier))
  }

  @Test(arguments: DecisionCheck.allCases) func jetsWithOutputsOfHeadsAndConditions(
    _ check: DecisionCheck
  ) throws {
    let sources = DecisionSources(
      heads: [
        .init(name: "kind", rows: .jets, outputs: [HeadOutput("q"), HeadOutput("g", width: 3)]),
        .init(name: "event", rows: .events, outputs: [HeadOutput("score")]),
        .init(name: "tagger", rows: .jets, outputs: [HeadOutput("score")]),
      ], conditions: ["mass"])
    let configuration = "{quantity: 'kind/g[1]', outputs: {tagger/score: {min: 0.3}}}"
    try DecisionConformance(RankedJet.self, example: DecisionExample(configuration, sources: sources)).run(
      check)
    try DecisionConformance(EventOutput.self, example: DecisionExample("event/score", sources: sources)).run(
      check)
  }
}

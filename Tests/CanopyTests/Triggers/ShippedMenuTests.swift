// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import TestFiles
import Testing

/// The menus that the package ships, with the models that they are for.
@Suite struct ShippedMenuTests {
  private func load(_ name: String, isForTuning: Bool = false) throws -> (Model, TriggerMenu) {
    let model = try Model(
      contentsOf: URL(fileURLWithPath: Samples.path("../Models/\(name)")), plugins: .builtIn)
    let file = try MenuFile(contentsOf: URL(fileURLWithPath: Samples.path("../Menus/\(name).yaml")))
    return (
      model,
      try file.menu(sources: DecisionSources(model), plugins: .builtIn, isForTuning: isForTuning)
    )
  }

  /// What a menu says of the events of a sample.
  private func run(
    _ model: Model, _ menu: TriggerMenu, _ sample: String, count: Int, columns: [String: Double] = [:]
  ) throws -> (TriggerDecisions, TriggerState) {
    let stream = try EventStream(
      inputs: [Samples.path(sample)], options: EventReadingOptions(maximumEvents: count))
    let predictor = try Predictor(model)
    var (inputs, decisions) = (DecisionInputs(DecisionSources(model)), TriggerDecisions())
    var (all, state) = (TriggerDecisions(), TriggerState(menu))
    while var events = try stream.next(upTo: 20) {
      for (name, value) in columns {
        events.columns[name] = Column(values: Array(repeating: value, count: events.eventCount))
      }
      inputs.replace(with: events, try predictor.predict(events))
      menu.evaluate(inputs, into: &decisions)
      menu.decide(&decisions, &state)
      all.append(decisions)
    }
    return (all, state)
  }

  @Test func theTaggersMenuLetsBosonsPass() throws {
    let (model, menu) = try load("w-tagger")
    #expect(menu.paths.map(\.name) == ["fat-jet", "boosted-w", "w-score", "high-activity", "zero-bias"])
    let (_, signal) = try run(model, menu, "w-events.hepmc.zst", count: 40)
    let (_, background) = try run(model, menu, "qcd-events.hepmc.zst", count: 40)
    #expect(signal.eventCount == 40 && background.eventCount == 40)
    #expect(signal.paths[1].accepted > 15 && background.paths[1].accepted < 5)
  }

  @Test func theClassifiersMenuIsTuned() throws {
    let (model, menu) = try load("dihiggs", isForTuning: true)
    #expect(menu.thresholds.map { menu.quantities[$0.quantity].name } == ["dihiggs/score"])
    let (decisions, _) = try run(
      model, menu, "dihiggs/hh-events.hepmc.zst", count: 10, columns: ["resonance_mass": 500])
    #expect(decisions.eventCount == 10)
    // The score that the path is decided by is the model's.
    #expect(
      decisions.values.enumerated().filter { $0.offset % 4 == 1 }.allSatisfy { (0...1).contains($0.element) })
  }
}

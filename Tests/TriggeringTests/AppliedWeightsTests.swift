// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// Menus that multiply particles by weights before jets are found.
@Suite struct AppliedWeightsTests {
  /// A weight that rises with pT, and is 0 below 1 GeV.
  private struct RisingWeight: Observable {
    static let identifier = "rising-weight"
    static let version = PluginVersion(1, 0, 0)
    static let summary = "a weight that rises with pT"
    static let example = Configuration()
    struct Configuration: Codable, Sendable {}
    let configuration: Configuration
    let rows = HeadRows.constituents
    let quantities = [ObservableQuantity("weight", "pT/(pT + 2 GeV), 0 below 1 GeV")]

    init(configuration: Configuration) { self.configuration = configuration }

    static func weight(pt: Double) -> Double { pt < 1 ? 0 : pt / (pt + 2) }

    func callAsFunction(_ inputs: ObservableInputs<RisingWeight>, _ values: inout [Double]) {
      for event in 0..<inputs.events.eventCount {
        for place in inputs.jets.constituents(ofJets: inputs.jets.jets(ofEvent: event)) {
          let particle = inputs.events.offsets[event] + Int(inputs.jets.constituents.content[place])
          values.append(Self.weight(pt: inputs.events.momentum(ofParticle: particle).pt))
        }
      }
    }
  }

  private static let plugins: PluginRegistry = {
    var plugins = PluginRegistry.shipped
    try! plugins.register(RisingWeight.self)
    return plugins
  }()

  private func menu(_ apply: String?) throws -> TriggerMenu {
    let text = (apply.map { "apply: \($0)\n" } ?? "") + SampleRun.menuText
    return try MenuFile(yaml: text, source: "menu").menu(
      sources: DecisionSources(SampleRun.model.get()), plugins: Self.plugins)
  }

  private func run(_ apply: String?, threads: Int = 1) throws -> TriggerRun {
    try TriggerRun(model: SampleRun.model.get(), menu: menu(apply), threads: threads, plugins: Self.plugins)
  }

  /// The events with momenta that are multiplied here.
  private func weighted(_ events: Events) throws -> Events {
    var weighted = Events()
    for event in 0..<events.eventCount {
      let momenta = events.particles(ofEvent: event).map { events.momentum(ofParticle: $0) }
        .filter { RisingWeight.weight(pt: $0.pt) > 0 }
      try weighted.append(
        momenta.map { p in
          let w = RisingWeight.weight(pt: p.pt)
          return FourMomentum(px: w * p.px, py: w * p.py, pz: w * p.pz, energy: w * p.energy)
        })
    }
    return weighted
  }

  /// Decisions of files and of single events are those on weighted particles, and accepted events are written as they were.
  @Test(arguments: [1, 3]) func decisionsAreOnWeightedParticles(threads: Int) throws {
    let folder = try TemporaryFolder()
    let run = try self.run("rising-weight", threads: threads)
    #expect(run.weighting?.name == "rising-weight")
    var options = EventReadingOptions(
      leavesOutParticles: false, maximumEvents: 300,
      definitions: [ColumnDefinition("soft", try Formula("sum(particle.pt)"))])
    options.weighting = run.weighting?.weighting
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("out.h5")))
    let outcome = try run.run(EventStream(inputs: [SampleRun.input], options: options), to: writer)
    try writer.finish()
    let written = try Events(try EventStream(inputs: [folder.path("out.h5")]))
    let events = try Events(
      EventStream(inputs: [SampleRun.input], options: EventReadingOptions(maximumEvents: 300)))
    let expected = try weighted(events)
    try #require(expected.particleCount < events.particleCount)
    let prediction = try Predictor(run.model).predict(expected)
    // The largest of none is −∞.
    let scores = (0..<events.eventCount).map { event in
      prediction.jets.jets(ofEvent: event).map { Double(prediction.heads[0].matrix[$0, 0]) }.max()
        ?? -.infinity
    }
    let trigger = try EventTrigger(model: run.model, menu: run.menu, plugins: Self.plugins)
    var row = 0
    for event in 0..<events.eventCount where try trigger.decide(events.events(at: [event])) {
      try #require(row < written.eventCount)
      #expect(written.columns["trigger.event-number"]!.values[row] == Double(event))
      for (quantity, name) in run.columns.quantities.enumerated() {
        #expect(
          written.columns[name]!.values[row].bitPattern == trigger.decisions.values[quantity].bitPattern)
      }
      #expect(written.columns["trigger.tagged.score"]!.values[row] == scores[event])
      let sum = expected.particles(ofEvent: event).reduce(0) { $0 + expected.momentum(ofParticle: $1).pt }
      #expect(abs(written.columns["soft"]!.values[row] - sum) < 1e-9 * sum)
      #expect(
        written.momenta.px[written.particles(ofEvent: row)]
          == events.momenta.px[events.particles(ofEvent: event)])
      row += 1
    }
    #expect(row == written.eventCount && row > 20 && row < 280)
    #expect(trigger.state == outcome.state)
    // Efficiencies and thresholds are of the same numbers.
    var all: [Double] = []
    try run.evaluate(EventStream(inputs: [SampleRun.input], options: options)) { _, decisions in
      all.append(decisions.values[0])
    }
    #expect(all == scores)
  }

  @Test func whatCannotBeAppliedIsRefused() throws {
    let unknown = #expect(throws: MenuError.self) { try run("rising") }
    #expect("\(unknown!)".contains("apply is refused: There is no observable"), "\(unknown!)")
    let unweighted = #expect(throws: MenuError.self) { try run("isolation") }
    #expect("\(unweighted!)".contains("no number “weight”"), "\(unweighted!)")
    #expect(try self.run("none").weighting == nil && self.run(nil).weighting == nil)
    // The reader must not weight what the run weights.
    let weighted = try run("rising-weight")
    var options = EventReadingOptions()
    options.weighting = weighted.weighting?.weighting
    let twice = #expect(throws: TriggerError.self) {
      try weighted.run(EventStream(inputs: [SampleRun.input], options: options))
    }
    #expect("\(twice!)".contains("leavesOutParticles"), "\(twice!)")
  }
}

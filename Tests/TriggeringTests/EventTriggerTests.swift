// SPDX-License-Identifier: GPL-3.0-or-later

import AllocationCounter
import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// One event at a time, and the same events in a stream.
@Suite struct EventTriggerTests {
  /// The events that a run accepts, and what it came to.
  private func accepted(_ run: TriggerRun, events: Int) throws -> (Events, TriggerRun.Outcome) {
    let folder = try TemporaryFolder()
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("out.h5")))
    let outcome = try run.run(SampleRun.stream(events: events), to: writer)
    try writer.finish()
    return (try Events(try EventStream(inputs: [folder.path("out.h5")])), outcome)
  }

  @Test(arguments: [1, 2, 3]) func aStreamAndSingleEventsAreDecidedAlike(threads: Int) throws {
    let run = try SampleRun.run(threads: threads)
    let (written, outcome) = try accepted(run, events: 300)
    let events = try Events(SampleRun.stream(events: 300))
    let trigger = try EventTrigger(model: run.model, menu: run.menu)
    var row = 0
    for place in 0..<events.eventCount {
      guard try trigger.decide(events.events(at: [place])) else { continue }
      let decisions = trigger.decisions
      try #require(row < written.eventCount)
      func value(_ name: String) -> Double { written.columns[name]!.values[row] }
      #expect(value("number") == Double(events.eventNumbers[place]))
      #expect(value("label") == events.columns["label"]!.values[place])
      #expect(value(TriggerColumns.passThrough) == 0)
      for (path, (bit, conditions)) in zip(run.columns.bits, run.columns.conditions).enumerated() {
        #expect(value(bit) == (decisions.pathBits[path] ? 1 : 0))
        #expect(value(conditions) == (decisions.conditionsHold[path] ? 1 : 0))
      }
      for (quantity, name) in run.columns.quantities.enumerated() {
        #expect(value(name).bitPattern == decisions.values[quantity].bitPattern)
      }
      let particles = events.particles(ofEvent: place)
      #expect(written.momenta.px[written.particles(ofEvent: row)] == events.momenta.px[particles])
      row += 1
    }
    #expect(row == written.eventCount && row > 50 && row < 250)
    #expect(trigger.state == outcome.state && trigger.state.acceptedCount == row)
    #expect(outcome.latency.count == 300)
    #expect(
      run.columns.quantities == [
        "trigger.tagged.score", "trigger.narrow.ht", "trigger.narrow.count",
      ])
  }

  /// Formulas say the same of single events, and of a stream on any number of threads.
  @Test(arguments: [1, 2, 3]) func formulasAreWorkedOutAlike(threads: Int) throws {
    let menu = try SampleRun.menu(
      """
      paths:
        - {name: score, conditions: ["0.3 < jet[0].w-tagger/score < 0.9"]}
        - {name: charged, conditions: ["max(sum(constituent.pt * (constituent.charge != 0)) / jet.pt) > 0.66"]}
        - {name: core, conditions: ["max(largest(constituent.pt, 1) + max(constituent.pt)) > 150"]}
        - {name: whole, conditions: ["count(jet) == 1 and abs(sum(particle.px)) < 180 and largest(jet.mass, 0) > 70"]}
      """)
    let run = try TriggerRun(model: SampleRun.model.get(), menu: menu, threads: threads)
    let (written, outcome) = try accepted(run, events: 300)
    let trigger = try EventTrigger(model: run.model, menu: menu)
    let events = try Events(SampleRun.stream(events: 300))
    var numbers: [Double] = []
    for place in 0..<events.eventCount where try trigger.decide(events.events(at: [place])) {
      numbers.append(Double(events.eventNumbers[place]))
    }
    #expect(written.columns["number"]?.values == numbers && trigger.state == outcome.state)
    #expect(outcome.state.paths.allSatisfy { $0.accepted > 10 && $0.accepted < 290 })
    // The sums over constituents, from the jets of a prediction.
    let prediction = try Predictor(run.model).predict(events)
    var counts = [0, 0, 0]
    for event in 0..<events.eventCount {
      guard let jet = prediction.jets.jets(ofEvent: event).first else { continue }
      let particles = prediction.jets.constituents[jet].map { events.offsets[event] + Int($0) }
      let pts = particles.map { events.momentum(ofParticle: $0).pt }
      let charged = zip(particles, pts).filter { (ParticleCharge.ofParticle(events.pdgID[$0.0]) ?? 0) != 0 }
      let score = Double(prediction.heads[0].matrix[jet, 0])
      if score > 0.3 && score < 0.9 { counts[0] += 1 }
      if charged.reduce(0, { $0 + $1.1 }) / prediction.jets.momentum(ofJet: jet).pt > 0.66 { counts[1] += 1 }
      if pts.sorted(by: >).prefix(2).reduce(0, +) > 150 { counts[2] += 1 }
    }
    #expect(outcome.state.paths.prefix(3).map(\.accepted) == counts)
  }

  /// A second trigger leaves what the input says as it is, and its events can be traced back.
  @Test func aSecondPassKeepsWhatTheFirstWrote() throws {
    let folder = try TemporaryFolder()
    let run = try SampleRun.run()
    func pass(_ input: EventStream, to name: String) throws -> Events {
      let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path(name)))
      _ = try run.run(input, to: writer)
      try writer.finish()
      return try Events(try EventStream(inputs: [folder.path(name)]))
    }
    let first = try pass(SampleRun.stream(events: 300), to: "first.h5")
    let second = try pass(EventStream(inputs: [folder.path("first.h5")]), to: "second.h5")
    let third = try pass(EventStream(inputs: [folder.path("second.h5")]), to: "third.h5")
    #expect(first.columns["number"]?.values == first.columns[TriggerColumns.eventNumber]?.values)
    for (earlier, later, number) in [(first, second, 2), (second, third, 3)] {
      let places = try #require(later.columns["trigger-\(number).event-number"]).values.map { Int($0) }
      #expect(places.count > 5 && places.count < earlier.eventCount)
      for (name, column) in earlier.columns.sorted {
        #expect(later.columns[name]?.values == places.map { column.values[$0] }, "\(name)")
      }
      let more = Set(later.columns.names).subtracting(earlier.columns.names)
      #expect(more.count == 14 && more.allSatisfy { $0.hasPrefix("trigger-\(number).") }, "\(more)")
    }
  }

  @Test func theNumbersBehindADecisionAreTheModels() throws {
    let run = try SampleRun.run()
    let (written, _) = try accepted(run, events: 100)
    let prediction = try Predictor(run.model).predict(try Events(SampleRun.stream(events: 100)))
    for row in 0..<written.eventCount {
      let event = Int(written.columns["number"]!.values[row]) - 5
      // One event at a time and all at once have the same bits.
      let score = Double(prediction.heads[0].matrix[prediction.jets.offsets[event], 0])
      #expect(written.columns["trigger.tagged.score"]!.values[row] == score)
    }
  }

  /// A cut accepts exactly the events whose score passes it, the cut being the score of an event.
  ///
  /// The events are the shipped ones, turned around the beam.
  @Test func tenThousandEventsAreDecidedAsTheyAreScored() throws {
    let model = try SampleRun.model.get()
    let shipped = try Events(SampleRun.stream(events: 1000))
    let batches = (0..<10).map { turn in
      var turned = shipped
      let (sine, cosine) = (sin(0.6 * Double(turn)), cos(0.6 * Double(turn)))
      for particle in 0..<shipped.particleCount {
        let (px, py) = (shipped.momenta.px[particle], shipped.momenta.py[particle])
        turned.momenta.px[particle] = cosine * px - sine * py
        turned.momenta.py[particle] = sine * px + cosine * py
      }
      return turned
    }
    try #require(batches.reduce(0) { $0 + $1.eventCount } == 10_000)
    let scores = try batches.map { events in
      let prediction = try Predictor(model).predict(events)
      return (0..<events.eventCount).map { event -> Float in
        let jets = prediction.jets.jets(ofEvent: event)
        return jets.isEmpty ? -1 : prediction.heads[0].matrix[jets.lowerBound, 0]
      }
    }
    let cut = scores.joined().sorted()[6000]
    let menu = try SampleRun.menu(
      "paths: [{name: cut, conditions: [{jet: {quantity: w-tagger/score}, min: \(Double(cut))}]}]")
    let trigger = try EventTrigger(model: model, menu: menu)
    var event = Events()
    var (different, accepted) = (0, 0)
    for (events, scores) in zip(batches, scores) {
      for place in 0..<events.eventCount {
        event.replace(withEvent: place, of: events)
        let isAccepted = try trigger.decide(event)
        accepted += isAccepted ? 1 : 0
        different += isAccepted == (scores[place] >= cut) ? 0 : 1
      }
    }
    #expect(different == 0 && accepted >= 4000 && accepted < 4100)
  }

  @Test func eventsThatTakeTooLongPassThrough() throws {
    let (written, outcome) = try accepted(SampleRun.run(timeLimit: 1e-9), events: 70)
    #expect(written.eventCount == 70 && outcome.state.passThroughCount == 70)
    #expect(outcome.state.eventCount == 70 && outcome.state.acceptedByPaths == 0)
    #expect(written.columns[TriggerColumns.passThrough]!.values.allSatisfy { $0 == 1 })
    #expect(written.columns["trigger.monitoring"]!.values.allSatisfy { $0 == 0 })
    // What was found out all the same is there.
    #expect(written.columns["trigger.tagged.score"]!.values.count { $0 > 0 && $0 < 1 } > 60)
    let (all, patient) = try accepted(SampleRun.run(timeLimit: 3600), events: 70)
    #expect(all.eventCount < 70 && patient.state.passThroughCount == 0)
  }

  @Test func anEventThatCannotBeDecidedOnIsNotCounted() throws {
    let trigger = try EventTrigger(model: SampleRun.model.get(), menu: SampleRun.menu())
    var event = try Events(SampleRun.stream(events: 1))
    _ = try trigger.decide(event)
    let before = trigger.state
    event.momenta.px[0] = .nan
    #expect(throws: JetPhysicsError.self) { try trigger.decide(event) }
    #expect(trigger.state == before && before.eventCount == 1)
  }

  @Test func conditionsAreThoseOfTheModel() throws {
    let tagger = try SampleRun.model.get()
    func refusal(_ model: Model, _ conditions: [String: Double]) throws -> String {
      let menu = try MenuFile(yaml: "paths: [{name: all}]", source: "menu")
        .menu(sources: DecisionSources(model), plugins: .shipped)
      let error = #expect(throws: TriggerError.self) {
        _ = try EventTrigger(model: model, menu: menu, conditions: conditions)
      }
      return error?.description ?? ""
    }
    #expect(try refusal(tagger, ["mass": 1]).contains("reads no condition mass"))
    let dihiggs = try Model(contentsOf: Models.folder("dihiggs"), plugins: .shipped)
    #expect(try refusal(dihiggs, [:]).contains("reads the condition resonance_mass"))
  }

  @Test(.enabled(if: allocation_counter_is_available(), "a sanitizer has an allocator of its own"))
  func anEventNeedsNoMemory() throws {
    let model = try TwoHeads.model()
    let menu = try TwoHeads.menu(paths: 20)
    let event = try TwoHeads.event(particles: 500)
    let trigger = try EventTrigger(model: model, menu: menu, timeLimit: 3600)
    func decide(_ count: Int) throws {
      for _ in 0..<count {
        _ = try event.momenta.px.withUnsafeBufferPointer { px in
          try event.momenta.py.withUnsafeBufferPointer { py in
            try event.momenta.pz.withUnsafeBufferPointer { pz in
              try event.momenta.energy.withUnsafeBufferPointer { energy in
                try event.pdgID.withUnsafeBufferPointer { pdgID in
                  try trigger.decide(px: px, py: py, pz: pz, energy: energy, pdgID: pdgID)
                }
              }
            }
          }
        }
      }
    }
    let before = allocation_count()
    try decide(1)
    #expect(allocation_count() > before)
    try decide(2)
    let warm = allocation_count()
    try decide(10)
    #expect(allocation_count() == warm)
    #expect(trigger.state.eventCount == 13 && trigger.decisions.pathBits.count == 20)
    #expect(trigger.state.paths.contains { $0.accepted > 0 })
  }
}

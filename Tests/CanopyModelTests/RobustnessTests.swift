// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics
import TestFiles
import TestPlugins
import Testing

/// Scores of changed events.
@Suite struct RobustnessTests {
  private static func events(_ count: Int) throws -> Events {
    let stream = try EventStream(inputs: [Samples.path("w-vs-qcd-small.h5")])
    return try #require(try stream.next(upTo: count))
  }

  private static func sum(_ events: Events, _ event: Int) -> FourMomentum {
    events.particles(ofEvent: event).reduce(.zero) { $0 + events.momentum(ofParticle: $1) }
  }

  /// What each change leaves alone.
  @Test(arguments: EventChange.allCases)
  func changesKeepWhatTheyShould(change: EventChange) throws {
    var events = try Self.events(12)
    events.particles.content.columns["d0"] = Column(values: Array(repeating: 1, count: events.particleCount))
    let changed = change(events)
    #expect(
      changed.eventNumbers == events.eventNumbers && changed.columns == events.columns && changed != events)
    #expect(changed.pdgID.count == changed.particleCount)
    let d0 = try #require(changed.particles.content.columns["d0"]).values
    #expect(d0.count == changed.particleCount)
    for event in 0..<events.eventCount {
      let (before, after) = (Self.sum(events, event), Self.sum(changed, event))
      let count = events.particles(ofEvent: event).count
      let places = changed.particles(ofEvent: event)
      // Columns add up to what they were.
      #expect(places.reduce(0) { $0 + (d0[$1].isNaN ? 0 : d0[$1]) } == Double(count))
      switch change {
      case .ghosts, .soft:
        #expect(places.count == count + (change == .ghosts ? 200 : 20))
        let added = change == .ghosts ? 200e-18 : 2.0
        #expect(abs(after.pt - before.pt) <= max(added, 1e-9 * before.pt))
      case .halves, .collinear:
        #expect(places.count == count + (change == .halves ? count : min(10, count)))
        #expect(
          abs(after.px - before.px) < 1e-9 * before.energy && abs(after.pz - before.pz) < 1e-9 * before.energy
        )
        #expect(abs(after.energy - before.energy) < 1e-5 * before.energy)
      case .rotation, .reflection:
        #expect(
          abs(after.pt - before.pt) < 1e-9 * before.pt
            && abs(abs(after.pz) - abs(before.pz)) < 1e-9 * before.energy)
        #expect(abs(after.mass - before.mass) < 1e-6 * before.mass)
      case .boost:
        #expect(
          abs(after.px - before.px) < 1e-9 * before.energy
            && abs(after.mass - before.mass) < 1e-6 * before.mass)
        #expect(abs(after.rapidity - before.rapidity) < 0.5 && after.pz != before.pz)
      case .smearing:
        #expect(abs(after.pt / before.pt - 1) < 0.2 && places.count == count)
      }
    }
    // An event is changed in the same way whatever its neighbours.
    let alone = change(events.events(at: [7]))
    #expect(alone.momenta.px == changed.particles(ofEvent: 7).map { changed.momenta.px[$0] })
  }

  /// Shifts and metrics are those of predictions for changed events.
  @Test func shiftsAreThoseOfPredictions() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let model = try Model(
      contentsOf: root.appendingPathComponent("Resources/Models/w-tagger"), plugins: .shipped)
    var options = EventReadingOptions()
    options.maximumEvents = 60
    var study = EvaluationStudy()
    study.changes = [.ghosts, .reflection]
    let stream = try EventStream(inputs: [Samples.path("w-vs-qcd-small.h5")], options: options)
    let result = try Evaluation(of: model, on: stream, study: study, threads: 2).heads[0]
    let events = try Self.events(60)
    let predictor = try Predictor(model)
    let before = try predictor.predict(events).heads[0].values
    #expect(result.changes.map(\.change) == study.changes)
    for changed in result.changes {
      let after = try predictor.predict(changed.change(events)).heads[0].values
      let width = after.count / 60
      let shifts = (0..<60).map { Double(abs(after[$0 * width] - before[$0 * width])) }.sorted()
      #expect(changed.rowCount == 60 && changed.medianShift == shifts[30] && changed.largeShift == shifts[57])
      #expect(changed.metric != nil && changed.metric != result.evaluation?.metrics[0].estimate)
    }
    let table = try #require(result.robustnessTable)
    #expect(table.columns.map(\.name) == ["change", "is", "jets", "median shift", "95 % shift", "AUC"])
  }
}

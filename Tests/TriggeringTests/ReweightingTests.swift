// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventData
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// Rates of events that stand for others.
@Suite struct ReweightingTests {
  private static let eventCount = 1000

  private static func first(prescaled: Bool) -> String {
    func prescale(_ number: Int) -> Int { prescaled ? number : 1 }
    return """
      paths:
        - {name: wide, seed-only: true, conditions: [{jet: {}, min: 228}], prescale: \(prescale(2))}
        - {name: heavy, seed: wide, conditions: [{jet: {quantity: mass}, min: 58}], prescale: \(prescale(2))}
        - {name: score, conditions: [{jet: {quantity: w-tagger/score}, min: 0.6}], prescale: \(prescale(3))}
      """
  }

  /// Events that meet the conditions of one of the paths of the first menu.
  private static let second = """
    rate: {input: 1000}
    paths:
      - {name: mass, conditions: [{jet: {}, min: 230}, {jet: {quantity: mass}, min: 60, max: 100}]}
      - {name: tight, conditions: [{jet: {quantity: w-tagger/score}, min: 0.8}]}
    """

  private func run(_ text: String, _ reweighting: (any EventReweighting)? = nil) throws -> TriggerRun {
    try TriggerRun(
      model: SampleRun.model.get(), menu: SampleRun.menu(text), threads: 2, reweighting: reweighting)
  }

  private func write(_ run: TriggerRun, _ stream: EventStream, to path: String) throws {
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(path))
    _ = try run.run(stream, to: writer)
    try writer.finish()
  }

  private func report(
    _ run: TriggerRun, _ stream: EventStream, acceptedOf: Int? = nil
  ) throws -> TriggerReport {
    TriggerReport(run.menu, try run.run(stream).state, acceptedOf: acceptedOf)
  }

  private func rates(_ report: TriggerReport) -> [TriggerReport.Rate] {
    report.paths.map(\.accepted) + report.paths.map(\.pure) + report.pairs.flatMap { [$0.both, $0.either] }
      + [report.total]
  }

  @Test(arguments: [true, false]) func acceptedEventsStandForAll(prescaled: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("accepted.h5")
    try write(run(Self.first(prescaled: prescaled)), SampleRun.stream(events: Self.eventCount), to: path)
    let direct = try report(run(Self.second), SampleRun.stream(events: Self.eventCount))
    let emulation = try run(Self.second, AcceptanceReweighting())
    let emulated = try report(emulation, EventStream(inputs: [path]), acceptedOf: Self.eventCount)
    for (rate, expected) in zip(rates(emulated), rates(direct)) {
      let (found, wanted) = (try #require(rate.share), try #require(expected.share))
      let (error, smaller) = (try #require(found.error), try #require(wanted.error))
      if prescaled {
        #expect(rate.count < expected.count)
        #expect(abs(found.value - wanted.value) < 3 * error, "\(found), \(wanted)")
        #expect(error > 1.2 * smaller)
      } else {
        #expect(rate.count == expected.count && found.value == wanted.value)
        #expect(abs(error - smaller) < 1e-15)
      }
    }
    let covered = try #require(emulated.covered?.share).value
    #expect(prescaled ? covered > 0.5 : covered == Double(emulated.eventCount) / 1000 && covered < 1)
    // What two menus accepted, one after the other: the weights are those of both.
    let again = folder.path("again.h5")
    try write(run(Self.first(prescaled: prescaled)), EventStream(inputs: [path]), to: again)
    let twice = try Events(EventStream(inputs: [again]))
    let factors = try AcceptanceReweighting().factors(of: twice)
    let columns = try [1, 2].map { number in
      try #require(twice.columns["\(number == 1 ? "trigger" : "trigger-2").acceptance-probability"]).values
    }
    for event in 0..<twice.eventCount {
      #expect(abs(factors[event] * columns[0][event] * columns[1][event] - 1) < 1e-12)
    }
  }

  @Test func whatNoMenuAcceptedIsRefused() throws {
    let run = try run(Self.second, AcceptanceReweighting())
    let error = #expect(throws: EventInputError.self) { try run.run(SampleRun.stream(events: 5)) }
    #expect(error?.description.contains("--accepted-of asks for events that a trigger accepted") == true)
    var events = try Events(SampleRun.stream(events: 3))
    events.columns["trigger.all"] = Column(values: [1, 1, 1])
    func problem() -> String {
      (#expect(throws: EventInputError.self) { try AcceptanceReweighting().factors(of: events) })?.description
        ?? ""
    }
    #expect(problem().contains("asks for the column trigger.acceptance-probability, which the events lack"))
    events.columns["trigger.acceptance-probability"] = Column(values: [1, 0, 1])
    #expect(
      problem().contains("event 6, trigger.acceptance-probability is 0.0, but is a probability above 0"))
  }

  // MARK: - Pile-up

  /// The shipped events with a number from 0 to 3 that says nothing about them, and a part of their leading jet's mass.
  private func stream(_ column: String) throws -> EventStream {
    try EventStream(
      inputs: [SampleRun.input],
      options: EventReadingOptions(
        maximumEvents: Self.eventCount, definitions: [ColumnDefinition("mu", Formula(column))]))
  }

  private static let numbers = "min(3, floor(count(particle) / 40))"

  @Test func aColumnGetsAnotherDistribution() throws {
    let target = try PileUpTarget(csv: "low,high,share\n0,1,3\n1,2,1\n2,4,4\n4,9,0\n", source: "mu.csv")
    #expect(target.shares == [0.375, 0.125, 0.5, 0])
    let weights = try PileUpReweighting(
      column: "mu", target: target, sample: stream(Self.numbers), threads: 2)
    #expect(weights.uncovered == 0)
    let run = try run(Self.second, weights)
    let state = try run.run(stream(Self.numbers)).state
    let report = TriggerReport(run.menu, state)
    // The share of each interval by the menu alone.
    let events = try Events(stream(Self.numbers))
    let trigger = try EventTrigger(model: run.model, menu: run.menu)
    var (all, passed) = ([0.0, 0, 0], [0.0, 0, 0])
    for place in 0..<events.eventCount {
      let interval = min(2, Int(events.columns["mu"]!.values[place]))
      all[interval] += 1
      if try trigger.decide(events.events(at: [place])) { passed[interval] += 1 }
    }
    #expect(all.allSatisfy { $0 > 30 })
    let expected = (0..<3).reduce(0) { $0 + target.shares[$1] * passed[$1] / all[$1] }
    let found = try #require(report.total.share)
    #expect(abs(found.value - expected) < 1e-12)
    #expect(abs(try #require(report.eventWeight) - 1000) < 1e-9)
    // w is 1000 t / n.
    let squares = (0..<3).reduce(0) { $0 + 1e6 * target.shares[$1] * target.shares[$1] / all[$1] }
    #expect(abs(try #require(report.effectiveEventCount) - 1e6 / squares) < 1e-6)
    var variance = 0.0
    for interval in 0..<3 {
      let weight = 1000 * target.shares[interval] / all[interval]
      variance +=
        weight * weight
        * (passed[interval] * (1 - expected) * (1 - expected)
          + (all[interval] - passed[interval]) * expected * expected)
    }
    #expect(abs(try #require(found.error) - variance.squareRoot() / 1000) < 1e-12)
  }

  @Test func theSampleItselfIsNotChanged() throws {
    let events = try Events(stream(Self.numbers))
    let values = events.columns["mu"]!.values
    let lines = (0..<4).map { number in "\(number),\(number + 1),\(values.count { $0 == Double(number) })" }
    let target = try PileUpTarget(csv: lines.joined(separator: "\n"), source: "mu.csv")
    let weights = try PileUpReweighting(
      column: "mu", target: target, sample: stream(Self.numbers), threads: 1)
    #expect(try weights.factors(of: events).allSatisfy { abs($0 - 1) < 1e-12 })
  }

  @Test func filesThatAreNoDistributionAreRefused() throws {
    let folder = try TemporaryFolder()
    func problem(_ data: Data) throws -> String {
      let file = URL(fileURLWithPath: try folder.write(data, to: "mu.csv"))
      return "\(#expect(throws: (any Error).self) { try PileUpTarget(contentsOf: file) }!)"
    }
    #expect(try problem(Data([0xFF, 0xFE])).contains("is not UTF-8 text; name a CSV file"))
    #expect(try problem(Data("0,1,1e308\n1,2,1e308\n".utf8)).contains("divide all of them by one number"))
    #expect(try problem(Data("0,1,0\n".utf8)).contains("has no share above 0"))
  }

  @Test func textIsNoNumber() throws {
    var events = try Events(stream(Self.numbers))
    let weights = try PileUpReweighting(
      column: "mu", target: PileUpTarget(csv: "0,4,1", source: "mu.csv"), sample: stream(Self.numbers),
      threads: 1)
    events.columns["mu"] = Column(texts: Array(repeating: "many", count: events.eventCount))
    #expect {
      try weights.factors(of: events)
    } throws: {
      "\($0)".contains("asks for a column mu of one number, which the events lack")
    }
  }

  @Test func whatTheSampleLacksIsRefused() throws {
    func problem(_ target: PileUpTarget, _ column: String = Self.numbers, name: String = "mu") -> String {
      let error = #expect(throws: (any Error).self) {
        try PileUpReweighting(column: name, target: target, sample: stream(column), threads: 1)
      }
      return "\(error!)"
    }
    let beyond = try PileUpTarget(csv: "0,4,98\n4,5,2", source: "mu.csv")
    #expect(
      problem(beyond).contains(
        "asks for 2 % of the events where the sample has none, mu from 4.0 to 5.0 first"))
    #expect(
      problem(beyond, name: "nu").contains(
        "asks for a column nu of one number, which the events lack; did you mean mu?"))
    let poisson = PileUpTarget(mean: 2)
    #expect(
      problem(poisson, "count(particle) / 40").contains(
        "is Poisson's distribution of whole numbers, but mu is"))
    // A little is allowed, and said.
    let little = try PileUpTarget(csv: "0,4,995\n4,5,5", source: "mu.csv")
    let weights = try PileUpReweighting(
      column: "mu", target: little, sample: stream(Self.numbers), threads: 1)
    #expect(abs(weights.uncovered - 0.005) < 1e-12)
  }

  @Test func targetsAreDistributions() throws {
    for mean in [0.3, 4, 60, 2500] {
      let target = PileUpTarget(mean: mean)
      #expect(abs(target.shares.reduce(0, +) - 1) < 1e-12 && target.edges.count == target.shares.count + 1)
      let numbers = target.edges.dropLast().map { $0 + 0.5 }
      let found = zip(numbers, target.shares).reduce(0) { $0 + $1.0 * $1.1 }
      let variance = zip(numbers, target.shares).reduce(0) { $0 + $1.1 * ($1.0 - found) * ($1.0 - found) }
      #expect(abs(found - mean) < 1e-4 * mean && abs(variance - mean) < 1e-3 * mean)
    }
    for (text, sentence) in [
      ("0,1\n", "mu.csv, line 1: write three numbers, as in 30,31,0.05"),
      (
        "low,high,share\n0,1,0.5\n2,3,0.5",
        "mu.csv, line 3: the interval begins at 2.0, but the one before ends at 1.0"
      ),
      ("1,0,1", "mu.csv, line 1: the interval from 1.0 to 0.0 is empty"),
      ("0,1,-1", "mu.csv, line 1: the share is -1.0, but must not be negative"),
      ("0,1,nan", "write three numbers"), ("0,1,0", "mu.csv has no share above 0"),
      ("low,high,share\n", "mu.csv has no share above 0"),
    ] {
      let error = #expect(throws: TriggerError.self) { try PileUpTarget(csv: text, source: "mu.csv") }
      #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }
  }

  // MARK: - Embeddings

  /// All digits of what the network says, on the way through the file.
  @Test func embeddingsAreKeptWithAcceptedEvents() throws {
    let folder = try TemporaryFolder()
    let model = try SampleRun.model.get()
    let menu = try SampleRun.menu("paths: [{name: some, prescale: 3}]")
    for pass in 1...2 {
      let run = try TriggerRun(model: model, menu: menu, threads: 2, keptJets: 2)
      let input =
        try pass == 1 ? SampleRun.stream(events: 90) : EventStream(inputs: [folder.path("pass-1.h5")])
      try write(run, input, to: folder.path("pass-\(pass).h5"))
      let accepted = try Events(EventStream(inputs: [folder.path("pass-\(pass).h5")]))
      let prediction = try Predictor(model).predict(accepted)
      let width = prediction.embeddingWidth
      let column = try #require(
        accepted.columns[pass == 1 ? "trigger.jet-embedding" : "trigger-2.jet-embedding"])
      #expect(column.width == 2 * width && accepted.eventCount == (pass == 1 ? 30 : 10))
      for event in 0..<accepted.eventCount {
        let jets = prediction.jets.jets(ofEvent: event)
        try #require(jets.count == 1)
        let found = column.values[event * 2 * width..<(event + 1) * 2 * width]
        #expect(
          found.prefix(width).elementsEqual(
            prediction.embedding[jets.lowerBound * width..<jets.upperBound * width].map(Double.init)))
        #expect(found.suffix(width).allSatisfy { $0.isNaN })
      }
      #expect(accepted.columns["trigger.event-embedding"] == nil)
    }
    let none = #expect(throws: TriggerError.self) {
      try TriggerRun(model: model, menu: menu, threads: 1, keptJets: 0)
    }
    #expect(none?.description.contains("no embedding of events") == true)
    let clash = #expect(throws: PluginError.self) {
      try TriggerRun(
        model: model, menu: SampleRun.menu("paths: [{name: jet-embedding}]"), threads: 1, keptJets: 1)
    }
    #expect(clash?.description.contains("trigger.jet-embedding; rename the path") == true)
  }

  /// Of events too.
  @Test func embeddingsOfEventsAreKept() throws {
    let folder = try TemporaryFolder()
    let model = try Model(contentsOf: Models.folder("dihiggs"), plugins: .shipped)
    let menu = try MenuFile(yaml: "paths: [{name: all}]", source: "menu").menu(
      sources: DecisionSources(model), plugins: .shipped)
    let run = try TriggerRun(model: model, menu: menu, threads: 2, keptJets: 3)
    let input = try EventStream(
      inputs: [Samples.path("dihiggs/hh-vs-ttbar-small.h5")], options: EventReadingOptions(maximumEvents: 20))
    try write(run, input, to: folder.path("all.h5"))
    let accepted = try Events(EventStream(inputs: [folder.path("all.h5")]))
    let prediction = try Predictor(model).predict(accepted)
    let events = try #require(accepted.columns["trigger.event-embedding"])
    #expect(events.values == prediction.eventEmbedding.map(Double.init) && events.width > 1)
    let jets = try #require(accepted.columns["trigger.jet-embedding"])
    let width = prediction.embeddingWidth
    for event in 0..<20 {
      let count = min(3, prediction.jets.jets(ofEvent: event).count)
      let row = jets.values[event * 3 * width..<(event + 1) * 3 * width]
      let first = prediction.jets.offsets[event] * width
      #expect(
        row.prefix(count * width).elementsEqual(
          prediction.embedding[first..<first + count * width].map(Double.init)))
      #expect(row.dropFirst(count * width).allSatisfy { $0.isNaN })
    }
  }

  // MARK: - Times

  @Test func pathsAreMeasured() throws {
    let plain = try SampleRun.run()
    #expect(try plain.run(SampleRun.stream(events: 100)).pathTimes == nil)
    let run = try TriggerRun(model: plain.model, menu: plain.menu, threads: 2, measuresPaths: true)
    let outcome = try run.run(SampleRun.stream(events: 100))
    #expect(try outcome.state == plain.run(SampleRun.stream(events: 100)).state)
    let times = try #require(outcome.pathTimes)
    #expect(times.shared.count == 100 && times.paths.map(\.count) == [100, 100, 100, 100])
    // Parts of the whole.
    let parts = times.shared.total + times.paths.reduce(0) { $0 + $1.total }
    #expect(parts > 0 && parts <= outcome.latency.total * (1 + 1e-9))
  }
}

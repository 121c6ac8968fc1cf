// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import Support
import TestFiles
import TestPlugins
import Testing
import Triggering
import Triggers

/// Runs that are stopped and resumed.
@Suite struct JournalTests {
  private static let eventCount = 400
  private struct Stop: Error {}

  /// A run that ends, and the journal that it would have left had it been stopped behind its last batch.
  private struct Reference {
    let output: Data
    let state: TriggerState
    let journal: Data
    let badEvents: [String]
  }

  private let folder: TemporaryFolder
  private let menu: URL

  init() throws {
    folder = try TemporaryFolder()
    menu = URL(fileURLWithPath: try folder.write(SampleRun.menuText, to: "menu.yaml"))
  }

  private func output(
    _ name: String = "out.jsonl", format: any EventOutputFormat = JSONLinesEventOutputFormat(),
    resumed: Bool = true
  ) -> TriggerRun.Output {
    TriggerRun.Output(
      path: folder.path(name), format: format, menu: menu,
      model: Models.folder("w-tagger"),
      isResumed: resumed
    )
  }

  /// Runs to the end, or until behind the `stop`-th batch.
  private func run(
    _ inputs: [String] = [SampleRun.input], stop: Int? = nil, threads: Int = 2, resumed: Bool = true,
    weight: String? = nil
  ) throws -> TriggerRun.Outcome {
    var batches = 0
    return try SampleRun.run(threads: threads).run(
      SampleRun.stream(inputs, events: Self.eventCount, skipBadEvents: true, weight: weight),
      to: output(resumed: resumed)
    ) { _ in
      batches += 1
      if batches == stop { throw Stop() }
    }
  }

  private func reference(_ inputs: [String] = [SampleRun.input]) throws -> Reference {
    let batches = (Self.eventCount + 63) / 64
    #expect(throws: Stop.self) { try run(inputs, stop: batches, threads: 1) }
    #expect(try folder.content.filter { $0.hasPrefix("out") } == ["out.jsonl.journal"])
    let journal = try folder.data("out.jsonl.journal")
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl.journal"))
    let outcome = try run(inputs)
    #expect(outcome.state.eventCount + outcome.badEventCount == Self.eventCount)
    #expect((10..<350).contains(outcome.state.acceptedCount))
    #expect(try folder.content.filter { $0.hasPrefix("out") } == ["out.jsonl"])
    return Reference(
      output: try folder.data("out.jsonl"), state: outcome.state, journal: journal,
      badEvents: outcome.badEvents)
  }

  /// Resumes from a journal, and expects what a run comes to that was never stopped.
  private func expectResumption(
    from journal: Data, _ reference: Reference, _ inputs: [String] = [SampleRun.input], threads: Int = 2
  ) throws {
    try? FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    try folder.write(journal, to: "out.jsonl.journal")
    let outcome = try run(inputs, threads: threads)
    #expect(outcome.state == reference.state && outcome.badEvents == reference.badEvents)
    // Each decision has one latency, whenever it was made.
    #expect(outcome.latency.count == outcome.state.eventCount)
    #expect(try folder.data("out.jsonl") == reference.output)
    #expect(try folder.content.filter { $0.hasPrefix("out") } == ["out.jsonl"])
  }

  /// Where each record ends.
  private func ends(_ journal: Data) -> [Int] {
    var ends: [Int] = []
    var place = 0
    while place < journal.count {
      let length = journal[place..<place + 8].withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
      place += 16 + Int(length)
      ends.append(place)
    }
    return ends
  }

  @Test func aRunThatIsCutAnywhereGoesOn() throws {
    let reference = try reference()
    let ends = ends(reference.journal)
    #expect(ends.last == reference.journal.count && ends.count == 8)
    for end in ends { try expectResumption(from: reference.journal.prefix(end), reference) }
    var random = SeededGenerator(seed: 11)
    for _ in 0..<12 {
      let cut = Int.random(in: ends[0]...reference.journal.count, using: &random)
      try expectResumption(from: reference.journal.prefix(cut), reference, threads: 1 + cut % 3)
    }
    // A header that promises more than there is, and one of any length.
    let header = reference.journal[ends[2]..<ends[2] + 16]
    try expectResumption(from: reference.journal.prefix(ends[1]) + header, reference)
    try expectResumption(
      from: reference.journal.prefix(ends[1]) + Data(repeating: 0xFF, count: 100), reference)
  }

  @Test func damagedRecordsAreMadeAgain() throws {
    let reference = try reference()
    let first = ends(reference.journal)[0]
    var random = SeededGenerator(seed: 12)
    for _ in 0..<8 {
      var journal = reference.journal
      journal[Int.random(in: first..<journal.count, using: &random)] ^= UInt8.random(
        in: 1...255, using: &random)
      try expectResumption(from: journal, reference)
    }
  }

  @Test func aRunThatIsStoppedAgainAndAgainComesToItsEnd() throws {
    let reference = try reference()
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    for _ in 0..<7 { #expect(throws: Stop.self) { try run(stop: 1, threads: 3) } }
    let outcome = try run()
    #expect(outcome.state == reference.state)
    #expect(try folder.data("out.jsonl") == reference.output)
  }

  @Test func whatWasWrongWithEventsIsNotForgotten() throws {
    // Every fifth of these events is bad; the others have texts and given jets.
    let lines = (0..<Self.eventCount + 40).map { event in
      let pt = 200 + event
      return event % 5 == 2
        ? "{\"particles\": [[1, 2, 3, -4]]}\n"
        : "{\"particles\": [[\(pt), 0, 10, \(pt + 50)], [\(pt), 10, 20, \(pt + 40)]], \"id\": \(event), \"process\": \"p\(event % 7)\", "
          + "\"jets\": [\(event % 3 == 0 ? "" : "{\"pt\": \(pt), \"flavour\": \"f\(event % 11)\"}")]}\n"
    }
    let inputs = [try folder.write(lines.joined(), to: "events.jsonl")]
    let reference = try reference(inputs)
    #expect(reference.badEvents.count == 20 && reference.badEvents[0].contains("event 7"))
    for end in ends(reference.journal) {
      try expectResumption(from: reference.journal.prefix(end), reference, inputs)
    }
  }

  private func refusal(_ body: () throws -> Void) -> String {
    let error = #expect(throws: (any Error).self) { try body() }
    return error.map { "\($0)" } ?? ""
  }

  @Test func aJournalIsOfOneRunAlone() throws {
    #expect(throws: Stop.self) { try run(stop: 2) }
    #expect(refusal { _ = try run(resumed: false) }.contains("add --resume to go on with it"))
    let other = try folder.write(try Data(contentsOf: URL(fileURLWithPath: SampleRun.input)), to: "other.h5")
    #expect(refusal { _ = try run([other]) }.contains("is of a run with another input"))
    try folder.write(SampleRun.menuText + "\n  - name: more\n", to: "menu.yaml")
    #expect(refusal { _ = try run() }.contains("is of a run with another menu, whose paths differs"))
    try folder.write(SampleRun.menuText, to: "menu.yaml")
    let stream = try SampleRun.stream(events: 10)
    #expect(
      refusal { _ = try SampleRun.run().run(stream, to: output()) }.contains("another set of options"))
    // It is as it was.
    #expect(try run().state.eventCount == Self.eventCount)
  }

  /// Comments and the way in which a number is written are no part of a menu.
  @Test func aMenuIsWhatItSays() throws {
    let reference = try reference()
    let prescale = try #require(SampleRun.menuText.range(of: "prescale: "))
    let digits = SampleRun.menuText[prescale.upperBound...].prefix { $0.isNumber }
    let menu =
      "# The same.\n"
      + SampleRun.menuText.replacingCharacters(in: digits.startIndex..<digits.endIndex, with: "\(digits).0")
    try folder.write(menu, to: "menu.yaml")
    try expectResumption(from: reference.journal.prefix(ends(reference.journal)[3]), reference)
  }

  /// A run that a bad event ended goes on without it, and is what it would have been.
  @Test func aBadEventIsPassedWhenARunGoesOn() throws {
    let lines = (0..<Self.eventCount).map { event in
      event == 300
        ? "{\"particles\": [[1, 2, 3, -4]], \"id\": 0}\n"
        : "{\"particles\": [[\(200 + event), 0, 10, \(250 + event)]], \"id\": \(event + (1 << 60))}\n"
    }
    let input = try folder.write(lines.joined(), to: "events.jsonl")
    func run(skipping: Bool) throws -> TriggerRun.Outcome {
      try SampleRun.run().run(
        SampleRun.stream([input], events: Self.eventCount, skipBadEvents: skipping), to: output())
    }
    let whole = try run(skipping: true)
    let accepted = try folder.data("out.jsonl")
    // All digits of the input, on the way through the journal.
    #expect(String(decoding: accepted, as: UTF8.self).contains("\"id\":1152921504606846997"))
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    for _ in 0..<2 {
      let sentence = refusal { _ = try run(skipping: false) }
      #expect(
        sentence.contains("event 300, line 301, E is negative")
          && sentence.contains("out.jsonl.journal: add --resume --skip-bad-events"), "\(sentence)")
    }
    let outcome = try run(skipping: true)
    #expect(outcome.state == whole.state && outcome.badEvents == whole.badEvents)
    #expect(try folder.data("out.jsonl") == accepted)
  }

  /// No run gets past an input of no format, so that nothing stays to go on from.
  @Test func anErrorThatStaysLeavesNoJournal() throws {
    let wrong = try folder.write("no events here\n", to: "wrong")
    let good = try folder.write(
      (0..<100).map { "\(300 + $0) 0 1000 2000\n#END\n" }.joined(), to: "events.txt")
    let sentence = refusal { _ = try run([good, wrong]) }
    #expect(sentence.contains("is in no format known here") || sentence.contains("wrong"), "\(sentence)")
    #expect(try folder.content.filter { $0.hasPrefix("out") } == [])
  }

  /// A journal knows the format of its output by name.
  @Test func aJournalIsOfOneFormat() throws {
    let reference = try reference()
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    try folder.write(reference.journal, to: "out.jsonl.journal")
    let stream = try SampleRun.stream(events: Self.eventCount, skipBadEvents: true)
    let other = refusal {
      _ = try SampleRun.run().run(stream, to: output(format: HDF5EventOutputFormat()))
    }
    #expect(other.contains("is of a run that writes the format jsonl"), "\(other)")
  }

  /// The same size, other events.
  @Test func anInputThatWasReplacedIsFound() throws {
    func text(_ px: Int) -> String {
      (0..<150).map { "\(px) 0 1000 \(2000 + $0)\n\(px) 100 900 \(1500 + $0)\n#END\n" }.joined()
    }
    let path = try folder.write(text(300), to: "events.txt")
    func begin(stopping: Bool = true) throws -> TriggerRun.Outcome {
      try SampleRun.run().run(EventStream(inputs: [path]), to: output()) { _ in
        if stopping { throw Stop() }
      }
    }
    #expect(throws: Stop.self) { try begin() }
    try folder.write(text(400), to: "events.txt")
    let sentence = refusal { _ = try begin() }
    #expect(sentence.contains("another input: the content of \(path) has changed since"), "\(sentence)")
    // A copy of what was there is as good.
    try folder.write(text(300), to: "events.txt")
    #expect(try begin(stopping: false).state.eventCount == 150)
  }

  @Test func weightsGoOnToo() throws {
    let weight = "label"
    let whole = try run(weight: weight)
    #expect(try #require(whole.state.weights).events.sum > 0)
    let output = try folder.data("out.jsonl")
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    #expect(throws: Stop.self) { try run(stop: 3, weight: weight) }
    #expect(refusal { _ = try run() }.contains("is of a run with another set of options"))
    #expect(try run(weight: weight).state == whole.state)
    #expect(try folder.data("out.jsonl") == output)
  }

  /// Of each event each path has one time, whenever it was measured, and weights follow from the same distribution.
  @Test func timesOfPathsAndDistributionsGoOnToo() throws {
    func run(_ csv: String?, measures: Bool = true, stop: Int? = nil) throws -> TriggerRun.Outcome {
      let stream = { try SampleRun.stream(events: Self.eventCount) }
      let weights = try csv.map {
        try PileUpReweighting(
          column: "label", target: PileUpTarget(csv: $0, source: "csv"), sample: stream(), threads: 1)
      }
      var batches = 0
      return try TriggerRun(
        model: SampleRun.model.get(), menu: SampleRun.menu(), threads: 2, reweighting: weights,
        measuresPaths: measures
      ).run(stream(), to: output()) { _ in
        batches += 1
        if batches == stop { throw Stop() }
      }
    }
    let target = "0,1,3\n1,2,1"
    let whole = try run(target)
    #expect(abs(try #require(whole.state.weights).events.sum - Double(Self.eventCount)) < 1e-9)
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    #expect(throws: Stop.self) { try run(target, stop: 3) }
    let others: [(String?, Bool)] = [("0,1,1\n1,2,1", true), (nil, true), (target, false)]
    for (other, measures) in others {
      #expect(
        refusal { _ = try run(other, measures: measures) }.contains("is of a run with another set of options")
      )
    }
    let resumed = try run(target)
    #expect(resumed.state == whole.state)
    let times = try #require(resumed.pathTimes)
    #expect(
      times.shared.count == Self.eventCount
        && times.paths.map(\.count) == Array(repeating: Self.eventCount, count: 4))
  }

  /// What the network reads is counted once for each event, on any number of threads.
  @Test func whatTheNetworkReadsIsCountedAcrossStops() throws {
    let shipped = try SampleRun.model.get()
    let events = try Events(SampleRun.stream(events: Self.eventCount))
    var sample = EventSample(shipped)
    try sample.replace(with: events, jets: Predictor(shipped).predict(events).jets)
    var description = shipped.description
    description.training?.inputs = sample.distributions(of: { _ in true }, inEvents: Array(0..<200))
    let model = Model(description: description, network: shipped.network, parameters: shipped.parameters)
    func run(threads: Int, watches: Bool = true, stop: Int? = nil) throws -> TriggerRun.Outcome {
      var batches = 0
      return try TriggerRun(model: model, menu: SampleRun.menu(), threads: threads, watchesInputs: watches)
        .run(
          SampleRun.stream(events: Self.eventCount), to: output()
        ) { _ in
          batches += 1
          if batches == stop { throw Stop() }
        }
    }
    let whole = try #require(try run(threads: 3).drift)
    // The first half is the training.
    #expect(whole.count > 3 && whole.allSatisfy { $0.distance > 0 && $0.distance < 0.1 })
    #expect(whole.allSatisfy { $0.events == Self.eventCount })
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    #expect(throws: Stop.self) { try run(threads: 2, stop: 3) }
    #expect(refusal { _ = try run(threads: 2, watches: false) }.contains("another set of options"))
    #expect(try run(threads: 1).drift == whole)
    _ = try TriggerRun(model: shipped, menu: SampleRun.menu(), threads: 1, watchesInputs: true)
  }

  /// Menu, model and inputs are in the heading by their fingerprints, as all files have them.
  @Test func aHeadingHasFingerprints() throws {
    let reference = try reference()
    let end = ends(reference.journal)[0]
    let heading = try #require(
      try JSONSerialization.jsonObject(with: reference.journal[16..<end]) as? [String: Any])
    #expect(heading["version"] as? Int == 3)
    #expect(heading["menu"] as? String == SampleRun.menuText)
    let inputs = try #require(heading["inputs"] as? [[String: Any]])
    #expect((inputs[0]["fingerprint"] as? String)?.contains(/^[0-9a-f]{16}$/) == true)
  }

  /// Versions 1 and 2 had other fingerprints or none.
  @Test(arguments: [1, 2, 4]) func journalsOfOtherVersionsAreRefused(version: Int) throws {
    let reference = try reference()
    let end = ends(reference.journal)[0]
    var heading = try #require(
      try JSONSerialization.jsonObject(with: reference.journal[16..<end]) as? [String: Any])
    heading["version"] = version
    heading["inputs"] = [["name": SampleRun.input, "size": 1, "fingerprint": ["size": 1, "checksum": 1]]]
    let journal =
      JournalRecord.data(try JSONSerialization.data(withJSONObject: heading)) + reference.journal[end...]
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    try folder.write(journal, to: "out.jsonl.journal")
    let sentence = refusal { _ = try run() }
    #expect(
      sentence.contains("is of a run with another version of Canopy")
        && sentence.contains("remove the journal"),
      "\(sentence)")
    #expect(try folder.data("out.jsonl.journal") == journal)
  }

  @Test func whatIsNoJournalIsLeftAlone() throws {
    let reference = try reference()
    let heading = reference.journal.prefix(ends(reference.journal)[0])
    for content in [Data(), Data("something else".utf8), heading.dropLast()] {
      try folder.write(content, to: "out.jsonl.journal")
      #expect(refusal { _ = try run() }.contains("is no journal of this version of Canopy"))
      #expect(try folder.data("out.jsonl.journal") == content)
    }
  }

  @Test func twoRunsDoNotWriteOneJournal() throws {
    var sentence = ""
    _ = try SampleRun.run().run(SampleRun.stream(events: 100), to: output()) { _ in
      sentence = refusal { _ = try SampleRun.run().run(SampleRun.stream(events: 100), to: output()) }
    }
    #expect(sentence.contains("is in use by another run"))
  }

  @Test func anOutputThatCannotBeWrittenIsFoundAtOnceAndKeepsTheJournal() throws {
    var error = #expect(throws: ResultOutputError.self) {
      try SampleRun.run().run(SampleRun.stream(events: 10), to: output("none/out.jsonl"))
    }
    #expect(error?.fault == .commandLine)
    #expect(throws: Stop.self) { try run(stop: 2) }
    let journal = try folder.data("out.jsonl.journal")
    try FileManager.default.createDirectory(
      atPath: folder.path("out.jsonl"), withIntermediateDirectories: true)
    error = #expect(throws: ResultOutputError.self) { try run() }
    #expect(error?.description.contains("which is a folder") == true)
    #expect(try folder.data("out.jsonl.journal") == journal)
    try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))
    #expect(try run().state.eventCount == Self.eventCount)
  }
}

/// A record as journals have it: length, mark and CRC-32, then the bytes.
private enum JournalRecord {
  static func data(_ content: Data) -> Data {
    func bytes<Number>(_ number: Number) -> Data { withUnsafeBytes(of: number) { Data($0) } }
    let header = bytes(UInt64(content.count)) + bytes(UInt32(0x434E_5059))
    return header + bytes(checksum(header + bytes(UInt32(0)) + content)) + content
  }

  /// The CRC-32 of ISO 3309, bit by bit.
  private static func checksum(_ data: Data) -> UInt32 {
    ~data.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { rest, _ in
        rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1
      }
    }
  }
}

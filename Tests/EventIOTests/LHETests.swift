// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Les Houches event files.
@Suite struct LHETests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let header = """
    <LesHouchesEvents version="3.0">
    <header>
    <!-- <event> in a comment is none -->
    <slha><![CDATA[
    <event>
    & neither is this one </event>
    ]]></slha>
    <initrwgt>
    <weightgroup name='scales'>
    <weight id='1001'> muR=1 </weight>
    <weight id="mu 2"> muR=2 </weight>
    </weightgroup>
    </initrwgt>
    </header>
    <init>
    2212 2212 6500. 6500. 0 0 260000 260000 -4 1
    1.0 0.1 1.0 1
    </init>

    """

  /// An event of two incoming particles and those that are given, each `IDUP ISTUP PX PY PZ E`.
  private func event(
    _ particles: [(id: Int, status: Int, momentum: [Double])], weight: String = "1.0", rest: String = ""
  ) -> String {
    var text = "<event npLO=\" -1 \">\n \(particles.count + 2) 3 \(weight) 91.2 7.8D-03 1.18d-01\n"
    for pz in [100, -100] { text += " 21 -1 0 0 501 502 0. 0. \(pz). 100. 0. 0. 9.\n" }
    for particle in particles {
      let momentum = particle.momentum.map { "\($0)" }.joined(separator: " ")
      text += " \(particle.id) \(particle.status) 1 2 0 0 \(momentum) 0.0 0. 9.\n"
    }
    return text + rest + "</event>\n"
  }

  private func write(
    _ events: [String], end: String = "</LesHouchesEvents>\n", to name: String = "events.lhe"
  )
    throws -> String
  {
    try folder.write(Self.header + events.joined() + end, to: name)
  }

  private let two: [(id: Int, status: Int, momentum: [Double])] = [
    (23, 2, [0, 0, 10, 100]), (11, 1, [30, 0, 40, 50]), (-11, 1, [-30, 0, 0, 30]), (12, 1, [0, 3, 4, 5]),
  ]

  @Test func particlesAndColumnsAreRead() throws {
    let file = try write([event(two, weight: "-2.5D+01", rest: "#pdf 1 2 3\n# more\n")])
    let batch = try batches(file)[0]
    // Neutrinos are not visible, and particles of other statuses than 1 are not outgoing.
    #expect(rows(batch, 0) == [[30, 0, 40, 50], [-30, 0, 0, 30]])
    #expect(batch.pdgID == [11, -11])
    #expect(
      values(of: batch.columns) == [
        "weight": [-25], "signal_process_id": [3], "event_scale": [91.2], "alphaQED": [7.8e-3],
        "alphaQCD": [0.118],
      ])
    var options = EventReadingOptions()
    options.particles.statuses = [-1, 2]
    options.particles.conditions = [try ParticleCondition("status > -9")]
    let other = try batches(file, options: options)[0]
    #expect(other.pdgID == [21, 21, 23] && other.particles.content.columns["status"]?.values == [-1, -1, 2])
    #expect(
      refusal(file, options: EventReadingOptions(units: .mev)).contains("is LHE, which states its units"))
  }

  /// A file written by hand.
  @Test func theFixtureIsRead() throws {
    let batch = try batches(Fixtures.path("weights.lhe"))[0]
    #expect(batch.offsets == [0, 2, 3] && batch.pdgID == [11, -11, 21])
    #expect(
      rows(batch, 0) == [[30, 40, 120, 130], [-30, -40, -20, 170]] && rows(batch, 1) == [[3, 4, 0, 5]])
    #expect(
      values(of: batch.columns) == [
        "weight": [15, -15], "weight.XWGTUP": [15, -15], "weight.1001": [16, -16],
        "weight.1002": [14, -14], "weights": [15, 16, 14, -15, -16, -14], "signal_process_id": [1, 1],
        "event_scale": [91.188, -1], "alphaQED": [7.54677e-3, -1], "alphaQCD": [0.118, -1],
      ])
  }

  @Test func compressedFilesGiveTheSame() throws {
    let content = Data((Self.header + (0..<30).map { _ in event(two) }.joined()).utf8)
    let expected = try batches(try folder.write(content, to: "plain"))[0]
    #expect(expected.eventCount == 30)
    for file in [
      try folder.gzip(content), try folder.write(zstd(content), to: "z"),
      try folder.write(xz(content), to: "x"),
    ] {
      var found = try batches(file)[0]
      found.source = expected.source
      #expect(found == expected)
    }
  }

  @Test func weightsAreColumnsByTheirNames() throws {
    let named = "<rwgt>\n<wgt id='a'> 2.0E+00 </wgt>\n<wgt id=\"b c\">3</wgt>\n</rwgt>\n"
    let listed = "<scales muf='1'/>\n<weights> 4 5.0D0\n</weights>\n"
    let batch = try batches(try write([event(two, rest: named), event(two, rest: named)]))[0]
    #expect(batch.columns["weight"]?.values == [1, 1])
    #expect(batch.columns["weight.XWGTUP"]?.values == [1, 1])
    #expect(batch.columns["weight.a"]?.values == [2, 2] && batch.columns["weight.b c"]?.values == [3, 3])
    #expect(batch.columns["weights"] == Column(width: 3, values: [1, 2, 3, 1, 2, 3]))
    let other = try batches(try write([event(two, rest: listed)]))[0]
    #expect(other.columns["weight.1001"]?.values == [4] && other.columns["weight.mu 2"]?.values == [5])
    // What an event lacks is NaN, also if events before it were passed over.
    let file = try write([event(two, rest: named), event(two), event(two, rest: listed)])
    for options in [EventReadingOptions(), EventReadingOptions(skipEvents: 1)] {
      let found = try batches(file, options: options)[0]
      let first = options.skipEvents
      #expect(found.eventNumbers == Array(first..<3))
      #expect(found.columns["weight.a"]!.values.suffix(2).allSatisfy { $0.isNaN })
      #expect(found.columns["weight.1001"]?.values.last == 4)
    }
  }

  /// The same events as JSON lines have the same particles to the last bit, whatever the number of threads.
  @Test func eventsAreThoseOfOtherFormats() throws {
    var generator = SplitMix64(state: 7)
    var (lhe, json): ([String], String) = ([], "")
    for _ in 0..<200 {
      let momenta = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        let p = (0..<3).map { _ in Double.random(in: -200...200, using: &generator) }
        return p + [(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).squareRoot()]
      }
      lhe.append(event(momenta.map { (21, 1, $0) }))
      json += "{\"particles\": \(momenta), \"pdgid\": \(momenta.map { _ in 21 })}\n"
    }
    let files = [try write(lhe), try folder.write(json, to: "json")]
    for threads in [1, 4] {
      let found = try files.map { file in
        var momenta: [[Double]] = []
        try EventPipeline.run(
          stream: try EventStream(inputs: [file]), eventsPerBatch: 16, threads: threads,
          makeWorker: { { batch in (0..<batch.eventCount).map { rows(batch, $0).flatMap { $0 } } } },
          consume: { momenta += $0 })
        return momenta
      }
      #expect(found[0] == found[1] && found[0].count == 200)
    }
  }

  @Test func onlyCompleteEventsAreRead() throws {
    let good = event(two)
    #expect(try batches(try write([good, good], end: ""))[0].eventCount == 2)
    var options = EventReadingOptions(skipBadEvents: true)
    for cut in [10, 60, good.utf8.count - 12] {
      let file = try folder.write(Self.header + good + String(good.prefix(cut)), to: "cut")
      #expect(try batches(file, options: options)[0].eventNumbers == [0], "\(cut)")
      #expect(refusal(file).contains("\(file), event 1, "))
    }
    // An event that lacks its end does not spoil the next one.
    let file = try write([good.replacing("</event>\n", with: ""), good])
    #expect(refusal(file).contains("event 0, line 26 is cut short: it has no </event>"), "\(refusal(file))")
    #expect(try batches(file, options: options)[0].eventNumbers == [1])
    options.format = "lhe"
    #expect(try refusal(write([]), options: options).contains("holds no event"))
  }

  @Test func damageIsNamed() throws {
    let good = event(two)
    for (old, new, sentence) in [
      (" 6 3 1.0", " 7 3 1.0", "NUP is 7, but 6 particles are there"),
      (" 6 3 1.0", " 5 3 1.0", "NUP is 5, but there are more lines of particles"),
      (" 6 3 1.0", " -1 3 1.0", "NUP is -1; from 0 to"),
      (" 6 3 1.0", " 99999999999999999999 3 1.0", "NUP is no whole number"),
      (" 6 3 1.0", " 6 x 1.0", "IDPRUP is no whole number (x)"),
      (" 6 3 1.0", " 6 3 1.0.0", "XWGTUP is no number, or too large (1.0.0)"),
      (" 6 3 1.0", " 6 3 nan", "XWGTUP is no number"),
      (" 6 3 1.0", " 6 3", "has 5 fields instead of NUP"),
      ("-30.0", "-30.0DD2", "PX of particle 4 is no number"),
      ("-30.0", "1e400", "PX of particle 4 is no number, or too large (1e400)"),
      ("-30.0", "-3e60", "px is too large"),
      (
        "-30.0 0.0 0.0 30.0 0.0 0. 9.", "-30.0 0.0 0.0 30.0 0.0 0.",
        "particle 4 has 12 fields instead of the 13"
      ),
      (" -11 1 1 2", " -11 1 1 2.5", "MOTHUP of particle 4 is no whole number"),
      (
        " -11 1 1 2", " -3000000000 1 1 2", "IDUP of particle 4 is -3000000000, which takes more than 32 bits"
      ),
      ("</event>", "<rwgt>\n<wgt id='a'> x </wgt>\n</event>", "wgt is no weight"),
      ("</event>", "<weights> 1 x </weights>\n</event>", "weights has a field 1 that is no number"),
    ] {
      let file = try write([good, good.replacing(old, with: new), good])
      let found = refusal(file)
      #expect(found.hasPrefix("\(file), event 1") && found.contains(sentence), "\(found)")
      let options = EventReadingOptions(skipBadEvents: true)
      #expect(try batches(file, options: options).flatMap(\.eventNumbers) == [0, 2])
    }
  }

  /// Whatever happens to its bytes, a file is read or refused with a sentence.
  @Test func damagedFilesAreReadOrRefused() throws {
    let content = Array(try Fixtures.data("weights.lhe"))
    var generator = SplitMix64(state: 11)
    let options = EventReadingOptions(skipBadEvents: true, format: "lhe")
    for _ in 0..<400 {
      var bytes = content
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place..<min(place + 40, bytes.count)], at: place)
        default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0...30, using: &generator)))
        }
      }
      let sentence = refusal(try folder.write(Data(bytes), to: "damaged"), options: options)
      #expect(!sentence.hasPrefix("another error"), "\(sentence)")
    }
  }

  @Test func limitsHold() throws {
    let options = EventReadingOptions(limits: ReadingLimits(memory: 1 << 20))
    let long = try write([event(two, rest: "<x>\n" + String(repeating: "y y\n", count: 1 << 15))])
    #expect(refusal(long, options: options).contains("event 0 is longer than the 65536 bytes"))
    let many = try write([event(two).replacing(" 6 3", with: " 2000 3")])
    #expect(refusal(many, options: options).contains("NUP is 2000; from 0 to 1024 particles are read"))
    let wide = String(repeating: " 1", count: 100)
    let weights = try write([event(two, rest: "<weights>\(wide)</weights>\n")])
    #expect(refusal(weights, options: options).contains("weights are more than the 64 that are read"))
  }

  @Test func declarationsAndCommentsMayComeFirst() throws {
    let body = Self.header + event(two)
    for start in ["<?xml version=\"1.0\"?>\n", "<!-- made by hand -->\n", "\n  "] {
      #expect(try batches(try folder.write(start + body, to: "lhe"))[0].eventCount == 1)
    }
    let late = "<?xml version=\"1.0\"?>\n<!--" + String(repeating: " ", count: 5000) + "-->\n" + body
    let file = try folder.write(late, to: "late")
    #expect(refusal(file).contains("is an XML file; if it has Les Houches events, give --input-format lhe"))
    #expect(try batches(file, options: EventReadingOptions(format: "lhe"))[0].eventCount == 1)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// A format that Canopy does not know, registered and read like any other.
@Suite struct EventFormatTests {
  private let folder: TemporaryFolder
  private let formats: EventFormats

  init() throws {
    folder = try TemporaryFolder()
    var formats = EventFormats.builtIn
    try formats.register(ParticleTableFormat())
    self.formats = formats
  }

  /// Event i of `count` has i mod 3 + 1 particles along x, of energies i + 1, i + 2, ….
  private func table(_ count: Int) -> Data {
    var text = "#particles\n"
    for event in 0..<count {
      for particle in 0...(event % 3) {
        text += "\(event),\(event + particle + 1),0,0,\(event + particle + 1)\n"
      }
    }
    return Data(text.utf8)
  }

  private func options(limits: ReadingLimits = ReadingLimits()) -> EventReadingOptions {
    EventReadingOptions(formats: formats, limits: limits)
  }

  @Test func aRegisteredFormatIsToldAndRead() throws {
    let content = table(40)
    let plain = try folder.write(content, to: "plain")
    for file in [plain, try folder.gzip(content), try folder.write(zstd(content), to: "events.zst")] {
      #expect(try formats.format(ofFile: file).name == "particle-table")
      let found = try batches(file, options: options(), step: 7)
      #expect(found.flatMap(\.eventNumbers) == Array(0..<40))
      #expect(found[0].momenta.energy == [1, 2, 3, 3, 4, 5, 4, 5, 6, 6, 7, 8, 7].map(Double.init))
    }
    // Programs that do not register it misread its comment and commas.
    #expect(refusal(plain).contains("is in no format known here"))
    var named = options()
    named.format = "particle-table"
    #expect(try batches(plain, options: named).count == 1)
    named.format = "particle-tables"
    #expect(
      refusal(plain, options: named).contains(
        "particle-tables, which is no format; choose from particle-table, "))
  }

  @Test func optionsHoldForIt() throws {
    let file = try folder.write(table(40))
    var options = options()
    options.skipEvents = 5
    options.maximumEvents = 10
    options.units = .mev
    let found = try batches(file, options: options, step: 4)
    #expect(found.flatMap(\.eventNumbers) == Array(5..<15))
    #expect(abs(found[0].momenta.energy[0] - 0.006) < 1e-15)
    let stream = try EventStream(inputs: [file, file], options: self.options())
    var sums: [Double] = []
    try EventPipeline.run(
      stream: stream, eventsPerBatch: 3, threads: 4, makeWorker: { { $0.momenta.energy.reduce(0, +) } },
      consume: { sums.append($0) })
    #expect(stream.nextEventNumber == 80 && stream.format?.title == "particle table")
    var expected = 0
    for event in 0..<40 {
      for particle in 0...(event % 3) { expected += event + particle + 1 }
    }
    #expect(sums.reduce(0, +) == Double(2 * expected))
  }

  /// The reader of this format checks neither momenta nor limits.
  @Test func badEventsAndLimitsAreSeenToByTheStream() throws {
    var text = String(decoding: table(4), as: UTF8.self)
    text += "4,1,2,3\n5,1,2,3,-4\n6,nan,0,0,1\n7,1e70,0,0,1\n8,0,0,1,1\n"
    let many = String(repeating: "9,0,0,1,1\n", count: 2000)
    let file = try folder.write(text + many + "10,0,0,1,1\n")
    var options = options(limits: ReadingLimits(memory: 1 << 20))
    options.skipBadEvents = true
    let stream = try EventStream(inputs: [file], options: options)
    var numbers: [Int] = []
    while let batch = try stream.next(upTo: 100) { numbers += batch.eventNumbers }
    #expect(numbers == [0, 1, 2, 3, 8, 10])
    let sentences = stream.badEvents.map(\.description)
    #expect(stream.badEventCount == 5)
    for (event, end) in [
      (4, "is not event,px,py,pz,E"), (5, "E is negative for particle 0"), (6, "px is not a number"),
      (7, "px is too large"), (9, "more than the 1024 that one event may have"),
    ] {
      #expect(sentences.contains { $0.contains("event \(event)") && $0.contains(end) }, "\(sentences)")
    }
  }

  @Test func arraysThatDoNotFitAreTheFormatsFault() throws {
    struct Broken: EventFormat {
      let name = "broken"
      let title = "broken"
      func matches(_ start: FileStart) -> Bool { true }
      func open(_ input: EventSource) throws -> any EventReader { BrokenReader() }
    }
    final class BrokenReader: ParsingEventReader {
      func skip(_ count: Int) -> Int { 0 }
      func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) -> Events? {
        var batch = Events(source: "broken")
        batch.finishEvent(number: 0)
        batch.columns["weight"] = Column(values: [1, 2])
        return batch
      }
    }
    var formats = EventFormats()
    try formats.register(Broken())
    let sentence = refusal(try folder.write("x"), options: EventReadingOptions(formats: formats))
    #expect(
      sentence.contains("weight has 2 numbers") && sentence.contains("fault of the reader"), "\(sentence)")
  }

  /// The page *Files* lists the names that the registry has, in its order.
  @Test func theDocumentationListsTheFormats() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/Canopy/Canopy.docc/Files.md")
    let text = try String(contentsOf: page, encoding: .utf8).replacing("\n", with: " ")
    let names = EventFormats.builtIn.names.map { "`\($0)`" }
    #expect(text.contains("(\(names.dropLast().joined(separator: ", ")) or \(names.last!))"))
  }

  @Test func namesAreCheckedAndListed() throws {
    var formats = formats
    #expect(formats.names.first == "particle-table")
    #expect(
      formats.summary.hasPrefix("particle table, HDF5, Les Houches events, HepMC3, HepMC2, JSON lines or "))
    for (name, words) in [("particle-table", "already"), ("Big", "no name"), ("", "no name")] {
      struct Named: EventFormat {
        let name: String
        let title = ""
        func matches(_ start: FileStart) -> Bool { false }
        func open(_ input: EventSource) throws -> any EventReader { throw CancellationError() }
      }
      let error = #expect(throws: EventFormatError.self) { try formats.register(Named(name: name)) }
      #expect(error?.description.contains(words) == true)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Formulas
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct EventStreamTests {
  @MainActor @Test func batchesAreAnAsynchronousSequence() async throws {
    let path = Fixtures.path("weights.lhe")
    var energies: [Double] = []
    for try await events in try EventStream(inputs: [path]).batches(of: 1) {
      #expect(events.eventCount == 1)
      energies += events.momenta.energy
    }
    #expect(try energies == batches(path).flatMap(\.momenta.energy))
  }

  @Test func eventsAreNumberedThroughAllInputs() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("1 2 3 4\n#END\n1 2 3 5\n", to: "text")
    let json = try folder.write("{\"particles\": []}\n{\"particles\": [[1,2,3,6]]}\n", to: "json")
    let inputs = [text, Fixtures.path("cartesian.h5"), json, Fixtures.path("hepmc3-gev.hepmc")]
    let stream = try EventStream(inputs: inputs)
    #expect(stream.countEvents() == nil)
    var numbers: [Int] = []
    var sources: [String] = []
    while let batch = try stream.next(upTo: 4) {
      numbers += batch.eventNumbers
      if sources.last != batch.source { sources.append(batch.source) }
      #expect(stream.nextEventNumber == numbers.count)
    }
    #expect(numbers == Array(0..<15))
    #expect(sources == inputs)
    #expect(stream.bytesRead == stream.totalBytes)
  }

  @Test(arguments: [(0, 3), (1, nil), (3, 2), (2, 0), (4, 100), (100, nil)] as [(Int, Int?)])
  func skippingAndLimitsCountThroughAllInputs(skip: Int, maximum: Int?) throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("1 2 3 4\n#END\n1 2 3\n#END\n#END\n", to: "text")
    let json = try folder.write("{\"particles\": []}\n{\"particles\": [[1,2,3,6]]}\n{}\n", to: "json")
    let options = EventReadingOptions(maximumEvents: maximum, skipEvents: skip, skipBadEvents: true)
    let inputs = [text, json, Fixtures.path("hepmc2-gev.hepmc"), Fixtures.path("cartesian.h5")]
    let wanted = (0..<17).filter { $0 >= skip && $0 < skip + (maximum ?? 17) }
    for step in [1, 2, 100] {
      let stream = try EventStream(inputs: inputs, options: options)
      var numbers: [Int] = []
      while let batch = try stream.next(upTo: step) { numbers += batch.eventNumbers }
      #expect(numbers == wanted.filter { $0 != 1 && $0 != 5 })
      #expect(stream.badEvents.map(\.event) == wanted.filter { $0 == 1 || $0 == 5 })

      // The same by a new stream for each batch, which goes on where the last one was.
      var (resumed, bad, next) = ([Int](), 0, 0)
      while true {
        let stream = try EventStream(inputs: inputs, options: options)
        stream.advance(to: next)
        let batch = try stream.next(upTo: step)
        bad += stream.badEventCount
        guard let batch else { break }
        resumed += batch.eventNumbers
        next = stream.nextEventNumber
      }
      #expect(resumed == numbers && bad == stream.badEventCount)
    }
  }

  @Test func eventsAreSelectedByTheirColumns() throws {
    let folder = try TemporaryFolder()
    let lines = (0..<12).map { event in
      let particles = Array(repeating: "[1, 2, 3, 4]", count: event % 4).joined(separator: ", ")
      return "{\"particles\": [\(particles)], \"label\": \(event % 2), \"pair\": [\(event), 1]}\n"
    }
    let file = try folder.write(lines.joined(), to: "labelled.jsonl")
    let options = EventReadingOptions(
      maximumEvents: 10, columns: ["mass": 500], selection: [Formula(column: "label", isEqualTo: 1)])
    let stream = try EventStream(inputs: [file], options: options)
    let batch = try #require(try stream.next(upTo: 100))
    #expect(batch.eventNumbers == [1, 3, 5, 7, 9] && batch.offsets == [0, 1, 4, 5, 8, 9])
    #expect(batch.momenta.px.count == 9 && batch.columns["pair"]?.values == [1, 1, 3, 1, 5, 1, 7, 1, 9, 1])
    #expect(batch.columns["mass"]?.values == Array(repeating: 500, count: 5))
    #expect(try stream.next(upTo: 100) == nil)
    for (text, problem) in [
      ("lable == 1", "events have no column lable; did you mean label?"),
      ("pair > 3", "pair has 2 numbers; choose one, as in pair[0]"),
      ("label", "compare it, as in label != 0"),
    ] {
      let stream = try EventStream(inputs: [file], options: EventReadingOptions(selection: [Formula(text)]))
      let error = #expect(throws: EventInputError.self) { try stream.next(upTo: 5) }
      #expect(error?.description.hasSuffix(problem) == true, "\(error?.description ?? "")")
    }
  }

  /// Formulas know the particles that take part, whether or not the events keep the others.
  @Test(arguments: [true, false]) func columnsAreDefinedByFormulas(leavesOut: Bool) throws {
    let folder = try TemporaryFolder()
    // A neutrino of 100 GeV and a photon of 3 + n GeV.
    let file = try folder.write(
      (0..<5).map {
        "{\"particles\": [[100, 0, 0, 100], [\(3 + $0), 0, 0, 9]], \"pdgid\": [12, 22], \"w\": 2}\n"
      }.joined(),
      to: "events.jsonl")
    var options = EventReadingOptions(
      leavesOutParticles: leavesOut, selection: [try Formula("ht > 4 and number != 3")],
      definitions: [
        ColumnDefinition("ht", try Formula("sum(particle.pt)")),
        ColumnDefinition("high", try Formula("w * ht >= 12")),
      ])
    let batch = try #require(try EventStream(inputs: [file], options: options).next(upTo: 10))
    #expect(batch.columns["ht"]?.values == [5, 7] && batch.columns["high"]?.values == [0, 1])
    #expect(batch.columns["w"]?.values == [2, 2] && batch.eventNumbers == [2, 4])
    #expect(batch.particleCount == (leavesOut ? 2 : 4))
    options.definitions = [ColumnDefinition("w", try Formula("1"))]
    let error = #expect(throws: EventInputError.self) {
      try EventStream(inputs: [file], options: options).next(upTo: 10)
    }
    #expect(error?.field == "define.w" && error?.problem.contains("has the name of a column") == true)
  }

  @Test func limitsMayBeBeyondAllNumbers() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("1 2 3 4\n#END\n1 2 3 5\n#END\n")
    for (skip, expected) in [(1, [1]), (Int.max, [])] {
      let options = EventReadingOptions(maximumEvents: .max, skipEvents: skip)
      #expect(try batches(text, options: options).flatMap(\.eventNumbers) == expected)
    }
  }

  @Test func batchesOfAnySizeHoldTheSame() throws {
    for name in ["hepmc3-gev.hepmc", "cylindrical.h5"] {
      let whole = try batches(Fixtures.path(name))[0]
      let single = try batches(Fixtures.path(name), step: 1)
      #expect(
        single.flatMap(\.momenta.px) == whole.momenta.px
          && single.flatMap(\.momenta.energy) == whole.momenta.energy)
      for (column, values) in whole.columns.sorted {
        guard values.categories == nil else {
          let texts = single.flatMap { batch in
            (0..<batch.eventCount).map(batch.columns[column]!.text(ofRow:))
          }
          #expect(texts == values.values.indices.map(values.text(ofRow:)))
          continue
        }
        #expect(single.flatMap { $0.columns[column]!.values } == values.values)
      }
    }
  }

  @Test func inputsAreCheckedBeforeAnyIsRead() throws {
    let folder = try TemporaryFolder()
    let missing = folder.url.appendingPathComponent("missing").path
    let good = Fixtures.path("cartesian.h5")
    for (inputs, sentence) in [
      ([good, missing], "\(missing) does not exist"),
      ([good, folder.url.path], "\(folder.url.path) is a folder"),
      (["-", "-"], "standard input is given twice"),
    ] {
      do {
        _ = try EventStream(inputs: inputs)
        Issue.record("no error")
      } catch let error as EventInputError {
        #expect(error.description.hasPrefix(sentence))
      }
    }
  }

  @Test func theFormatIsToldFromTheContent() throws {
    let folder = try TemporaryFolder()
    let byteOrderMark = "\u{FEFF}"
    for (data, format) in [
      (try Fixtures.data("cartesian.h5"), "hdf5"), (try Fixtures.data("hepmc2-gev.hepmc"), "hepmc2"),
      (try Fixtures.data("hepmc3-gev.hepmc"), "hepmc3"), (Data("\n\n {\"particles\": []}".utf8), "jsonl"),
      (Data("# comment\r\n-1 2 3 4".utf8), "text"), (Data("# comment only".utf8), "text"),
      (Data((byteOrderMark + "{\"particles\": []}").utf8), "jsonl"),
      (Data((byteOrderMark + "1 2 3 4").utf8), "text"),
    ] {
      #expect(
        try EventFormats.builtIn.format(ofFile: try folder.write(data, to: "misleading.h5")).name == format)
      #expect(
        try EventFormats.builtIn.format(ofFile: try folder.gzip(data, to: "misleading.json")).name == format)
      #expect(
        try EventFormats.builtIn.format(ofFile: try folder.write(zstd(data), to: "misleading.gz")).name
          == format)
      #expect(
        try EventFormats.builtIn.format(ofFile: try folder.write(xz(data), to: "misleading.h5")).name
          == format)
      #expect(
        try EventFormats.builtIn.format(ofFile: try folder.write(bzip2(data), to: "misleading.h5")).name
          == format)
      let sentence = refusal(try folder.write(data))
      #expect(sentence.hasPrefix("no error") || sentence.hasSuffix("holds no event; check what wrote it"))
    }
  }

  @Test func foreignFormatsAreNamed() throws {
    let folder = try TemporaryFolder()
    for (bytes, name) in [
      (Data("root\0\0".utf8), "a ROOT file"), (Data("PAR1".utf8), "a Parquet file"),
      (Data([0x93]) + Data("NUMPY\u{1}".utf8), "a NumPy array"),
      (Data([0x50, 0x4B, 3, 4, 20]), "a ZIP or npz file"),
      (Data("<?xml version=\"1.0\"?>\n<html>\n".utf8), "an XML file"),
      (Data([0x04, 0x22, 0x4D, 0x18, 0x64]), "compressed by lz4"),
      (Data([0, 0, 0, 1, 0xAB, 0xAD, 0xCA, 0xFE]), "an LCIO file"),
      (Data([0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 4]) + Data("2.01".utf8), "a StdHep file"),
      (Data("E 1 2\n1 21 0 0 0 0 0 0 1 1 0\n".utf8), "a listing of HEPEVT records"),
      (Data([0xFF, 0xFE, 0x31, 0]), "text in UTF-16"),
    ] {
      let sentence = refusal(try folder.write(bytes, to: "events"))
      #expect(sentence.contains(" is \(name); "), "\(sentence)")
    }
  }

  @Test func formatsCanBeForced() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("  7 0 0 8\n", to: "events")
    #expect(try batches(file, options: EventReadingOptions(format: "text"))[0].momenta.energy == [8])
    #expect(!refusal(file, options: EventReadingOptions(format: "jsonl")).hasPrefix("no error"))
    #expect(refusal(file, options: EventReadingOptions(format: "hdf5")).contains("HDF5"))
    #expect(refusal(try folder.write(""), options: EventReadingOptions(format: "text")).contains("is empty"))
  }

  @Test func unitsOfFilesThatDoNotStateTheirsAreGiven() throws {
    let folder = try TemporaryFolder()
    let json = try folder.write("{\"particles\": [[3000, 4000, 0, 6000]]}\n", to: "json")
    let text = try folder.write("3000 4000 0 6000\n", to: "text")
    for file in [json, text] {
      for (unit, energy) in [(MomentumUnit.mev, 6.0), (.gev, 6000), (.tev, 6e6)] {
        let batch = try batches(file, options: EventReadingOptions(units: unit))[0]
        #expect(batch.momenta.energy == [energy] && batch.momenta.px == [energy / 2])
      }
      // Conditions are in GeV.
      var options = EventReadingOptions(units: .mev)
      options.particles.conditions = [try ParticleCondition("pt > 10")]
      #expect(try batches(file, options: options)[0].particleCount == 0)
    }
    for record in ["hepmc3-gev.hepmc", "hepmc2-gev.hepmc"] {
      let sentence = refusal(Fixtures.path(record), options: EventReadingOptions(units: .mev))
      #expect(sentence.contains("states its units itself"), "\(sentence)")
    }
  }

  @Test func inputsWithoutEventsAreRefused() throws {
    let folder = try TemporaryFolder()
    let listing =
      "HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nHepMC::Asciiv3-END_EVENT_LISTING\n"
    let good = Fixtures.path("cartesian.h5")
    for content in ["# comment only", " \n\n#\n", listing] {
      let file = try folder.write(content, to: "empty")
      #expect(refusal(file).hasPrefix("\(file) holds no event"))
      let error = #expect(throws: EventInputError.self) { try batches(good, file) }
      #expect(error?.source == file)
      // It is not looked for where nothing is read.
      #expect(try batches(file, options: EventReadingOptions(maximumEvents: 0)).isEmpty)
    }
    let bad = try folder.write("1 2 3 -4\n#END\nx\n", to: "bad")
    let sentence = refusal(bad, options: EventReadingOptions(skipBadEvents: true))
    #expect(
      sentence.contains("holds no readable event: 2 bad events were left out; the first: \(bad), event 0"))
    for threads in [1, 3] {
      #expect(throws: EventInputError.self) {
        try EventPipeline.run(
          stream: EventStream(inputs: [bad], options: EventReadingOptions(skipBadEvents: true)),
          threads: threads, makeWorker: { { _ in 0 } }, consume: { _ in })
      }
    }
    // What is passed over was there.
    #expect(try batches(good, options: EventReadingOptions(skipEvents: 100)).isEmpty)
  }

  /// HDF5 says how many events it has, which may be none, as in what a trigger accepted.
  @Test func emptyHDF5MayBeOneOfSeveral() throws {
    let folder = try TemporaryFolder()
    let empty = folder.url.appendingPathComponent("empty.h5").path
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(empty))
    try writer.append(Events())
    try writer.finish()
    #expect(refusal(empty).contains("holds no event"), "\(refusal(empty))")
    #expect(try batches(empty, Fixtures.path("cartesian.h5"), empty).flatMap(\.eventNumbers).count == 5)
  }

  @Test func errorsNameTheEventInItsFile() throws {
    let folder = try TemporaryFolder()
    let first = try folder.write("1 2 3 4\n#END\n1 2 3 5\n", to: "first")
    let second = try folder.write("1 2 3 4\n#END\n1 2 3 nan\n", to: "second")
    let error = #expect(throws: EventInputError.self) { try batches(first, second) }
    #expect(
      error?.description.hasPrefix("\(second), event 1 (3 counted through all inputs), E is") == true)
    #expect(refusal(second).hasPrefix("\(second), event 1, E is"))

    struct Complaint: EventError {
      let event: Int?
      var predicate: String { "cannot be clustered: Event \(event!), particle 2: px is bad." }
    }
    for threads in [1, 3] {
      let stream = try EventStream(inputs: [first, first])
      let error = #expect(throws: EventInputError.self) {
        try EventPipeline.run(
          stream: stream, eventsPerBatch: 1, threads: threads,
          makeWorker: {
            { events in if events.eventNumbers == [3] { throw Complaint(event: 3) } }
          }, consume: { _ in })
      }
      #expect(
        error?.description
          == "\(first), event 1 (3 counted through all inputs) cannot be clustered: particle 2: px is bad.")
      #expect(stream.input(ofEvent: 1)?.firstEvent == 0 && stream.input(ofEvent: 3)?.firstEvent == 2)
    }
  }

  @Test func sentencesAreSafeForTerminals() {
    let error = EventInputError(source: "a\u{1B}[31m\n\u{202E}b", field: "c\r", problem: "is bad")
    #expect(error.description == "a\\u{1b}[31m\\u{a}\\u{202e}b, c\\u{d} is bad")
  }

  /// A pipe can be read once only, and HDF5 needs more.
  @Test func namedPipesAreRead() throws {
    let folder = try TemporaryFolder()
    for (name, count) in [("cartesian.h5", 5), ("hepmc2-gev.hepmc", 6)] {
      let pipe = folder.url.appendingPathComponent("pipe-\(count)").path
      try #require(mkfifo(pipe, 0o600) == 0)
      let data = try Fixtures.data(name)
      let writer = Thread {
        if let file = FileHandle(forWritingAtPath: pipe) {
          file.write(data)
          try? file.close()
        }
      }
      writer.start()
      #expect(try batches(pipe).reduce(0) { $0 + $1.eventCount } == count)
    }
  }
}

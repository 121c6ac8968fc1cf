// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import NeuralEngine
import PluginKit

/// Checks that a format of events does what every format has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: EventFormatCheck.allCases) func conforms(_ check: EventFormatCheck) throws {
///   try EventFormatConformance(LHCOFormat()).run(check)
/// }
/// ```
///
/// The format is tried on its example, whole, cut short and damaged. Whether it reads what others write is not checked.
public struct EventFormatConformance: Sendable {
  private let format: any EventFormat
  private let formats: EventFormats
  private let example: [UInt8]

  /// The conformance of a format, on its own example unless another is given.
  ///
  /// - Parameters:
  ///   - format: the format.
  ///   - example: the bytes of a short file of two or more events, not compressed.
  public init(_ format: any EventFormat, example: [UInt8]? = nil) {
    self.format = format
    self.example = example ?? format.example
    var formats = EventFormats.builtIn
    // One that is built in, or was registered before, is there already.
    try? formats.register(format)
    self.formats = formats
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` if the format does not pass, or what the format itself throws.
  public func run(_ check: EventFormatCheck) throws {
    try ConformanceFailure.require(
      !example.isEmpty, "The format has no example: give the bytes of a short file of it as example.")
    switch check {
    case .example: try checkExample()
    case .recognition: try checkRecognition()
    case .batches: try checkBatches()
    case .skipping: try checkSkipping()
    case .threads: try checkThreads()
    case .truncation: try checkTruncation()
    case .damage: try checkDamage()
    }
  }

  private func checkExample() throws {
    let events = try read(example)
    try ConformanceFailure.require(
      events.eventCount >= 2 && events.particleCount > 0,
      "The example has \(events.eventCount) events and \(events.particleCount) particles: give two events or more."
    )
    try ConformanceFailure.require(
      events.eventNumbers == Array(0..<events.eventCount),
      "The events of the example have the numbers \(events.eventNumbers): count on from the input's firstEvent."
    )
  }

  private func checkRecognition() throws {
    let start = FileStart(example)
    try ConformanceFailure.require(
      format.matches(start),
      "The example is not taken for this format: matches(_:) is false for its first bytes.")
    let found = try formats.format(of: start, source: "the example").name
    try ConformanceFailure.require(
      found == format.name, "The example is taken for the format \(found): tell the two apart in matches(_:)."
    )
    for (name, text) in Self.starts where name != format.name {
      try ConformanceFailure.require(
        !format.matches(FileStart(text.utf8)),
        name.isEmpty
          ? "An empty file is taken for this format: look for something that only its files have."
          : "Files of the format \(name) are taken for this one: look for something that only its files have."
      )
    }
  }

  /// How files of the built-in formats begin.
  private static let starts = [
    ("", ""), ("hdf5", "\u{89}HDF\r\n\u{1A}\n"), ("lhe", "<LesHouchesEvents version=\"3.0\">\n"),
    ("hepmc3", "HepMC::Version 3.02.06\nHepMC::Asciiv3-START_EVENT_LISTING\n"),
    ("hepmc2", "\nHepMC::Version 2.06.11\nHepMC::IO_GenEvent-START_EVENT_LISTING\n"),
    ("jsonl", "{\"particles\": [[1, 0, 0, 1]]}\n"), ("text", "1 0 0 1\n#END\n"),
  ]

  private func checkBatches() throws {
    let whole = try read(example)
    for count in 1...3 {
      try ConformanceFailure.require(
        try read(example, upTo: count).hasEvents(of: whole),
        "The events are others if they are read \(count) at a time than all at once.")
    }
  }

  private func checkSkipping() throws {
    let whole = try read(example)
    for skipped in 1...whole.eventCount {
      var options = options
      options.skipEvents = skipped
      let rest = try read(example, options)
      try ConformanceFailure.require(
        rest.hasEvents(of: whole.events(at: skipped..<whole.eventCount)),
        "The events are others after \(skipped) were passed over: skip(_:) and read(upTo:onBadEvent:) must agree."
      )
    }
  }

  private func checkThreads() throws {
    let whole = try read(example)
    var found = Events()
    try withFile(example) { path in
      let stream = try EventStream(inputs: [path], options: options)
      try EventPipeline.run(
        stream: stream, eventsPerBatch: 1, threads: 4, makeWorker: { { $0 } }, consume: { found.append($0) })
    }
    try ConformanceFailure.require(
      found.hasEvents(of: whole), "The events are others on four threads than on one.")
  }

  private func checkTruncation() throws {
    let whole = try read(example)
    let step = max(1, example.count / 400)
    for count in stride(from: 1, to: example.count, by: step) {
      guard let cut = try readOrRefuse(Array(example.prefix(count)), "cut short after \(count) bytes") else {
        continue
      }
      // The last may be one of lines or numbers that are cut short.
      let sure = max(0, cut.eventCount - 1)
      try ConformanceFailure.require(
        cut.eventCount <= whole.eventCount
          && cut.events(at: 0..<sure).hasEvents(of: whole.events(at: 0..<sure)),
        "A file that is cut short after \(count) bytes has other events before the cut.")
    }
  }

  private func checkDamage() throws {
    var generator = SeededGenerator(seed: 11)
    for round in 0..<400 {
      var damaged = example
      for _ in 0...(round % 3) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      _ = try readOrRefuse(damaged, "with damaged bytes", skipBadEvents: round % 2 == 1)
    }
  }

  private var options: EventReadingOptions { EventReadingOptions(formats: formats, format: format.name) }

  /// The events of some content; nil if it is refused by an error that names the file.
  private func readOrRefuse(
    _ content: [UInt8], _ what: String, skipBadEvents: Bool = false
  ) throws -> Events? {
    var options = options
    options.skipBadEvents = skipBadEvents
    return try withFile(content) { path in
      do {
        return try read(path, options, upTo: 100)
      } catch let error as EventInputError {
        try ConformanceFailure.require(
          error.source == path, "What is said of a file \(what) does not name the file: \(error)")
        return nil
      } catch {
        throw ConformanceFailure("A file \(what) is refused by another error than EventInputError: \(error)")
      }
    }
  }

  /// All events of some content.
  private func read(
    _ content: [UInt8], _ options: EventReadingOptions? = nil, upTo count: Int = 100
  ) throws -> Events {
    try withFile(content) { try read($0, options ?? self.options, upTo: count) }
  }

  private func read(_ path: String, _ options: EventReadingOptions, upTo count: Int) throws -> Events {
    let stream = try EventStream(inputs: [path], options: options)
    var events = Events()
    while let batch = try stream.next(upTo: count) { events.append(batch) }
    return events
  }

  private func withFile<Result>(_ content: [UInt8], _ body: (String) throws -> Result) throws -> Result {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)")
    try Data(content).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
  }
}

extension Events {
  /// Whether the events have the numbers and particles of others.
  func hasEvents(of other: Events) -> Bool {
    eventNumbers == other.eventNumbers && offsets == other.offsets && momenta == other.momenta
      && pdgID == other.pdgID
  }
}

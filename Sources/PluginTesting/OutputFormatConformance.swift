// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetPhysics

/// Checks that a format in which results or events are written does what every such format has to.
///
/// In a plugin's own tests:
///
/// ```swift
/// @Test(arguments: OutputFormatCheck.allCases) func conforms(_ check: OutputFormatCheck) throws {
///   try OutputFormatConformance(JetListFormat()).run(check)
/// }
/// ```
///
/// The format writes events and results that are made for it.
public struct OutputFormatConformance: Sendable {
  /// Writes the content of the given events, which come in batches of the given size; completes the file if asked to.
  private let write:
    @Sendable (_ path: String, _ batch: Int, _ events: Events, _ finishes: Bool) throws -> Void
  /// The format that reads what is written, if there is one, and all that are read.
  private let reader: (name: String, formats: EventFormats)?

  /// The conformance of a format of results.
  public init(_ format: any ResultFormat) {
    reader = nil
    write = { path, batch, events, finishes in
      let writer = try format.makeWriter(to: .file(path))
      let clusterer = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1), recluster: .kt))
      try Self.forEachBatch(of: events, batch) { part in
        var results = ResultBatch(try clusterer.jets(in: part), constituents: true, trees: true)
        results.identify(by: part)
        results.jetColumns = [
          ResultColumn(name: "tagger/score", values: results.pt.map { Float(1 / (1 + $0)) }),
          ResultColumn(name: "regression/mass", values: results.mass.map { Float($0) }, unit: "GeV"),
        ]
        results.eventColumns = [
          ResultColumn(
            name: "selection/classes", width: 2,
            values: results.eventNumbers.flatMap { [Float($0), $0 == 3 ? .nan : 0.5] })
        ]
        try writer.append(results)
      }
      if finishes { try writer.finish() }
    }
  }

  /// The conformance of a format that events are written in.
  ///
  /// - Parameters:
  ///   - format: the format.
  ///   - formats: the formats that are read; if one has the same name, it reads what was written.
  public init(_ format: any EventOutputFormat, formats: EventFormats = .builtIn) {
    reader = formats[format.name].map { (name: $0.name, formats: formats) }
    write = { path, batch, events, finishes in
      let writer = try format.makeWriter(to: .file(path), units: ["mass_of_event": "GeV"])
      try Self.forEachBatch(of: events, batch) { try writer.append($0) }
      if finishes { try writer.finish() }
    }
  }

  private static func forEachBatch(of events: Events, _ count: Int, _ body: (Events) throws -> Void) throws {
    for first in stride(from: 0, to: events.eventCount, by: count) {
      try body(events.events(at: first..<min(first + count, events.eventCount)))
    }
  }

  /// Runs one check.
  ///
  /// - Throws: ``ConformanceFailure`` if the format does not pass, or what the format itself throws.
  public func run(_ check: OutputFormatCheck) throws {
    switch check {
    case .wholeness: try checkWholeness()
    case .emptiness: _ = try bytes(of: Self.events.events(at: 0..<0))
    case .determinism:
      try ConformanceFailure.require(
        bytes() == bytes(),
        "The same content gives other bytes the second time: leave out times and addresses.")
    case .batches:
      let whole = try bytes()
      for batch in 1...3 {
        try ConformanceFailure.require(
          bytes(batch: batch) == whole,
          "The file is another if the events come \(batch) at a time than all at once.")
      }
    case .reading: try checkReading()
    }
  }

  private func checkWholeness() throws {
    try withFolder { folder in
      let path = folder + "/out"
      try write(path, 2, Self.events, false)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      try ConformanceFailure.require(
        left.isEmpty,
        "A file that was not completed leaves \(left.sorted().joined(separator: ", ")): write through ResultText or "
          + "ResultArrays, and let finish() complete them.")
      try write(path, 2, Self.events, true)
      let made = try FileManager.default.contentsOfDirectory(atPath: folder)
      try ConformanceFailure.require(
        made == ["out"],
        "A complete output has the files \(made.sorted().joined(separator: ", ")) and not only the one that was named."
      )
    }
  }

  private func checkReading() throws {
    guard let reader else { return }
    try withFolder { folder in
      let path = folder + "/out"
      try write(path, 5, Self.events, true)
      let options = EventReadingOptions(
        particles: ParticleSelection(keepsInvisible: true), formats: reader.formats, format: reader.name)
      let stream = try EventStream(inputs: [path], options: options)
      var events = Events()
      while let batch = try stream.next(upTo: 100) { events.append(batch) }
      let written = Self.events
      try ConformanceFailure.require(
        events.offsets == written.offsets,
        "\(events.eventCount) events of \(events.particleCount) particles are read of the \(written.eventCount) of "
          + "\(written.particleCount) that were written.")
      for (read, original) in zip(events.momenta, written.momenta) {
        let difference = max(
          abs(read.px - original.px), abs(read.py - original.py), abs(read.pz - original.pz),
          abs(read.energy - original.energy))
        try ConformanceFailure.require(
          difference <= 1e-3 * original.energy,
          "The momentum \(original) was written and is read as \(read): write more digits.")
      }
    }
  }

  /// Ordinary events with columns of events and of particles.
  private static let events: Events = {
    var events = ConformanceEvents.events(ConformanceEvents.ordinary, with: ["charge"])
    events.columns = [
      "label": Column(values: (0..<events.eventCount).map { Double($0 % 2) }),
      "mass_of_event": Column(values: (0..<events.eventCount).map { 90 + Double($0) / 3 }),
    ]
    return events
  }()

  private func bytes(of events: Events = Self.events, batch: Int = 100) throws -> Data {
    try withFolder { folder in
      let path = folder + "/out"
      try write(path, batch, events, true)
      guard let data = FileManager.default.contents(atPath: path) else {
        throw ConformanceFailure("There is no file though finish() has returned.")
      }
      return data
    }
  }

  private func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("out-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }
}

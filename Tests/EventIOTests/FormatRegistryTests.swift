// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit
import TestFiles
import Testing

/// One line a particle, in any of the registries.
private struct OneLine: ResultFormat, EventOutputFormat {
  var name = "one-line"
  let summary = "has one line"
  var fileExtensions = ["line"]

  func makeWriter(to destination: ResultDestination) throws -> any ResultWriter { throw CancellationError() }

  func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter {
    try Writer(destination, schema)
  }

  /// Writes the names of the columns that it knows before the first event, and the energies.
  private final class Writer: EventWriter {
    private let text: ResultText
    private var schema: EventSchema?

    init(_ destination: ResultDestination, _ schema: EventSchema?) throws {
      text = try ResultText(destination)
      self.schema = schema
    }

    func append(_ events: Events) throws {
      var schema = try schema ?? EventSchema(events, .members)
      try schema.admit(events)
      if self.schema == nil { text.append(schema.columns.flatMap(\.writtenNames).joined(separator: " ")) }
      self.schema = schema
      for column in schema.columns { text.append(" \(schema.values(of: column, in: events))") }
      text.append(" \(events.momenta.energy)")
    }

    func finish() throws {
      try text.endLine()
      try text.finish()
    }
  }
}

/// Formats among the plugins of a program.
@Suite struct FormatRegistryTests {
  @Test func thoseThatAreBuiltInAreThere() {
    let registry = PluginRegistry()
    #expect(registry.eventFormats == .builtIn)
    #expect(registry.resultFormats.names == ResultFormats.builtIn.names)
    #expect(registry.eventOutputFormats.names == ["hdf5", "jsonl"])
    #expect(
      registry.origin(ofEventFormat: "lhe") == .builtIn && registry.origin(ofEventFormat: "none") == nil)
    #expect(registry.origin(ofResultFormat: "npz") == .builtIn && registry.origins.isEmpty)
  }

  @Test func thoseThatAreRegisteredAreKnown() throws {
    var registry = PluginRegistry()
    let before = registry
    try registry.register(ParticleTableFormat())
    try registry.register(OneLine() as any ResultFormat)
    try registry.register(OneLine() as any EventOutputFormat)
    #expect(registry.eventFormats.names.first == "particle-table")
    #expect(registry.resultFormats.format(ofFile: "x.LINE").name == "one-line")
    #expect(registry.eventOutputFormats.format(ofFile: "x.line").name == "one-line")
    #expect(registry.eventOutputFormats.fileExtensions == [".h5", ".hdf5", ".jsonl", ".line"])
    #expect(registry.origins == [.builtIn] && registry.origin(ofEventOutputFormat: "one-line") == .builtIn)
    #expect(before.eventFormats == .builtIn && before.eventOutputFormats["one-line"] == nil)
    // A name is that of one format of a kind.
    let error = #expect(throws: PluginError.self) { try registry.register(ParticleTableFormat()) }
    #expect(error?.description.contains("There is a format particle-table already") == true)
    #expect(registry.eventFormats.names.filter { $0 == "particle-table" }.count == 1)
  }

  @Test(arguments: ["", ".line", "Line", "tar.gz"]) func endingsAreChecked(_ ending: String) {
    var formats = EventOutputFormats.builtIn
    let error = #expect(throws: EventFormatError.self) {
      try formats.register(OneLine(fileExtensions: [ending]))
    }
    #expect(error?.description.contains("“\(ending)” is no ending of files of the format one-line") == true)
    #expect(formats.names == ["hdf5", "jsonl"])
  }

  @Test(arguments: [
    ("a.h5", "hdf5"), ("a.JSONL", "jsonl"), ("a.jsonl.gz", "hdf5"), ("jsonl", "jsonl"), ("", "hdf5"),
  ]) func endingsTellTheFormatOfEvents(_ path: String, _ name: String) {
    #expect(EventOutputFormats.builtIn.format(ofFile: path).name == name)
  }

  /// What an outside writer has of a schema: columns, NaN where they are missing, and all of them before the first event if
  /// they are known.
  @Test func aWriterFromOutsideHasTheSchema() throws {
    let folder = try TemporaryFolder()
    var first = Events()
    try first.append([FourMomentum(px: 0, py: 0, pz: 0, energy: 1)], columns: ["label": [1]])
    var second = Events()
    try second.append([FourMomentum(px: 0, py: 0, pz: 0, energy: 2)], columns: ["late": [5]])
    for isKnown in [false, true] {
      var schema = try EventSchema(first, .groups)
      try schema.admit(second)
      let path = folder.path("out")
      let writer = try OneLine().makeWriter(
        to: .file(path), units: [:], schema: isKnown ? schema.laidOut(.members) : nil)
      try writer.append(first)
      try writer.append(second)
      #expect(!FileManager.default.fileExists(atPath: path))
      try writer.finish()
      #expect(
        try folder.text("out")
          == (isKnown
            ? " [1.0] [nan] [1.0] [nan] [5.0] [2.0]\n" : "label [1.0] [1.0] [nan] [5.0] [2.0]\n"))
      try FileManager.default.removeItem(atPath: path)
    }
  }
}

/// Momenta of the layouts that files have.
@Suite struct MomentumLayoutTests {
  @Test(arguments: MomentumLayout.allCases) func aMomentumIsThatOfItsNumbers(_ layout: MomentumLayout) {
    let momentum = FourMomentum(pt: 30, rapidity: 0.7, phi: 2, mass: 5)
    let values: [String: Double] = [
      "px": momentum.px, "py": momentum.py, "pz": momentum.pz, "E": momentum.energy, "pt": 30,
      "eta": momentum.pseudorapidity, "phi": 2, "mass": 5,
    ]
    let components = layout.names.map { [values[$0]!] }
    #expect(layout.problem(in: components, 0..<1) == nil)
    var events = Events()
    events.append(components, 0..<1, layout)
    events.finishEvent(number: 0)
    let found = events.momentum(ofParticle: 0)
    for (found, expected) in zip(
      [found.px, found.py, found.pz, found.energy],
      [momentum.px, momentum.py, momentum.pz, momentum.energy])
    {
      #expect(abs(found - expected) < 1e-12 * momentum.energy)
    }
  }

  @Test func whatIsWrongIsNamed() {
    let layout = MomentumLayout.cylindricalMass
    for (values, component, sentence) in [
      ([-1, 0, 0, 0], 0, "is negative for particle 1"),
      ([1, 200, 0, 0], 1, "is too large (200.0) for particle 1"),
      ([1, 0, .nan, 0], 2, "is not a number for particle 1"),
      ([1, 0, 0, .infinity], 3, "is infinite for particle 1"),
    ] as [([Double], Int, String)] {
      // The first particle is good, and belongs to the range too.
      let components = values.map { [7, 1, $0] }
      let problem = layout.problem(in: components, 1..<3)
      #expect(problem?.component == component && problem?.problem.hasPrefix(sentence) == true, "\(values)")
      #expect(layout.problem(in: components, 0..<2) == nil)
    }
  }
}

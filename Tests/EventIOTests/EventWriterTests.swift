// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Events that are written, read again.
@Suite struct EventWriterTests {
  /// Events with identifiers and columns of one and of several numbers, one of them without particles.
  private func events(_ count: Int, hasPDGID: Bool = true, first: Int = 0) -> Events {
    var random = SplitMix64(state: UInt64(first) + 1)
    var batch = Events(source: "made")
    batch.columns = ["label": Column(), "truth": Column(width: 3)]
    batch.particles.content.columns["d0"] = Column()
    for event in 0..<count {
      for _ in 0..<(event % 4) {
        batch.momenta.append(
          FourMomentum(
            px: Double.random(in: -1...1, using: &random) / 3,
            py: Double.random(in: -1e5...1e5, using: &random),
            pz: -0.0, energy: Double.random(in: 0...1e-9, using: &random)))
        batch.particles.content.columns["d0"]!.values.append(Double.random(in: -1...1, using: &random))
        if hasPDGID { batch.pdgID.append(Int32.random(in: -5000...5000, using: &random)) }
      }
      batch.finishEvent(number: first + 3 * event)
      batch.columns["label"]!.values.append(Double(event % 2))
      for _ in 0..<3 { batch.columns["truth"]!.values.append(Double.random(in: -1...1, using: &random)) }
    }
    return batch
  }

  /// All events of a file as one batch, numbers from the column and no longer the readers' own.
  private func readBack(_ path: String) throws -> Events {
    var all = Events()
    for batch in try batches(path, step: 7) { all.append(batch) }
    let numbers = all.columns["number"]
    all.columns["number"] = nil
    all.eventNumbers = try #require(numbers).values.map { Int($0) }
    return all
  }

  @Test(arguments: EventOutputFormats.builtIn.names, [true, false])
  func whatIsWrittenReadsBackEqual(format: String, hasPDGID: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("events")
    let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(path))
    var expected = Events()
    // Batches whose events begin with one of no particles and with one of several.
    for (count, first) in [(3, 0), (0, 0), (50, 100), (1, 1000)] {
      let batch = events(count, hasPDGID: hasPDGID, first: first)
      try writer.append(batch)
      expected.append(batch)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()
    #expect(try folder.content == ["events"])
    let found = try readBack(path)
    #expect(found.eventNumbers == expected.eventNumbers && found.offsets == expected.offsets)
    #expect(
      found.momenta.px == expected.momenta.px && found.momenta.py == expected.momenta.py
        && found.momenta.pz == expected.momenta.pz)
    #expect(found.momenta.pz.allSatisfy { $0.sign == .minus })
    #expect(found.momenta.energy == expected.momenta.energy && found.pdgID == expected.pdgID)
    #expect(found.columns == expected.columns)
    #expect(found.particles.content.columns == expected.particles.content.columns)
  }

  /// Names that a format has for something else: what is written is read again, under another name.
  @Test(arguments: EventOutputFormats.builtIn.names)
  func columnsOfParticlesWhoseNamesAreTakenAreRenamed(format: String) throws {
    let folder = try TemporaryFolder()
    var events = Events()
    let names = ["label", "number", "particles", "pdgid", "pt", "", "cov.0"]
    try events.append(
      [FourMomentum(px: 1, py: 0, pz: 0, energy: 1), FourMomentum(px: 2, py: 0, pz: 0, energy: 2)],
      pdgID: [22, 11],
      particleColumns: Dictionary(
        uniqueKeysWithValues: names.enumerated().map { ($1, [Double($0), Double($0) + 0.5]) }
      ).merging(
        ["cov": [1, 2, 3, 4, 5, 6]]) { a, _ in a },
      columns: ["label": [7]])
    let path = folder.path("events")
    let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(path))
    try writer.append(events)
    try writer.finish()
    let found = try #require(try batches(path).first)
    #expect(
      found.momenta == events.momenta && found.pdgID == [22, 11] && found.columns["label"]?.values == [7])
    let columns = found.particles.content.columns
    for (place, name) in names.enumerated() {
      let isThere = [name, "particle." + name].contains {
        columns[$0]?.values == [Double(place), Double(place) + 0.5]
      }
      #expect(isThere, "\(name): \(columns.names)")
    }
    if format == "hdf5" {
      #expect(columns["cov"]?.values == [1, 2, 3, 4, 5, 6] && columns["particle.pt"]?.values == [4, 4.5])
    } else {
      #expect(
        columns["particle.label"] != nil && columns["pt"] != nil
          && columns["cov.1"]?.values == [2, 5])
    }
  }

  /// Columns of several numbers, with a unit, and those that only later events have.
  @Test func columnsOfParticlesAreKept() throws {
    let folder = try TemporaryFolder()
    func part(_ columns: Columns) throws -> Events {
      var part = Events()
      try part.append([.zero, FourMomentum(px: 1, py: 0, pz: 0, energy: 1)])
      try part.append([FourMomentum(px: 2, py: 0, pz: 0, energy: 2)])
      part.particles.content.columns = columns
      return part
    }
    let first = try part(["d0": Column(values: [1, 2, 3], unit: "mm")])
    let second = try part([
      "d0": Column(values: [4, 5, 6]), "hit": Column(width: 2, values: [1, 2, 3, 4, 5, 6]),
    ])
    for format in EventOutputFormats.builtIn.names {
      let path = folder.path("events.\(format)")
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(path))
      try writer.append(first)
      try writer.append(second)
      try writer.finish()
      let columns = try batches(path, step: 10).map(\.particles.content.columns)
      let d0 = columns.flatMap { $0["d0"]!.values }
      #expect(d0 == [1, 2, 3, 4, 5, 6])
      if format == "hdf5" {
        #expect(columns[0]["d0"]?.unit == "mm")
        #expect(columns[0]["hit"]!.values.suffix(6) == [1, 2, 3, 4, 5, 6])
        #expect(columns[0]["hit"]!.values.prefix(6).allSatisfy { $0.isNaN })
      } else {
        // A reader takes its columns from the first event; the file has them from the fourth on.
        let text = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(text[2].hasSuffix("\"d0\":[4.0,5.0],\"hit.0\":[1.0,3.0],\"hit.1\":[2.0,4.0]}"), "\(text[2])")
      }
    }
  }

  @Test(arguments: EventOutputFormats.builtIn.names)
  func theSameEventsGiveTheSameBytes(format: String) throws {
    let folder = try TemporaryFolder()
    // Enough columns for several pieces of a group in HDF5, and wide enough for several chunks.
    func write(_ name: String) throws -> Data {
      var batch = events(1200)
      for column in 0..<20 {
        batch.columns["c\(column)"] = Column(width: 64, values: Array(repeating: 1, count: 64 * 1200))
      }
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(
        to: .file(folder.path(name)), units: ["c1": "GeV", "c12": "a longer unit"])
      try writer.append(batch)
      try writer.finish()
      return try folder.data(name)
    }
    let first = try write("first")
    _ = try readBack(folder.path("first"))
    for _ in 0..<3 { #expect(try write("second") == first) }
  }

  @Test(arguments: EventOutputFormats.builtIn.names)
  func numbersThatEventsHaveAreKept(format: String) throws {
    let folder = try TemporaryFolder()
    var batch = events(4, first: 5)
    batch.columns["number"] = Column(values: [4711, 4712, 4711, 7])
    let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(folder.path("events")))
    try writer.append(batch)
    try writer.finish()
    let found = try #require(try batches(folder.path("events")).first)
    #expect(found.columns["number"]?.values == [4711, 4712, 4711, 7])
  }

  @Test func noEventsMakeAFileOfNone() throws {
    let folder = try TemporaryFolder()
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("events")))
    try writer.finish()
    #expect(refusal(folder.path("events")).contains("holds no event"))
  }

  @Test func whatIsNotFinishedLeavesNothing() throws {
    let folder = try TemporaryFolder()
    for format in EventOutputFormats.builtIn.names {
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(folder.path("events")))
      try writer.append(events(200))
    }
    #expect(try folder.content.isEmpty)
  }

  @Test func eventsWithoutParticlesLeaveOpenWhetherThereAreIdentifiers() throws {
    let folder = try TemporaryFolder()
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("events")))
    try writer.append(events(1))
    try writer.append(events(4, hasPDGID: false))
    try writer.finish()
    #expect(try readBack(folder.path("events")).pdgID == [0, 0, 0, 0, 0, 0])
  }

  @Test func columnsThatSomeEventsLackAreNaNThere() throws {
    let folder = try TemporaryFolder()
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("events")))
    var first = events(2)
    first.columns = ["label": Column(values: [1, 0])]
    var second = events(2, first: 2)
    second.columns = ["late": Column(width: 2, values: [1, 2, 3, 4])]
    for batch in [first, second, first] { try writer.append(batch) }
    try writer.finish()
    let found = try readBack(folder.path("events"))
    let values = try ["label", "late"].map { try #require(found.columns[$0]).values }
    #expect(values[0].map(\.isNaN) == [false, false, true, true, false, false])
    #expect(values[0].filter { !$0.isNaN } == [1, 0, 1, 0])
    #expect(
      values[1].map(\.isNaN) == [true, true, true, true, false, false, false, false, true, true, true, true])
    #expect(Array(values[1][4..<8]) == [1, 2, 3, 4])
  }

  @Test(arguments: EventOutputFormats.builtIn.names)
  func eventsOfAnotherKindAreRefused(format: String) throws {
    let folder = try TemporaryFolder()
    func refusal(_ change: (inout Events) -> Void) throws -> String {
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(folder.path("events")))
      try writer.append(events(4, hasPDGID: false))
      var other = events(4, hasPDGID: false, first: 20)
      change(&other)
      let error = #expect(throws: EventInputError.self) { try writer.append(other) }
      return error.map(String.init(describing:)) ?? ""
    }
    #expect(
      try refusal { $0.columns["label"]!.width = 2 }.hasPrefix(
        "made, event 20, label has 2 numbers, but earlier events have 1"))
    #expect(
      try refusal { $0.pdgID = Array(repeating: 11, count: $0.particleCount) }.hasPrefix(
        "made, event 20, pdgid is given though earlier events lack it"))
    var bad = events(2)
    for name in ["offset", "particles", "pdgid"] {
      bad.columns = [name: Column(values: [1, 2])]
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(folder.path("events")))
      #expect(throws: EventInputError.self) { try writer.append(bad) }
    }
  }
}

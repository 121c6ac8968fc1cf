// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Numbers that are not lost on the way through Canopy: whole numbers beyond 2⁵³, truth values, infinite ones.
@Suite struct WholeNumberTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The events of a file, written again in a format.
  private func copy(_ path: String, as format: String, name: String = "copy") throws -> String {
    let writer = try #require(EventOutputFormats.builtIn[format]).makeWriter(to: .file(folder.path(name)))
    // One event at a time, so that nothing depends on what a batch has.
    for batch in try batches(path, step: 1) { try writer.append(batch) }
    try writer.finish()
    return folder.path(name)
  }

  /// A file of h5py: the numbers that it was given, by the script next to it.
  @Test(arguments: [["hdf5"], ["jsonl"], ["hdf5", "jsonl"], ["jsonl", "hdf5"]])
  func wholeNumbersAreKept(formats: [String]) throws {
    var path = HDF5LayoutTests.path("whole-numbers")
    for (place, format) in formats.enumerated() { path = try copy(path, as: format, name: "copy-\(place)") }
    let events = try batches(path)[0]
    let number = try #require(events.columns["number"])
    #expect(number.wholeNumber(at: 0, as: Int64.self) == 9_007_199_254_740_993)
    #expect(number.wholeNumber(at: 1, as: Int64.self) == -9_223_372_036_854_775_807)
    let hash = try #require(events.columns["hash"])
    #expect(hash.wholeNumber(at: 0, as: UInt64.self) == 18_446_744_073_709_551_615)
    #expect(hash.wholeNumber(at: 0, as: Int64.self) == nil && hash.wholeNumber(at: 1, as: UInt64.self) == 7)
    let barcode = try #require(events.particles.content.columns["barcode"])
    #expect((0..<3).map { barcode.wholeNumber(at: $0, as: Int.self) } == [1_152_921_504_606_846_977, 5, 6])
    #expect(events.columns["run"]?.values == [2_147_483_647, -5])
    #expect(events.columns["crossing"]?.values == [4_294_967_295, 3])
    #expect(events.columns["bits"]?.values == [1, 255, 0, 2] && events.columns["good"]?.values == [1, 0])
    #expect(events.columns["limit"]?.values == [.infinity, -.infinity])
    #expect(events.particles.content.columns["tight"]?.values == [1, 1, 0])
  }

  @Test func columnsOfHDF5KeepTheirTypes() throws {
    let storages = { (columns: Columns) in
      Dictionary(uniqueKeysWithValues: columns.sorted.map { ($0.name, $0.column.storage) })
    }
    for path in [
      HDF5LayoutTests.path("whole-numbers"), try copy(HDF5LayoutTests.path("whole-numbers"), as: "hdf5"),
    ] {
      let events = try batches(path)[0]
      #expect(
        storages(events.columns) == [
          "number": .int64, "hash": .uint64, "run": .int32, "bits": .int32, "crossing": .int64, "good": .bool,
          "limit": .float64, "label": .int32,
        ])
      #expect(storages(events.particles.content.columns) == ["barcode": .uint64, "tight": .bool])
    }
  }

  /// Features of padded arrays, one type for all of them.
  @Test(arguments: ["hdf5", "jsonl"]) func paddedArraysKeepTheirWholeNumbers(format: String) throws {
    for path in [
      HDF5LayoutTests.path("padded-whole-numbers"),
      try copy(HDF5LayoutTests.path("padded-whole-numbers"), as: format),
    ] {
      let events = try batches(path)[0]
      let barcode = try #require(events.particles.content.columns["barcode"])
      #expect(
        (0..<3).map { barcode.wholeNumber(at: $0, as: Int64.self) } == [
          9_007_199_254_740_993, 5, -1_152_921_504_606_846_977,
        ])
      #expect(events.momenta.energy == [1, 2, 3] && events.pdgID == [211, -321, 22])
      #expect(format == "jsonl" || barcode.storage == .int64)
    }
    let small = try batches(
      copy(HDF5LayoutTests.path("padded-small-numbers"), as: "hdf5", name: "small"))[0]
    let charge = try #require(small.particles.content.columns["charge"])
    #expect(charge.storage == .int32 && charge.values == [1, 2, 3])
  }

  /// What Python's `json` reads, digit for digit.
  @Test func jsonLinesHaveAllDigits() throws {
    let path = try copy(HDF5LayoutTests.path("whole-numbers"), as: "jsonl")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for part in [
      "\"number\":9007199254740993", "\"hash\":18446744073709551615", "\"good\":true", "\"bits\":[1,255]",
      "\"barcode\":[1152921504606846977,5]", "\"tight\":[true,true]", "\"limit\":Infinity",
      "\"limit\":-Infinity",
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func rowsTakeAllOfTheirNumbersAlong() throws {
    let large: [Int64] = [1 << 60 | 1, 3, -(1 << 60) - 1, 1 << 53 + 1]
    let column = Column(wholeNumbers: large, storage: .int64)
    let columns: Columns = ["a": column]
    func numbers(_ columns: Columns) -> [Int64?] {
      columns["a"]!.values.indices.map { columns["a"]!.wholeNumber(at: $0, as: Int64.self) }
    }
    #expect(numbers(columns) == large && numbers(columns.rows([2, 0])) == [large[2], large[0]])
    var part: Columns = ["a": Column(values: [9])]
    part.replace(with: columns, rows: 1..<3)
    #expect(numbers(part) == [3, large[2]])
    part.replace(with: ["a": Column(values: [4, 5])], rows: 0..<2)
    #expect(numbers(part) == [4, 5] && part["a"]?.remainders == [])
    for number in [Int64.min, .max, -1, 0] {
      #expect(Column(wholeNumbers: [number], storage: .int64).wholeNumber(at: 0, as: Int64.self) == number)
    }
    #expect(Column(wholeNumbers: [UInt64.max], storage: .uint64).wholeNumber(at: 0, as: UInt64.self) == .max)
    #expect(Column(values: [0.5, .nan]).wholeNumber(at: 0, as: Int.self) == nil)
  }

  /// No number is lost where a later file has others in the column, or none.
  @Test func whatDoesNotFitIsSaid() throws {
    func events(_ column: Column?) throws -> Events {
      var events = Events(source: "made")
      try events.append([FourMomentum(px: 1, py: 0, pz: 0, energy: 1)])
      events.columns["id"] = column
      return events
    }
    let whole = Column(wholeNumbers: [Int64.max], storage: .int64)
    for (first, second, sentence) in [
      (whole, Column(values: [0.5]), "id has 0.5, but earlier events have whole numbers of 64 bits alone"),
      (whole, nil, "id has nan, but earlier events"),
      (
        Column(values: [1], storage: .bool), Column(values: [2], storage: .bool),
        "id has 2, but earlier events"
      ),
    ] as [(Column, Column?, String)] {
      let writer = try HDF5EventOutputFormat().makeWriter(to: .file(folder.path("out.h5")))
      try writer.append(events(first))
      let error = #expect(throws: EventInputError.self) { try writer.append(events(second)) }
      #expect(error?.description.contains("made, event/" + sentence) == true, "\(error?.description ?? "")")
    }
    // Known beforehand, the column has a type that holds both.
    var schema = try EventSchema(events(Column(values: [1], storage: .bool)), .groups)
    try schema.admit(events(Column(values: [300], storage: .int32)))
    #expect(schema.columns[0].storage == .int32)
    try schema.admit(events(nil))
    #expect(schema.columns[0].storage == .float64 && schema.roundedColumns == [])
    try schema.admit(events(whole))
    #expect(schema.columns[0].storage == .float64 && schema.roundedColumns == ["id"])
  }

  /// `NaN`, `Infinity` and `-Infinity` are what Python's `json` writes; in strings they are nothing.
  @Test func wordsOfPythonAreRead() throws {
    let path = try folder.write(
      """
      {"particles": [[1,0,0,1]], "a Infinity": [Infinity, -Infinity, NaN, 1], "text": "NaN", "b": [[Infinity]]}
      {"particles": [], "a Infinity": [1, 2, 3, 9007199254740993], "text": "\\"Infinity"}

      """)
    let events = try batches(path)[0]
    let column = try #require(events.columns["a Infinity"])
    #expect(column.values[..<2] == [.infinity, -.infinity] && column.values[2].isNaN)
    #expect(column.wholeNumber(at: 7, as: Int.self) == 9_007_199_254_740_993)
    #expect(column.wholeNumber(at: 6, as: Int.self) == 3)
    let text = try #require(events.columns["text"])
    #expect(text.text(ofRow: 0) == "NaN" && text.text(ofRow: 1) == "\"Infinity")
    #expect(events.unreadableColumns["b"] != nil)
  }

  @Test func aFractionIsNoIdentifier() throws {
    let error = #expect(throws: EventInputError.self) { try batches(HDF5LayoutTests.path("padded-fraction")) }
    #expect(
      error?.description.contains(
        "event 0, particles have the pdgid 211.5 for particle 1, which is no whole number; correct it")
        == true,
      "\(error?.description ?? "")")
  }
}

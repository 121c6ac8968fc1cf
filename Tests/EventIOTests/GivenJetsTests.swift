// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Formulas
import Foundation
import JetPhysics
import TestFiles
import Testing

/// Texts, and the jets that files have beside their particles.
@Suite struct GivenJetsTests {
  private func texts(_ column: Column?) -> [String]? {
    column.map { column in column.values.indices.map(column.text(ofRow:)) }
  }

  // MARK: - HDF5, as h5py writes it by the script beside the fixtures

  @Test(arguments: [1, 10]) func jetsAndTextsOfHDF5AreRead(step: Int) throws {
    var all = Events()
    for batch in try batches(HDF5LayoutTests.path("given-jets"), step: step) { all.append(batch) }
    let jets = try #require(all.givenJets)
    #expect(jets.offsets == [0, 2, 3])
    #expect(jets.content.names == ["barcode", "eta", "flavour", "origin", "phi", "pt"])
    #expect(jets.content["pt"]?.values == [4, 2, 64] && jets.content["eta"]?.values == [-1, 0.5, 3])
    #expect(texts(jets.content["flavour"]) == ["b", "", "light"])
    #expect(texts(jets.content["origin"]) == ["top", "W", "top"])
    #expect(jets.content["barcode"]?.wholeNumber(at: 0, as: Int64.self) == 1_152_921_504_606_846_977)
    #expect(texts(all.columns["process"]) == ["t\u{304}t", "QCD"])
    #expect(texts(all.columns["generator"]) == ["pythia", ""])
    #expect(texts(all.columns["chunked"]) == ["one", "two"])
    for name in ["packed", "shuffled", "lzf"] {
      #expect(texts(all.columns[name]) == ["one", "two"], "\(name)")
    }
    #expect(all.columns["label"]?.categories == nil)
  }

  @Test func whatIsNoColumnOfJetsIsSaid() throws {
    let reasons = try #require(try batches(HDF5LayoutTests.path("given-jets")).first).unreadableColumns
    #expect(Set(reasons.keys) == ["jet/wide", "unwritten"])
    #expect(reasons["jet/wide"] == "it has 2 numbers a jet; give it one")
    let batch = try #require(try batches(HDF5LayoutTests.path("given-jets-backwards")).first)
    #expect(batch.givenJets == nil)
    #expect(
      batch.unreadableColumns == [
        "jet/flavour": "it cannot be read, as jet/offset runs backwards from 3 to 2 at event 1"
      ])
  }

  /// Jets that an offset leaves to no event are not dropped, and a column of another length is the one to blame.
  @Test func everyJetBelongsToAnEvent() throws {
    for (name, reasons) in [
      (
        "first",
        ["a": "it cannot be read, as jet/offset begins at 1; write 0 first and the number of jets last"]
      ),
      (
        "last",
        [
          "a":
            "it cannot be read, as jet/offset ends at 2, but there are 3 jets; write 0 first and the number of jets last"
        ]
      ),
      ("lengths", ["a": "it has 2 elements for 3 jets; give each jet one"]),
      ("widths", ["a": "it has 2 numbers an event, but most have 3"]),
    ] {
      let batch = try #require(try batches(HDF5LayoutTests.path("given-jets-\(name)")).first)
      #expect(batch.unreadableColumns["jet/a"] == reasons["a"], "\(batch.unreadableColumns)")
      let hasOthers = name == "lengths" || name == "widths"
      #expect(batch.unreadableColumns.count == (hasOthers ? 1 : 2))
      #expect(batch.givenJets?.content.names == (hasOthers ? name == "widths" ? ["b", "pt"] : ["b"] : nil))
    }
  }

  /// Places without a jet are none: those without pT, or that a mask leaves out.
  @Test(arguments: [1, 10]) func paddedJetsAreThoseThatThereAre(step: Int) throws {
    for name in ["given-jets-padded", "given-jets-mask"] {
      var all = Events()
      for batch in try batches(HDF5LayoutTests.path(name), step: step) { all.append(batch) }
      let jets = try #require(all.givenJets)
      #expect(jets.offsets == [0, 2, 3] && jets.content["flavour"]?.values == [5, 0, 4])
      guard name == "given-jets-padded" else { continue }
      #expect(jets.content["pt"]?.values == [4, 2, 64])
      for name in ["tag", "fixed", "packed"] {
        #expect(texts(jets.content[name]) == ["b", "light", "c"], "\(name)")
      }
    }
  }

  /// Texts whose references are damaged are refused, and never followed out of the file.
  @Test func damagedTextsAreRefused() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: HDF5LayoutTests.path("given-jets")))
    var random = SplitMix64(state: 3)
    for _ in 0..<400 {
      var damaged = whole
      for _ in 0..<4 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      let path = folder.path("damaged.h5")
      try damaged.write(to: URL(fileURLWithPath: path))
      do {
        for batch in try batches(path, options: EventReadingOptions(skipBadEvents: true)) {
          for column in batch.columns.sorted { _ = texts(column.column) }
        }
      } catch is EventInputError {}
    }
  }

  // MARK: - JSON lines

  private static let lines = """
    {"particles": [[1, 0, 0, 1]], "process": "w", "jets": [{"pt": 30, "flavour": "b"}, {"pt": 20, "flavour": null, "tag": true}]}
    {"particles": [], "process": null, "jets": []}
    {"particles": [[2, 0, 0, 2]], "process": "qcd"}
    {"particles": [], "process": "", "jets": [{"tag": false, "id": 9007199254740993}]}
    """

  @Test(arguments: [1, 2, 10]) func jetsAndTextsOfJSONAreRead(step: Int) throws {
    let folder = try TemporaryFolder()
    var flavours: [String] = []
    var pt: [Double] = []
    var tags: [Double] = []
    var counts: [Int] = []
    var processes: [String] = []
    for batch in try batches(try folder.write(Self.lines), step: step) {
      #expect(batch.unreadableColumns.isEmpty)
      processes += texts(batch.columns["process"]) ?? []
      let jets = try #require(batch.givenJets)
      counts += (0..<batch.eventCount).map { jets.range(of: $0).count }
      flavours += texts(jets.content["flavour"]) ?? []
      pt += jets.content["pt"]?.values ?? []
      tags += jets.content["tag"]?.values ?? []
      if let id = jets.content["id"], let last = id.values.indices.last, !id.values[last].isNaN {
        #expect(id.wholeNumber(at: last, as: Int64.self) == 9_007_199_254_740_993)
      }
    }
    #expect(counts == [2, 0, 0, 1] && processes == ["w", "", "qcd", ""])
    #expect(flavours == ["b", "", ""])
    #expect(pt[..<2] == [30, 20] && pt[2].isNaN && tags[0].isNaN && tags[1...] == [1, 0])
  }

  @Test func whatIsNoTextOrNoJetIsSaid() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [], "process": null, "jets": [{"a": 1, "b": [1], "c": null}]}
      {"particles": [], "process": "w", "jets": [{"a": "x", "c": "y"}]}
      {"particles": [], "process": 3, "jets": [{"c": "z"}]}
      """)
    let found = try batches(path)
    #expect(texts(found[0].columns["process"]) == ["", "w"])
    #expect(found.last?.unreadableColumns["process"] == "event 2 has something else than text")
    #expect(
      found.last?.unreadableColumns["jet/a"] == "event 1 has text, but earlier events have numbers")
    #expect(
      found.last?.unreadableColumns["jet/b"] == "event 0 has something else than numbers or texts alone")
    #expect(found.flatMap { texts($0.givenJets?.content["c"]) ?? [] } == ["", "y", "z"])
    for (jets, problem) in [
      (#"[{"a": 1}, 2]"#, "jets has a jet 1 that is no object"),
      (#"[{"a": 1, "a": 2}]"#, "jets has a jet 0 in which a occurs twice"),
      (#"[], "jets": 1"#, "jets occurs twice"),
    ] {
      let bad = try folder.write("{\"particles\": [], \"jets\": \(jets)}\n", to: "bad.jsonl")
      #expect(refusal(bad).contains(problem), "\(refusal(bad))")
    }
    let object = try folder.write("{\"particles\": [], \"jets\": {\"pt\": 3}}\n", to: "object.jsonl")
    #expect(
      try batches(object).first?.unreadableColumns["jets"]
        == "it is neither a number, a text nor a list of numbers, nor a list of jets, such as [{\"pt\": 30}]")
    // A number, or a list of numbers, is the column that it always was.
    let counts = try folder.write("{\"particles\": [], \"jets\": 3}\n", to: "counts.jsonl")
    #expect(try batches(counts).first?.columns["jets"]?.values == [3])
  }

  // MARK: - Writing

  @Test(arguments: EventOutputFormats.builtIn.names) func whatIsReadIsWrittenAgain(format: String) throws {
    let folder = try TemporaryFolder()
    // The first events have no jets, and those of later ones have further columns.
    let inputs = [
      try folder.write("{\"particles\": [], \"process\": \"top\"}\n", to: "a.jsonl"),
      try folder.write(Self.lines, to: "b.jsonl"), try folder.write(Self.lines, to: "c.jsonl"),
    ]
    let written = folder.path("written")
    let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(written))
    for input in inputs {
      for batch in try batches(input, step: 2) { try writer.append(batch) }
    }
    try writer.finish()
    var found = Events()
    for batch in try batches(written) { found.append(batch) }
    let jets = try #require(found.givenJets)
    #expect((0..<9).map { jets.range(of: $0).count } == [0, 2, 0, 0, 1, 2, 0, 0, 1])
    #expect(texts(found.columns["process"]) == ["top", "w", "", "qcd", "", "w", "", "qcd", ""])
    #expect(texts(jets.content["flavour"]) == ["b", "", "", "b", "", ""])
    let pt = try #require(jets.content["pt"]?.values)
    #expect(pt[0] == 30 && pt[1] == 20 && pt[2].isNaN && pt[3] == 30 && pt[4] == 20 && pt[5].isNaN)
    let tag = try #require(jets.content["tag"]?.values)
    #expect(tag[0].isNaN && tag[1] == 1 && tag[2] == 0 && tag[3].isNaN && tag[4] == 1 && tag[5] == 0)
  }

  @Test func textsThatCannotStandInOneOutputAreRefused() throws {
    func part(_ column: Column) throws -> Events {
      var events = Events(source: "made")
      try events.append([.zero])
      events.columns["process"] = column
      return events
    }
    let folder = try TemporaryFolder()
    for format in EventOutputFormats.builtIn.names {
      let writer = try EventOutputFormats.builtIn[format]!.makeWriter(to: .file(folder.path(format)))
      try writer.append(try part(Column(texts: ["w"])))
      let error = #expect(throws: EventInputError.self) { try writer.append(try part(Column(values: [1]))) }
      #expect(error?.description.contains("process has numbers, but earlier events have text") == true)
    }
    let writer = try EventOutputFormats.builtIn["hdf5"]!.makeWriter(to: .file(folder.path("long")))
    try writer.append(try part(Column(texts: ["w"])))
    let long = String(repeating: "x", count: 65)
    let error = #expect(throws: EventInputError.self) { try writer.append(try part(Column(texts: [long]))) }
    #expect(
      error?.description.contains("has a text of 65 bytes, but earlier events have room for 64") == true)
  }

  // MARK: - Formulas

  @Test func eventsAreChosenByText() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.lines)
    func chosen(_ condition: String) throws -> [Int] {
      let options = EventReadingOptions(selection: [try Formula(condition)])
      return try batches(path, options: options, step: 3).flatMap(\.eventNumbers)
    }
    #expect(try chosen(#"process == "w""#) == [0])
    #expect(try chosen("process != 'w'") == [2])
    #expect(try chosen(#"process in ["qcd", "w"]"#) == [0, 2])
    #expect(try chosen(#"process not in ["w", "z"] or number == 1"#) == [1, 2])
    var options = EventReadingOptions()
    options.definitions = [ColumnDefinition("is_w", try Formula(#"process == "w""#))]
    #expect(try batches(path, options: options).first?.columns["is_w"]?.values == [1, 0, 0, 0])
    for (condition, problem) in [
      ("process > 1", "process is text; compare it with one, as in process == \"signal\""),
      (#"number == "w""#, "number has numbers; compare it with a number"),
    ] {
      let options = EventReadingOptions(selection: [try Formula(condition)])
      let error = #expect(throws: EventInputError.self) { try batches(path, options: options) }
      #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
  }
}

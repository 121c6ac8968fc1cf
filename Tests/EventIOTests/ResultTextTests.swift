// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import TestFiles
import Testing

@Suite struct ResultTextTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func write(_ batches: [ResultBatch], as format: String) throws -> [String] {
    let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(folder.path("out")))
    for batch in batches { try writer.append(batch) }
    try writer.finish()
    return try folder.text("out").components(separatedBy: "\n")
  }

  @Test func jsonLinesHaveTheDocumentedLayout() throws {
    let lines = try write([.byHand()], as: "jsonl")
    #expect(
      lines[0] == #"{"event":7,"jets":["#
        + #"{"pt":123.456,"rapidity":-0.1,"phi":0.30000000000000004,"mass":80.4,"constituents":[4,0,2],"#
        + #""tree":[[0,2],[1,3]],"embedding":[0.0,0.33333334,0.6666667,1.0,1.3333334],"#
        + #""tagger":{"score":0.1,"classes":[0.25,0.75]},"regression":{"mass":1e+10}},"#
        + #"{"pt":20.0,"rapidity":2.0,"phi":6.283,"mass":0.0,"constituents":[1],"#
        + #""tree":[],"embedding":[1.6666666,2.0,2.3333333,2.6666667,3.0],"#
        + #""tagger":{"score":null,"classes":[0.0,1.0]},"regression":{"mass":81.0}}],"trigger":{"rate":1.0}}"#
    )
    #expect(lines[1] == #"{"event":8,"jets":[],"trigger":{"rate":2.0}}"#)
    #expect(lines[2].contains(#""tree":[[0,1],[5,2],[6,3],[7,4]]"#))
    #expect(lines.count == 4 && lines[3] == "")
  }

  @Test func jsonLinesNumbersReadBackBitForBit() throws {
    var generator = SplitMix64(state: 1)
    var doubles: [Double] = [.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 1e22, 1e23, 0.1]
    var floats: [Float] = [.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 1e10, 16_777_216, 0.1]
    while doubles.count < 500 {
      let double = Double(bitPattern: generator.next())
      let float = Float(bitPattern: generator.next())
      guard double.isFinite, float.isFinite else { continue }
      doubles.append(double)
      floats.append(float)
    }
    var batch = ResultBatch()
    batch.eventNumbers = [0]
    batch.jetOffsets = [0, doubles.count]
    batch.pt = doubles
    batch.rapidity = doubles
    batch.phi = doubles
    batch.mass = doubles
    batch.jetColumns = [ResultColumn(name: "head/output", values: floats)]

    let line = try write([batch], as: "jsonl")[0]
    func values(of key: String) -> [Substring] {
      line.components(separatedBy: "\"\(key)\":").dropFirst().map { $0.prefix { !",}".contains($0) } }
    }
    #expect(values(of: "mass").map { strtod(String($0), nil).bitPattern } == doubles.map(\.bitPattern))
    #expect(values(of: "output").map { strtof(String($0), nil).bitPattern } == floats.map(\.bitPattern))
    // And the whole line is JSON for a strict parser.
    let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect((parsed?["jets"] as? [Any])?.count == doubles.count)
  }

  @Test func namesAreEscapedInJSONLines() throws {
    var batch = ResultBatch()
    batch.eventNumbers = [0]
    batch.jetOffsets = [0, 0]
    batch.eventColumns = [ResultColumn(name: "a \"b\"\\\n/τ", values: [1])]
    let line = try write([batch], as: "jsonl")[0]
    let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect((parsed?["a \"b\"\\\n"] as? [String: Double]) == ["τ": 1])
  }

  @Test func tableIsAligned() throws {
    let lines = try write([.byHand()], as: "table")
    let expected = [
      " event  jet    pt [GeV]    rapidity         phi  mass [GeV]                               embedding"
        + "  tagger/score  regression/mass [GeV]         tagger/classes  trigger/rate [Hz]"
        + "  constituents            tree",
      "     7   -" + String(repeating: " ", count: 157) + "    1.0000",
      "     7   0     123.456     -0.1000      0.3000      80.400              0.0000 0.3333 0.6667 … (5)"
        + "        0.1000              1.000e+10          0.2500 0.7500" + String(repeating: " ", count: 19)
        + "  4 0 2                   0+2 1+3",
      "     7   1      20.000      2.0000      6.2830       0.000              1.6667 2.0000 2.3333 … (5)"
        + "           nan                81.0000          0.0000 1.0000" + String(repeating: " ", count: 19)
        + "  1",
      "     8   -" + String(repeating: " ", count: 157) + "    2.0000",
      "    10   -" + String(repeating: " ", count: 157) + "    3.0000",
      "    10   0       0.001   1.003e+05      0.0000      -0.000              3.3333 3.6667 4.0000 … (5)"
        + "        1.0000              1.000e-09          0.5000 0.5000" + String(repeating: " ", count: 19)
        + "  5 4 3 … (5)             0+1 5+2 6+3 7+4",
      "",
    ]
    #expect(lines == expected)
  }

  @Test func tableOfPlainJetsFitsATerminal() throws {
    var batch = ResultBatch.byHand()
    batch.constituents = nil
    batch.trees = nil
    batch.jetColumns = []
    batch.eventColumns = []
    let lines = try write([batch, batch], as: "table")
    #expect(lines.allSatisfy { $0.count <= 80 })
    // One line of titles, then for each batch three jets and the event without any.
    #expect(lines.count == 1 + 2 * 4 + 1)
    #expect(lines[3] == "     8   -")
  }

  @Test func aTableTellsColumnsOfOneNameApart() throws {
    var batch = ResultBatch.byHand()
    batch.eventColumns.append(ResultColumn(name: "embedding", values: [1, 2, 3]))
    let titles = try #require(try write([batch], as: "table").first)
    #expect(titles.components(separatedBy: "event embedding").count == 2)
    #expect(titles.components(separatedBy: "embedding").count == 3)
  }

  /// Those of the jet that they belong to, and none in the lines of events.
  @Test func aTableHasTheNumbersOfConstituentsAndSplittings() throws {
    var batch = ResultBatch.byHand()
    batch.constituents = nil
    batch.trees = nil
    batch.jetColumns = []
    batch.constituentColumns = ResultRows(
      offsets: [0, 3, 4, 9],
      columns: [ResultColumn(name: "origin/score", values: (0..<9).map { Float($0) }, unit: "GeV")])
    batch.splittingColumns = ResultRows(
      offsets: [0, 2, 2, 6],
      columns: [ResultColumn(name: "z", width: 2, values: (0..<12).map { Float($0) / 2 })])
    let lines = try write([batch], as: "table").map { line in
      line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    #expect(lines[0].suffix(2) == ["constituent/origin/score [GeV]", "splitting/z"])
    #expect(lines[1] == ["7", "-", "1.0000"])
    #expect(lines[2].suffix(2) == ["0.0000 1.0000 2.0000", "0.0000 0.5000 1.0000 1.5000"])
    #expect(lines[3].last == "3.0000", "a jet of one constituent has no splitting")
    #expect(lines[6].suffix(2) == ["4.0000 5.0000 6.0000 … (5)", "2.0000 2.5000 3.0000 … (8)"])
  }

  @Test func tableWithoutEventsHasTitles() throws {
    #expect(
      try write([], as: "table") == [" event  jet    pt [GeV]    rapidity         phi  mass [GeV]", ""])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import Testing

@Suite struct ResultTextTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func write(_ batches: [ResultBatch], as format: ResultFormat) throws -> [String] {
    let writer = try format.makeWriter(to: .file(folder.file("out")))
    for batch in batches { try writer.append(batch) }
    try writer.finish()
    return try folder.text("out").components(separatedBy: "\n")
  }

  @Test func jsonLinesHaveTheDocumentedLayout() throws {
    let lines = try write([.byHand()], as: .jsonl)
    #expect(
      lines[0] == #"{"event":7,"jets":["#
        + #"{"pt":123.456,"rapidity":-0.1,"phi":0.30000000000000004,"mass":80.4,"constituents":[4,0,2],"#
        + #""tree":[[0,2],[1,3]],"embedding":[0.0,0.33333334,0.6666667,1.0,1.3333334],"#
        + #""tagger":{"score":0.1,"classes":[0.25,0.75]},"regression":{"mass":1e+10}},"#
        + #"{"pt":20.0,"rapidity":2.0,"phi":6.283,"mass":0.0,"constituents":[1],"#
        + #""tree":[],"embedding":[1.6666666,2.0,2.3333333,2.6666667,3.0],"#
        + #""tagger":{"score":null,"classes":[0.0,1.0]},"regression":{"mass":81.0}}],"trigger":{"rate":1.0}}"#)
    #expect(lines[1] == #"{"event":8,"jets":[],"trigger":{"rate":2.0}}"#)
    #expect(lines[2].contains(#""tree":[[0,1],[5,2],[6,3],[7,4]]"#))
    #expect(lines.count == 4 && lines[3] == "")
  }

  @Test func jsonLinesNumbersReadBackBitForBit() throws {
    var generator = SystemRandomNumberGenerator()
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

    let line = try write([batch], as: .jsonl)[0]
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
    let line = try write([batch], as: .jsonl)[0]
    let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    #expect((parsed?["a \"b\"\\\n"] as? [String: Double]) == ["τ": 1])
  }

  @Test func tableIsAligned() throws {
    let lines = try write([.byHand()], as: .table)
    print(lines.joined(separator: "\n"))
  }

  @Test func tableOfPlainJetsFitsATerminal() throws {
    var batch = ResultBatch.byHand()
    batch.constituents = nil
    batch.trees = nil
    batch.jetColumns = []
    batch.eventColumns = []
    print(try write([batch], as: .table).joined(separator: "\n"))
  }
}

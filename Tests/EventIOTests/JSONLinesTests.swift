// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct JSONLinesTests {
  @Test func everyNumericMemberIsAColumn() throws {
    let folder = try TemporaryFolder()
    let text = """
      {"particles": [[1, 2.5, -3e0, 4]], "pdgid": [211], "label": 1, "name": "x", "met": [1.5, -2], "ok": true}

      {"ok": false, "met": [null, 0.1], "name": 3.5e5, "pdgid": [], "particles": [], "label": 0}

      """
    let stream = try EventStream(
      inputs: [try folder.write(text)], options: EventReadingOptions(skipBadEvents: true))
    let first = try #require(try stream.next(upTo: 100))
    #expect(first.eventNumbers == [0] && rows(first, 0) == [[1, 2.5, -3, 4]] && first.pdgID == [211])
    #expect(
      first.columns == [
        "label": EventColumn(values: [1]), "met": EventColumn(width: 2, values: [1.5, -2]),
        "ok": EventColumn(values: [1]),
      ])
    // A member that was no number before cannot become a column.
    #expect(stream.badEvents.map(\.field) == ["name"])
  }

  @Test func nullIsNotANumber() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "{\"particles\": [], \"met\": [null, 0.1]}\n{\"particles\": [], \"met\": [1, 2]}")
    let batch = try batches(path)[0]
    let values = try #require(batch.columns["met"]?.values)
    #expect(values[0].isNaN && Array(values[1...]) == [0.1, 1, 2])
    #expect(batch.offsets == [0, 0, 0])
  }

  @Test(arguments: [
    ("{\"particles\": [[1,2,3]]}", "event 0, line 1, particles has a particle 0 with 3 components"),
    (
      "{\"particles\": [[1,2,3,4],[1,2,3,4,5]]}",
      "event 0, line 1, particles has a particle 1 with 5 components"
    ),
    (
      "{\"particles\": [[1,2,3,\"4\"]]}",
      "event 0, line 1, particles has a particle 0 with a component that is not"
    ),
    ("{\"particles\": [1,2,3,4]}", "event 0, line 1, particles has a particle 0 that is not [px, py, pz, E]"),
    ("{\"particles\": {}}", "event 0, line 1, particles is not an array"),
    ("{\"label\": 1}", "event 0, line 1, particles is missing"),
    ("{\"particles\": []}\n\n{\"particles\": [}", "event 1, line 3 is not valid JSON"),
    ("{\"particles\": []}\n[1]", "event 1, line 2 is not a JSON object"),
    ("{\"particles\": []} x", "event 0, line 1 is not valid JSON"),
    ("{\"particles\": [[1,2,3,NaN]]}", "event 0, line 1 is not valid JSON"),
    ("{\"particles\": [[1,2,3,1e999]]}", "event 0, line 1 is not valid JSON"),
    ("{\"particles\": [[1,2,3,-4]]}", "event 0, line 1, E is negative for particle 0"),
    ("{\"particles\": [[1e300,2,3,4]]}", "event 0, line 1, px is too large"),
    ("{\"particles\": [[1,2,3,4]], \"pdgid\": []}", "event 0, line 1, pdgid has 0 elements for 1 particles"),
    ("{\"particles\": [[1,2,3,4]], \"pdgid\": [1.5]}", "event 0, line 1, pdgid has an element 0 that is not"),
    ("{\"particles\": [], \"a\": 1}\n{\"particles\": []}", "event 1, line 2, a is missing or not numeric"),
    ("{\"particles\": []}\n{\"particles\": [], \"a\": 1}", "event 1, line 2, a is missing in earlier events"),
    (
      "{\"particles\": [], \"a\": 1}\n{\"particles\": [], \"a\": [1, 2]}",
      "event 1, line 2, a has 2 numbers where"
    ),
    ("{\"particles\": [], \"a\": 1, \"a\": 2}", "event 0, line 1, a occurs twice"),
    ("{\"particles\": [], \"pdgid\": []}\n{\"particles\": []}", "event 1, line 2, pdgid is missing"),
  ])
  func malformedLinesAreRefused(text: String, sentence: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text)
    let found = refusal(path)
    #expect(found.hasPrefix(path + ", " + sentence), "\(found)")
  }

  @Test func linesLongerThanTheBufferAreRead() throws {
    let folder = try TemporaryFolder()
    let line =
      "{\"particles\": [" + Array(repeating: "[1, 2, 3, 4]", count: 30_000).joined(separator: ",") + "]}\n"
    let found = try batches(try folder.write("{\"particles\": []}\n" + line + line), step: 2)
    #expect(found.map(\.offsets) == [[0, 0, 30_000], [0, 30_000]])
    #expect(found[1].energy.allSatisfy { $0 == 4 })
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import Testing

@Suite struct PlainTextTests {
  @Test func eventsEndAtEndAndBlankLines() throws {
    let folder = try TemporaryFolder()
    let text = """
      # a comment

      1 2 3 4
      +5 -6e0\t7 8e1   # another comment
      #END
      #END

      1 1 1 2

      #END
       1 1 1 3\r
      # END of nothing
      1 1 1 4

      1 1 1 5
      """
    let found = try batches(try folder.write(text))
    #expect(found.count == 1)
    #expect(found[0].offsets == [0, 2, 2, 3, 5, 6])
    #expect(rows(found[0], 0) == [[1, 2, 3, 4], [5, -6, 7, 80]])
    #expect(found[0].energy.suffix(4) == [2, 3, 4, 5])
    #expect(found[0].pdgID.isEmpty && found[0].columns.isEmpty)
  }

  @Test func numbersAreReadToTheLastBit() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix(state: 3)
    let values: [Double] = (0..<2000).map { _ in
      let mantissa = Double(random.next() >> 11) * 0x1p-53
      return mantissa * pow(10, Double(random.next() % 60) - 30)
    }
    let text = values.map { "\($0) 0 0 1\n" }.joined()
    #expect(try batches(try folder.write(text)).flatMap(\.px) == values)
  }

  @Test(arguments: [
    ("1 2 3 4\n1 2 3\n", "event 0, line 2 has 3 fields instead of px py pz E"),
    ("1 2 3 4 5\n", "event 0, line 1 has 5 fields instead of px py pz E"),
    ("1 2 3 4\n#END\n1 2 x 4\n", "event 1, line 3 has a field 3 that is no number"),
    ("1 2 3,5 4\n", "event 0, line 1 has a field 3 that is no number"),
    ("1 2 3 1e999\n", "event 0, line 1 has a field 4 that is no number"),
    ("1 2 nan 4\n", "event 0, pz is not a number for particle 0"),
    ("1 2 3 4\n-inf 2 3 4\n", "event 0, px is infinite for particle 1"),
    ("1 2 3 -4\n", "event 0, E is negative for particle 0"),
    ("1e200 2 3 4\n", "event 0, px is too large (1e+200) for particle 0"),
    ("", "is empty"),
    ("\n \n", "is blank"),
    ("hello world\n", "is in no format known here"),
    ("[[1, 2, 3, 4]]", "is JSON but not an object a line"),
    ("root\u{0}\u{0}", "is a ROOT file"),
    ("HepMC::Version 3\nHepMC::IO_Ascii-START_EVENT_LISTING\n", "is a HepMC file of another kind"),
  ])
  func malformedInputIsRefused(text: String, sentence: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text)
    let found = refusal(path)
    #expect(found.hasPrefix(path + (sentence.hasPrefix("is ") ? " " : ", ") + sentence), "\(found)")
  }

  @Test func badEventsAreSkippedAndKeepTheirNumber() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("1 2 3 4\n#END\n1 2\n1 2 3 4\n#END\n1 2 3 5\n#END\n1 2 3 -5\n#END\n#END\n")
    let stream = try EventStream(inputs: [path], options: EventReadingOptions(skipBadEvents: true))
    let batch = try #require(try stream.next(upTo: 100))
    #expect(batch.eventNumbers == [0, 2, 4] && batch.energy == [4, 5] && batch.offsets == [0, 1, 2, 2])
    #expect(stream.badEventCount == 2 && stream.badEvents.map(\.line) == [3, nil])
  }

  /// Numbers have a decimal point wherever the program runs.
  @Test func theLocaleDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    // Where the system has no locale with a decimal comma, this checks the plain one.
    let names = ["de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", "C"]
    let locale = try #require(names.lazy.compactMap { newlocale(1 << LC_NUMERIC, $0, nil) }.first)
    let previous = uselocale(locale)
    defer {
      uselocale(previous)
      freelocale(locale)
    }
    #expect(try batches(try folder.write("1.5 2.5 3.5 4.5\n"))[0].px == [1.5])
    #expect(try batches(try folder.write("{\"particles\": [[1.5, 2.5, 3.5, 4.5]]}"))[0].px == [1.5])
    for name in HepMCTests.files {
      let weight = try batches(Fixtures.path(name))[0].columns["weight"]?.values[0]
      #expect(weight == (name.contains("gev") ? 1.5 : 0.75))
    }
  }
}

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

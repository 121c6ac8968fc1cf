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
    let first = try #require(try stream.next(upTo: 1))
    #expect(first.eventNumbers == [0] && rows(first, 0) == [[1, 2.5, -3, 4]] && first.pdgID == [211])
    #expect(
      first.columns == [
        "label": Column(values: [1]), "met": Column(width: 2, values: [1.5, -2]),
        "name": Column(texts: ["x"]), "ok": Column(values: [1]),
      ])
    #expect(first.unreadableColumns.isEmpty)
    // A member that was text before cannot become a number.
    let second = try #require(try stream.next(upTo: 1))
    #expect(second.columns["name"] == nil && stream.badEventCount == 0)
    #expect(second.unreadableColumns == ["name": "event 1 has something else than text"])
  }

  /// A column that nobody asks for does not end a run, and one that is asked for always has the shape that it
  /// seems to have.
  @Test func membersThatChangeCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [], "a": 1, "b": [1, 2], "c": "text"}
      {"particles": [], "a": 2, "b": [3, 4]}
      {"particles": [], "a": 3, "b": [5]}
      {"particles": [], "b": [6, 7], "d": 1}
      {"particles": [], "a": 5, "b": 8}
      """)
    for step in [1, 2, 3, 100] {
      var a: [Int: Double] = [:]
      var b: [Int: Double] = [:]
      for batch in try batches(path, step: step) {
        for (event, number) in batch.eventNumbers.enumerated() {
          a[number] = batch.columns["a"]?.values[event]
          b[number] = batch.columns["b"]?.values[2 * event]
          if number >= 2 {
            #expect(batch.unreadableColumns["b"] == "event 2 has 1 numbers, but earlier events have 2")
          }
          if number >= 3 { #expect(batch.unreadableColumns["a"] == "event 3 lacks it") }
        }
        #expect(batch.unreadableColumns["c"] == (batch.eventNumbers == [0] ? nil : "event 1 lacks it"))
      }
      #expect(a == [0: 1, 1: 2, 2: 3] && b == [0: 1, 1: 3])
    }
  }

  /// The first event with another number of particles shows what a list is.
  @Test(arguments: [1, 2, 10]) func listsAsLongAsTheParticlesAreTheirColumns(step: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [[0, 0, 1, 2], [0, 0, 1, 3]], "q": [0, 1], "pair": [7, 8]}
      {"particles": [[0, 0, 1, 2], [0, 0, 1, 3]], "q": [2, 3], "pair": [9, 10]}
      {"particles": [[0, 0, 1, 4]], "q": [4], "pair": [11, 12]}
      {"particles": [], "q": [], "pair": [13, 14]}
      """)
    let found = try batches(path, step: step)
    #expect(found.flatMap { $0.particles.content.columns["q"]?.values ?? [] } == [0, 1, 2, 3, 4])
    if step == 10 {
      #expect(found[0].columns["pair"] == Column(width: 2, values: [7, 8, 9, 10, 11, 12, 13, 14]))
      #expect(found[0].particles.content.columns["pair"] == nil)
    }
    let none = try batches(path, options: EventReadingOptions(particleColumns: []), step: 10)
    #expect(none.allSatisfy { $0.particles.content.columns.isEmpty })
    #expect(none.flatMap { $0.columns["pair"]?.values ?? [] } == [7, 8, 9, 10, 11, 12, 13, 14])
  }

  @Test func emptyListsOfAnEventWithoutParticlesAreColumnsOfNone() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [], "pdgid": [], "d0": []}
      {"particles": [[1, 2, 3, 5]], "pdgid": [22], "d0": [1]}
      """)
    let found = try batches(path)
    #expect(found.map(\.offsets) == [[0, 0, 1]])
    #expect(found[0].particles.content.columns["d0"]?.values == [1])
    let alone = try folder.write("{\"particles\": [[50, 1, 2, 60]], \"q\": []}\n", to: "alone.jsonl")
    #expect(try batches(alone)[0].unreadableColumns == ["q": "it has no numbers"])
  }

  /// An event far enough from the first decides, though the first batch ends before it for another reason.
  @Test func aListIsKnownBeforeTheFirstBatchEnds() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [[0, 0, 1, 2], [0, 0, 1, 3]], "pair": [7, 8], "x": 1}
      {"particles": [[0, 0, 1, 2], [0, 0, 1, 3]], "pair": [9, 10]}
      {"particles": [[0, 0, 1, 4]], "pair": [11, 12]}
      """)
    let found = try batches(path)
    #expect(found.flatMap { $0.columns["pair"]?.values ?? [] } == [7, 8, 9, 10, 11, 12])
    #expect(found.allSatisfy { $0.particles.content.columns.isEmpty })
  }

  @Test func listsOfAllParticlesAreReadIfAskedFor() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      {"particles": [[0, 0, 1, 2], [0, 0, 1, 3]], "q": [0, 1], "x": 1}
      {"particles": [], "q": [], "x": 2}
      {"particles": [[0, 0, 1, 4]], "q": [1], "x": 3}
      {"particles": [[0, 0, 1, 5]], "q": [1, 1], "x": 4}
      """)
    var options = EventReadingOptions(skipBadEvents: true)
    options.particles.conditions = [try ParticleCondition("q > 0")]
    let found = try batches(path, options: options, step: 2)
    #expect(found.flatMap(\.momenta.energy) == [3, 4] && found.map(\.offsets) == [[0, 1, 1], [0, 1]])
    #expect(found.flatMap { $0.particles.content.columns["q"]!.values } == [1, 1])
    #expect(found.map { $0.columns["x"]?.values } == [[1, 2], [3]])
    options.skipBadEvents = false
    #expect(refusal(path, options: options).contains("event 3, line 4, q has 2 numbers for 1 particles"))
    options.particles.conditions = [try ParticleCondition("x > 0")]
    #expect(refusal(path, options: options).contains("x"))
    options.particles.conditions = []
    #expect(!refusal(path).contains(" q "))
  }

  @Test func anEventHasNoMoreParticlesThanTheLimit() throws {
    let folder = try TemporaryFolder()
    let limits = ReadingLimits(memory: 1 << 20)
    let line = { (count: Int) in
      "{\"particles\": [" + Array(repeating: "[0,0,0,1]", count: count).joined(separator: ",") + "]}\n"
    }
    let path = try folder.write(line(limits.particlesOfEvent) + line(limits.particlesOfEvent + 1))
    #expect(
      refusal(path, options: EventReadingOptions(limits: limits)).contains(
        "event 1, line 2, particles has more than the 1024 particles"))
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
    ("{\"particles\": [[1,2,3,NaN]]}", "event 0, line 1, E is not a number for particle 0"),
    ("{\"particles\": [], \"a\": nan}", "event 0, line 1 has nan, which JSON does not know; write null"),
    ("{\"particles\": [], \"a\": -inf}", "event 0, line 1 has -inf, which JSON does not know"),
    ("{\"particles\": [], \"a\": Infinityx}", "event 0, line 1 is not valid JSON"),
    ("{\"particles\": [[1,2,3,1e999]]}", "event 0, line 1 has what is no number of JSON, or one beyond"),
    (
      "{\"particles\": [], \"n\": 18446744073709551616}",
      "event 0, line 1 has what is no number of JSON, or one"
    ),
    ("{\"particles\": [[1,2,3,-4]]}", "event 0, line 1, E is negative for particle 0"),
    ("{\"particles\": [[1e300,2,3,4]]}", "event 0, line 1, px is too large"),
    ("{\"particles\": [[1,2,3,4]], \"pdgid\": []}", "event 0, line 1, pdgid has 0 elements for 1 particles"),
    ("{\"particles\": [[1,2,3,4]], \"pdgid\": [1.5]}", "event 0, line 1, pdgid has an element 0 that is not"),
    ("{\"particles\": [], \"a\": 1, \"a\": 2}", "event 0, line 1, a occurs twice"),
    (
      "{\"particles\": [], \"é\": 1, \"e\u{301}\": 2}",
      "event 0, line 1, é is given twice, in two normal forms of Unicode that are one name; rename one of the two"
    ),
    // The sign of the kelvin is the letter K to Unicode.
    (
      "{\"particles\": []}\n{\"particles\": [], \"K\": 1, \"\u{212A}\": [2]}",
      "event 1, line 2, K is given twice, in two"
    ),
    ("{\"particles\": [], \"pdgid\": []}\n{\"particles\": []}", "event 1, line 2, pdgid is missing"),
  ])
  func malformedLinesAreRefused(text: String, sentence: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text)
    let found = refusal(path)
    #expect(found.hasPrefix(path + ", " + sentence), "\(found)")
  }

  /// One name in two events, and names of an event and of its particles, are two columns at most, none of which is lost.
  @Test func formsOfANameAreOneColumn() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "{\"particles\": [[1, 0, 0, 1], [1, 0, 0, 2]], \"é\": 1, \"ü\": [3, 4]}\n"
        + "{\"particles\": [[1, 0, 0, 1]], \"e\u{301}\": 2, \"u\u{308}\": [5]}\n")
    for name in ["hdf5", "jsonl"] {
      let writer = try #require(EventOutputFormats.builtIn[name]).makeWriter(to: .file(folder.path(name)))
      for var batch in try batches(path, step: 1) {
        batch.columns["u\u{308}"] = Column(values: [7])
        try writer.append(batch)
      }
      try writer.finish()
      let batch = try #require(try batches(folder.path(name)).first)
      #expect(batch.columns["é"]?.values == [1, 2] && batch.columns["ü"]?.values == [7, 7], "\(name)")
      let column = name == "hdf5" ? "ü" : "particle.ü"
      #expect(batch.particles.content.columns[column]?.values == [3, 4, 5], "\(name)")
    }
  }

  @Test func linesLongerThanTheBufferAreRead() throws {
    let folder = try TemporaryFolder()
    let line =
      "{\"particles\": [" + Array(repeating: "[1, 2, 3, 4]", count: 30_000).joined(separator: ",") + "]}\n"
    let found = try batches(try folder.write("{\"particles\": []}\n" + line + line), step: 2)
    #expect(found.map(\.offsets) == [[0, 0, 30_000], [0, 30_000]])
    #expect(found[1].momenta.energy.allSatisfy { $0 == 4 })
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
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

      #END of event
       1 1 1 3\r
      # END of nothing
      1 1 1 4

      1 1 1 5
      """
    let found = try batches(try folder.write(text))
    #expect(found.count == 1)
    #expect(found[0].offsets == [0, 2, 2, 3, 5, 6])
    #expect(rows(found[0], 0) == [[1, 2, 3, 4], [5, -6, 7, 80]])
    #expect(found[0].momenta.energy.suffix(4) == [2, 3, 4, 5])
    #expect(found[0].pdgID.isEmpty && found[0].columns.isEmpty)
  }

  @Test func numbersAreReadToTheLastBit() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(state: 3)
    let values: [Double] = (0..<2000).map { _ in
      let mantissa = Double(random.next() >> 11) * 0x1p-53
      return mantissa * pow(10, Double(random.next() % 60) - 30)
    }
    let text = values.map { "\($0) 0 0 1\n" }.joined()
    #expect(try batches(try folder.write(text)).flatMap(\.momenta.px) == values)
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
    ("root\u{0}\u{0}", "is a ROOT file; type canopy convert"),
    ("PAR1\u{15}", "is a Parquet file; type canopy convert"),
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
    #expect(
      batch.eventNumbers == [0, 2, 4] && batch.momenta.energy == [4, 5] && batch.offsets == [0, 1, 2, 2])
    #expect(stream.badEventCount == 2 && stream.badEvents.map(\.line) == [3, nil])
  }

  /// Numbers have a decimal point wherever the program runs.
  @Test func theLocaleDoesNotMatter() throws {
    let folder = try TemporaryFolder()
    // If the system has no locale with a decimal comma, this checks the plain one.
    let names = ["de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", "C"]
    let locale = try #require(names.lazy.compactMap { newlocale(1 << LC_NUMERIC, $0, nil) }.first)
    let previous = uselocale(locale)
    defer {
      uselocale(previous)
      freelocale(locale)
    }
    #expect(try batches(try folder.write("1.5 2.5 3.5 4.5\n"))[0].momenta.px == [1.5])
    #expect(try batches(try folder.write("{\"particles\": [[1.5, 2.5, 3.5, 4.5]]}"))[0].momenta.px == [1.5])
    for name in HepMCTests.files {
      let weight = try batches(Fixtures.path(name))[0].columns["weight"]?.values[0]
      #expect(weight == (name.contains("gev") ? 1.5 : 0.75))
    }
  }
}

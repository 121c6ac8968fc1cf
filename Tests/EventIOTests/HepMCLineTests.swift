// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// The lines of HepMC files: numbers, unknown lines, and where files end.
@Suite struct HepMCLineTests {
  private static let newLines = [
    "HepMC::Version 3.02.05", "HepMC::Asciiv3-START_EVENT_LISTING", "E 5 1 2 @ 0.5 0 0 1.5", "U GEV MM",
    "W 1.5 2.5", "A 0 GenCrossSection 1.5 0.5 10 20", "P 1 0 2212 0 0 6500 6500 0 4",
    "V -1 0 [1] @ 0 0 0 0", "P 2 -1 211 1 2 3 4 0.5 1", "HepMC::Asciiv3-END_EVENT_LISTING",
  ]
  private static let oldLines = [
    "HepMC::Version 2.06.09", "HepMC::IO_GenEvent-START_EVENT_LISTING",
    "E 5 -1 91.5 0.125 0.25 221 0 1 1 2 1 77 2 1.5 2.5", "U GEV MM", "C 1.5 0.5",
    "H 1 2 3 4 5 6 7 8 9 0.5 0.5 0.5 0.5", "F 1 2 0.5 0.5 91.5 0.5 0.5 1 2", "V -1 0 0.5 0 0 1.5 1 1 1 0.5",
    "P 1 2212 0 0 6500 6500 0 4 0 0 -1 0", "P 2 211 1 2 3 4 0.5 1 0.5 0.5 0 1 1 501",
    "HepMC::IO_GenEvent-END_EVENT_LISTING",
  ]

  /// Text that is no number is refused in the place of each number of each kind of line, and the line is
  /// named.
  @Test(arguments: [newLines, oldLines]) func whatIsNoNumberIsRefused(lines: [String]) throws {
    let folder = try TemporaryFolder()
    #expect(
      rows(try batches(try folder.write(lines.joined(separator: "\n") + "\n"))[0], 0) == [[1, 2, 3, 4]])
    let wrong = ["0.1234-100", "1.2.3", "1e5e5", "--5", "+-5", "e", "-", "a", "0x1p3", "1,5", "1e400", "5e"]
    for (index, line) in lines.enumerated() where !line.hasPrefix("HepMC") && !line.hasPrefix("U") {
      let fields = line.split(separator: " ").map(String.init)
      let places = fields.indices.filter { $0 > 0 && Double(fields[$0]) != nil }
      for (count, place) in places.enumerated() {
        // Fields after a cross-section are not read.
        if line.hasPrefix("A"), count == 0 || count > 2 { continue }
        for text in wrong {
          var changed = fields
          changed[place] = text
          var all = lines
          all[index] = changed.joined(separator: " ")
          let sentence = refusal(try folder.write(all.joined(separator: "\n") + "\n"))
          #expect(sentence.contains("event 0, line \(index + 1) has a "), "\(all[index]): \(sentence)")
        }
      }
    }
  }

  @Test(arguments: [newLines, oldLines]) func whatIsANumberIsRead(lines: [String]) throws {
    let folder = try TemporaryFolder()
    for (text, value) in [
      ("+5", 5), ("5.", 5), (".5", 0.5), ("1E-2", 0.01), ("1e-400", 0), ("-1e-99999999999999999999", 0),
      ("0." + String(repeating: "0", count: 400) + "1", 0), ("1e-320", 2024 * Double.leastNonzeroMagnitude),
      (String(repeating: "0", count: 400) + "1e+0", 1),
      ("1" + String(repeating: "0", count: 310) + "e-310", 1),
    ] {
      let path = try folder.write(
        lines.map { $0.replacing(" 211 1 2 3", with: " 211 \(text) 2 3") }.joined(separator: "\n") + "\n")
      #expect(try batches(path)[0].momenta.px == [value])
      #expect(try batches(try folder.write("\(text) 2 3 4\n"))[0].momenta.px == [value])
    }
  }

  @Test(arguments: [newLines, oldLines], ["nan", "inf", "-inf", "1e60"])
  func whatIsNotFiniteIsRefused(lines: [String], text: String) throws {
    let folder = try TemporaryFolder()
    let changed = lines.map { $0.replacing(" 211 1 2 3", with: " 211 1 \(text) 3") }
    let path = try folder.write(changed.joined(separator: "\n") + "\n")
    #expect(refusal(path).contains("event 0, py is "))
    #expect(refusal(path, options: EventReadingOptions(skipBadEvents: true)).contains("no readable event"))
  }

  /// Lines that the reference reader passes over, and some that it should.
  @Test(arguments: HepMCTests.files) func unknownLinesArePassedOver(name: String) throws {
    let folder = try TemporaryFolder()
    let lines = try Fixtures.text(name).split(separator: "\n")
    let whole = try batches(Fixtures.path(name))
    let separators = ["", "  ", "# E 1 2 3", "Xyz", "X 1 2", "Particles", "\t", "é"]
    let texts = [
      "E = mc²\nsome text\n" + lines.joined(separator: "\n") + "\n",
      lines.map { " \t" + $0 }.joined(separator: "\n") + "\n",
      lines.enumerated().map { "\($0.element)\n\(separators[$0.offset % separators.count])\n" }.joined(),
      lines.joined(separator: "\r\n") + "\r\n",
    ]
    for text in texts { #expect(try batches(try folder.write(text)) == renamed(whole, folder)) }
  }

  /// A complete file is read, and one that is cut short is refused.
  @Test(arguments: HepMCTests.files) func theLastLineOfAListingMayBeMissing(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try batches(Fixtures.path(name))
    var lines = try Fixtures.text(name).split(separator: "\n")
    lines.removeLast()
    #expect(try batches(try folder.write(lines.joined(separator: "\n") + "\n")) == renamed(whole, folder))
    #expect(
      refusal(try folder.write(lines.joined(separator: "\n"))).contains(
        "event 5, line \(lines.count) is cut short"))
    lines.removeLast()
    let path = try folder.write(lines.joined(separator: "\n") + "\n")
    #expect(refusal(path).contains("event 5 ") && refusal(path).contains("is the file complete?"))
    #expect(refusal(path, options: EventReadingOptions(skipBadEvents: true)) == "no error, 5 events")
  }

  private func renamed(_ batches: [Events], _ folder: TemporaryFolder) throws -> [Events] {
    let path = try folder.write("")
    return batches.map {
      var batch = $0
      batch.source = path
      return batch
    }
  }

  /// The same events in all formats of text have the same particles, to the last bit.
  @Test func formatsAgree() throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(state: 11)
    let events: [[[Double]]] = (0..<20).map { number in
      (0..<(number % 7)).map { _ in
        let p = (0..<3).map { _ in Double.random(in: -100...100, using: &random) }
        return p + [(p[0] * p[0] + p[1] * p[1] + p[2] * p[2] + 0.02).squareRoot()]
      }
    }
    func lines(_ line: (_ event: [[Double]], _ text: [String]) -> String) -> String {
      events.map { event in line(event, event.map { $0.map { "\($0)" }.joined(separator: " ") }) }.joined()
    }
    let texts = [
      "HepMC::Asciiv3-START_EVENT_LISTING\n"
        + lines { event, text in
          "E 0 0 \(event.count)\nU GEV MM\n"
            + text.enumerated().map { "P \($0.offset + 1) 0 22 \($0.element) 0 1\n" }.joined()
        },
      "HepMC::IO_GenEvent-START_EVENT_LISTING\n"
        + lines { event, text in
          "E 0 -1 0 0 0 0 0 1 0 0 0 0\nU GEV MM\nV -1 0 0 0 0 0 0 \(event.count) 0\n"
            + text.enumerated().map { "P \($0.offset + 1) 22 \($0.element) 0 1 0 0 0 0\n" }.joined()
        },
      lines { event, _ in "{\"particles\": \(event)}\n" },
      lines { _, text in text.map { $0 + "\n" }.joined() + "#END\n" },
    ]
    for text in texts {
      let found = try batches(try folder.write(text), step: 6)
      #expect(found.flatMap { batch in (0..<batch.eventCount).map { rows(batch, $0) } } == events)
    }
  }
}

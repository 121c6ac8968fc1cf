// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import LHCO
import PluginKit
import PluginTesting
import Testing

@Suite struct LHCOTests {
  @Test(arguments: EventFormatCheck.allCases) func readingConforms(_ check: EventFormatCheck) throws {
    try EventFormatConformance(LHCOEvents()).run(check)
  }

  @Test(arguments: OutputFormatCheck.allCases) func writingConforms(_ check: OutputFormatCheck) throws {
    try OutputFormatConformance(LHCOJets()).run(check)
  }

  /// The events of a file, or what is said of it without its path.
  private func read(_ text: String) throws -> Result<Events, EventInputError> {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).lhco")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    var formats = EventFormats.builtIn
    try formats.register(LHCOEvents())
    let stream = try EventStream(inputs: [file.path], options: EventReadingOptions(formats: formats))
    return Result { () throws(EventInputError) in
      do { return try stream.next(upTo: 10)! } catch { throw error as! EventInputError }
    }
  }

  @Test func objectsAreParticlesAndColumns() throws {
    let events = try read(String(decoding: LHCOEvents().example, as: UTF8.self)).get()
    #expect(events.offsets == [0, 2, 3] && events.pdgID == [-13, 0, 22])
    #expect(abs(events.momentum(ofParticle: 1).mass - 92.46) < 1e-6)
    #expect(abs(events.momentum(ofParticle: 1).pseudorapidity + 1.729) < 1e-9)
    #expect(events.columns["number"]?.values == [7, 8] && events.columns["trigger"]?.values == [2563, 3585])
    let met = try #require(events.columns["met"]?.values)
    #expect(met[0] == 97.38 && met[1].isNaN)
    #expect(events.particles.content.columns["btag"]?.values == [0, 2, 0])
  }

  @Test(arguments: [
    ("0 1 0\n1 4 0.1 0.2 50 x 1 0 0\n", "event 0, line 2, jmas is no number"),
    ("0 1 0\n0 2 0\n1 5 0 0 50 0 1 0 0\n", "event 1, line 3, typ is 5.0"),
    ("0 1 0\n1 4 0.1 0.2 -50 0 1 0 0\n", "event 0, line 2, pt is negative"),
    ("0 1 0\n1 4 400 0.2 50 0 1 0 0\n", "event 0, line 2, eta is too large"),
    ("0 1 0\n1 4 0.1 0.2\n", "event 0, line 2 has too few fields"),
    ("0 1\n", "event 0, line 1 does not begin an event"),
    ("1 4 0.1 0.2 50 0 1 0 0\n", "event 0, line 1 does not begin an event"),
  ]) func badEventsAreNamed(_ lines: String, _ sentence: String) throws {
    let error = #expect(throws: EventInputError.self) {
      // Lines are counted after the one of the titles.
      try read("# typ eta phi pt\n".replacing("\n", with: " ") + "\n" + lines).get()
    }
    let counted = sentence.replacing(/line (\d)/) { "line \(Int($0.1)! + 1)" }
    #expect(error?.description.contains(counted) == true, "\(String(describing: error))")
  }
}

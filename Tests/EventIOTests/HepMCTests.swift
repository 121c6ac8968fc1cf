// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct HepMCTests {
  struct ExpectedEvent: Decodable {
    var pdgid: [Int32]
    var invisible: [Bool]
    var particles: [[Double]]
    var weights: [Double]
  }

  static let files = ["hepmc3-gev.hepmc", "hepmc3-mev.hepmc", "hepmc2-gev.hepmc", "hepmc2-mev.hepmc"]

  static func expected(_ name: String) throws -> [ExpectedEvent] {
    let json = try #require(
      try JSONSerialization.jsonObject(with: Fixtures.data("expected.json")) as? [String: Any])
    let events = try JSONSerialization.data(withJSONObject: try #require(json[name]))
    return try JSONDecoder().decode([ExpectedEvent].self, from: events)
  }

  @Test(arguments: files, [false, true])
  func equalsWhatPyhepmcWrote(name: String, keepInvisible: Bool) throws {
    let expected = try HepMCTests.expected(name)
    var options = EventReadingOptions()
    options.particles.keepsInvisible = keepInvisible
    let found = try batches(Fixtures.path(name), options: options, step: 4)
    #expect(found.map(\.eventCount) == [4, 2])
    #expect(found.flatMap(\.eventNumbers) == Array(0..<6))
    var removed = 0
    for batch in found {
      for event in 0..<batch.eventCount {
        let reference = expected[batch.eventNumbers[event]]
        let kept = reference.pdgid.indices.filter { keepInvisible || !reference.invisible[$0] }
        removed += reference.pdgid.count - kept.count
        // pyhepmc sorts the particles of HepMC2 files.
        let particles = batch.particles(ofEvent: event).sorted {
          batch.momenta.energy[$0] < batch.momenta.energy[$1]
        }
        let references = kept.sorted { reference.particles[$0][3] < reference.particles[$1][3] }
        #expect(particles.map { batch.pdgID[$0] } == references.map { reference.pdgid[$0] })
        for (particle, index) in zip(particles, references) {
          let found = [
            batch.momenta.px[particle], batch.momenta.py[particle], batch.momenta.pz[particle],
            batch.momenta.energy[particle],
          ]
          for (value, wanted) in zip(found, reference.particles[index]) {
            #expect(abs(value - wanted) <= 1e-14 * abs(wanted))
          }
        }
        #expect(batch.columns["weight"]?.values[event] == reference.weights[0])
        let count = reference.weights.count
        #expect(batch.columns["weights"]?.width == (count > 1 ? count : nil))
        if count > 1 {
          #expect(
            Array(batch.columns["weights"]!.values[(count * event)..<(count * event + count)])
              == reference.weights)
        }
      }
    }
    #expect(keepInvisible ? removed == 0 : removed > 0)
  }

  @Test func theOrderIsThatOfTheFile() throws {
    for name in HepMCTests.files {
      let isOld = name.hasPrefix("hepmc2")
      let codes = try Fixtures.text(name).split(separator: "\n").filter { $0.hasPrefix("P ") }.map {
        $0.split(separator: " ")
      }.filter { $0[isOld ? 8 : 9] == "1" }.map { Int32($0[isOld ? 2 : 3])! }
      let found = try batches(
        Fixtures.path(name), options: EventReadingOptions(particles: ParticleSelection(keepsInvisible: true)))
      #expect(found.flatMap(\.pdgID) == codes)
    }
  }

  @Test func joinedFilesAreOneInput() throws {
    let folder = try TemporaryFolder()
    for name in HepMCTests.files {
      let text = try Fixtures.text(name)
      let single = try batches(Fixtures.path(name))
      let joined = try batches(try folder.write(text + text))
      #expect(joined.reduce(0) { $0 + $1.eventCount } == 12)
      #expect(joined[0].momenta.energy == single[0].momenta.energy + single[0].momenta.energy)
    }
  }

  @Test func anEventWithoutFinalParticlesIsValid() throws {
    let folder = try TemporaryFolder()
    let new = """
      HepMC::Version 3.02.05
      HepMC::Asciiv3-START_EVENT_LISTING
      E 0 0 0
      U GEV MM
      E 1 1 2
      U GEV MM
      P 1 0 2212 0 0 1 1 0 4
      P 2 1 22 0 0 1 1 0 1
      HepMC::Asciiv3-END_EVENT_LISTING

      """
    let found = try batches(try folder.write(new))
    #expect(found.map(\.offsets) == [[0, 0, 1]])
    #expect(found[0].columns == ["number": Column(values: [0, 1])])
  }

  /// libhepmc3 alone loses the particles of a vertex without incoming ones.
  @Test func particlesWithoutHistoryAreRead() throws {
    let folder = try TemporaryFolder()
    let text = """
      HepMC::Version 2.06.09
      HepMC::IO_GenEvent-START_EVENT_LISTING
      E 1 -1 0 0 0 0 0 1 0 0 0 0
      U MEV MM
      V -1 0 0 0 0 0 0 2 0
      P 1 211 3000 0 4000 5000 0 1 0 0 0 0
      P 2 211 0 3000 4000 5000 0 1 0 0 0 2 1 501 2 502
      HepMC::IO_GenEvent-END_EVENT_LISTING

      """
    let found = try batches(try folder.write(text))
    #expect(found.count == 1 && rows(found[0], 0) == [[3, 0, 4, 5], [0, 3, 4, 5]])
  }

  @Test func invisibleParticlesAreRecognisedWithEitherSign() throws {
    let folder = try TemporaryFolder()
    let codes = [12, -12, 14, 16, -16, 1_000_022, 1_000_039, 51, 52, 60, 22, 2112, 130, 61, 13, 1_000_024]
    let lines = codes.enumerated().map { "P \($0 + 1) 0 \($1) 0 0 1 1 0 1\n" }.joined()
    let text =
      "HepMC::Version 3\nHepMC::Asciiv3-START_EVENT_LISTING\nE 0 0 \(codes.count)\nU GEV MM\n\(lines)"
      + "HepMC::Asciiv3-END_EVENT_LISTING\n"
    #expect(try batches(try folder.write(text)).flatMap(\.pdgID) == [22, 2112, 130, 61, 13, 1_000_024])
  }

  @Test func damageIsNamed() throws {
    let folder = try TemporaryFolder()
    let lines = try Fixtures.text("hepmc3-gev.hepmc").components(separatedBy: "\n")
    let second = lines.indices.filter { lines[$0].hasPrefix("E ") }[1]
    let particle = second + lines[second...].firstIndex { $0.hasPrefix("P ") && $0.hasSuffix(" 1") }! - second

    func refused(_ index: Int, _ change: (inout [String]) -> Void) throws -> String {
      var fields = lines[index].components(separatedBy: " ")
      if fields[0] == "P" { fields[3] = "211" }
      change(&fields)
      var changed = lines
      changed[index] = fields.joined(separator: " ")
      return refusal(try folder.write(changed.joined(separator: "\n")))
    }
    let place = "events, event 1, line \(particle + 1) "
    #expect(try refused(particle) { $0.removeLast() }.contains(place + "has 8 fields instead of 9"))
    #expect(try refused(particle) { $0[1] = "999" }.contains(place + "has a particle number out of range"))
    #expect(try refused(particle) { $0[4] = "1,5" }.contains(place + "has a field 4 that is no number"))
    #expect(
      try refused(particle) { $0[4] = "nan" }.contains("events, event 1, px is not a number for particle 0"))
    #expect(try refused(particle) { $0[7] = "-1" }.contains("events, event 1, E is negative for particle 0"))
    #expect(try refused(particle) { $0[5] = "1e999" }.contains(place + "has a field 5 that is too large"))
    #expect(
      try refused(second) { $0[3] = "99999999999999999999" }.contains(
        "event 1, line \(second + 1) has a number of particles that is too large"))
    #expect(try refused(second) { $0[3] = "2000000000" }.contains("claims 2000000000 particles; at most "))
    #expect(try refused(second) { $0[3] = "77" }.contains("event 1 has "))
    #expect(try refused(second + 1) { $0[1] = "TEV" }.contains("GEV or MEV"))
  }

  @Test func badEventsAreSkippedAndKeepTheirNumber() throws {
    let folder = try TemporaryFolder()
    for name in HepMCTests.files {
      var lines = try Fixtures.text(name).components(separatedBy: "\n")
      let third = lines.indices.filter { lines[$0].hasPrefix("E ") }[2]
      lines.remove(at: third + lines[third...].firstIndex { $0.hasPrefix("P ") }! - third)
      let path = try folder.write(lines.joined(separator: "\n"))
      #expect(refusal(path).contains("event 2"))
      let stream = try EventStream(inputs: [path], options: EventReadingOptions(skipBadEvents: true))
      var numbers: [Int] = []
      while let batch = try stream.next(upTo: 100) { numbers += batch.eventNumbers }
      #expect(numbers == [0, 1, 3, 4, 5])
      #expect(stream.badEventCount == 1 && stream.badEvents.map(\.event) == [2])
    }
  }

  /// Wherever a file is cut, there is an error and never a crash, and the events before the cut are
  /// unchanged.
  @Test(arguments: files) func filesCutShortAreRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let data = try Fixtures.data(name)
    let whole = try batches(Fixtures.path(name))[0]
    let start = try #require(data.range(of: Data("\nE ".utf8))).upperBound
    for length in stride(from: start + 1, to: data.count - 45, by: 97) {
      // A file that is cut between two events is complete.
      if data[..<length].suffix(2) == Data("\nE".utf8) || data[length...].starts(with: "E ".utf8) { continue }
      let path = try folder.write(data.prefix(length))
      #expect(!refusal(path).hasPrefix("no error"))
      guard let stream = try? EventStream(inputs: [path], options: EventReadingOptions(skipBadEvents: true))
      else { continue }
      var energy: [Double] = []
      while let batch = try? stream.next(upTo: 1) { energy += batch.momenta.energy }
      #expect(Array(whole.momenta.energy.prefix(energy.count)) == energy)
    }
  }

  /// Changed bytes may go unnoticed if they make another number, but nothing crashes or prints.
  @Test(arguments: files) func changedBytesDoNoHarm(name: String) throws {
    let folder = try TemporaryFolder()
    let data = [UInt8](try Fixtures.data(name))
    var random = SplitMix64(state: 7)
    let alphabet = Array("0123456789-+.eE \n@[],VPEUWNAHnaif\"\\\0".utf8)
    for _ in 0..<100 {
      var changed = data
      for _ in 0..<(1 + Int(random.next() % 4)) {
        let place = Int(random.next() % UInt64(changed.count))
        switch random.next() % 4 {
        case 0: changed.remove(at: place)
        case 1: changed.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: place)
        case 2: changed[place] = UInt8(truncatingIfNeeded: random.next())
        default: changed[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
        }
      }
      let path = try folder.write(Data(changed))
      let sentence = refusal(path)
      #expect(!sentence.hasPrefix("another error"))
      let skipping = refusal(path, options: EventReadingOptions(skipBadEvents: true))
      #expect(!skipping.hasPrefix("another error"))
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct HDF5Tests {
  struct Expected: Decodable {
    var offset: [Int]
    var pdgid: [Int32]
    var label: [Double]
    var features: [[Double]]
    var px: [Double]
    var py: [Double]
    var pz: [Double]
    var energy: [Double]

    enum CodingKeys: String, CodingKey {
      case offset, pdgid, label, features, px, py, pz
      case energy = "E"
    }
  }

  static func expected() throws -> Expected {
    struct File: Decodable {
      var hdf5: Expected
    }
    return try JSONDecoder().decode(File.self, from: Fixtures.data("expected.json")).hdf5
  }

  @Test(arguments: [("cartesian.h5", 0.0), ("cylindrical.h5", 1e-5)], [1, 2, 3, 100])
  func equalsWhatH5pyWrote(file: (name: String, tolerance: Double), step: Int) throws {
    let expected = try HDF5Tests.expected()
    var events = 0
    let all = EventReadingOptions(particles: ParticleSelection(keepsInvisible: true))
    for batch in try batches(Fixtures.path(file.name), options: all, step: step) {
      #expect(batch.eventNumbers == Array(events..<(events + batch.eventCount)))
      #expect(Set(batch.columns.names) == ["label", "features", "is_signal", "comment"])
      #expect(batch.columns["comment"]?.text(ofRow: 0) == ["a", "b", "c", "d", "e"][events])
      #expect(batch.columns["features"]?.width == 3)
      for event in 0..<batch.eventCount {
        let reference = expected.offset[events + event]..<expected.offset[events + event + 1]
        let particles = batch.particles(ofEvent: event)
        #expect(Array(batch.pdgID[particles]) == Array(expected.pdgid[reference]))
        for (values, references) in [
          (batch.momenta.px, expected.px), (batch.momenta.py, expected.py), (batch.momenta.pz, expected.pz),
          (batch.momenta.energy, expected.energy),
        ] {
          #expect(particles.count == reference.count)
          for (particle, index) in zip(particles, reference) {
            // Single precision in φ moves small components of large momenta.
            #expect(abs(values[particle] - references[index]) <= file.tolerance * expected.energy[index])
          }
        }
        #expect(batch.columns["label"]?.values[event] == expected.label[events + event])
        #expect(batch.columns["is_signal"]?.values[event] == expected.label[events + event])
        let features = batch.columns["features"]?.values[(3 * event)..<(3 * event + 3)]
        #expect(features.map(Array.init) == expected.features[events + event])
      }
      events += batch.eventCount
    }
    #expect(events == 5)
  }

  @Test(arguments: [
    ("no-offset", "event/offset is missing"),
    ("no-energy", "particle/E is missing"),
    ("float-offset", "event/offset does not hold integers"),
    ("empty-offset", "event/offset is empty"),
    ("backward-offset", "event 1, event/offset runs backwards from 3 to 1"),
    ("offset-beyond", "event 4, event/offset goes up to 99 but there are 13 particles"),
    ("huge-offset", "event 4, event/offset goes up to 9223372036854775807"),
    ("short-px", "particle/py has 13 elements but particle/px has 12"),
    ("text-px", "particle/px does not hold numbers"),
    ("square-px", "particle/px has 2 numbers a row"),
    ("nan", "event 2, particle/py is not a number for particle 1"),
    ("infinite", "event 2, particle/pz is infinite for particle 1"),
    ("negative-energy", "event 2, particle/E is negative for particle 1"),
  ])
  func malformedFilesAreRefused(name: String, sentence: String) {
    let path = Fixtures.path("Malformed/\(name).h5")
    let found = refusal(path)
    #expect(found.hasPrefix("\(path), \(sentence)"), "\(found)")
  }

  @Test(arguments: [
    ("cube-label", "has 3 dimensions"), ("short-label", "has 4 rows for 5 events"),
  ])
  func columnsThatCannotBeReadStopOnlyThoseWhoNeedThem(name: String, reason: String) throws {
    let path = Fixtures.path("Malformed/\(name).h5")
    let found = try batches(path)
    #expect(found.reduce(0) { $0 + $1.eventCount } == 5)
    for batch in found {
      #expect(batch.columns["label"] == nil)
      #expect(batch.unreadableColumns["label"]?.hasPrefix("it " + reason) == true)
    }
  }

  @Test func badEventsAreSkippedAndKeepTheirNumber() throws {
    let options = EventReadingOptions(skipBadEvents: true)
    let expected = try HDF5Tests.expected()
    for (name, bad) in [("nan", [2]), ("backward-offset", [1]), ("offset-beyond", [4])] {
      let stream = try EventStream(inputs: [Fixtures.path("Malformed/\(name).h5")], options: options)
      let batch = try #require(try stream.next(upTo: 10))
      #expect(batch.eventNumbers == (0..<5).filter { !bad.contains($0) })
      #expect(stream.badEvents.map(\.event) == bad)
      #expect(try stream.next(upTo: 10) == nil)
      let last = batch.eventNumbers.last!
      if name == "nan" {
        let reference = expected.offset[last]..<expected.offset[last + 1]
        #expect(rows(batch, batch.eventCount - 1).map { $0[0] } == Array(expected.px[reference]))
      }
      #expect(batch.columns["label"]?.values == batch.eventNumbers.map { expected.label[$0] })
    }
  }

  @Test func skippingSeeks() throws {
    let options = EventReadingOptions(
      particles: ParticleSelection(keepsInvisible: true), maximumEvents: 2, skipEvents: 2)
    let stream = try EventStream(inputs: [Fixtures.path("cartesian.h5")], options: options)
    #expect(stream.countEvents() == 2)
    let batch = try #require(try stream.next(upTo: 10))
    #expect(batch.eventNumbers == [2, 3] && batch.offsets == [0, 5, 6])
    #expect(try stream.next(upTo: 10) == nil)
  }

  /// HDF5 may go unharmed by the loss of its last, unused bytes, but never crashes or loses events unnoticed.
  @Test(arguments: ["cartesian.h5", "cylindrical.h5"]) func filesCutShortAreRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let data = try Fixtures.data(name)
    for length in stride(from: 8, to: data.count - 8, by: 397) {
      #expect(!refusal(try folder.write(data.prefix(length))).hasPrefix("no error"), "\(length)")
    }
  }

  @Test func compressedFilesAndPipesAreRead() throws {
    let folder = try TemporaryFolder()
    let data = try Fixtures.data("cartesian.h5")
    let plain = try batches(Fixtures.path("cartesian.h5"))
    for path in [try folder.gzip(data), try folder.write(zstd(data))] {
      let found = try batches(path)
      #expect(found.map(\.momenta.energy) == plain.map(\.momenta.energy))
      #expect(found[0].source == path)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

/// The files of `Fixtures/HDF5`, which `make.py` there describes: two events of two particles and of one.
@Suite struct HDF5LayoutTests {
  static let identifiers: [Int32] = [211, -321, 22]
  /// pT, η, φ and mass of the particles, as `make.py` has them.
  static let particles: [(pt: Double, eta: Double, phi: Double, mass: Double)] = [
    (2, 0.5, 1, 0.13957039), (4, -1, -2, 0.493677), (64, 3, 0.25, 0),
  ]

  static func path(_ name: String) -> String { Fixtures.path("HDF5/\(name).h5") }

  @Test(arguments: [
    ("cartesian-mass", 1e-14), ("cylindrical-energy", 1e-14), ("both-mixed", 1e-14), ("both-single", 1e-7),
    ("mev", 1e-14), ("tev", 1e-14), ("lzf", 1e-14), ("gzip", 1e-14), ("columns", 1e-14), ("padded", 1e-14),
    ("padded-list", 1e-14), ("padded-mask", 1e-14), ("padded-feature-mask", 1e-14),
  ])
  func holdsTheSameParticles(name: String, tolerance: Double) throws {
    let batch = try #require(try batches(Self.path(name)).first)
    #expect(batch.offsets == [0, 2, 3])
    #expect(batch.columns["label"]?.values == [1, 0])
    for (index, particle) in Self.particles.enumerated() {
      let expected = [
        particle.pt * cos(particle.phi), particle.pt * sin(particle.phi), particle.pt * sinh(particle.eta),
        (pow(particle.pt * cosh(particle.eta), 2) + pow(particle.mass, 2)).squareRoot(),
      ]
      let found = [
        batch.momenta.px[index], batch.momenta.py[index], batch.momenta.pz[index],
        batch.momenta.energy[index],
      ]
      for (value, reference) in zip(found, expected) {
        #expect(abs(value - reference) <= tolerance * expected[3], "\(name) \(index)")
      }
      // Of single precision px, py, pz and E, nothing would be left of the mass of a pion.
      let squaredMass = zip(found, [-1.0, -1, -1, 1]).reduce(0) { $0 + $1.1 * $1.0 * $1.0 }
      if index < 2 {
        #expect(abs(squaredMass.squareRoot() - particle.mass) < 1e-6, "\(name) \(index)")
      }
    }
    if name.hasPrefix("padded") || name == "columns" { #expect(batch.pdgID == Self.identifiers) }
  }

  @Test func particlesThatAreNotThereAreNoneInAnyBatch() throws {
    for name in ["padded", "padded-mask", "padded-feature-mask"] {
      let single = try batches(Self.path(name), step: 1)
      #expect(single.map(\.offsets) == [[0, 2], [0, 1]])
      let all = try batches(Self.path(name))
      #expect(single.flatMap(\.momenta.energy) == all.flatMap(\.momenta.energy))
    }
  }

  /// No two texts become one: zeros in texts that are filled up, and bytes that are not UTF-8, stay.
  @Test func textsAreReadToTheirEnds() throws {
    let batch = try #require(try batches(Self.path("texts")).first)
    func texts(_ name: String) -> [String?] { (0..<2).map { batch.columns[name]?.text(ofRow: $0) } }
    #expect(texts("padded") == ["ab\0c", "ab"])
    #expect(texts("latin") == ["été", "üté"])
    #expect(texts("utf") == ["été", "  a"])
    #expect(texts("ended") == ["a", "ab"])
    let folder = try TemporaryFolder()
    let copy = folder.path("copy.h5")
    let writer = try HDF5EventOutputFormat().makeWriter(to: .file(copy))
    try writer.append(batch)
    try writer.finish()
    #expect(try batches(copy).first?.columns["padded"]?.categories == batch.columns["padded"]?.categories)
  }

  @Test func columnsOfParticlesAreRead() throws {
    let none = EventReadingOptions(particleColumns: [])
    #expect(
      try batches(Self.path("columns"), options: none).allSatisfy { $0.particles.content.columns.isEmpty })
    let all = try batches(Self.path("columns")).flatMap {
      $0.particles.content.columns["charge"]?.values ?? []
    }
    #expect(all.count == 3 && all.filter { $0 != 0 } == [1, -1])
    let charged = ParticleSelection(conditions: [try ParticleCondition("charge != 0")])
    let batch = try #require(
      try batches(Self.path("columns"), options: EventReadingOptions(particles: charged)).first)
    #expect(batch.particles.content.columns["charge"]?.values == [1, -1])
    #expect(batch.offsets == [0, 2, 2])
  }

  @Test(arguments: [
    ("unknown-unit", "particle/px has the unit 'furlong'"),
    ("two-units", "particle/py has the unit 'mev' and the units 'gev'; keep one of the two"),
    ("padded-unnamed", "particles needs the attribute features"),
    (
      "padded-misnamed",
      "particles has 5 features, but its attribute features has the names pt, eta, phi, mass"
    ),
    ("padded-without-mass", "particles has the features pt, eta, phi, a, b; it needs"),
    ("padded-short-mask", "mask has 2 × 3 numbers; write [events × particles], 2 × 4"),
    ("unowned-first", "event/offset begins at 1, so that 1 particle belongs to no event"),
    ("unowned-last", "event/offset ends at 2, so that 1 particle belongs to no event"),
    ("wide", "event 0, particle/pdgid is no identifier of 32 bits (3000000000) for particle 1"),
    (
      "two-forms-of-events",
      "event/é is given twice, in two normal forms of Unicode that are one name; rename one of the two"
    ),
    ("two-forms-of-particles", "particle/é is given twice, in two normal forms of Unicode"),
    ("padded-two-forms", "particles (é) is given twice, in two normal forms of Unicode"),
    ("two-escapes", "event/a.b is the column a.b, and so is event/a%2Eb; rename one of the two"),
    ("unwritten", "event/offset claims 1000000000000 elements but has 0 bytes in the file"),
  ])
  func whatCannotBeRightIsRefused(name: String, sentence: String) {
    let path = Self.path(name)
    let found = refusal(path)
    #expect(found.hasPrefix("\(path), \(sentence)"), "\(found)")
  }

  /// A name in another encoding is no reason to refuse the others, nor to pass over the column in silence.
  @Test func aNameThatIsNoTextIsToldOfItsColumn() throws {
    let batch = try #require(try batches(Self.path("latin-1")).first)
    #expect(batch.columns["label"]?.values == [1, 0] && batch.columns.count == 1)
    #expect(
      batch.unreadableColumns == ["caf\u{FFFD}": "it has a name that is not in UTF-8; rename it"],
      "\(batch.unreadableColumns)")
  }

  // MARK: - Written and read again

  @Test func columnsKeepTheirNamesAndNumbersThroughTwoPasses() throws {
    let folder = try TemporaryFolder()
    let original = try #require(try batches(Self.path("columns")).first)
    #expect(original.columns["weight.muR=0.5/muF=1"]?.values == [0.5, 2])
    var path = Self.path("columns")
    for name in ["hdf5", "jsonl", "hdf5"] {
      let format = try #require(EventOutputFormats.builtIn[name])
      let next = folder.url.appendingPathComponent("\(UUID().uuidString)").path
      let writer = try format.makeWriter(to: .file(next))
      // Without the first event, so that places and numbers differ.
      for batch in try batches(path) { try writer.append(batch.events(at: [batch.eventCount - 1])) }
      try writer.finish()
      let found = try #require(try batches(next).first)
      #expect(found.columns["number"]?.values == [4712])
      #expect(found.columns["weight.muR=0.5/muF=1"]?.values == [2])
      #expect(found.momenta.energy == [original.momenta.energy[2]])
      path = next
    }
  }
}

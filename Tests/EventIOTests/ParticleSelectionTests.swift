// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import TestFiles
import Testing

@Suite struct ParticleSelectionTests {
  /// The charges of Pythia's table of particles.
  @Test func chargesAreThoseOfPythia() throws {
    let lines = try Fixtures.text("charges.txt").split(separator: "\n")
    #expect(lines.count > 700)
    for line in lines {
      let numbers = line.split(separator: " ").compactMap { Int32($0) }
      #expect(ParticleCharge.ofParticle(numbers[0]) == Double(numbers[1]) / 3, "\(line)")
      #expect(ParticleCharge.ofParticle(-numbers[0]) == -Double(numbers[1]) / 3, "\(line)")
    }
    // A pentaquark u u d d s̄, carbon, and what is no particle.
    #expect(ParticleCharge.ofParticle(9_221_132) == 1 && ParticleCharge.ofParticle(1_000_060_120) == 6)
    for identifier in [0, 88, Int32.min, Int32.max] { #expect(ParticleCharge.ofParticle(identifier) == nil) }
  }

  @Test(arguments: [
    ("pt>0.5", "pt > 0.5"), (" abs( eta ) <=2.5 ", "abs(eta) <= 2.5"), ("charge!=0", "charge != 0"),
    ("pdgid in 211,-211, 22", "pdgid in 211, -211, 22"), ("puppiWeight == 1e-3", "puppiWeight == 0.001"),
    ("E >= 1", "energy >= 1"), ("abs < 3", "abs < 3"), ("d0.sig < -3", "d0.sig < -3"),
    // Formulas: what compares one quantity stays what it was, such as a name with a minus.
    ("pt > 3 and eta < 2", "pt > 3 and eta < 2"), ("3<pt", "3 < pt"), ("a-b > 1", "a-b > 1"),
  ])
  func conditionsAreReadAndWritten(text: String, canonical: String) throws {
    let condition = try ParticleCondition(text)
    #expect(condition.description == canonical)
    #expect(try ParticleCondition(canonical) == condition)
  }

  @Test(arguments: [
    ("", 1), ("pt", 3), ("pt > ", 6), ("pt >> 3", 5), ("pt > 3 eta < 2", 8), ("abs(pt > 3", 8),
    ("pt = 3", 4), ("pdgid in", 9), ("pdgid in 1,", 12), ("pt > 1e999", 6),
  ])
  func conditionsThatAreNone(text: String, character: Int) {
    let error = #expect(throws: JetPhysicsError.self) { try ParticleCondition(text) }
    #expect(error?.problem.contains("at character \(character):") == true, "\(error?.problem ?? "")")
  }

  /// What no events could meet is refused before any is read.
  @Test(arguments: [
    ("1", "this is a number, and a condition is needed"),
    ("pt + 1", "this is a number, and a condition is needed"),
    ("pt > 0.1 * sum(pt)", "on each by itself"), ("pt > 1e999", "this number is too large"),
  ])
  func conditionsThatNoEventsMeet(text: String, reason: String) {
    let error = #expect(throws: JetPhysicsError.self) { try ParticleCondition(text) }
    #expect(error?.problem.contains(reason) == true, "\(error?.problem ?? "")")
  }

  /// Two events: a pion, a neutrino, a photon, a proton at large pseudorapidity; and a neutron.
  private static let momenta = [
    [20.0, 0, 0, 20.1], [0, 30, 0, 30], [3, 4, 0, 5], [1, 0, 100, 101], [0, 7, 1, 8],
  ]
  private static let identifiers: [Int32] = [-211, 14, 22, 2212, 2112]

  private static func batch() -> Events {
    var batch = Events(source: "events")
    batch.eventNumbers = [0, 1]
    batch.offsets = [0, 4, 5]
    for momentum in momenta {
      batch.momenta.append(
        FourMomentum(px: momentum[0], py: momentum[1], pz: momentum[2], energy: momentum[3]))
    }
    batch.pdgID = identifiers
    batch.particles.content.columns["weight"] = Column(values: [1, 0.5, .nan, 0, -1])
    return batch
  }

  @Test(
    arguments: [
      ([], [0, 2, 3, 4]), (["pt > 5"], [0, 4]), (["pt >= 5"], [0, 2, 4]), (["abs(eta) < 2.5"], [0, 2, 4]),
      (["charge != 0"], [0, 3]), (["charge < 0"], [0]), (["pdgid in 22, 2112"], [2, 4]),
      (["abs(pdgid) == 211"], [0]), (["weight != 0"], [0, 4]), (["abs(weight) == 1", "pt < 10"], [4]),
      (["mass > 6"], [3]), (["phi < 1", "rapidity < 1"], [0, 2]), (["pt > 1000"], []),
      (["pt > 6 or charge != 0"], [0, 3, 4]), (["not weight != 0"], [2, 3]),
      (["pt ** 2 + pz ** 2 > 10000"], [3]),
      (["2 * pt > 10 and abs(eta) < 2.5", "weight > -2"], [0, 4]), (["particle.pt > 5 and number == 1"], [4]),
      (["particle.pt > 5"], [0, 4]),
    ] as [([String], [Int])])
  func particlesThatMeetAllConditionsTakePart(conditions: [String], expected: [Int]) throws {
    var batch = Self.batch()
    let whole = batch
    try ParticleSelection(conditions: conditions.map { try ParticleCondition($0) }).apply(to: &batch)
    #expect(
      batch.momenta.px == expected.map { whole.momenta.px[$0] }
        && batch.momenta.energy == expected.map { whole.momenta.energy[$0] })
    #expect(
      batch.momenta.py == expected.map { whole.momenta.py[$0] }
        && batch.momenta.pz == expected.map { whole.momenta.pz[$0] })
    #expect(batch.pdgID == expected.map { whole.pdgID[$0] })
    #expect(batch.particles.content.columns["weight"]?.values.count == expected.count)
    #expect(batch.offsets == [0, expected.count { $0 < 4 }, expected.count])
    #expect(batch.eventNumbers == [0, 1])
  }

  @Test func invisibleParticlesAreTheUsersChoice() throws {
    for (text, expected) in [
      ("12, 14, 16", [-211, 22, 2212, 2112]), ("22", [-211, 14, 2212, 2112]),
      ("default, 211", [22, 2212, 2112]),
    ] as [(String, [Int32])] {
      var batch = Self.batch()
      try ParticleSelection(invisible: InvisibleParticles(text)).apply(to: &batch)
      #expect(batch.pdgID == expected)
    }
    var batch = Self.batch()
    try ParticleSelection(keepsInvisible: true).apply(to: &batch)
    #expect(batch.pdgID == Self.identifiers && batch.offsets == [0, 4, 5])
    #expect(throws: JetPhysicsError.self) { try InvisibleParticles("12, nu") }
  }

  @Test func conditionsOnWhatIsNotThereAreErrors() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("{\"particles\": [[1,2,3,6]]}\n", to: "events.jsonl")
    for (text, reason) in [
      ("charge != 0", "neither identifiers nor a column charge"), ("pdgid in 211", "no identifiers"),
      ("puppiWeight > 0", "no column of this name"),
      ("pt > 1 or puppiWeight > 0", "have no column puppiWeight"),
      ("pt > nan", "have no column nan"),
    ] {
      var options = EventReadingOptions()
      options.particles.conditions = [try ParticleCondition(text)]
      let sentence = refusal(file, options: options)
      #expect(sentence.hasPrefix(file) && sentence.contains(reason) && sentence.contains(text), "\(sentence)")
    }
  }

  /// A model keeps its selection in JSON.
  @Test func selectionsAreWrittenAndRead() throws {
    let selection = ParticleSelection(
      invisible: try InvisibleParticles("default, 5000012"), statuses: [1, 2],
      conditions: [try ParticleCondition("abs(eta) < 2.5")])
    let data = try JSONEncoder().encode(selection)
    #expect(try JSONDecoder().decode(ParticleSelection.self, from: data) == selection)
    #expect(String(decoding: try JSONEncoder().encode(ParticleSelection()), as: UTF8.self) == "{}")
    #expect(selection.columns == [])
    let charged = ParticleSelection(
      conditions: try ["charge != 0", "d0 < 1", "abs(d0) < 2"].map { try ParticleCondition($0) })
    #expect(charged.columns == ["charge", "d0"])
    let formulas = ParticleSelection(
      conditions: [try ParticleCondition("d0 / particle.d0_error > 3 or pt > 1 and pdgid == 22")])
    #expect(formulas.columns == ["d0", "d0_error"])
    #expect(
      try JSONDecoder().decode(ParticleSelection.self, from: JSONEncoder().encode(formulas)) == formulas)
  }

  /// The same events in three formats, with identifiers: the same particles take part.
  @Test(arguments: ["hepmc3-gev.hepmc", "hepmc2-gev.hepmc"])
  func theSameParticlesTakePartInEveryFormat(record: String) throws {
    let folder = try TemporaryFolder()
    let file = Fixtures.path(record)
    let whole = try batches(
      file, options: EventReadingOptions(particles: ParticleSelection(keepsInvisible: true)))
    let json = folder.url.appendingPathComponent("events.jsonl").path
    let hdf5 = folder.url.appendingPathComponent("events.h5").path
    for path in [json, hdf5] {
      let writer = try EventOutputFormats.builtIn.format(ofFile: path).makeWriter(to: .file(path))
      for batch in whole { try writer.append(batch) }
      try writer.finish()
    }
    for conditions in [[], ["charge != 0"], ["pt > 1", "abs(eta) < 2"], ["pdgid in 22, 211, -211"]] {
      var options = EventReadingOptions()
      options.particles.conditions = try conditions.map { try ParticleCondition($0) }
      let expected = try batches(file, options: options)
      #expect(expected[0].particleCount < whole[0].particleCount)
      for other in [json, hdf5] {
        let found = try batches(other, options: options)
        #expect(found.flatMap(\.pdgID) == expected.flatMap(\.pdgID), "\(other)")
        #expect(found.map(\.offsets) == expected.map(\.offsets), "\(other)")
        #expect(
          zip(found.flatMap(\.momenta.px), expected.flatMap(\.momenta.px)).allSatisfy {
            abs($0 - $1) <= 1e-9 * abs($1)
          })
      }
    }
  }
}

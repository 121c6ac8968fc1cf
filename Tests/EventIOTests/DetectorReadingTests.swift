// SPDX-License-Identifier: GPL-3.0-or-later

import Detector
import EventIO
import Foundation
import PluginKit
import TestFiles
import Testing

/// Reading events as a detector measures them, and where particles are produced.
@Suite struct DetectorReadingTests {
  private static let card = """
    field: {radius: 1.2, half-length: 3.0, strength: 3.8}
    tracker: {efficiency: 0.9, momentum-resolution: 0.05, d0-resolution: 0.02}
    ecal: {cells: [{max-abs-eta: 3, eta-size: 0.05, phi-size: 0.05}], resolution: 0.1 * energy}
    hcal: {cells: [{max-abs-eta: 3, eta-size: 0.1, phi-size: 0.1}], resolution: 0.5 * sqrt(energy)}
    """

  @Test func aStreamGivesWhatTheDetectorMeasures() throws {
    let detector = try Detector(ConfigurationNode(yaml: Self.card, source: "card.yaml"))
    let path = Samples.path("w-events.hepmc.zst")
    var options = EventReadingOptions(particleColumns: Set(MeasuredColumns.vertex), maximumEvents: 20)
    let plain = try #require(try EventStream(inputs: [path], options: options).next(upTo: 20))
    options.detector = detector
    options.particles.conditions = [try ParticleCondition("abs(eta) < 2")]
    let stream = try EventStream(inputs: [path], options: options)
    let expected = try DetectorSimulation(detector).measure(plain)
    var event = 0
    while let read = try stream.next(upTo: 3) {
      for place in 0..<read.eventCount {
        let own = read.particles(ofEvent: place).map { read.momentum(ofParticle: $0) }
        let all = expected.particles(ofEvent: event).map { expected.momentum(ofParticle: $0) }
        #expect(own == all.filter { abs($0.pseudorapidity) < 2 })
        event += 1
      }
    }
    #expect(event == 20)
  }

  @Test func aSectionMayNameACardAndSetValuesOverIt() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.card, to: "card.yaml")
    let written = try ConfigurationNode(
      yaml: "{card: \(file), ecal: {cell-scale: 2}, objects: towers, tracker: {efficiency: 0.5}}",
      source: "training.yaml")
    let card = try Detector(written).card
    #expect(card.ecal.cellScale == 2)
    #expect(card.ecal.cells.count == 1)
    #expect(card.objects == .towers)
    #expect("\(card.tracker.efficiency.chargedHadrons)" == "0.5")
    #expect("\(card.tracker.momentumResolution.chargedHadrons)" == "0.05")
    #expect(try Detector(ConfigurationNode(yaml: file, source: "training.yaml")).card.hcal.cells.count == 1)
    #expect {
      try Detector(
        ConfigurationNode(yaml: "{card: \(file), ecall: {cell-scale: 2}}", source: "training.yaml"))
    } throws: { "\($0)".contains("did you mean 'ecal'") }
  }

  // MARK: - Production vertices

  /// In HepMC 2 a particle is produced at the vertex that it stands below, but for those that come into it.
  private static let hepMC2 = """
    HepMC::Version 3.02.05
    HepMC::IO_GenEvent-START_EVENT_LISTING
    E 0 -1 -1 -1 -1 0 0 2 0 0 0 1 1
    U GEV UNIT
    V -1 0 1 2 3 4 2 2 0
    P 1 2212 0 0 7000 7000 0 4 0 0 -1 0
    P 2 22 1 0 0 1 0 1 0 0 0 0
    P 3 211 0 3 0 3 0 1 0 0 0 0
    P 4 511 1 1 5 6 5 2 0 0 -2 0
    V -2 0 10 20 30 40 0 1 0
    P 5 -211 0 2 0 2 0 1 0 0 0 0
    HepMC::IO_GenEvent-END_EVENT_LISTING

    """

  /// The same in HepMC 3, with a vertex that has no line, one that has no place, and an event that has one.
  private static let hepMC3 = """
    HepMC::Version 3.02.05
    HepMC::Asciiv3-START_EVENT_LISTING
    E 0 3 7 @ 5 6 7 8
    U GEV UNIT
    P 1 0 2212 0 0 7000 7000 0 4
    V -1 0 [1] @ 1 2 3 4
    P 2 -1 511 1 1 5 6 5 2
    P 3 -1 22 1 0 0 1 0 1
    P 4 2 521 1 1 5 6 5 2
    V -3 0 [4,2]
    P 5 -3 211 0 3 0 3 0 1
    V -4 0 [4] @ 10 20 30 40
    P 6 -4 -211 0 2 0 2 0 1
    P 7 0 22 1 0 0 1 0 1
    HepMC::Asciiv3-END_EVENT_LISTING

    """

  @Test(arguments: [("MM", 1.0), ("CM", 10.0)]) func verticesOfHepMCAreReadIfAskedFor(
    unit: String, scale: Double
  ) throws {
    let folder = try TemporaryFolder()
    let expected: [(text: String, x: [Double], t: [Double])] = [
      (Self.hepMC2, [0, 1, 10], [0, 4, 40]), (Self.hepMC3, [1, 1, 10, 5], [4, 4, 40, 8]),
    ]
    for (text, x, t) in expected {
      let path = try folder.write(text.replacingOccurrences(of: "UNIT", with: unit), to: "events.hepmc")
      var options = EventReadingOptions(particleColumns: ["vertex_x", "vertex_t"])
      let events = try #require(try EventStream(inputs: [path], options: options).next(upTo: 1))
      let columns = events.particles.content.columns
      #expect(columns["vertex_x"]?.values == x.map { scale * $0 })
      #expect(columns["vertex_t"]?.values == t.map { scale * $0 })
      #expect(columns["vertex_x"]?.unit == "mm")
      #expect(columns["vertex_y"] == nil)
      for names in [nil, []] as [Set<String>?] {
        options.particleColumns = names
        let plain = try #require(try EventStream(inputs: [path], options: options).next(upTo: 1))
        #expect(plain.particles.content.columns.isEmpty)
        #expect(plain.momenta == events.momenta)
      }
      options.particles.conditions = [try ParticleCondition("vertex_x > \(8 * scale)")]
      let displaced = try #require(try EventStream(inputs: [path], options: options).next(upTo: 1))
      #expect(displaced.pdgID == [-211])
    }
  }
}

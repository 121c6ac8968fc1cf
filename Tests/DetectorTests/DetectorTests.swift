// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation
import Settings
import Testing

@testable import Detector

@Suite struct DetectorTests {
  // MARK: - Cells

  /// Without smearing and thresholds, each event keeps the energy that its particles leave in the cells.
  @Test func towersKeepTheEnergy() throws {
    let events = try Cards.events(20)
    let towers = try DetectorSimulation(Cards.detector(Cards.ideal, "objects=towers")).measure(events)
    for event in 0..<events.eventCount {
      var seen = 0.0
      for particle in events.particles(ofEvent: event) where ![13].contains(abs(events.pdgID[particle])) {
        let momentum = events.momentum(ofParticle: particle)
        // All are well within the cells, and without a field displaced ones too.
        seen += momentum.energy
      }
      let measured = towers.particles(ofEvent: event).reduce(0) { $0 + towers.momenta.energy[$1] }
      #expect(abs(measured - seen) < 1e-9 * seen)
    }
    #expect(Set(towers.column("kind")) == [3, 4])
    #expect(towers.columns["label"] == events.columns["label"])
  }

  /// The sums of cells as a dictionary of places has them, which are found by other means.
  @Test func cellsAreThoseOfAGrid() throws {
    let events = try Cards.events(5)
    let towers = try DetectorSimulation(Cards.detector(Cards.ideal, "objects=towers")).measure(events)
    for event in 0..<events.eventCount {
      var sums: [[Int]: Double] = [:]
      for particle in events.particles(ofEvent: event) {
        let identifier = abs(events.pdgID[particle])
        let shares: (Double, Double) =
          identifier == 13
          ? (0, 0) : [11, 22].contains(identifier) ? (1, 0) : identifier == 310 ? (0.3, 0.7) : (0, 1)
        let momentum = events.momentum(ofParticle: particle)
        let (x, y, z) = Self.exit(momentum, events, particle)
        let eta = asinh(z / (x * x + y * y).squareRoot())
        let phi = atan2(y, x) < 0 ? atan2(y, x) + 2 * .pi : atan2(y, x)
        for (kind, share, etaCount, phiCount) in [(3, shares.0, 60.0, 126.0), (4, shares.1, 30, 63)]
        where share > 0 {
          let key = [kind, Int((eta / 3 * etaCount).rounded(.down)), Int(phi / (2 * .pi) * phiCount)]
          sums[key, default: 0] += share * momentum.energy
        }
      }
      let measured = towers.particles(ofEvent: event)
      #expect(measured.count == sums.count)
      for tower in measured {
        let momentum = towers.momentum(ofParticle: tower)
        let kind = Int(towers.column("kind")[tower])
        let (etaCount, phiCount) = kind == 3 ? (60.0, 126.0) : (30, 63)
        let key = [
          kind, Int((momentum.pseudorapidity / 3 * etaCount).rounded(.down)),
          Int(momentum.phi / (2 * .pi) * phiCount),
        ]
        let sum = try #require(sums[key])
        #expect(abs(momentum.energy - sum) < 1e-9 * sum)
        #expect(abs(momentum.mass2) < 1e-6 * sum * sum)
        // The middle of a cell.
        let middle = (Double(key[1]) + 0.5) * 3 / etaCount
        #expect(abs(momentum.pseudorapidity - middle) < 1e-9)
      }
    }
  }

  /// A straight line from a vertex in mm to the cylinder of the ideal card.
  private static func exit(
    _ momentum: FourMomentum, _ events: Events, _ particle: Int
  ) -> (Double, Double, Double) {
    let x = 1e-3 * events.column("vertex_x")[particle], y = 1e-3 * events.column("vertex_y")[particle]
    let z = 1e-3 * events.column("vertex_z")[particle]
    let a = momentum.pt2, b = x * momentum.px + y * momentum.py, c = x * x + y * y - 1.44
    let side = (-b + (b * b - a * c).squareRoot()) / a
    let end = ((momentum.pz > 0 ? 3 : -3) - z) / momentum.pz
    let length = min(side, end)
    return (x + length * momentum.px, y + length * momentum.py, z + length * momentum.pz)
  }

  @Test func energiesOfCellsHaveTheResolution() throws {
    for (smearing, relative) in [("log-normal", 0.3), ("gaussian", 0.1)] {
      let detector = try Cards.detector(
        Cards.ideal, "objects=towers", "ecal.resolution=\(relative) * energy", "ecal.smearing=\(smearing)")
      var events = Events()
      let count = 40_000
      for _ in 0..<count { try events.append([Cards.momentum(pt: 20, eta: 0, phi: 1)], pdgID: [22]) }
      let energies = try DetectorSimulation(detector).measure(events).momenta.energy
      #expect(energies.count == count)
      let mean = energies.reduce(0, +) / Double(count)
      let width = (energies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
      #expect(abs(mean / 20 - 1) < 5 * relative / Double(count).squareRoot())
      #expect(abs(width / (20 * relative) - 1) < 0.03)
      if smearing == "log-normal" {
        // A third moment of w³ + 3 w for w the relative width, by which it differs from a normal distribution.
        let skewness =
          energies.reduce(0) { $0 + pow(($1 - mean) / width, 3) } / Double(count)
        #expect(abs(skewness - (pow(relative, 3) + 3 * relative)) < 0.15)
      }
    }
  }

  @Test func directionsAreDrawnWithinTheCell() throws {
    let detector = try Cards.detector(Cards.ideal, "objects=towers", "ecal.smear-centre=true")
    var events = Events()
    for _ in 0..<2000 { try events.append([Cards.momentum(pt: 20, eta: -0.26, phi: 1)], pdgID: [22]) }
    let towers = try DetectorSimulation(detector).measure(events).momenta
    let etas = towers.map(\.pseudorapidity)
    #expect(etas.min()! >= -0.3 - 1e-9 && etas.min()! < -0.299)
    #expect(etas.max()! <= -0.25 + 1e-9 && etas.max()! > -0.251)
    #expect(towers.allSatisfy { abs($0.energy - 20 * cosh(0.26)) < 1e-9 })
  }

  @Test func weakCellsAreLeftOut() throws {
    var events = Events()
    try events.append(
      [Cards.momentum(pt: 0.9, eta: 0, phi: 1), Cards.momentum(pt: 3, eta: 1, phi: 2)], pdgID: [22, 22])
    func count(_ settings: String) throws -> Int {
      try DetectorSimulation(Cards.detector(Cards.ideal, "objects=towers", settings)).measure(events)
        .particleCount
    }
    #expect(try count("ecal.min-energy=0") == 2)
    #expect(try count("ecal.min-energy=1") == 1)
    #expect(try count("ecal.min-energy=10") == 0)
  }

  // MARK: - Tracks

  @Test func tracksHaveEfficiencyAndResolutionOfTheFormulas() throws {
    let detector = try Cards.detector(
      """
      field: {radius: 1.2, half-length: 3.0, strength: 3.8}
      tracker:
        efficiency: {charged-hadrons: 0.6 * (abs(eta) < 2), electrons: 0.9, muons: 1}
        momentum-resolution: 0.02 * (1 + abs(eta) > 0)
        d0-resolution: 0.03
        dz-resolution: {charged-hadrons: 0.2, muons: 0.1}
      ecal: {cells: [{max-abs-eta: 3, eta-size: 0.05, phi-size: 0.05}], min-energy: 1000}
      hcal: {cells: [{max-abs-eta: 3, eta-size: 0.1, phi-size: 0.1}], min-energy: 1000}
      """)
    let count = 20_000
    for (identifier, efficiency, dz) in [(-211, 0.6, 0.2), (11, 0.9, 0.2), (-13, 1.0, 0.1)]
      as [(Int32, Double, Double)]
    {
      var events = Events()
      for _ in 0..<count {
        try events.append(
          [Cards.momentum(pt: 10, eta: 0.4, phi: 2, mass: 0.1)], pdgID: [identifier],
          particleColumns: ["vertex_x": [0], "vertex_y": [0], "vertex_z": [1.5]])
      }
      let measured = try DetectorSimulation(detector).measure(events)
      let found = Double(measured.particleCount)
      #expect(
        abs(found / Double(count) - efficiency) < 5
          * (efficiency * (1 - efficiency) / Double(count)).squareRoot() + 1e-9)
      #expect(Set(measured.pdgID) == [identifier])
      #expect(Set(measured.column("kind")) == [0])
      #expect(Set(measured.column("charge")) == [identifier == -13 ? 1 : -1])
      func check(_ values: [Double], _ mean: Double, _ width: Double) {
        let own = values.reduce(0, +) / found
        let ownWidth = (values.reduce(0) { $0 + ($1 - own) * ($1 - own) } / found).squareRoot()
        #expect(abs(own - mean) < 5 * width / found.squareRoot())
        #expect(abs(ownWidth / width - 1) < 5 / (2 * found).squareRoot())
      }
      check(measured.momenta.map(\.pt), 10, 0.2)
      check(measured.column("d0"), 0, 0.03)
      check(measured.column("dz"), 1.5, dz)
      #expect(Set(measured.column("d0_error")) == [0.03])
      #expect(Set(measured.column("dz_error")) == [dz])
      // Directions stay, and the mass is that of the hypothesis.
      #expect(measured.momenta.allSatisfy { abs($0.pseudorapidity - 0.4) < 1e-9 && abs($0.phi - 2) < 1e-9 })
      let mass = identifier == -211 ? 0.13957 : identifier == 11 ? 0.000511 : 0.105658
      #expect(measured.momenta.allSatisfy { abs($0.mass2 - mass * mass) < 1e-3 })
    }
  }

  @Test func nothingIsTrackedOutsideTheAcceptance() throws {
    let detector = try Cards.detector(Cards.ideal, "tracker.efficiency=abs(eta) < 1 and pt > 2")
    var events = Events()
    let momenta = [(3.0, 0.5), (1.0, 0.5), (3.0, 1.5)].map { Cards.momentum(pt: $0.0, eta: $0.1, phi: 1) }
    try events.append(momenta, pdgID: [211, 211, 211])
    let measured = try DetectorSimulation(detector, keepsTruth: true).measure(events)
    let tracks = measured.column("kind").indices.filter { measured.column("kind")[$0] == 0 }
    #expect(tracks.map { measured.column("truth")[$0] } == [0])
    // The others are seen by the cells alone.
    #expect(measured.column("kind").filter { $0 == 2 }.count == 2)
  }

  // MARK: - Particle flow

  /// A cell with a track and a neutral hadron: energy beyond the track is a neutral hadron, and nothing is counted twice.
  @Test func whatCellsHaveBeyondTracksIsNeutral() throws {
    var events = Events()
    try events.append(
      [
        Cards.momentum(pt: 10, eta: 0.05, phi: 1.01), Cards.momentum(pt: 6, eta: 0.051, phi: 1.011),
        Cards.momentum(pt: 4, eta: -1, phi: 1), Cards.momentum(pt: 7, eta: 1.2, phi: 3),
        Cards.momentum(pt: 8, eta: 2, phi: 5),
      ], pdgID: [211, 130, 22, 12, 11])
    let measured = try DetectorSimulation(Cards.detector(), keepsTruth: true).measure(events)
    #expect(measured.column("kind") == [0, 0, 1, 2])
    #expect(measured.pdgID == [211, 11, 22, 130])
    #expect(measured.column("truth") == [0, 4, 2, 0])
    #expect(abs(measured.momenta.energy[3] - 6 * cosh(0.051)) < 1e-3)
    #expect(abs(measured.momenta[2].pt - 4) < 0.2)
    #expect(measured.column("d0")[2].isNaN && measured.column("d0")[3].isNaN)
  }

  /// Without an excess, the tracks of a cell get the weighted mean of what tracks and cell measure.
  @Test func tracksAndCellAreAveraged() throws {
    let detector = try Cards.detector(
      Cards.ideal, "tracker.momentum-resolution=0.05", "hcal.resolution=0.04 * energy",
      "hcal.min-significance=5")
    let count = 20_000
    var events = Events()
    for _ in 0..<count { try events.append([Cards.momentum(pt: 10, eta: 0.05, phi: 1.01)], pdgID: [211]) }
    let measured = try DetectorSimulation(detector).measure(events)
    #expect(measured.particleCount == count)
    let pts = measured.momenta.map(\.pt)
    let mean = pts.reduce(0, +) / Double(count)
    let width = (pts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
    // 1 / (1 / 0.5² + 1 / 0.4²) = 0.3123². Weights that follow the measured values pull the mean down by some parts in a thousand.
    #expect(abs(width / 0.3123 - 1) < 0.04)
    #expect(mean > 9.9 && mean < 10.0)
  }

  /// With a tight calorimeter, photons and neutral hadrons come out with their energy, and charged particles once.
  @Test func particleFlowKeepsTheEnergyOfWellSeparatedParticles() throws {
    let detector = try Cards.detector()
    var events = Events()
    let directions = (0..<40).map { (eta: -2.4 + 0.12 * Double($0), phi: 0.15 * Double($0)) }
    let kinds: [Int32] = [211, 22, 130, 11, -13]
    try events.append(
      directions.map { Cards.momentum(pt: 5, eta: $0.eta, phi: $0.phi) },
      pdgID: directions.indices.map { kinds[$0 % kinds.count] })
    let measured = try DetectorSimulation(detector).measure(events)
    #expect(measured.particleCount == 40)
    let total = events.momenta.energy.reduce(0, +)
    #expect(abs(measured.momenta.energy.reduce(0, +) / total - 1) < 1e-3)
  }

  // MARK: - Reproducibility

  @Test func batchesChangeNothing() throws {
    let events = try Cards.events(30)
    let detector = try Detector(DetectorCard(contentsOf: Cards.path("cms")))
    let whole = try DetectorSimulation(detector, keepsTruth: true).measure(events)
    for size in [1, 7] {
      let simulation = DetectorSimulation(detector, keepsTruth: true)
      var joined: Events?
      for first in stride(from: 0, to: 30, by: size) {
        let part = try simulation.measure(events.events(at: first..<min(30, first + size)))
        if joined == nil { joined = part } else { joined!.append(part) }
      }
      #expect(joined!.momenta == whole.momenta)
      #expect(joined!.offsets == whole.offsets)
      #expect(joined!.pdgID == whole.pdgID)
      #expect(joined!.column("truth") == whole.column("truth"))
      // NaN is not equal to itself.
      #expect(joined!.column("d0").map(\.bitPattern) == whole.column("d0").map(\.bitPattern))
    }
    let other = try DetectorSimulation(
      Detector(DetectorCard(contentsOf: Cards.path("cms"), settings: ["seed=2"]))
    ).measure(events)
    #expect(other.momenta != whole.momenta)
  }

  /// Particles in another order give the same detector-level event where nothing is random, up to rounding.
  @Test func theOrderOfParticlesDoesNotMatter() throws {
    let events = try Cards.events(3)
    var reversed = Events(source: events.source)
    for event in 0..<events.eventCount {
      let places = events.particles(ofEvent: event).reversed()
      try reversed.append(
        places.map { events.momentum(ofParticle: $0) }, pdgID: places.map { events.pdgID[$0] },
        particleColumns: Dictionary(
          uniqueKeysWithValues: MeasuredColumns.vertex.map { name in
            (name, places.map { events.column(name)[$0] })
          }))
    }
    let detector = try Cards.detector(Cards.ideal, "field.strength=3.8", "hcal.min-energy=0.5")
    let first = try DetectorSimulation(detector).measure(events)
    let second = try DetectorSimulation(detector).measure(reversed)
    for event in 0..<events.eventCount {
      func sorted(_ events: Events) -> [(Int32, Double, Double)] {
        events.particles(ofEvent: event).map {
          (events.pdgID[$0], events.momenta.energy[$0], events.momenta.px[$0])
        }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      }
      let (one, other) = (sorted(first), sorted(second))
      #expect(one.count == other.count)
      for (a, b) in zip(one, other) {
        #expect(a.0 == b.0 && abs(a.1 - b.1) < 1e-9 * a.1 && abs(a.2 - b.2) < 1e-9 * a.1)
      }
    }
  }

  /// Cells of another size leave the tracks as they are, as the numbers drawn for these are their own.
  @Test func cellsChangeNoTrack() throws {
    let events = try Cards.events(10)
    func tracks(_ scale: String) throws -> [Double] {
      let card = try DetectorCard(
        contentsOf: Cards.path("ild"),
        settings: [
          "ecal.cell-scale=\(scale)", "hcal.cell-scale=\(scale)", "hcal.resolution=0", "ecal.resolution=0",
        ])
      let measured = try DetectorSimulation(Detector(card)).measure(events)
      return measured.column("d0").filter { !$0.isNaN }
    }
    let fine = try tracks("1")
    #expect(fine.count > 100)
    #expect(try tracks("8") == fine)
  }

  // MARK: - Cards

  @Test(arguments: ["cms", "atlas", "fcc", "ild"]) func aShippedCardMeasuresEvents(name: String) throws {
    let detector = try Detector(DetectorCard(contentsOf: Cards.path(name)))
    let events = try Cards.events(50)
    let measured = try DetectorSimulation(detector).measure(events)
    let energy = measured.momenta.energy.reduce(0, +) / events.momenta.energy.reduce(0, +)
    #expect(energy > 0.7 && energy < 1.2)
    #expect(Set(measured.column("kind")) == [0, 1, 2])
    #expect(measured.eventCount == 50)
  }

  static let badCards: [(settings: [String], words: String)] =
    [
      (["ecal.cell=3"], "did you mean 'cells'"), (["ecal.resolution=0.1 * enrgy"], "energy"),
      (["tracker.efficiency=0.9 * (abs(eta) <"], "is refused"), (["ecal.cells=[]"], "at least one"),
      (["ecal.cells=[{max-abs-eta: 3, eta-size: 0.1}]"], "phi-size"),
      (["field.radius=-1"], "must lie between"),
      (["ecal.cells=[{max-abs-eta: 3, eta-size: 0.0001, phi-size: 0.0001}]"], "make them larger"),
      (["energy-fractions={310: [0.7, 0.7]}"], "at most 1"),
      (["energy-fractions={pion: [0, 1]}"], "no identifier"),
      (["ecal.smearing=normal"], "log-normal, gaussian"), (["field={radius: 1}"], "half-length"),
      (
        [
          "hcal.cells=[{max-abs-eta: 3, eta-size: 1, phi-size: 1}, {max-abs-eta: 2, eta-size: 1, phi-size: 1}]"
        ],
        "outwards"
      ),
      (["tracker.momentum-resolution={electrons: 0.1}"], "charged-hadrons"),
      (["hcal.resolution=max(energy)"], "several particles or cells"),
    ]

  /// Formulas that put several particles together are refused, as each is for itself.
  @Test(arguments: [
    "sum(pt)", "mean(pt)", "largest(pt, 2)", "min(pt)", "0.9 * any(pt > 1)", "count(particle.pt > 1)",
    "pt[0]",
  ]) func aFormulaOfSeveralParticlesIsRefused(formula: String) throws {
    try aBadCardIsRefused(
      settings: ["tracker.efficiency=\(formula)"], words: "tracker.efficiency of the card")
  }

  @Test(arguments: badCards) func aBadCardIsRefused(settings: [String], words: String) throws {
    #expect {
      let node = try settings.reduce(ConfigurationNode(yaml: Cards.ideal, source: "card.yaml")) {
        try $0.setting($1)
      }
      _ = try Detector(node.decode(DetectorCard.self))
    } throws: { error in
      let text = "\(error)"
      return text.contains(words)
        || {
          Issue.record("\(text)"); return false
        }()
    }
  }

  /// Widths whose squares are no numbers give finite momenta, or are refused.
  @Test(arguments: [
    "tracker.momentum-resolution", "ecal.resolution", "hcal.resolution", "tracker.d0-resolution",
  ])
  func extremeWidthsGiveFiniteNumbers(key: String) throws {
    let events = try Cards.events(4)
    for width in ["1e-310", "1e-160", "1e-60", "1e60", "1e100", "1e-160 * energy"] {
      let measured = try DetectorSimulation(
        Cards.detector(
          Cards.ideal, "tracker.momentum-resolution=1e-150", "hcal.resolution=1e-3", "\(key)=\(width)")
      ).measure(events)
      #expect(
        measured.momenta.allSatisfy { $0.px.isFinite && $0.pz.isFinite && $0.energy.isFinite }, "\(width)")
      #expect(zip(measured.column("d0"), measured.column("charge")).allSatisfy { $0.isFinite || $1 == 0 })
    }
    #expect(throws: DetectorError.self) {
      try DetectorSimulation(Cards.detector(Cards.ideal, "\(key)=1e160")).measure(events)
    }
  }

  @Test func badEventsAreRefused() throws {
    var events = Events()
    try events.append([Cards.momentum(pt: 3, eta: 0, phi: 0)], number: 7)
    #expect(throws: DetectorError.self) { try DetectorSimulation(Cards.detector()).measure(events) }
    var unknown = Events()
    try unknown.append([Cards.momentum(pt: 3, eta: 0, phi: 0)], pdgID: [0], number: 7)
    #expect {
      try DetectorSimulation(Cards.detector()).measure(unknown)
    } throws: { ($0 as? DetectorError)?.event == 7 }
    var charged = Events()
    try charged.append([Cards.momentum(pt: 3, eta: 0.5, phi: 0)], pdgID: [211], number: 4)
    for setting in [
      "tracker.d0-resolution=log(pt - 5)", "tracker.efficiency=0 - pt", "hcal.resolution=sqrt(eta - 2)",
    ] {
      #expect {
        try DetectorSimulation(Cards.detector(Cards.ideal, setting)).measure(charged)
      } throws: { ($0 as? DetectorError)?.event == 4 }
    }
    let badVertices: [[String: [Double]]] = [
      ["vertex_y": [1.0]], ["vertex_x": [1], "vertex_z": [0]],
      ["vertex_x": [0], "vertex_y": [.nan], "vertex_z": [0]],
      ["vertex_x": [0], "vertex_y": [0], "vertex_z": [-.infinity]],
    ]
    for vertices in badVertices {
      var displaced = Events()
      try displaced.append(
        [Cards.momentum(pt: 3, eta: 0.5, phi: 0)], pdgID: [211], particleColumns: vertices, number: 4)
      #expect {
        try DetectorSimulation(Cards.detector()).measure(displaced)
      } throws: { ($0 as? DetectorError)?.event == 4 && "\($0)".contains("vertex_") }
    }
    // No particles are no problem.
    var empty = Events()
    try empty.append([], number: 0)
    #expect(try DetectorSimulation(Cards.detector()).measure(empty).particleCount == 0)
  }
}

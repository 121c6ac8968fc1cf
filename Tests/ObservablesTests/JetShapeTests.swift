// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

/// Numbers of the constituents of jets, compared with sums over all of them, and with values worked out by hand.
@Suite struct JetShapeTests {
  private static func triplet(_ three: [(pt: Double, rapidity: Double, phi: Double)]) -> Events {
    var events = Events()
    try! events.append(
      three.map { FourMomentum(pt: $0.pt, rapidity: $0.rapidity, phi: 1 + $0.phi, mass: 0) },
      pdgID: [211, -211, 22].prefix(three.count).map { $0 })
    return events
  }

  private static let triangle = triplet([(50, 0, 0), (30, 0.3, 0), (20, 0, 0.4)])

  private static func numbers<O: Observable>(
    _ type: O.Type, _ configuration: O.Configuration, of events: Events = triangle
  ) throws -> [String: Double] {
    let columns = try SprayEvents.jets(type, configuration, of: events).columns
    return Dictionary(
      uniqueKeysWithValues: columns.sorted.map { (String($0.name.dropFirst(2)), $0.column.values[0]) })
  }

  @Test func energyCorrelationsAreThoseOfTheTriangle() throws {
    // Distances 0.3, 0.4 and 0.5, shares 0.5, 0.3 and 0.2.
    let found = try Self.numbers(EnergyCorrelations.self, .init())
    let e2 = 0.5 * 0.3 * 0.3 + 0.5 * 0.2 * 0.4 + 0.3 * 0.2 * 0.5
    let share = 0.5 * 0.3 * 0.2
    let expected = [
      "e2": e2, "e3": share * 0.3 * 0.4 * 0.5, "e3-1": share * 0.3, "e3-2": share * 0.3 * 0.4,
      "c2": share * 0.06 / (e2 * e2), "d2": share * 0.06 / (e2 * e2 * e2), "n2": share * 0.12 / (e2 * e2),
      "m2": share * 0.3 / e2,
    ]
    for (name, value) in expected { #expect(SprayEvents.isClose(found[name]!, value), "\(name)") }
    var two = EnergyCorrelations.Configuration()
    two.constituents = 2
    two.beta = 2
    let pair = try Self.numbers(EnergyCorrelations.self, two)
    #expect(SprayEvents.isClose(pair["e2"]!, 0.625 * 0.375 * 0.09) && pair["e3"] == 0)
    let one = try Self.numbers(EnergyCorrelations.self, .init(), of: Self.triplet([(50, 0, 0)]))
    #expect(one["e2"] == 0 && one["d2"]!.isNaN && one["m2"]!.isNaN)
  }

  @Test(arguments: [0.5, 2.0]) func energyCorrelationsAreSumsOverTriplets(beta: Double) throws {
    var configuration = EnergyCorrelations.Configuration()
    configuration.beta = beta
    let (jets, columns) = try SprayEvents.jets(EnergyCorrelations.self, configuration)
    SprayEvents.forEachJet(jets) { jet, p in
      let total = p.reduce(0) { $0 + $1.pt }
      var sums = [0.0, 0.0, 0.0]
      for i in p.indices {
        for j in 0..<i {
          for k in 0..<j {
            let angles = [p[i].deltaR(to: p[j]), p[i].deltaR(to: p[k]), p[j].deltaR(to: p[k])]
              .map { pow($0, beta) }.sorted()
            let weight = p[i].pt * p[j].pt * p[k].pt / (total * total * total)
            for count in 1...3 { sums[count - 1] += weight * angles.prefix(count).reduce(1, *) }
          }
        }
      }
      for (name, sum) in zip(["e3-1", "e3-2", "e3"], sums) {
        let value = columns["o/\(name)"]!.values[jet]
        #expect(abs(value - sum) <= 1e-9 * sum, "\(name)")
      }
    }
  }

  @Test func angularitiesAreThoseOfTheTriangle() throws {
    var configuration = Angularities.Configuration()
    configuration.kappa = 2
    configuration.beta = 1
    configuration.radius = 0.5
    configuration.axis = .wta
    // The hardest particle is the axis: distances 0, 0.3 and 0.4.
    let found = try Self.numbers(Angularities.self, configuration)
    let jetPt = (0..<3).reduce(FourMomentum.zero) { $0 + Self.triangle.momentum(ofParticle: $1) }.pt
    let expected = [
      "multiplicity": 3, "ptd": sqrt(0.25 + 0.09 + 0.04), "lha": 0.3 * sqrt(0.6) + 0.2 * sqrt(0.8),
      "width": 0.3 * 0.6 + 0.2 * 0.8, "thrust": 0.3 * 0.36 + 0.2 * 0.64,
      "girth": (30 * 0.3 + 20 * 0.4) / jetPt, "angularity": 0.09 * 0.6 + 0.04 * 0.8,
    ]
    for (name, value) in expected { #expect(SprayEvents.isClose(found[name]!, value), "\(name)") }
    let (jets, columns) = try SprayEvents.jets(Angularities.self, .init())
    SprayEvents.forEachJet(jets) { jet, particles in
      let axis = jets.momentum(ofJet: jet)
      let sum = particles.reduce(0) { $0 + $1.pt * $1.deltaR(to: axis) }
      #expect(SprayEvents.isClose(columns["o/girth"]!.values[jet], sum / axis.pt))
      #expect(columns["o/angularity"]!.values[jet] == columns["o/width"]!.values[jet])
    }
  }

  @Test func chargesAreThoseOfIdentifiersOrOfAColumn() throws {
    let jetPt = (0..<3).reduce(FourMomentum.zero) { $0 + Self.triangle.momentum(ofParticle: $1) }.pt
    let found = try Self.numbers(JetCharge.self, .init())
    #expect(SprayEvents.isClose(found["charge"]!, (sqrt(50) - sqrt(30)) / sqrt(jetPt)))
    #expect(found["tracks"] == 2 && SprayEvents.isClose(found["track-fraction"]!, 0.8))
    var configuration = JetCharge.Configuration()
    configuration.kappa = 1
    configuration.column = "q"
    var events = Self.triangle
    events.particles.content.columns["q"] = Column(values: [1, .nan, -1])
    let own = try Self.numbers(JetCharge.self, configuration, of: events)
    #expect(SprayEvents.isClose(own["charge"]!, (50 - 20) / jetPt) && own["tracks"] == 2)
    var nameless = Self.triangle
    nameless.pdgID = []
    #expect(throws: ObservableError.self) { try Self.numbers(JetCharge.self, .init(), of: nameless) }
    #expect(throws: ObservableError.self) { try Self.numbers(JetCharge.self, configuration, of: nameless) }
  }

  @Test func planarFlowTellsALineFromARing() throws {
    // A jet along x: y and z are perpendicular to it.
    func flow(_ perpendicular: [(Double, Double)]) throws -> Double {
      var events = Events()
      try events.append(
        perpendicular.map { FourMomentum(px: 100, py: $0.0, pz: $0.1, energy: 110) })
      return try Self.numbers(PlanarFlow.self, .init(), of: events)["planar-flow"]!
    }
    #expect(SprayEvents.isClose(try flow([(10, 10), (-10, -10)]), 0))
    #expect(SprayEvents.isClose(try flow([(10, 0), (-10, 0), (0, 10), (0, -10)]), 1))
    // I is diagonal with 4 to 1: 4 · 4 / 25.
    #expect(SprayEvents.isClose(try flow([(20, 0), (-20, 0), (0, 10), (0, -10)]), 0.64))
    #expect(try flow([(0, 0)]).isNaN)
  }

  /// Each axis that is moved to a minimum makes τ less, and moving it a little makes it no less.
  @Test(arguments: [NSubjettiness.Axes.onePassKt, .onePassWtaKt], [1.0, 2.0])
  func movedAxesAreAtAMinimum(axes: NSubjettiness.Axes, beta: Double) throws {
    var configuration = NSubjettiness.Configuration()
    configuration.beta = beta
    configuration.count = 6
    configuration.axes = axes
    let (jets, moved) = try SprayEvents.jets(NSubjettiness.self, configuration)
    configuration.axes = axes == .onePassKt ? .kt : .wtaKt
    let (_, still) = try SprayEvents.jets(NSubjettiness.self, configuration)
    for count in 1...6 {
      let (now, before) = (moved["o/tau-\(count)"]!.values, still["o/tau-\(count)"]!.values)
      for jet in 0..<jets.jetCount { #expect(now[jet] <= before[jet] + 1e-4) }
      #expect(now.reduce(0, +) < before.reduce(0, +))
    }
    #expect(moved["o/tau-65"] != nil)
    // The least τ₁ of all axes on a fine grid is hardly less.
    SprayEvents.forEachJet(jets) { jet, particles in
      let axis = jets.momentum(ofJet: jet)
      var least = Double.infinity
      for step in 0..<1600 {
        let (y, phi) = (Double(step / 40) * 0.02 - 0.4, Double(step % 40) * 0.02 - 0.4)
        let sum = particles.reduce(0.0) { sum, p in
          sum + p.pt * pow(hypot(p.rapidity - axis.rapidity - y, axis.deltaPhi(to: p) - phi), beta)
        }
        least = min(least, sum / particles.reduce(0) { $0 + $1.pt })
      }
      #expect(moved["o/tau-1"]!.values[jet] <= least + 1e-3)
    }
  }

  @Test func theOrderOfALundPlaneCountsSofterBranches() throws {
    let (jets, columns) = try SprayEvents.jets(LundCoordinates.self, .init())
    var secondaries = 0
    for jet in 0..<jets.jetCount {
      let (nodes, trees) = (jets.trees.nodes(ofTree: jet), jets.trees)
      let leaves = trees.leaves(ofTree: jet).count
      let first = jets.splittingOffsets[jet]
      func value(_ node: Int, _ name: String) -> Double {
        columns["o/\(name)"]!.values[first + node - leaves]
      }
      func check(_ node: Int, order: Double) {
        guard node >= leaves else { return }
        #expect(value(node, "order") == order && (value(node, "primary") == 1) == (order == 1))
        check(Int(trees.left[nodes.lowerBound + node]), order: order)
        check(Int(trees.right[nodes.lowerBound + node]), order: order + 1)
      }
      check(nodes.count - 1, order: 1)
      // The first splitting along the harder branches that is not too soft.
      var node = nodes.count - 1
      while node >= leaves, value(node, "z") <= 0.025 { node = Int(trees.left[nodes.lowerBound + node]) }
      var plane: Set<Int> = []
      if node >= leaves {
        node = Int(trees.right[nodes.lowerBound + node])
        while node >= leaves {
          plane.insert(node)
          node = Int(trees.left[nodes.lowerBound + node])
        }
      }
      secondaries += plane.count
      for node in leaves..<nodes.count { #expect((value(node, "secondary") == 1) == plane.contains(node)) }
    }
    #expect(secondaries > 30)
  }

  /// An isolated anti-kT jet is a circle, and over an even carpet of particles the background is what the carpet has.
  @Test func areasAreThoseOfCirclesAndTheBackgroundIsTheCarpet() throws {
    var generator = SeededGenerator(seed: 3)
    func random() -> Double { Double.random(in: 0..<1, using: &generator) }
    var carpet: [FourMomentum] = []
    // 10 GeV for each unit of area: particles of 0.4 GeV in cells of 0.2 × 0.2.
    for row in 0..<50 {
      for column in 0..<31 {
        carpet.append(
          FourMomentum(
            pt: 0.4, rapidity: -5 + 0.2 * (Double(row) + random()),
            phi: 2 * .pi / 31 * (Double(column) + random()), mass: 0))
      }
    }
    let hard = FourMomentum(pt: 200, rapidity: 0.4, phi: 2, mass: 0)
    var events = Events()
    try events.append([hard])
    try events.append(carpet + [hard])
    let set = try ObservableSet([ObservableChoice("o", JetArea.self, .init())])
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.8), selection: JetSelection(.inclusive(minimumPt: 100)))
    let columns = try JetReconstruction(finder, observables: set).jets(in: events).columns.jets
    let (area, rho) = (columns["o/area"]!.values, columns["o/rho"]!.values)
    let density = 0.4 * 31 / (0.2 * 2 * .pi)
    #expect(area.count == 2 && area.allSatisfy { abs($0 / (.pi * 0.64) - 1) < 0.03 })
    #expect(rho[0] < 1e-9 && abs(rho[1] / density - 1) < 0.1)
    #expect(SprayEvents.isClose(columns["o/pt"]!.values[0], 200))
    #expect(abs(columns["o/pt"]!.values[1] - 200) < 0.15 * density * area[1])
    var plain = JetArea.Configuration()
    plain.subtraction = false
    let without = try ObservableSet([ObservableChoice("o", JetArea.self, plain)])
    let only = try JetReconstruction(finder, observables: without).jets(in: events).columns.jets
    #expect(only["o/area"]!.values == area && only["o/rho"] == nil)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

/// The observables that come with Canopy, compared with plain references on events of jets.
@Suite struct ObservablesTests {
  private static let events = SprayEvents.events

  private static func jets<O: Observable>(
    _ type: O.Type, _ configuration: O.Configuration, of events: Events? = nil
  ) throws -> (jets: Jets, columns: Columns) {
    try SprayEvents.jets(type, configuration, of: events ?? self.events)
  }

  private static func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
    SprayEvents.isClose(a, b, tolerance)
  }

  /// The trees of jets that the clusterer reclusters are those that soft drop reclusters.
  @Test(arguments: [(0.1, 0.0), (0.1, 1.0), (0.3, 0.0), (0.05, -1.0)])
  func softDropIsThatOfCambridgeTrees(zCut: Double, beta: Double) throws {
    let (jets, columns) = try Self.jets(SoftDropGrooming.self, .init(zCut: zCut, beta: beta))
    let softDrop = try SoftDrop(zCut: zCut, beta: beta, radius: 1)
    #expect(jets.jetCount > 30)
    var dropped = 0
    for jet in 0..<jets.jetCount {
      let groomed = softDrop.groom(jets.trees, tree: jet)
      dropped += groomed.droppedBranches
      #expect(Self.isClose(columns["o/mass"]!.values[jet], groomed.momentum.mass, 1e-6))
      #expect(Self.isClose(columns["o/pt"]!.values[jet], groomed.momentum.pt))
      #expect(Self.isClose(columns["o/z"]!.values[jet], groomed.splitting?.z ?? .nan))
      #expect(Self.isClose(columns["o/delta-r"]!.values[jet], groomed.splitting?.deltaR ?? .nan))
      #expect(columns["o/dropped"]!.values[jet] == Double(groomed.droppedBranches))
    }
    #expect(dropped > 0)
  }

  @Test func thePrimaryPlaneIsAmongTheLundCoordinates() throws {
    let (jets, columns) = try Self.jets(LundCoordinates.self, .init())
    var row = 0
    for jet in 0..<jets.jetCount {
      let rows = row..<row + jets.constituents(ofJet: jet).count - 1
      row = rows.upperBound
      let primary = rows.filter { columns["o/primary"]!.values[$0] == 1 }
      // Splittings come children before parents, the primary plane from the root on.
      let plane = jets.trees.primaryLundPlane(ofTree: jet)
      #expect(primary.reversed().map { columns["o/kt"]!.values[$0] } == plane.map(\.kt))
      #expect(primary.reversed().map { columns["o/z"]!.values[$0] } == plane.map(\.z))
      #expect(
        primary.reversed().map { columns["o/ln-inverse-delta-r"]!.values[$0] }
          == plane.map(\.logInverseDeltaR))
      for place in rows {
        let (z, kt) = (columns["o/z"]!.values[place], columns["o/kt"]!.values[place])
        #expect(z >= 0 && z <= 0.5 && Self.isClose(columns["o/ln-kt"]!.values[place], log(kt)))
      }
    }
    #expect(row == columns["o/z"]!.values.count && row > 500)
  }

  @Test func kinematicsAreThoseOfTheMomenta() throws {
    let events = Self.events
    let (jets, columns) = try Self.jets(JetKinematics.self, .init())
    #expect(columns["o/pt"]!.values == jets.pt && columns["o/mass"]!.values == jets.mass)
    #expect(columns["o/phi"]!.values == jets.phi && columns["o/rapidity"]!.values == jets.rapidity)
    #expect(columns["o/pt"]!.unit == "GeV" && columns["o/phi"]!.unit == nil)
    let (_, parts) = try Self.jets(ConstituentKinematics.self, .init())
    var row = 0
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        var sum = FourMomentum.zero
        #expect(columns["o/constituents"]!.values[jet] == Double(jets.constituents(ofJet: jet).count))
        for particle in jets.constituents[jet] {
          let p = events.momentum(ofParticle: events.offsets[event] + Int(particle))
          sum = sum + p
          #expect(parts["o/pt"]!.values[row] == p.pt)
          #expect(Self.isClose(parts["o/pt-fraction"]!.values[row], p.pt / jets.pt[jet]))
          #expect(parts["o/delta-r"]!.values[row] == p.deltaR(to: jets.momentum(ofJet: jet)))
          row += 1
        }
        #expect(Self.isClose(sum.pt, jets.pt[jet]))
      }
    }
  }

  @Test func missingMomentumAndRankedJetsAreSums() throws {
    let events = Self.events
    let (_, missing) = try Self.jets(MissingTransverseMomentum.self, .init())
    var three = RankedJets.Configuration()
    three.count = 3
    let (jets, ranked) = try Self.jets(RankedJets.self, three)
    for event in 0..<events.eventCount {
      let momenta = events.particles(ofEvent: event).map { events.momentum(ofParticle: $0) }
      let (x, y) = (-momenta.reduce(0) { $0 + $1.px }, -momenta.reduce(0) { $0 + $1.py })
      #expect(Self.isClose(missing["o/pt"]!.values[event], hypot(x, y)))
      #expect(Self.isClose(missing["o/phi"]!.values[event], FourMomentum(px: x, py: y, pz: 0, energy: 0).phi))
      #expect(Self.isClose(missing["o/scalar-sum"]!.values[event], momenta.reduce(0) { $0 + $1.pt }))
      let its = jets.jets(ofEvent: event)
      #expect(ranked["o/count"]!.values[event] == Double(its.count))
      #expect(Self.isClose(ranked["o/ht"]!.values[event], its.reduce(0) { $0 + jets.pt[$1] }))
      for rank in 1...3 {
        #expect(
          Self.isClose(
            ranked["o/pt-\(rank)"]!.values[event],
            its.count < rank ? .nan : jets.pt[its.lowerBound + rank - 1]))
      }
      let sum = its.prefix(3).reduce(FourMomentum.zero) { $0 + jets.momentum(ofJet: $1) }
      #expect(Self.isClose(ranked["o/mass"]!.values[event], its.count < 3 ? .nan : sum.mass))
    }
  }

  @Test(arguments: [0.2, 1.0, 3.0]) func isolationIsThePtAround(radius: Double) throws {
    let events = Self.events
    var configuration = ParticleIsolation.Configuration()
    configuration.radius = radius
    let (jets, columns) = try Self.jets(ParticleIsolation.self, configuration)
    var row = 0
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        for particle in jets.constituents[jet] {
          let own = events.offsets[event] + Int(particle)
          let p = events.momentum(ofParticle: own)
          let sum = events.particles(ofEvent: event).filter { $0 != own }.reduce(0.0) { sum, other in
            let q = events.momentum(ofParticle: other)
            let distance = hypot(p.pseudorapidity - q.pseudorapidity, p.deltaPhi(to: q))
            return distance <= radius ? sum + q.pt : sum
          }
          #expect(Self.isClose(columns["o/isolation"]!.values[row], sum / p.pt))
          #expect(Self.isClose(columns["o/ln-isolation"]!.values[row], log(1 + sum / p.pt)))
          row += 1
        }
      }
    }
    #expect(row == columns["o/isolation"]!.values.count)
  }

  @Test(arguments: [1.0, 2.0]) func subjettinessIsTheDistanceFromSubjets(beta: Double) throws {
    let events = Self.events
    var configuration = NSubjettiness.Configuration()
    configuration.beta = beta
    configuration.radius = 0.8
    let (jets, columns) = try Self.jets(NSubjettiness.self, configuration)
    var tested = 0
    for event in 0..<events.eventCount {
      for jet in jets.jets(ofEvent: event) {
        let particles = jets.constituents[jet].map {
          events.momentum(ofParticle: events.offsets[event] + Int($0))
        }
        let total = particles.reduce(0) { $0 + $1.pt }
        var tau: [Double] = []
        for count in 1...3 {
          let axes = SprayEvents.cluster(particles, power: 1, isEnd: { $1.count == count })
          let sum = particles.reduce(0.0) { sum, p in
            let nearest = axes.map { hypot($0.rapidity - p.rapidity, $0.deltaPhi(to: p)) }.min()!
            return sum + p.pt * pow(nearest / 0.8, beta)
          }
          tau.append(particles.count > count ? sum / total : 0)
          #expect(Self.isClose(columns["o/tau-\(count)"]!.values[jet], tau[count - 1], 1e-6))
        }
        #expect(Self.isClose(columns["o/tau-21"]!.values[jet], tau[0] > 0 ? tau[1] / tau[0] : .nan, 1e-6))
        #expect(Self.isClose(columns["o/tau-32"]!.values[jet], tau[1] > 0 ? tau[2] / tau[1] : .nan, 1e-6))
        tested += 1
      }
    }
    #expect(tested > 30)
  }

  /// Rotations around the beam and reflections change no mass.
  @Test func tauPairsDoNotDependOnTheirAzimuth() throws {
    let events = Self.events
    let (_, columns) = try Self.jets(TauPairMasses.self, .init(), of: events)
    var turned = events
    for particle in 0..<events.particleCount {
      let p = events.momentum(ofParticle: particle)
      turned.momenta[particle] = FourMomentum(px: -p.py, py: p.px, pz: -p.pz, energy: p.energy)
    }
    let (_, others) = try Self.jets(TauPairMasses.self, .init(), of: turned)
    var found = 0
    for event in 0..<events.eventCount {
      for name in ["o/visible-mass", "o/collinear-mass", "o/isolation-1", "o/isolation-2"] {
        #expect(Self.isClose(columns[name]!.values[event], others[name]!.values[event], 1e-6), "\(name)")
      }
      let (first, second) = (1, 2)
      func momentum(_ rank: Int) -> FourMomentum {
        func value(_ name: String) -> Double { columns["o/\(name)-\(rank)"]!.values[event] }
        return FourMomentum(px: value("px"), py: value("py"), pz: value("pz"), energy: value("energy"))
      }
      guard !columns["o/visible-mass"]!.values[event].isNaN else { continue }
      found += 1
      #expect(
        Self.isClose(
          columns["o/visible-mass"]!.values[event], (momentum(first) + momentum(second)).mass, 1e-6))
      #expect(momentum(first).pt >= momentum(second).pt)
    }
    #expect(found > 5)
  }

  @Test func parametersOutOfRangeAreRefused() {
    #expect(throws: PluginError.self) { try SoftDropGrooming(configuration: .init(zCut: 0.5, beta: 0)) }
    #expect(throws: PluginError.self) { try SoftDropGrooming(configuration: .init(zCut: 0.1, beta: .nan)) }
    #expect(throws: PluginError.self) {
      try SoftDropGrooming(configuration: .init(zCut: 0.1, beta: 0, radius: 0))
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Observables
import PluginKit
import Testing

/// Groomed jets, compared with clustering pair by pair.
@Suite struct GroomingTests {
  private static func expect(
    _ columns: Columns, _ jet: Int, mass: Double, pt: Double, _ name: String, _ count: Int
  ) {
    #expect(SprayEvents.isClose(columns["o/mass"]!.values[jet], mass, 1e-6))
    #expect(SprayEvents.isClose(columns["o/pt"]!.values[jet], pt))
    #expect(columns["o/\(name)"]!.values[jet] == Double(count))
  }

  @Test(arguments: [(0.2, 0.05), (0.4, 0.1), (0.1, 0.6)]) func trimmingKeepsHardSubjets(
    radius: Double, fraction: Double
  ) throws {
    var configuration = Trimming.Configuration()
    configuration.radius = radius
    configuration.fraction = fraction
    let (jets, columns) = try SprayEvents.jets(Trimming.self, configuration)
    var dropped = 0
    SprayEvents.forEachJet(jets) { jet, particles in
      // Inclusive kT: a branch whose distance to the beam is the least is a subjet.
      var (branches, subjets) = (particles, [FourMomentum]())
      while !branches.isEmpty {
        let beam = branches.indices.min { branches[$0].pt2 < branches[$1].pt2 }!
        let left = SprayEvents.cluster(branches, power: 1) { distance, now in
          distance / (radius * radius) >= now.map(\.pt2).min()!
        }
        if left.count == branches.count { subjets.append(branches.remove(at: beam)) } else { branches = left }
      }
      let kept = subjets.filter { $0.pt >= fraction * jets.pt[jet] }
      let sum = kept.reduce(.zero, +)
      dropped += subjets.count - kept.count
      Self.expect(columns, jet, mass: sum.mass, pt: sum.pt, "subjets", kept.count)
    }
    #expect(dropped > 30)
  }

  @Test(arguments: [1, 3]) func filteringKeepsTheHardestSubjets(count: Int) throws {
    var configuration = Filtering.Configuration()
    configuration.count = count
    let (jets, columns) = try SprayEvents.jets(Filtering.self, configuration)
    SprayEvents.forEachJet(jets) { jet, particles in
      let subjets = SprayEvents.cluster(particles, power: 0, isEnd: { distance, _ in distance >= 0.09 })
      let sum = subjets.sorted { $0.pt > $1.pt }.prefix(count).reduce(.zero, +)
      Self.expect(columns, jet, mass: sum.mass, pt: sum.pt, "subjets", min(count, subjets.count))
    }
  }

  @Test(arguments: [(0.1, 0.5), (0.3, 0.2)]) func pruningDropsWhatIsSoftAndWide(
    zCut: Double, factor: Double
  )
    throws
  {
    var configuration = Pruning.Configuration()
    configuration.zCut = zCut
    configuration.rCutFactor = factor
    let (jets, columns) = try SprayEvents.jets(Pruning.self, configuration)
    var all = 0
    SprayEvents.forEachJet(jets) { jet, particles in
      var dropped = 0
      let left = SprayEvents.cluster(
        particles, power: 0,
        join: { a, b in
          let isNear = a.deltaR(to: b) <= factor * 2 * jets.mass[jet] / jets.pt[jet]
          if isNear || min(a.pt, b.pt) >= zCut * (a + b).pt { return a + b }
          dropped += 1
          return a.pt >= b.pt ? a : b
        })[0]
      all += dropped
      Self.expect(columns, jet, mass: left.mass, pt: left.pt, "dropped", dropped)
    }
    #expect(all > 30)
  }

  @Test(arguments: [(0.1, 0.0), (0.1, 1.0)]) func bottomUpSoftDropDropsWhatIsSoft(
    zCut: Double, beta: Double
  )
    throws
  {
    let (jets, columns) = try SprayEvents.jets(BottomUpSoftDrop.self, .init(zCut: zCut, beta: beta))
    var all = 0
    SprayEvents.forEachJet(jets) { jet, particles in
      var dropped = 0
      let left = SprayEvents.cluster(
        particles, power: 0,
        join: { a, b in
          if min(a.pt, b.pt) / (a.pt + b.pt) > zCut * pow(a.deltaR(to: b), beta) { return a + b }
          dropped += 1
          return a.pt >= b.pt ? a : b
        })[0]
      all += dropped
      Self.expect(columns, jet, mass: left.mass, pt: left.pt, "dropped", dropped)
    }
    #expect(all > 30)
  }

  /// After one splitting recursive soft drop is soft drop, and without an end it keeps no branch that would be dropped.
  @Test func recursiveSoftDropGoesOn() throws {
    var configuration = RecursiveSoftDrop.Configuration()
    configuration.count = 1
    let (_, one) = try SprayEvents.jets(RecursiveSoftDrop.self, configuration)
    let (jets, softDrop) = try SprayEvents.jets(SoftDropGrooming.self, .init())
    configuration.count = nil
    let (_, all) = try SprayEvents.jets(RecursiveSoftDrop.self, configuration)
    configuration.branches = .harder
    let (_, iterated) = try SprayEvents.jets(RecursiveSoftDrop.self, configuration)
    let rule = try SoftDrop(zCut: 0.1, beta: 0, radius: 1)
    for jet in 0..<jets.jetCount {
      for name in ["o/mass", "o/pt", "o/dropped"] {
        #expect(SprayEvents.isClose(one[name]!.values[jet], softDrop[name]!.values[jet], 1e-6), "\(name)")
      }
      #expect(one["o/passed"]!.values[jet] == (softDrop["o/z"]!.values[jet].isNaN ? 0 : 1))
      // The whole tree, from the root on.
      func groomed(_ node: Int) -> (momentum: FourMomentum, passed: Int) {
        let nodes = jets.trees.nodes(ofTree: jet)
        guard let splitting = jets.trees.lundSplitting(ofNode: node, first: nodes.lowerBound) else {
          return (jets.trees.momentum(ofNode: node), 0)
        }
        let harder = groomed(nodes.lowerBound + Int(jets.trees.left[node]))
        guard rule.passes(z: splitting.z, deltaR: splitting.deltaR) else { return harder }
        let softer = groomed(nodes.lowerBound + Int(jets.trees.right[node]))
        return (harder.momentum + softer.momentum, harder.passed + softer.passed + 1)
      }
      let whole = groomed(jets.trees.nodes(ofTree: jet).upperBound - 1)
      #expect(SprayEvents.isClose(all["o/mass"]!.values[jet], whole.momentum.mass, 1e-6))
      #expect(all["o/passed"]!.values[jet] == Double(whole.passed))
      let primary = jets.trees.primaryLundPlane(ofTree: jet)
      #expect(iterated["o/passed"]!.values[jet] == Double(primary.filter { $0.z > 0.1 }.count))
    }
  }

  /// What jets are cut on is clustered before jets are left out, and serves the others too.
  @Test func reclusteringsOutliveCuts() throws {
    func columns(_ cuts: [ObservableCut]) throws -> Columns {
      let set = try ObservableSet([
        ObservableChoice("soft-drop", SoftDropGrooming.self, .init()),
        ObservableChoice("recursive", RecursiveSoftDrop.self, .init()),
        ObservableChoice("trimming", Trimming.self, .init()),
      ])
      let finder = try JetFinder(
        JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 20)))
      let reconstruction = try JetReconstruction(finder, observables: set, cuts: cuts)
      // The second batch, other than the first.
      _ = try reconstruction.jets(in: SprayEvents.events.events(at: 5..<9))
      return try reconstruction.jets(in: SprayEvents.events).columns.jets
    }
    let all = try columns([])
    let some = try columns([ObservableCut("soft-drop/mass > 20")])
    let kept = all["soft-drop/mass"]!.values.indices.filter { all["soft-drop/mass"]!.values[$0] > 20 }
    #expect(kept.count > 5 && kept.count < all["soft-drop/mass"]!.values.count)
    for name in ["soft-drop/mass", "recursive/mass", "trimming/mass", "trimming/subjets"] {
      #expect(some[name]!.values == kept.map { all[name]!.values[$0] }, "\(name)")
    }
  }

  @Test func settingsThatMeanNothingAreRefused() {
    func problem<Configuration: Decodable>(_ type: Configuration.Type, _ json: String) -> Bool {
      (try? JSONDecoder().decode(type, from: Data(json.utf8))) == nil
    }
    #expect(problem(Trimming.Configuration.self, #"{"fraction": 1.5}"#))
    #expect(problem(Trimming.Configuration.self, #"{"algorithm": "genkt"}"#))
    #expect(problem(Filtering.Configuration.self, #"{"count": 0}"#))
    #expect(problem(Pruning.Configuration.self, #"{"r-cut-factor": -1}"#))
    #expect(problem(RecursiveSoftDrop.Configuration.self, #"{"z-cut": 0.5}"#))
    #expect(problem(NSubjettiness.Configuration.self, #"{"axes": "one-pass-kt", "beta": 0.5}"#))
    #expect(!problem(NSubjettiness.Configuration.self, #"{"axes": "wta-kt", "beta": 0.5, "count": 6}"#))
  }
}

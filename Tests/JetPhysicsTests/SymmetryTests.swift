// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import Foundation
import JetPhysics
import Testing

/// Jets do not depend on the order of the particles, nor on the frame that the algorithm is invariant under.
@Suite struct SymmetryTests {
  static let hadronAlgorithms: [JetDefinition.Algorithm] = [.antikt, .kt, .cambridge, .genkt]
  static let leptonAlgorithms: [JetDefinition.Algorithm] = [.eeKt, .eeGenkt]

  @Test(arguments: JetDefinition.Algorithm.allCases)
  func orderOfParticlesDoesNotMatter(algorithm: JetDefinition.Algorithm) throws {
    let events = algorithm.isSpherical ? leptonEvents(10, seed: 21) : hadronEvents(10, seed: 22)
    var generator = SeededGenerator(seed: 23)
    let orders = (0..<events.eventCount).map { event in
      Array(0..<events.particles(ofEvent: event).count).shuffled(using: &generator)
    }
    let shuffled = Events(
      orders.enumerated().map { event, order in
        let momenta = events.momenta(ofEvent: event)
        return order.map { momenta[$0] }
      })
    for recluster in [nil, JetDefinition.Algorithm.kt, .cambridge] {
      let clusterer = try Self.clusterer(algorithm, recluster: recluster)
      let expected = try clusterer.jets(in: events)
      let jets = try clusterer.jets(in: shuffled)
      try #require(jets.offsets == expected.offsets)
      for event in 0..<events.eventCount {
        for jet in jets.jets(ofEvent: event) {
          #expect(agree(jets.momentum(ofJet: jet).components, expected.momentum(ofJet: jet).components))
          #expect(
            Self.splittings(of: jets, jet: jet) { orders[event][Int($0)] }
              == Self.splittings(of: expected, jet: jet) { Int($0) })
        }
      }
    }
  }

  @Test(arguments: hadronAlgorithms)
  func boostsAlongTheBeamAndRotationsAroundItDoNotMatter(algorithm: JetDefinition.Algorithm) throws {
    let events = hadronEvents(10, seed: 24)
    let (rapidity, azimuth) = (1.3, 2.1)
    try expectSameJets(events, algorithm) { momentum in
      FourMomentum(
        px: momentum.px * cos(azimuth) - momentum.py * sin(azimuth),
        py: momentum.px * sin(azimuth) + momentum.py * cos(azimuth),
        pz: momentum.pz * cosh(rapidity) + momentum.energy * sinh(rapidity),
        energy: momentum.energy * cosh(rapidity) + momentum.pz * sinh(rapidity))
    }
  }

  @Test(arguments: leptonAlgorithms)
  func rotationsDoNotMatter(algorithm: JetDefinition.Algorithm) throws {
    let (a, b) = (0.7, 1.9)
    try expectSameJets(leptonEvents(20, seed: 25), algorithm) { momentum in
      let (px, py) = (
        momentum.px * cos(a) - momentum.py * sin(a), momentum.px * sin(a) + momentum.py * cos(a)
      )
      return FourMomentum(
        px: px, py: py * cos(b) - momentum.pz * sin(b), pz: py * sin(b) + momentum.pz * cos(b),
        energy: momentum.energy)
    }
  }

  private func expectSameJets(
    _ events: Events, _ algorithm: JetDefinition.Algorithm, transform: (FourMomentum) -> FourMomentum
  ) throws {
    let moved = Events((0..<events.eventCount).map { events.momenta(ofEvent: $0).map(transform) })
    let clusterer = try Self.clusterer(algorithm, recluster: nil)
    let expected = try clusterer.jets(in: events)
    let jets = try clusterer.jets(in: moved)
    try #require(jets.offsets == expected.offsets)
    #expect(jets.constituents == expected.constituents)
    #expect(jets.trees.left == expected.trees.left)
    for jet in 0..<jets.jetCount {
      let momentum = transform(expected.momentum(ofJet: jet))
      #expect(agree(jets.momentum(ofJet: jet).components, momentum.components, tolerance: 1e-11))
    }
  }

  private static func clusterer(
    _ algorithm: JetDefinition.Algorithm, recluster: JetDefinition.Algorithm?
  ) throws -> JetClusterer {
    try JetClusterer(JetFinder(JetDefinition(algorithm, radius: 0.6, power: 0.5), recluster: recluster))
  }

  /// The splittings of a jet as pairs of sets of particles, which no numbering of nodes changes.
  private static func splittings(of jets: Jets, jet: Int, name: (Int32) -> Int) -> Set<[Set<Int>]> {
    let first = jets.trees.offsets[jet]
    var contents = jets.constituents[jet].map { Set([name($0)]) }
    var splittings: Set<[Set<Int>]> = []
    for node in jets.trees.nodes(ofTree: jet).dropFirst(contents.count) {
      let children = [jets.trees.left[node], jets.trees.right[node]].map { contents[Int($0)] }
      splittings.insert(children)
      contents.append(children[0].union(children[1]))
      assert(contents.count == node - first + 1)
    }
    return splittings
  }
}

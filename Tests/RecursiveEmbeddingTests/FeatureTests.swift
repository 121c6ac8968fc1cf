// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import NeuralEngine
import RecursiveEmbedding
import Testing

@Suite struct FeatureTests {
  /// A jet of two particles: (pT 30, η 0.1, φ 0.2) and (pT 10, η −0.1, φ 0.4), massless.
  private static let jet: Jets = {
    let particles = [(30.0, 0.1, 0.2), (10.0, -0.1, 0.4)].map { pt, eta, phi in
      FourMomentum(px: pt * cos(phi), py: pt * sin(phi), pz: pt * sinh(eta), energy: pt * cosh(eta))
    }
    var events = Events()
    events.eventNumbers = [0]
    events.offsets = [0, 2]
    events.momenta = FourMomenta(particles)
    return try! JetClusterer(JetFinder(JetDefinition(.antikt, radius: 1), recluster: .kt)).jets(in: events)
  }()

  private func features(_ set: NodeFeatures) -> [[Double]] {
    var trees = FeatureTrees(featureCount: set.count)
    trees.replace(with: Self.jet.trees, features: set)
    return stride(from: 0, to: trees.features.count, by: set.count).map { row in
      (0..<set.count).map { Double(trees.features[row + $0]) }
    }
  }

  private func expect(_ row: [Double], _ expected: [Double]) {
    #expect(row.count == expected.count)
    for (value, number) in zip(row, expected) {
      #expect(abs(value - number) < 1e-5 * max(1, abs(number)) || value.isNaN && number.isNaN)
    }
  }

  @Test func namesAndCountsAgree() {
    for set in NodeFeatures.allCases {
      #expect(set.names.count == set.count && Set(set.names).count == set.count)
    }
  }

  @Test func paperFeaturesByHand() {
    let rows = features(.paper)
    let energy = 30 * cosh(0.1) + 10 * cosh(0.1)
    expect(
      rows[0],
      [30 * cosh(0.1), 0.1, 0.2, 30 * cosh(0.1), 0.75, 30, 2 * atan(exp(-0.1))])
    #expect(abs(rows[2][3] - energy) < 1e-4 && rows[2][4] == 1)
  }

  @Test func lundFeaturesByHand() {
    let rows = features(.lund)
    let px = 30 * cos(0.2) + 10 * cos(0.4)
    let py = 30 * sin(0.2) + 10 * sin(0.4)
    let pz = 30 * sinh(0.1) - 10 * sinh(0.1)
    let energy = 40 * cosh(0.1)
    let pt = (px * px + py * py).squareRoot()
    let eta = asinh(pz / pt)
    let phi = atan2(py, px)
    let mass = (energy * energy - pt * pt - pz * pz).squareRoot()
    let deltaR = (0.2 * 0.2 + 0.2 * 0.2).squareRoot()
    let toAxis = (pow(0.1 - eta, 2) + pow(0.2 - phi, 2)).squareRoot()
    expect(
      rows[0],
      [
        log(30 / pt), log(0.75), 0.1 - eta, 0.2 - phi, toAxis, log(0.1), log(30), 0, .nan, .nan, .nan,
      ])
    expect(
      rows[2],
      [0, 0, 0, 0, 0, log(mass), log(pt), 1, log(deltaR), log(0.25), log(10 * deltaR)])
  }

  @Test func degenerateNodesHaveFiniteFeatures() throws {
    var events = Events()
    events.eventNumbers = [0]
    events.offsets = [0, 7]
    // Along the beam both ways, at rest, twice the same, slightly imaginary mass, nothing at all.
    events.momenta.px = [0, 0, 0, 1, 1, 2, 0]
    events.momenta.py = [0, 0, 0, 1, 1, 0, 0]
    events.momenta.pz = [5, -5, 0, 1, 1, 0, 0]
    events.momenta.energy = [5, 5, 1, 2, 2, 1.9999, 0]
    let jets = try JetClusterer(JetFinder(JetDefinition(.kt, radius: 1000))).jets(in: events)
    #expect(jets.jetCount > 0)
    for set in NodeFeatures.allCases {
      var trees = FeatureTrees(featureCount: set.count)
      trees.replace(with: jets.trees, features: set)
      trees.scale(by: FeatureScaling(fitting: trees.features, count: set.count))
      #expect(trees.features.allSatisfy { $0.isFinite })
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import Foundation
import JetPhysics
import Testing

@Suite struct SubstructureTests {
  /// A jet of three particles at rapidity 0: azimuths 0, 0.1 and 0.5 and pT 60, 30 and 10.
  private func threeProngs() throws -> Jets {
    let particles = [(10.0, 0.5), (60.0, 0.0), (30.0, 0.1)].map {
      FourMomentum(pt: $0.0, rapidity: 0, phi: $0.1, mass: 0)
    }
    let finder = try JetFinder(JetDefinition(.antikt, radius: 1), recluster: .cambridge)
    return try JetClusterer(finder).jets(in: Events([particles]))
  }

  @Test func lundPlaneOfThreeProngs() throws {
    let jets = try threeProngs()
    try #require(jets.jetCount == 1)
    let plane = jets.trees.primaryLundPlane(ofTree: 0)
    try #require(plane.count == 2)
    let hard = FourMomentum(pt: 60, rapidity: 0, phi: 0, mass: 0)
    let pair = hard + FourMomentum(pt: 30, rapidity: 0, phi: 0.1, mass: 0)
    #expect(agree(plane[0].deltaR, 0.5 - pair.phi))
    #expect(agree(plane[0].z, 10 / (10 + pair.pt)))
    #expect(agree(plane[0].kt, 10 * (0.5 - pair.phi)))
    #expect(agree(plane[0].mass, jets.mass[0]))
    #expect(agree(plane[1].deltaR, 0.1))
    #expect(agree(plane[1].z, 1.0 / 3))
    #expect(agree(plane[1].logInverseDeltaR, log(10)))
    #expect(agree(plane[1].logKt, log(3)))
    #expect(agree(plane[1].logZ, -log(3)))
    // Massless prongs: m² = 2 pT₁ pT₂ (cosh Δy − cos Δφ).
    #expect(agree(plane[1].mass, (2 * 60 * 30 * (1 - cos(0.1))).squareRoot(), tolerance: 1e-10))
    #expect(abs(plane[1].psi) < 1e-12)
  }

  @Test func softDropDropsTheSoftProng() throws {
    let trees = try threeProngs().trees
    let pair = [(60.0, 0.0), (30.0, 0.1)].map { FourMomentum(pt: $0.0, rapidity: 0, phi: $0.1, mass: 0) }
    let groomed = try SoftDrop(zCut: 0.2, beta: 0, radius: 1).groom(trees, tree: 0)
    #expect(agree(groomed.momentum.components, pair.reduce(.zero, +).components))
    #expect(groomed.droppedBranches == 1)
    #expect(agree(groomed.splitting?.z ?? 0, 1.0 / 3))
    // A looser cut keeps everything, one above 1/3 leaves the hardest particle, and an angular exponent that
    // forgives z ≈ 0.1 at ΔR ≈ 0.47 keeps everything.
    #expect(try SoftDrop(zCut: 0.05, beta: 0, radius: 1).groom(trees, tree: 0).node == trees.nodeCount - 1)
    let particle = try SoftDrop(zCut: 0.4, beta: 0, radius: 1).groom(trees, tree: 0)
    #expect(particle.splitting == nil && particle.droppedBranches == 2)
    #expect(agree(particle.momentum.pt, 60))
    #expect(try SoftDrop(zCut: 0.2, beta: 2, radius: 1).groom(trees, tree: 0).droppedBranches == 0)
  }

  /// The definition of arXiv:1402.2657 by recursion over sets of particles, for Cambridge trees.
  @Test func softDropIsItsDefinition() throws {
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 0.8), selection: JetSelection(.inclusive(minimumPt: 10)),
      recluster: .cambridge)
    let events = hadronEvents(20, seed: 51)
    let jets = try JetClusterer(finder).jets(in: events)
    let softDrop = try SoftDrop(zCut: 0.1, beta: 1, radius: 0.8)
    var groomedSome = false
    for tree in 0..<jets.jetCount {
      let first = jets.trees.offsets[tree]
      func survivor(of node: Int) -> Int {
        guard jets.trees.left[node] >= 0 else { return node }
        let children = [jets.trees.left[node], jets.trees.right[node]].map { first + Int($0) }
        let pts = children.map { jets.trees.momentum(ofNode: $0).pt }
        let distance = jets.trees.momentum(ofNode: children[0]).deltaR(
          to: jets.trees.momentum(ofNode: children[1]))
        if pts.min()! / (pts[0] + pts[1]) > 0.1 * distance / 0.8 { return node }
        return survivor(of: pts[0] >= pts[1] ? children[0] : children[1])
      }
      let groomed = softDrop.groom(jets.trees, tree: tree)
      #expect(groomed.node == survivor(of: jets.trees.offsets[tree + 1] - 1))
      groomedSome = groomedSome || groomed.droppedBranches > 0
    }
    #expect(groomedSome)
  }

  @Test func badGroomingIsAnError() {
    #expect(throws: JetPhysicsError.self) { try SoftDrop(zCut: 0.5, beta: 0, radius: 1) }
    #expect(throws: JetPhysicsError.self) { try SoftDrop(zCut: 0.1, beta: .nan, radius: 1) }
    #expect(throws: JetPhysicsError.self) { try SoftDrop(zCut: 0.1, beta: 0, radius: 0) }
  }

  @Test func fourMomentumEdges() {
    #expect(FourMomentum.zero.rapidity == 1e5)
    #expect(FourMomentum(px: 0, py: 0, pz: -7, energy: 7).rapidity == -100_007)
    #expect(FourMomentum(px: 0, py: 0, pz: -7, energy: 6.9).rapidity == -100_007)
    #expect(FourMomentum(px: 0, py: 0, pz: 0, energy: 2).rapidity == 0)
    #expect(FourMomentum(px: 3, py: 4, pz: 0, energy: 4).mass == -3)
    #expect(FourMomentum(px: 1, py: -1e-300, pz: 0, energy: 4).phi == 0)
    #expect(FourMomentum(px: 0, py: -2, pz: 0, energy: 4).phi == 1.5 * .pi)
    #expect(FourMomentum(px: 0, py: 0, pz: -5, energy: 7).theta == .pi)
    #expect(FourMomentum(px: 0, py: 0, pz: -5, energy: 7).pseudorapidity == -1e5)
    let (a, b) = (
      FourMomentum(pt: 1, rapidity: 0, phi: 0.1, mass: 0), FourMomentum(pt: 1, rapidity: 0, phi: 6.2, mass: 0)
    )
    #expect(abs(a.deltaPhi(to: b) - (6.1 - 2 * .pi)) < 1e-12)
  }
}

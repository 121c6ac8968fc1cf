// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import JetPhysics
import Testing

/// Every algorithm, scheme and source of trees has a sound result for events at the edges of arithmetic.
@Suite struct DegenerateEventTests {
  static let reclusterings: [JetDefinition.Algorithm?] = [nil] + JetDefinition.Algorithm.allCases

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func jetsAreSound(algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme) throws {
    let events = Events(degenerateEvents().map(\.event))
    for recluster in Self.reclusterings {
      let definition = try JetDefinition(algorithm, radius: 0.8, power: -1, recombination: scheme)
      // Reclustering has the same pieces to join however the jets were selected.
      let kinds: [JetSelection.Kind] =
        recluster == nil
        ? [.inclusive(minimumPt: 0), .exclusiveJets(2), .exclusiveCut(1)] : [.exclusiveJets(2)]
      for kind in kinds {
        let finder = try JetFinder(definition, selection: JetSelection(kind), recluster: recluster)
        let jets = try JetClusterer(finder).jets(in: events)
        expectSound(jets, of: events, spherical: algorithm.isSpherical)
        for event in 0..<events.eventCount {
          let particles = events.particles(ofEvent: event).filter {
            !isPadding(events.momentum(ofParticle: $0))
          }
          let first = events.offsets[event]
          if case .exclusiveJets(let count) = kind {
            #expect(jets.jets(ofEvent: event).count == min(count, particles.count))
          }
          if case .inclusive = kind {
            let members = jets.jets(ofEvent: event).flatMap {
              jets.constituents[$0]
            }
            #expect(members.sorted() == particles.map { Int32($0 - first) })
          }
        }
      }
    }
  }

  /// In the E scheme a tree's root is the sum of its leaves, however many pieces were joined.
  @Test(arguments: reclusterings)
  func rootIsTheSumOfItsLeaves(recluster: JetDefinition.Algorithm?) throws {
    for (name, event) in degenerateEvents() where name != "huge" {
      let events = Events([event])
      let definition = try JetDefinition(.eeKt, power: 1)
      let finder = try JetFinder(definition, selection: JetSelection(.exclusiveJets(1)), recluster: recluster)
      let jets = try JetClusterer(finder).jets(in: events)
      guard !event.allSatisfy(isPadding) else { continue }
      try #require(jets.jetCount == 1)
      let root = jets.trees.momentum(ofNode: jets.trees.nodeCount - 1)
      let sum = event.reduce(.zero, +)
      #expect(agree(root.components, sum.components, tolerance: 1e-12), "\(name)")
    }
  }

  /// The beams are further away than any radius, so anti-kT ends three pieces: the particle at 1/pT² = 0.04, and
  /// each beam at FastJet's distance for no pT, 10³⁰⁰.
  @Test func piecesAreJoinedWhereTheyEnded() throws {
    let event = [
      FourMomentum(px: 0, py: 0, pz: 7, energy: 7), FourMomentum(px: 3, py: 4, pz: 0, energy: 5),
      FourMomentum(px: 0, py: 0, pz: -9, energy: 9),
    ]
    let finder = try JetFinder(
      JetDefinition(.eeKt), selection: JetSelection(.exclusiveJets(1)), recluster: .antikt)
    let jets = try JetClusterer(finder).jets(in: Events([event]))
    try #require(jets.trees.nodeCount == 5)
    #expect(agree(jets.trees.mergeScale[3], 0.04))
    #expect(agree(jets.trees.mergeScale[4], 1e300))
    #expect([jets.trees.left[3], jets.trees.right[3]].contains(1))
    #expect(jets.trees.momentum(ofNode: 4) == FourMomentum(px: 3, py: 4, pz: -2, energy: 21))
  }

  /// Whether all components count as 0, so that there is no particle.
  private func isPadding(_ momentum: FourMomentum) -> Bool {
    momentum.components.allSatisfy { abs($0) < 1e-150 }
  }

  private func expectSound(_ jets: Jets, of events: Events, spherical: Bool) {
    #expect(jets.offsets.count == events.eventCount + 1)
    #expect(jets.trees.treeCount == jets.jetCount)
    let finite = [
      jets.momenta.content.px, jets.momenta.content.py, jets.momenta.content.pz, jets.momenta.content.energy,
      jets.rapidity, jets.phi, jets.mass, jets.trees.momenta.px,
      jets.trees.momenta.py, jets.trees.momenta.pz, jets.trees.momenta.energy, jets.trees.mergeScale,
    ]
    #expect(finite.allSatisfy { $0.allSatisfy(\.isFinite) })
    let unsound = (0..<jets.jetCount).filter { !isSound(jets, tree: $0, spherical: spherical) }
    #expect(unsound.isEmpty)
  }

  /// Whether a tree has the shape that ``JetTrees`` promises, its harder children on the left.
  private func isSound(_ jets: Jets, tree: Int, spherical: Bool) -> Bool {
    let leaves = jets.constituents(ofJet: tree).count
    let nodes = jets.trees.nodes(ofTree: tree)
    guard nodes.count == 2 * leaves - 1 else { return false }
    var isChild = [Bool](repeating: false, count: nodes.count)
    for (number, node) in nodes.enumerated() {
      let (left, right) = (Int(jets.trees.left[node]), Int(jets.trees.right[node]))
      if number < leaves {
        guard left == -1, right == -1 else { return false }
        continue
      }
      guard left >= 0, left < number, right >= 0, right < number, left != right else { return false }
      guard !isChild[left], !isChild[right] else { return false }
      isChild[left] = true
      isChild[right] = true
      let children = [left, right].map { jets.trees.momentum(ofNode: nodes.lowerBound + $0) }
      let hardness = children.map { spherical ? $0.energy : $0.pt2 }
      guard hardness[0] > hardness[1] || (hardness[0] == hardness[1] && left < right) else { return false }
    }
    return isChild.dropLast().allSatisfy { $0 } && isChild.last == false
  }
}

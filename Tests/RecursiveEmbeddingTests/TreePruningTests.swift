// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import RecursiveEmbedding
import Testing

/// Trees without the splittings that a scale does not resolve.
@Suite struct TreePruningTests {
  /// Four events of twenty particles, with a column.
  private static func particles() -> [[FourMomentum]] {
    var generator = SeededGenerator(seed: 4)
    return (0..<4).map { _ in
      (0..<20).map { _ in
        FourMomentum(
          pt: Double.random(in: 0.5...30, using: &generator),
          rapidity: Double.random(in: -0.6...0.6, using: &generator),
          phi: Double.random(in: 1...2.2, using: &generator), mass: 0.14)
      }
    }
  }

  private static func events(_ particles: [[FourMomentum]]) throws -> Events {
    var events = Events()
    for momenta in particles {
      try events.append(momenta, particleColumns: ["one": momenta.map { _ in 1 }])
    }
    return events
  }

  private static let set = try! NodeFeatures(["lund", "particle.one", "lund/kt", "constituent-kinematics/pt"])

  /// The features of the trees of an event's only jets.
  private static func trees(
    _ particles: [[FourMomentum]], _ algorithm: JetDefinition.Algorithm, _ pruning: TreePruning?
  ) throws -> FeatureTrees {
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 5), leading: 1),
      recluster: algorithm)
    let events = try events(particles)
    var jets = try JetClusterer(finder).jets(in: events)
    addNumbers(to: &jets, of: events)
    var trees = FeatureTrees(featureCount: set.count)
    try trees.replace(with: jets, of: events, features: set, pruning: pruning)
    return trees
  }

  /// kT of splittings and pT of constituents, as observables have them.
  private static func addNumbers(to jets: inout Jets, of events: Events) {
    var (kt, pt): ([Double], [Double]) = ([], [])
    for jet in 0..<jets.jetCount {
      for node in jets.trees.nodes(ofTree: jet) {
        if jets.trees.left[node] < 0 {
          pt.append(jets.trees.momenta[node].pt)
        } else {
          let first = jets.trees.offsets[jet]
          let children = [jets.trees.left[node], jets.trees.right[node]].map {
            jets.trees.momenta[first + Int($0)]
          }
          kt.append(min(children[0].pt, children[1].pt) * children[0].deltaR(to: children[1]))
        }
      }
    }
    jets.columns.splittings["lund/kt"] = Column(values: kt)
    jets.columns.constituents["constituent-kinematics/pt"] = Column(values: pt)
  }

  /// A tree, from the root down.
  private indirect enum Branch {
    case leaf([Float])
    case splitting([Float], Branch, Branch)

    init(_ trees: FeatureTrees, tree: Int) {
      self.init(trees, trees.offsets[tree + 1] - 1, trees.offsets[tree])
    }

    private init(_ trees: FeatureTrees, _ node: Int, _ first: Int) {
      let features = Array(trees.features[node * trees.featureCount..<(node + 1) * trees.featureCount])
      if trees.left[node] < 0 {
        self = .leaf(features)
      } else {
        self = .splitting(
          features, Branch(trees, first + Int(trees.left[node]), first),
          Branch(trees, first + Int(trees.right[node]), first))
      }
    }

    var features: [Float] {
      switch self {
      case .leaf(let features), .splitting(let features, _, _): features
      }
    }

    var leafCount: Int {
      switch self {
      case .leaf: 1
      case .splitting(_, let left, let right): left.leafCount + right.leafCount
      }
    }

    /// The largest difference of a feature but of some; nil if the trees have other shapes.
    func difference(from other: Branch, without places: [Int]) -> Float? {
      let own = zip(features, other.features).enumerated().map { place, pair in
        places.contains(place) || pair.0.isNaN && pair.1.isNaN ? 0 : abs(pair.0 - pair.1)
      }.max()!
      switch (self, other) {
      case (.leaf, .leaf): return own
      case (.splitting(_, let a, let b), .splitting(_, let c, let d)):
        guard let left = a.difference(from: c, without: places),
          let right = b.difference(from: d, without: places)
        else { return nil }
        return max(own, left, right)
      default: return nil
      }
    }
  }

  /// Ghosts, and particles that are split exactly, change neither splittings nor features but for the count of particles.
  @Test(arguments: [JetDefinition.Algorithm.kt, .cambridge, .antikt])
  func softAndCollinearParticlesChangeNothing(algorithm: JetDefinition.Algorithm) throws {
    let pruning = TreePruning(minKt: 1e-3)
    let particles = Self.particles()
    var generator = SeededGenerator(seed: 8)
    let ghosts = particles.map { event in
      event
        + (0..<60).map { _ in
          FourMomentum(
            pt: 1e-18, rapidity: Double.random(in: -1...1, using: &generator),
            phi: Double.random(in: 0.5...2.7, using: &generator), mass: 0)
        }
    }
    let halves = particles.map { event in
      event.flatMap { p in
        Array(
          repeating: FourMomentum(px: p.px / 2, py: p.py / 2, pz: p.pz / 2, energy: p.energy / 2), count: 2)
      }
    }
    let before = try Self.trees(particles, algorithm, pruning)
    // The count of particles, and what a constituent was before it was split.
    for (changed, others) in [(ghosts, [11]), (halves, [11, 13])] as [([[FourMomentum]], [Int])] {
      let whole = try Self.trees(changed, algorithm, nil)
      let after = try Self.trees(changed, algorithm, pruning)
      #expect(whole.left.count > after.left.count)
      for tree in 0..<before.treeCount {
        let difference = Branch(before, tree: tree).difference(
          from: Branch(after, tree: tree), without: others)
        #expect(try #require(difference) < 1e-5)
        #expect(Branch(before, tree: tree).leafCount > 10)
      }
    }
  }

  /// The rule, by recursion from the root, with logarithms and angles.
  @Test(arguments: [
    TreePruning(minKt: 2), TreePruning(minKt: 0, minZ: 0.2), TreePruning(minKt: 1, minZ: 0.1), TreePruning(),
  ])
  func splittingsGiveWayToTheirHarderBranch(pruning: TreePruning) throws {
    let particles = Self.particles()
    let pruned = try Self.trees(particles, .kt, pruning)
    let finder = try JetFinder(
      JetDefinition(.antikt, radius: 1), selection: JetSelection(.inclusive(minimumPt: 5), leading: 1),
      recluster: .kt)
    let trees = try JetClusterer(finder).jets(in: Self.events(particles)).trees
    var splittings = 0
    for tree in 0..<trees.treeCount {
      let first = trees.offsets[tree]
      func compare(_ branch: Branch, _ node: Int) {
        // Down to what is resolved.
        var structure = node
        while trees.left[structure] >= 0 {
          let (a, b) = (
            trees.momenta[first + Int(trees.left[structure])],
            trees.momenta[first + Int(trees.right[structure])]
          )
          let softer = min(a.pt, b.pt)
          let squared = 2 * (cosh(a.rapidity - b.rapidity) - cos(a.phi - b.phi))
          if softer * squared.squareRoot() >= pruning.minKt, softer / (a.pt + b.pt) >= pruning.minZ { break }
          structure = first + Int(trees.left[structure])
        }
        #expect(abs(branch.features[6] - Float(log(trees.momenta[node].pt))) < 1e-6)
        switch branch {
        case .leaf: #expect(trees.left[structure] < 0)
        case .splitting(let features, let left, let right):
          guard trees.left[structure] >= 0 else {
            Issue.record("a leaf has children")
            return
          }
          splittings += 1
          let kids = (first + Int(trees.left[structure]), first + Int(trees.right[structure]))
          let (a, b) = (trees.momenta[kids.0], trees.momenta[kids.1])
          #expect(abs(features[12] - Float(min(a.pt, b.pt) * a.deltaR(to: b))) < 1e-4)
          compare(left, kids.0)
          compare(right, kids.1)
        }
      }
      let branch = Branch(pruned, tree: tree)
      compare(branch, trees.offsets[tree + 1] - 1)
      // The sum over all particles, those that fell away among them.
      #expect(branch.features[11] == Float(trees.leaves(ofTree: tree).count))
    }
    let all = trees.nodeCount / 2
    if pruning == TreePruning() {
      #expect(splittings > all - 4)
    } else {
      #expect(splittings < all * 9 / 10 && splittings > 8, "\(splittings) of \(all)")
    }
  }

  @Test func scalesAreReadAndRefused() throws {
    let read = try JSONDecoder().decode(
      EmbeddingDescription.self, from: Data(#"{"tree": {"min-kt": 0.5}}"#.utf8))
    #expect(read.tree == TreePruning(minKt: 0.5))
    let written = String(decoding: try JSONEncoder().encode(EmbeddingDescription()), as: UTF8.self)
    #expect(!written.contains("tree"))
    for text in [#"{"tree": {"min-kt": -1}}"#, #"{"tree": {"min-z": 0.6}}"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(EmbeddingDescription.self, from: Data(text.utf8))
      }
    }
  }
}

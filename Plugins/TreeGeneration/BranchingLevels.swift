// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The trees of several jets level by level, from the roots on, as prongs that branch.
///
/// The nodes of a level are the harder children of all branchings of the level above in their order, and then the softer
/// ones: the order of a jet's own nodes does not depend on the other jets.
struct BranchingLevels {
  /// The nodes that are equally far from their roots.
  struct Level {
    /// The jet of each node: `[nodes]`.
    var jets: [Int32] = []
    /// The nodes that branch, counted within the level: `[branchings]`.
    var branching: [Int32] = []
    /// How they branch, with the azimuth relative to that of the branching before: `[branchings]`.
    var branchings: [Branching] = []
    /// The harder of the two prongs that each branches into: `[branchings]`.
    var harder: [Prong] = []
    /// The softer ones: `[branchings]`.
    var softer: [Prong] = []
  }

  /// The root of each jet: `[jets]`.
  private(set) var roots: [Prong] = []
  /// The levels, the first of them the roots.
  private(set) var levels: [Level] = []

  /// The levels of some trees.
  init(_ trees: JetTrees) {
    let prongs = ProngTrees(trees)
    var nodes = (0..<trees.treeCount).map { Node(index: trees.offsets[$0 + 1] - 1, jet: Int32($0)) }
    roots = nodes.map { prongs.prongs[$0.index] }
    while !nodes.isEmpty {
      var level = Level()
      var (harder, softer): ([Node], [Node]) = ([], [])
      for (place, node) in nodes.enumerated() {
        level.jets.append(node.jet)
        guard let children = prongs.children[node.index] else { continue }
        var branching = prongs.branchings[node.index]
        let absolute = branching.azimuth
        branching.azimuth = (absolute - node.azimuth).remainder(dividingBy: 2 * .pi)
        level.branching.append(Int32(place))
        level.branchings.append(branching)
        level.harder.append(prongs.prongs[children.harder])
        level.softer.append(prongs.prongs[children.softer])
        harder.append(Node(index: children.harder, jet: node.jet, azimuth: absolute))
        softer.append(Node(index: children.softer, jet: node.jet, azimuth: absolute))
      }
      levels.append(level)
      nodes = harder + softer
    }
  }

  private struct Node {
    let index: Int
    let jet: Int32
    /// The azimuth of the branching that it comes from; 0 for a root.
    var azimuth = 0.0
  }
}

/// Trees with a prong in place of each four-momentum, whatever the scheme of the clustering.
private struct ProngTrees {
  /// The prong of each node: `[nodes]`.
  private(set) var prongs: [Prong]
  /// The children of each node; nil for a leaf: `[nodes]`.
  private(set) var children: [(harder: Int, softer: Int)?]
  /// How each node branches; without meaning for a leaf: `[nodes]`.
  private(set) var branchings: [Branching]

  init(_ trees: JetTrees) {
    prongs = []
    prongs.reserveCapacity(trees.nodeCount)
    children = Array(repeating: nil, count: trees.nodeCount)
    branchings = Array(repeating: Branching(), count: trees.nodeCount)
    for tree in 0..<trees.treeCount {
      let nodes = trees.nodes(ofTree: tree)
      for node in nodes {
        guard trees.left[node] >= 0 else {
          prongs.append(Prong(trees.momentum(ofNode: node)))
          continue
        }
        var (harder, softer) = (
          nodes.lowerBound + Int(trees.left[node]), nodes.lowerBound + Int(trees.right[node])
        )
        // The sum of pT may order them otherwise than the pT of the sum does.
        if prongs[softer].pt > prongs[harder].pt { swap(&harder, &softer) }
        children[node] = (harder, softer)
        prongs.append(
          Prong(harder: prongs[harder], softer: prongs[softer], branching: &branchings[node]))
      }
    }
  }
}

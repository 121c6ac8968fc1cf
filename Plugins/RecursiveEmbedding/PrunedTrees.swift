// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The trees of jets without what a scale does not resolve.
struct PrunedTrees: Sendable {
  /// The trees, whose leaves may be several constituents.
  private(set) var trees = JetTrees()
  /// The node of the whole trees that each node has its momentum from: `[nodes]`.
  private(set) var nodes: [Int32] = []
  /// The node of the whole trees that each node has its children from, a leaf if it has none: `[nodes]`.
  private(set) var structures: [Int32] = []

  /// For each node of the tree that is being pruned, the one whose children it has: `[nodes of the tree]`.
  private var structureOfNode: [Int] = []
  /// Whether each node stays: `[nodes of the tree]`.
  private var stays: [Bool] = []
  /// The place of each node in the pruned tree: `[nodes of the tree]`.
  private var places: [Int32] = []

  /// Replaces the content by what a scale resolves of trees, and keeps the storage.
  mutating func replace(with whole: JetTrees, resolving pruning: TreePruning) {
    trees.removeAll()
    nodes.removeAll(keepingCapacity: true)
    structures.removeAll(keepingCapacity: true)
    for tree in 0..<whole.treeCount { append(whole, whole.nodes(ofTree: tree), pruning) }
  }

  private mutating func append(_ whole: JetTrees, _ range: Range<Int>, _ pruning: TreePruning) {
    let (first, count) = (range.lowerBound, range.count)
    structureOfNode.removeAll(keepingCapacity: true)
    stays.removeAll(keepingCapacity: true)
    places.resize(to: count)
    // Children come before parents.
    for node in 0..<count {
      stays.append(node == count - 1)
      structureOfNode.append(node)
      guard whole.left[first + node] >= 0 else { continue }
      let (left, right) = (Int(whole.left[first + node]), Int(whole.right[first + node]))
      if !pruning.resolves(whole.momenta[first + left], whole.momenta[first + right]) {
        structureOfNode[node] = structureOfNode[left]
      }
    }
    for node in (0..<count).reversed() where stays[node] {
      let structure = first + structureOfNode[node]
      guard whole.left[structure] >= 0 else { continue }
      stays[Int(whole.left[structure])] = true
      stays[Int(whole.right[structure])] = true
    }
    // Leaves first, as in whole trees.
    var place: Int32 = 0
    for hasChildren in [false, true] {
      for node in 0..<count where stays[node] {
        let structure = first + structureOfNode[node]
        guard (whole.left[structure] >= 0) == hasChildren else { continue }
        places[node] = place
        place += 1
        trees.left.append(hasChildren ? places[Int(whole.left[structure])] : -1)
        trees.right.append(hasChildren ? places[Int(whole.right[structure])] : -1)
        trees.momenta.append(whole.momenta[first + node])
        trees.mergeScale.append(hasChildren ? whole.mergeScale[structure] : 0)
        nodes.append(Int32(first + node))
        structures.append(Int32(structure))
      }
    }
    trees.offsets.append(trees.left.count)
  }
}

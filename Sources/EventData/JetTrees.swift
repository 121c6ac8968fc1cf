// SPDX-License-Identifier: GPL-3.0-or-later

/// The clustering trees of a sequence of jets as flat arrays.
///
/// A jet of n constituents owns 2n − 1 nodes, `offsets[j] ..< offsets[j + 1]`. Within a jet the nodes are
/// numbered from 0: first the n leaves, in the order of the jet's constituents, so that leaf i is constituent
/// i; then the n − 1 splittings in the order in which clustering made them, so that children come before
/// parents and the root comes last.
public struct JetTrees: Sendable, Equatable {
  /// The first node of each jet, and the number of nodes at the end: `[jets + 1]`.
  public var offsets: [Int]
  /// The child of larger pT, numbered within the jet; −1 for a leaf: `[nodes]`.
  public var left: [Int32]
  /// The child of smaller pT, numbered within the jet; −1 for a leaf: `[nodes]`.
  public var right: [Int32]
  /// The four-momenta: `[nodes]`.
  public var momenta: FourMomenta
  /// The distance d_ij at which the clustering algorithm joined the children; 0 for a leaf: `[nodes]`.
  public var mergeScale: [Double]

  /// No trees.
  public init() {
    offsets = [0]
    left = []
    right = []
    momenta = FourMomenta()
    mergeScale = []
  }

  /// The number of trees.
  public var treeCount: Int { offsets.count - 1 }

  /// The number of nodes of all trees together.
  public var nodeCount: Int { left.count }

  /// The nodes of one tree as a range into the node arrays.
  public func nodes(ofTree tree: Int) -> Range<Int> { offsets[tree]..<offsets[tree + 1] }

  /// The leaves of one tree, which are its jet's constituents in their order, as a range into the node arrays.
  public func leaves(ofTree tree: Int) -> Range<Int> {
    let nodes = nodes(ofTree: tree)
    return nodes.lowerBound..<nodes.lowerBound + (nodes.count + 1) / 2
  }

  /// The four-momentum of a node, counted from the first of all trees.
  public func momentum(ofNode node: Int) -> FourMomentum { momenta[node] }

  /// Forgets all trees and keeps the storage.
  public mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    left.removeAll(keepingCapacity: true)
    right.removeAll(keepingCapacity: true)
    momenta.removeAll()
    mergeScale.removeAll(keepingCapacity: true)
  }

  /// Adds one tree of another collection after these.
  public mutating func append(_ tree: Int, of other: JetTrees) {
    for node in other.nodes(ofTree: tree) {
      left.append(other.left[node])
      right.append(other.right[node])
      momenta.append(other.momenta[node])
      mergeScale.append(other.mergeScale[node])
    }
    offsets.append(left.count)
  }
}

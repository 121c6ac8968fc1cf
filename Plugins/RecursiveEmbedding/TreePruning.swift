// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The scale below which splittings of a jet's tree are not resolved, so that soft and collinear particles do not change it.
///
/// The softer branch of a splitting has the pT share z = pT_soft / (pT_soft + pT_hard) and the transverse momentum
/// kT = pT_soft Δ with Δ² = 2 (cosh Δy − cos Δφ), which is ΔR² for small angles. If z or kT is below its least value, the splitting
/// gives way to what its harder branch splits into, or to a leaf if that is one, and keeps its own momentum. So a ghost, and a particle
/// that was split exactly, leave the momenta and the splittings that the network reads as they were.
public struct TreePruning: SettingsSection, Encodable, Equatable {
  /// The least kT of a splitting, in GeV.
  public var minKt = 0.0
  /// The least z of a splitting.
  public var minZ = 0.0

  /// Every splitting is resolved.
  public init() {}

  /// A scale.
  public init(minKt: Double, minZ: Double = 0) {
    self.minKt = minKt
    self.minZ = minZ
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<TreePruning>] = [
    Setting("min-kt", \.minKt, .notNegative, unit: "GeV", "the least kT of a splitting that is resolved"),
    Setting("min-z", \.minZ, .closed(0...0.5), "the least share of the softer branch in the pT of both"),
  ]

  /// Whether a splitting into two momenta is resolved.
  fileprivate func resolves(_ first: FourMomentum, _ second: FourMomentum) -> Bool {
    let (pt1, pt2) = (first.pt, second.pt)
    let softer = min(pt1, pt2)
    guard softer > 0, softer >= minZ * (pt1 + pt2) else { return false }
    // By products of components, without a logarithm or an angle.
    func transverseMass(_ p: FourMomentum, _ pt: Double) -> Double {
      // Rounding makes those of forward particles smaller than their pT.
      max((p.energy - p.pz) * (p.energy + p.pz), pt * pt).squareRoot()
    }
    let coshine =
      (first.energy * second.energy - first.pz * second.pz)
      / (transverseMass(first, pt1) * transverseMass(second, pt2))
    let cosine = (first.px * second.px + first.py * second.py) / (pt1 * pt2)
    return softer * softer * max(2 * (coshine - cosine), 0) >= minKt * minKt
  }
}

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

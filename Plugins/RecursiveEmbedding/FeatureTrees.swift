// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Trees as the network reads them: the links between nodes and the features of each node.
///
/// Nodes are numbered as in `JetTrees`: within a tree, children before parents, the root last.
public struct FeatureTrees: Sendable {
  /// The first node of each tree, and the number of nodes at the end: `[trees + 1]`.
  public private(set) var offsets: [Int] = [0]
  /// The child of larger pT, numbered within the tree; −1 for a leaf: `[nodes]`.
  public private(set) var left: [Int32] = []
  /// The child of smaller pT, numbered within the tree; −1 for a leaf: `[nodes]`.
  public private(set) var right: [Int32] = []
  /// The number of features of a node.
  public let featureCount: Int
  /// Features, row-major `[nodes × featureCount]`.
  public private(set) var features: [Float] = []

  /// Kept for their storage.
  private var places: [NodePlace] = []
  private var pruned = PrunedTrees()
  private var wholeFeatures: [Float] = []

  /// No trees, for nodes of `featureCount` features.
  public init(featureCount: Int) { self.featureCount = featureCount }

  /// The number of trees.
  public var treeCount: Int { offsets.count - 1 }

  /// Replaces the content by the trees of jets with features that are not scaled, and keeps the storage.
  ///
  /// - Parameters:
  ///   - jets: the jets, with trees.
  ///   - events: the events that they were found in.
  ///   - set: the features.
  ///   - pruning: the scale that resolves the splittings of trees; nil for all splittings.
  /// - Throws: `ParticleColumnError` if particles lack a column that is read; the content is lost then.
  /// - Precondition: `set` has `featureCount` features, and the jets have the observables among them.
  public mutating func replace(
    with jets: Jets, of events: Events, features set: NodeFeatures, pruning: TreePruning? = nil
  ) throws {
    guard let pruning else {
      replace(links: jets.trees, sets: set)
      try set.writeColumns(jets, of: events, to: &features)
      return
    }
    pruned.replace(with: jets.trees, resolving: pruning)
    replace(links: pruned.trees, sets: set)
    guard set.readsColumns else { return }
    wholeFeatures.resize(to: jets.trees.nodeCount * featureCount)
    try set.writeColumns(jets, of: events, to: &wholeFeatures)
    set.copyColumns(of: pruned, from: wholeFeatures, to: &features)
  }

  /// Replaces the content by trees alone.
  ///
  /// - Precondition: `set` has `featureCount` features, none of which is a column of particles or an observable.
  package mutating func replace(with trees: JetTrees, features set: NodeFeatures) {
    precondition(
      set.particleColumns.isEmpty && set.observables.isEmpty, "columns and observables need more than trees")
    replace(links: trees, sets: set)
  }

  private mutating func replace(links trees: JetTrees, sets set: NodeFeatures) {
    precondition(set.count == featureCount, "features of another number")
    offsets.replaceSubrange(offsets.indices, with: trees.offsets)
    left.replaceSubrange(left.indices, with: trees.left)
    right.replaceSubrange(right.indices, with: trees.right)
    set.writeSets(trees, to: &features, places: &places)
  }

  /// Scales all features.
  public mutating func scale(by scaling: FeatureScaling) {
    precondition(scaling.count == featureCount, "features of another number")
    scaling.apply(to: &features)
  }

  /// Where the arrays are while `withPointers` runs.
  struct Pointers {
    let offsets: UnsafePointer<Int>
    let left: UnsafePointer<Int32>
    let right: UnsafePointer<Int32>
    let features: UnsafePointer<Float>
  }

  func withPointers(_ body: (Pointers) -> Void) {
    offsets.withUnsafeBufferPointer { offsets in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          features.withUnsafeBufferPointer { features in
            // An empty array may have no place; nothing of it is read then.
            body(
              Pointers(
                offsets: offsets.baseAddress!, left: left.baseAddress ?? UnsafePointer(bitPattern: 64)!,
                right: right.baseAddress ?? UnsafePointer(bitPattern: 64)!,
                features: features.baseAddress ?? UnsafePointer(bitPattern: 64)!))
          }
        }
      }
    }
  }

  /// Deals a feature out again among all leaves, and among all splittings.
  mutating func shuffle(feature: Int, using generator: inout SeededGenerator) {
    for isLeaf in [true, false] {
      let nodes = left.indices.filter { (left[$0] < 0) == isLeaf }
      features.shuffle(column: feature, of: featureCount, rows: nodes, using: &generator)
    }
  }

  /// Adds the trees of another collection after these.
  public mutating func append(_ other: FeatureTrees) {
    precondition(other.featureCount == featureCount, "features of another number")
    let first = left.count
    offsets.append(contentsOf: other.offsets.dropFirst().map { $0 + first })
    left.append(contentsOf: other.left)
    right.append(contentsOf: other.right)
    features.append(contentsOf: other.features)
  }

  /// Forgets all trees and keeps the storage.
  mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    left.removeAll(keepingCapacity: true)
    right.removeAll(keepingCapacity: true)
    features.removeAll(keepingCapacity: true)
  }

  /// Writes consecutive trees.
  func write(_ trees: Range<Int>, to record: inout EventRecordWriter) {
    let nodes = offsets[trees.lowerBound]..<offsets[trees.upperBound]
    record.write(offsets: offsets[trees.lowerBound...trees.upperBound])
    record.write(left[nodes])
    record.write(right[nodes])
    record.write(features[nodes.lowerBound * featureCount..<nodes.upperBound * featureCount])
  }

  /// Adds trees that were written after these.
  mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &left)
    try record.read(onto: &right)
    try record.read(onto: &features)
  }
}

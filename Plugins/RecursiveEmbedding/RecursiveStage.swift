// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The recursive network as a stage (arXiv:1702.00748).
///
/// It reads a jet's tree from the leaves up, and the root gives the embedding of the jet.
public struct RecursiveStage: Stage {
  /// `recursive`.
  public static let identifier = "recursive"
  /// The version that models store.
  public static let version = PluginVersion(1, 1, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Embeds a jet by a recursive network on its clustering tree."
  /// A gated network on the Lund features.
  public static let example = EmbeddingDescription(cell: .gated, width: 5, features: .lund)
  /// Jets.
  public static let rows = HeadRows.jets

  /// The cell, the width and the features.
  public let configuration: EmbeddingDescription
  /// The network.
  public let network: RecursiveNetwork

  /// A network whose layers are added by `builder`.
  ///
  /// - Throws: `PluginError` if the width is out of range.
  public init(configuration: EmbeddingDescription, builder: inout StageBuilder) throws {
    guard EmbeddingDescription.allowedWidths.contains(configuration.width) else {
      throw PluginError(
        "The embedding's width is \(configuration.width): it can be from 1 to 1024.")
    }
    self.configuration = configuration
    network = RecursiveNetwork(
      configuration.cell, width: configuration.width, featureCount: configuration.features.count,
      in: &builder.layout)
  }

  /// The number of components of the embedding.
  public var width: Int { network.width }
  /// Nothing but the features of the trees' nodes.
  public var inputs: Set<HeadInput> { [] }
  /// Those among the features.
  public var particleColumns: Set<String> { configuration.features.particleColumns }
  /// Those among the features.
  public var observables: Set<String> { configuration.features.observables }
  /// The features are those of trees.
  public var readsTrees: Bool { true }

  /// No trees.
  public func makeFeatures() -> NodeSample { NodeSample(configuration.features, pruning: configuration.tree) }

  /// The weights, packed.
  public func makeWeights(_ parameters: Parameters) -> PackedWeights { PackedWeights(network, parameters) }

  /// The embeddings of the trees: `[jets × width]`.
  public func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    network(inputs.batch, inputs.weights, on: inputs.tape, freezing: inputs.isFrozen)
  }
}

extension PackedWeights: StageWeights {}

/// The trees of many jets with the features of their nodes, as the recursive network's part of a sample.
public struct NodeSample: StageFeatures {
  /// What is read of each node.
  public let set: NodeFeatures
  /// The scale that resolves splittings; nil if all are.
  public let pruning: TreePruning?
  /// The trees.
  public private(set) var trees: FeatureTrees

  /// No trees, for nodes with the features of `set`, of what `pruning` resolves.
  public init(_ set: NodeFeatures, pruning: TreePruning? = nil) {
    self.set = set
    self.pruning = pruning
    trees = FeatureTrees(featureCount: set.count)
  }

  /// Replaces the content by the trees of jets, with features that are not scaled, and keeps the storage.
  ///
  /// - Throws: `ParticleColumnError` if particles lack a column that is read.
  public mutating func replace(with events: Events, jets: Jets) throws {
    try trees.replace(with: jets, of: events, features: set, pruning: pruning)
  }

  /// Adds the trees of another sample after these.
  public mutating func append(_ other: NodeSample) { trees.append(other.trees) }

  /// The scaling of the features of some jets' nodes.
  public func scaling(fitting events: [Int], jets: [Int]) -> FeatureScaling {
    var features: [Float] = []
    for jet in jets {
      let nodes = trees.offsets[jet]..<trees.offsets[jet + 1]
      features +=
        trees.features[nodes.lowerBound * trees.featureCount..<nodes.upperBound * trees.featureCount]
    }
    return FeatureScaling(fitting: features, count: trees.featureCount)
  }

  /// Throws unless there is a scaling for each feature.
  public func check(_ scaling: FeatureScaling, at place: String) throws {
    try scaling.check(count: trees.featureCount, at: place)
  }

  /// Scales all features.
  public mutating func scale(by scaling: FeatureScaling) { trees.scale(by: scaling) }

  /// What the features were in the nodes of some jets.
  public func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent] {
    FeatureExtent.extents(
      of: trees.features, names: set.names, suffix: " of nodes",
      rows: jets.lazy.flatMap { trees.offsets[$0]..<trees.offsets[$0 + 1] })
  }

  /// The features of nodes.
  public var shuffledNames: [String] { self.set.names.map { "\($0) of nodes" } }

  /// Deals a feature out again among all leaves, and among all splittings.
  public mutating func shuffle(_ place: Int, using generator: inout SeededGenerator) {
    trees.shuffle(feature: place, using: &generator)
  }

  /// Hands over a feature of all nodes of an event's jets.
  public func forEachNumber(_ place: Int, ofEvent event: Int, jets: Range<Int>, _ body: (Float) -> Void) {
    for node in trees.offsets[jets.lowerBound]..<trees.offsets[jets.upperBound] {
      body(trees.features[node * trees.featureCount + place])
    }
  }

  /// The nodes of the trees of some consecutive jets.
  public func nodeCount(ofJets jets: Range<Int>) -> Int {
    trees.offsets[jets.upperBound] - trees.offsets[jets.lowerBound]
  }

  /// Forgets all trees and keeps the storage.
  public mutating func removeAll() { trees.removeAll() }

  /// Writes links and features.
  public func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {
    trees.write(jets, to: &record)
  }

  /// Adds the trees of an event that were written.
  ///
  /// - Throws: `PluginError` if the record ends before.
  public mutating func append(from record: inout EventRecordReader) throws { try trees.append(from: &record) }

  /// A batch without trees.
  public func makeBatch() -> TreeBatch { TreeBatch() }

  /// Replaces the content of a batch by the trees of some jets.
  public func fill(_ batch: TreeBatch, events: [Int], jets: [Int]) { batch.fill(trees, jets[...]) }
}

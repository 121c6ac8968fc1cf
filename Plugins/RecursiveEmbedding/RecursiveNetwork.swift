// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The QCD-aware recursive network of arXiv:1702.00748: from the leaves of a jet's tree to an embedding.
///
/// A cell says how the state of a node follows from its features, scaled, and from the states of its
/// children, the one of larger pT first. The jet's embedding is the state of the root. A cell with kernels of
/// its own, as ``SimpleCell`` and ``GatedCell``, is one operation with its own backward pass.
public struct RecursiveNetwork: Sendable {
  /// How a splitting combines its children.
  public let cell: Cell
  /// What the cell computes.
  public let definition: any RecursiveCell
  /// The number of components of the embedding.
  public let width: Int
  /// The number of features of a node.
  public let featureCount: Int
  /// The weights, without biases, that each node reads, and those that each splitting reads in addition.
  public let weightCounts: (node: Int, splitting: Int)

  /// The kernels of the cell; nil for a cell without any.
  let fused: (any FusedCell)?

  /// Adds the network's parameters, all named `embedding.…`, to a layout.
  ///
  /// - Parameters:
  ///   - cell: how a splitting combines its children.
  ///   - width: the number of components of the embedding.
  ///   - featureCount: the number of features of a node.
  ///   - layout: where the parameters are added.
  public init(_ cell: Cell, width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.init(cell, width: width, featureCount: featureCount, usesKernels: true, in: &layout)
  }

  /// A network that uses the kernels of its cell only if `usesKernels` is true.
  package init(
    _ cell: Cell, width: Int, featureCount: Int, usesKernels: Bool, in layout: inout ParameterLayout
  ) {
    self.cell = cell
    self.width = width
    self.featureCount = featureCount
    definition = cell.type.init(width: width, featureCount: featureCount, in: &layout)
    fused = usesKernels ? definition as? any FusedCell : nil
    func weights(_ parameters: [ParameterID]) -> Int {
      parameters.reduce(0) { $0 + (layout[$1].rows > 1 ? layout[$1].count : 0) }
    }
    weightCounts = (weights(definition.leafParameters), weights(definition.splittingParameters))
  }

  /// The parameters of the cell.
  public var parameters: [ParameterID] { definition.leafParameters + definition.splittingParameters }

  /// The embeddings of the trees of a batch: `[trees × width]`.
  ///
  /// - Parameters:
  ///   - trees: the trees, which must stay as they are until the tape has run backward.
  ///   - weights: the weights of the tape's parameters, packed.
  ///   - tape: where the computation is recorded.
  ///   - freezing: whether the embeddings are constants, through which no gradient passes.
  /// - Returns: `[trees × width]`.
  public func callAsFunction(
    _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, freezing: Bool = false
  ) -> Variable {
    precondition(
      trees.treeCount == 0 || trees.featureCount == featureCount,
      "a network for \(featureCount) features got \(trees.featureCount)")
    guard let fused else {
      let embeddings = LevelPass.record(definition, trees, featureCount: featureCount, on: tape)
      return freezing ? embeddings.detached() : embeddings
    }
    return RecursivePass.record(fused, trees, weights, on: tape, freezing: freezing)
  }
}

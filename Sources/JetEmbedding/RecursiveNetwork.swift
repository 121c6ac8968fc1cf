// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine

/// The QCD-aware recursive network of arXiv:1702.00748: from the leaves of a jet's tree to an embedding.
///
/// For a node k with features o_k, children L (of larger pT) and R, and the local state
/// u_k = ReLU(W_u o_k + b_u), a leaf has h_k = u_k and a splitting (section 3.1 and appendix A)
///
/// - simple: h_k = ReLU(W_h [h_L; h_R; u_k] + b_h);
/// - gated: r = σ(W_r [h_L; h_R; u_k] + b_r), ĥ = ReLU(W_h (r ⊙ [h_L; h_R; u_k]) + b_h),
///   z = softmax over the four blocks of W_z [ĥ; h_L; h_R; u_k] + b_z, component by component, and
///   h_k = z_H ⊙ ĥ + z_L ⊙ h_L + z_R ⊙ h_R + z_N ⊙ u_k.
///
/// The jet's embedding is h at the root. The network is one operation with its own backward pass.
public struct RecursiveNetwork: Sendable {
  /// How a splitting combines its children.
  public enum Cell: String, Sendable, Codable, CaseIterable {
    /// One layer.
    case simple
    /// With a reset gate and a choice, component by component, between the new state and the old ones.
    case gated
  }

  /// How a splitting combines its children.
  public let cell: Cell
  /// The number of components of h, and of the embedding.
  public let width: Int
  /// The number of features of a node.
  public let featureCount: Int

  let local: Dense
  let candidate: Dense
  let reset: Dense?
  let choice: Dense?

  /// Adds the network's parameters, all named `embedding.…`, to a layout.
  ///
  /// - Parameters:
  ///   - cell: how a splitting combines its children.
  ///   - width: the number of components of the embedding.
  ///   - featureCount: the number of features of a node.
  ///   - layout: where the parameters are added.
  public init(_ cell: Cell, width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.cell = cell
    self.width = width
    self.featureCount = featureCount
    local = Dense("embedding.local", inputs: featureCount, outputs: width, in: &layout)
    candidate = Dense("embedding.candidate", inputs: 3 * width, outputs: width, in: &layout)
    switch cell {
    case .simple:
      reset = nil
      choice = nil
    case .gated:
      reset = Dense(
        "embedding.reset", inputs: 3 * width, outputs: 3 * width, initialisation: .glorot, in: &layout)
      choice = Dense(
        "embedding.choice", inputs: 4 * width, outputs: 4 * width, initialisation: .glorot, in: &layout)
    }
  }

  /// The parameters of all layers.
  public var parameters: [ParameterID] { layers.flatMap { [$0.weight, $0.bias] } }

  /// The layers in the order of `PackedWeights`.
  var layers: [Dense] { [local, candidate] + [reset, choice].compactMap(\.self) }

  /// The embeddings of the trees of a batch: `[trees × width]`.
  ///
  /// - Parameters:
  ///   - trees: the trees, which must stay as they are until the tape has run backward.
  ///   - weights: the weights of the tape's parameters, packed.
  ///   - tape: where the computation is recorded.
  ///   - freezing: whether the embeddings are constants, through which no gradient passes.
  public func callAsFunction(
    _ trees: TreeBatch, _ weights: PackedWeights, on tape: Tape, freezing: Bool = false
  ) -> Variable {
    precondition(
      trees.treeCount == 0 || trees.featureCount == featureCount,
      "a network for \(featureCount) features got \(trees.featureCount)")
    return RecursivePass.record(self, trees, weights, on: tape, freezing: freezing)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

/// The gated cell of arXiv:1702.00748, appendix A.
///
/// With u_k = ReLU(W_u o_k + b_u), h_k = u_k for a leaf, and for a splitting
///
/// - r = σ(W_r [h_L; h_R; u_k] + b_r), ĥ = ReLU(W_h (r ⊙ [h_L; h_R; u_k]) + b_h),
/// - z = softmax over the four blocks of W_z [ĥ; h_L; h_R; u_k] + b_z, component by component,
/// - h_k = z_H ⊙ ĥ + z_L ⊙ h_L + z_R ⊙ h_R + z_N ⊙ u_k.
public struct GatedCell: RecursiveCell {
  /// `gated`.
  public static let name = "gated"
  /// What `canopy` says of this cell.
  public static let summary =
    "A reset gate, and a choice between the new state, those of the children and the node itself, per component."

  /// The number of components of h.
  public let width: Int
  let local: Dense
  let candidate: Dense
  let reset: Dense
  let choice: Dense

  /// Adds `embedding.local` W_u, b_u, `embedding.candidate` W_h, b_h, `embedding.reset` W_r, b_r and
  /// `embedding.choice` W_z, b_z to a layout.
  ///
  /// - Parameters:
  ///   - width: the number of components of h.
  ///   - featureCount: the number of features of a node.
  ///   - layout: where the parameters are added.
  public init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.width = width
    local = Dense("embedding.local", inputs: featureCount, outputs: width, in: &layout)
    candidate = Dense("embedding.candidate", inputs: 3 * width, outputs: width, in: &layout)
    reset = Dense(
      "embedding.reset", inputs: 3 * width, outputs: 3 * width, initialisation: .glorot, in: &layout)
    choice = Dense(
      "embedding.choice", inputs: 4 * width, outputs: 4 * width, initialisation: .glorot, in: &layout)
  }

  /// W_u and b_u.
  public var leafParameters: [ParameterID] { [local.weight, local.bias] }
  /// All others.
  public var splittingParameters: [ParameterID] {
    [candidate, reset, choice].flatMap { [$0.weight, $0.bias] }
  }

  /// u: `[leaves × width]`.
  public func leaves(_ features: Variable) -> Variable { local(features).relu() }

  /// z_H ⊙ ĥ + z_L ⊙ h_L + z_R ⊙ h_R + z_N ⊙ u: `[splittings × width]`.
  public func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable {
    let u = leaves(features)
    let children = left.concatenated(with: right).concatenated(with: u)
    let r = reset(children).sigmoid()
    let new = candidate(r * children).relu()
    let logits = choice(new.concatenated(with: children))
    func block(_ index: Int) -> Variable { logits.columns(index * width..<(index + 1) * width) }
    let top = block(0).maximum(block(1)).maximum(block(2)).maximum(block(3)).detached()
    var sum: Variable?
    var norm: Variable?
    for (index, state) in [new, left, right, u].enumerated() {
      let weight = (block(index) - top).exp()
      sum = sum.map { $0 + weight * state } ?? weight * state
      norm = norm.map { $0 + weight } ?? weight
    }
    return sum! / norm!
  }
}

/// q is [ĥ; h_L; h_R; u_k]: the reset gate reads the last three blocks, the choice all four.
extension GatedCell: FusedCell {
  var fusedLayers: [FusedLayer] {
    [
      FusedLayer(layer: local), FusedLayer(layer: candidate), FusedLayer(layer: reset),
      FusedLayer(layer: choice, softmaxBlocks: 4),
    ]
  }
  var columns: FusedColumns { FusedColumns(q: 4 * width, gates: 3 * width, choices: 3 * width) }

  func kernel(featureCount: Int, _ layer: (Int) -> canopy_layer) -> canopy_cell {
    canopy_cell(
      width: width, features: featureCount, local: layer(0), reset: layer(2), candidate: layer(1),
      choice: layer(3))
  }

  func forward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ state: UnsafePointer<Float>, keep: Bool
  ) {
    canopy_gated_forward(cell, splittings, state, keep ? 1 : 0)
  }

  func backward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ gradients: UnsafePointer<canopy_splitting_gradients>
  ) {
    canopy_gated_backward(cell, splittings, gradients)
  }

  func addGradients(of block: FusedBlock, on tape: Tape) {
    let (three, four) = (3 * width, 4 * width)
    let gradients = block.gradients
    canopy_add_outer_products(
      block.rows, three, four, gradients.choices, three, block.input, four, block.differences.weight, four)
    canopy_add_column_sums(block.rows, three, gradients.choices, three, block.differences.bias)
    tape.addGradient(of: reset, rows: block.rows, gradients.gates, three, block.input + width, four)
    tape.addGradient(of: candidate, rows: block.rows, gradients.q, four, gradients.gated, three)
  }
}

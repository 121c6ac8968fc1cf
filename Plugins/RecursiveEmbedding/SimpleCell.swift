// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import PluginKit

/// The simple cell of arXiv:1702.00748, section 3.1.
///
/// With u_k = ReLU(W_u o_k + b_u), h_k = u_k for a leaf and h_k = ReLU(W_h [h_L; h_R; u_k] + b_h) for a
/// splitting.
public struct SimpleCell: RecursiveCell {
  /// `simple`.
  public static let name = "simple"
  /// What `canopy` says of this cell.
  public static let summary = "One layer over both children and the node itself."

  /// The number of components of h.
  public let width: Int
  let local: Dense
  let candidate: Dense

  /// Adds `embedding.local` W_u, b_u and `embedding.candidate` W_h, b_h to a layout.
  ///
  /// - Parameters:
  ///   - width: the number of components of h.
  ///   - featureCount: the number of features of a node.
  ///   - layout: where the parameters are added.
  public init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.width = width
    local = Dense("embedding.local", inputs: featureCount, outputs: width, in: &layout)
    candidate = Dense("embedding.candidate", inputs: 3 * width, outputs: width, in: &layout)
  }

  /// W_u and b_u.
  public var leafParameters: [ParameterID] { [local.weight, local.bias] }
  /// W_h and b_h.
  public var splittingParameters: [ParameterID] { [candidate.weight, candidate.bias] }

  /// u: `[leaves × width]`.
  public func leaves(_ features: Variable) -> Variable { local(features).relu() }

  /// ReLU(W_h [h_L; h_R; u] + b_h): `[splittings × width]`.
  public func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable {
    candidate(left.concatenated(with: right).concatenated(with: leaves(features))).relu()
  }
}

/// q is [h_L; h_R; u_k].
extension SimpleCell: FusedCell {
  var fusedLayers: [FusedLayer] { [FusedLayer(layer: local), FusedLayer(layer: candidate)] }
  var columns: FusedColumns { FusedColumns(q: 3 * width, gates: 0, choices: 0) }

  func kernel(featureCount: Int, _ layer: (Int) -> canopy_layer) -> canopy_cell {
    canopy_cell(
      width: width, features: featureCount, local: layer(0), reset: canopy_layer(), candidate: layer(1),
      choice: canopy_layer())
  }

  func forward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ state: UnsafePointer<Float>, keep: Bool
  ) {
    canopy_simple_forward(cell, splittings, state, keep ? 1 : 0)
  }

  func backward(
    _ cell: UnsafePointer<canopy_cell>, _ splittings: UnsafePointer<canopy_splittings>,
    _ gradients: UnsafePointer<canopy_splitting_gradients>
  ) {
    canopy_simple_backward(cell, splittings, gradients)
  }

  func addGradients(of block: FusedBlock, on tape: Tape) {
    tape.addGradient(of: candidate, rows: block.rows, block.gradients.h, width, block.input, columns.q)
  }
}

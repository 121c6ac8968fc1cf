// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import RecursiveEmbedding

/// A cell that Canopy does not have, without kernels and with a state wider than the embedding.
///
/// It is the binary tree-LSTM of Tai, Socher and Manning, arXiv:1503.00075, equations 9 to 14, and its state
/// is h and c side by side.
public struct TreeMemoryCell: RecursiveCell {
  /// `tree-memory`.
  public static let name = "tree-memory"
  /// What `canopy` says of this cell.
  public static let summary = "A binary tree-LSTM."

  /// The number of components of h.
  public let width: Int
  /// Those of h and c.
  public var stateWidth: Int { 2 * width }
  private let input: Dense
  private let children: Dense

  /// `embedding.input` has the rows of i, o, g, f_L and f_R, and so has `embedding.children`, which reads h_L and h_R.
  public init(width: Int, featureCount: Int, in layout: inout ParameterLayout) {
    self.width = width
    input = Dense(
      "embedding.input", inputs: featureCount, outputs: 5 * width, initialisation: .glorot, in: &layout)
    children = Dense(
      "embedding.children", inputs: 2 * width, outputs: 5 * width, initialisation: .glorot, in: &layout)
  }

  /// Those of `embedding.input`.
  public var leafParameters: [ParameterID] { [input.weight, input.bias] }
  /// Those of `embedding.children`.
  public var splittingParameters: [ParameterID] { [children.weight, children.bias] }

  /// h and c of leaves: `[leaves × 2 width]`.
  public func leaves(_ features: Variable) -> Variable {
    let gates = input(features)
    return state(gates, gate(0, gates).sigmoid() * gate(2, gates).tanh())
  }

  /// h and c of splittings: `[splittings × 2 width]`.
  public func splittings(left: Variable, right: Variable, _ features: Variable) -> Variable {
    func h(_ state: Variable) -> Variable { state.columns(0..<width) }
    func c(_ state: Variable) -> Variable { state.columns(width..<2 * width) }
    let gates = input(features) + children(h(left).concatenated(with: h(right)))
    return state(
      gates,
      gate(0, gates).sigmoid() * gate(2, gates).tanh() + gate(3, gates).sigmoid() * c(left)
        + gate(4, gates).sigmoid() * c(right))
  }

  private func gate(_ index: Int, _ gates: Variable) -> Variable {
    gates.columns(index * width..<(index + 1) * width)
  }

  private func state(_ gates: Variable, _ c: Variable) -> Variable {
    (gate(1, gates).sigmoid() * c.tanh()).concatenated(with: c)
  }

  /// The state of a node in double precision, from W o + b of its features and, for a splitting, from that of its
  /// children with their states.
  public static func plain(
    _ input: [Double], _ children: (sums: [Double], left: [Double], right: [Double])?
  ) -> [Double] {
    let width = input.count / 5
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let sums = children.map { zip(input, $0.sums).map { $0 + $1 } } ?? input
    var (h, c): ([Double], [Double]) = ([], [])
    for k in 0..<width {
      var memory = sigmoid(sums[k]) * tanh(sums[2 * width + k])
      if let children {
        memory += sigmoid(sums[3 * width + k]) * children.left[width + k]
        memory += sigmoid(sums[4 * width + k]) * children.right[width + k]
      }
      c.append(memory)
      h.append(sigmoid(sums[width + k]) * tanh(memory))
    }
    return h + c
  }
}

/// The cells of Canopy, and one from outside.
public let testedCells: [RecursiveNetwork.Cell] = [
  .simple, .gated, RecursiveNetwork.Cell(TreeMemoryCell.self),
]

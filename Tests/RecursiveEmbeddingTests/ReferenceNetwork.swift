// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import RecursiveEmbedding
import TestCells

/// The recursive network written plainly in double precision, node by node: a reference that shares no code.
struct ReferenceNetwork {
  let network: RecursiveNetwork
  let layout: ParameterLayout
  /// All parameters in the order and with the padding of the layout.
  var numbers: [Double]

  init(_ network: RecursiveNetwork, _ parameters: Parameters) {
    self.network = network
    layout = parameters.layout
    numbers = parameters.values.map { Double($0) }
  }

  /// One tree: children come before parents, the root last.
  struct Tree {
    var left: [Int]
    var right: [Int]
    var features: [[Double]]
  }

  func embedding(of tree: Tree) -> [Double] {
    var h: [[Double]] = []
    for node in tree.left.indices {
      if network.cell.name == TreeMemoryCell.name {
        h.append(memoryState(tree, node, h))
        continue
      }
      let u = relu(affine("embedding.local", tree.features[node]))
      guard tree.left[node] >= 0 else {
        h.append(u)
        continue
      }
      let hL = h[tree.left[node]]
      let hR = h[tree.right[node]]
      let children = hL + hR + u
      if network.cell == .simple {
        h.append(relu(affine("embedding.candidate", children)))
        continue
      }
      let r = affine("embedding.reset", children).map { 1 / (1 + exp(-$0)) }
      let candidate = relu(affine("embedding.candidate", zip(r, children).map { $0 * $1 }))
      let z = affine("embedding.choice", candidate + children)
      let width = network.width
      h.append(
        (0..<width).map { i in
          let logits = (0..<4).map { z[$0 * width + i] }
          let e = logits.map { exp($0 - logits.max()!) }
          let sum = e[0] + e[1] + e[2] + e[3]
          return (e[0] * candidate[i] + e[1] * hL[i] + e[2] * hR[i] + e[3] * u[i]) / sum
        })
    }
    return Array(h[h.count - 1].prefix(network.width))
  }

  private func memoryState(_ tree: Tree, _ node: Int, _ states: [[Double]]) -> [Double] {
    let input = affine("embedding.input", tree.features[node])
    guard tree.left[node] >= 0 else { return TreeMemoryCell.plain(input, nil) }
    let (left, right) = (states[tree.left[node]], states[tree.right[node]])
    let children = Array(left.prefix(network.width) + right.prefix(network.width))
    return TreeMemoryCell.plain(input, (affine("embedding.children", children), left, right))
  }

  private func affine(_ name: String, _ x: [Double]) -> [Double] {
    let weight = layout.entries.first { $0.name == name + ".weight" }!
    let bias = layout.entries.first { $0.name == name + ".bias" }!
    return (0..<weight.rows).map { row in
      var sum = numbers[bias.offset + row]
      for column in 0..<weight.columns {
        sum += numbers[weight.offset + row * weight.columns + column] * x[column]
      }
      return sum
    }
  }

  private func relu(_ x: [Double]) -> [Double] { x.map { max(0, $0) } }
}

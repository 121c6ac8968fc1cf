// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine

/// The gated recurrent unit written plainly in double precision, item by item: a reference that shares no code.
struct ReferenceUnit {
  let name: String
  let layout: ParameterLayout
  /// All parameters in the order and with the padding of the layout.
  var numbers: [Double]

  init(_ name: String, _ parameters: Parameters) {
    self.name = name
    layout = parameters.layout
    numbers = parameters.values.map { Double($0) }
  }

  func state(after items: [[Double]]) -> [Double] {
    let width = layout.entries.first { $0.name == "\(name).recurrent.weight" }!.columns
    var h = Array(repeating: 0.0, count: width)
    for x in items {
      let input = affine("\(name).input", x)
      let recurrent = affine("\(name).recurrent", h)
      h = (0..<width).map { i in
        let r = 1 / (1 + exp(-input[i] - recurrent[i]))
        let z = 1 / (1 + exp(-input[width + i] - recurrent[width + i]))
        let n = tanh(input[2 * width + i] + r * recurrent[2 * width + i])
        return (1 - z) * n + z * h[i]
      }
    }
    return h
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
}

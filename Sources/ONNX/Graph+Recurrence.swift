// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine

extension Graph {
  /// Adds units that read sequences, the second one, if there is one, backward.
  ///
  /// - Parameters:
  ///   - units: one or two units of one size.
  ///   - items: `[steps × sequences × inputs]`.
  ///   - lengths: the number of items of each sequence: `[sequences]`.
  /// - Returns: the states after the last item, side by side: `[sequences × units · width]`, zeros for a sequence without
  ///   items.
  package func states(
    of units: [GatedRecurrentUnit], _ items: GraphValue, lengths: GraphValue
  ) -> GraphValue {
    let width = units[0].width
    // ONNX has the rows of z before those of r.
    func rows(_ id: ParameterID, _ count: Int) -> [Float] {
      let values = Array(parameters[id])
      let block = width * count
      return Array(values[block..<2 * block] + values[..<block] + values[(2 * block)...])
    }
    let input = units.flatMap { rows($0.input.weight, $0.inputs) }
    let recurrent = units.flatMap { rows($0.recurrent.weight, width) }
    let biases = units.flatMap { rows($0.input.bias, 1) + rows($0.recurrent.bias, 1) }
    let name = parameters.layout[units[0].input.weight].name
    let states = add(
      "GRU",
      [
        items, weight(input, [units.count, 3 * width, units[0].inputs], "\(name).gru.input"),
        weight(recurrent, [units.count, 3 * width, width], "\(name).gru.recurrent"),
        weight(biases, [units.count, 6 * width], "\(name).gru.bias"), lengths.cast(to: .int32), nil,
      ], [.float, .float],
      [
        "hidden_size": .int(width), "linear_before_reset": .int(1),
        "direction": .text(units.count > 1 ? "bidirectional" : "forward"),
      ])[1]
    return add("Transpose", [states], .float, ["perm": .ints([1, 0, 2])])
      .reshaped([-1, units.count * width])
  }
}

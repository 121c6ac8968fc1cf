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
    // A runtime may not know what to do without sequences: there is one more, of zeros, whose state is left out.
    let step = add("Shape", [items], .int64, ["start": .int(0), "end": .int(1)])
    let padding = filled(
      0, .float, shape: GraphValue.concatenation([step, constant([1, units[0].inputs])], axis: 0))
    let padded = GraphValue.concatenation([items, padding], axis: 1)
    let all = GraphValue.concatenation([lengths.cast(to: .int32), constant([1]).cast(to: .int32)], axis: 0)
    let biases = units.flatMap { rows($0.input.bias, 1) + rows($0.recurrent.bias, 1) }
    let name = parameters.layout[units[0].input.weight].name
    let states = add(
      "GRU",
      [
        padded, weight(input, [units.count, 3 * width, units[0].inputs], "\(name).gru.input"),
        weight(recurrent, [units.count, 3 * width, width], "\(name).gru.recurrent"),
        weight(biases, [units.count, 6 * width], "\(name).gru.bias"), all, nil,
      ], [.float, .float],
      [
        "hidden_size": .int(width), "linear_before_reset": .int(1),
        "direction": .text(units.count > 1 ? "bidirectional" : "forward"),
      ])[1]
    return add("Transpose", [states], .float, ["perm": .ints([1, 0, 2])])
      .reshaped([-1, units.count * width]).rows(before: lengths.rowCount)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import ONNX
import PluginKit

extension KinematicRegression: GraphHead {
  package func numbers(_ inputs: GraphInputs) -> [(value: GraphValue, columns: Int)] {
    var numbers: [(GraphValue, Int)] = []
    if !readings.isEmpty {
      let columns = readings.map { reading in
        let value = inputs.observable(reading.of, rows: graphRows)
        guard reading.scale == .log else { return value }
        let isLess = value.isLess(than: Self.leastLogarithm)
        return value.replaced(where: isLess, by: Self.leastLogarithm).logarithm()
      }
      let features = GraphValue.matrix(columns: columns).cast(to: .float)
      numbers.append((scaling.inputs.scaled(features), columns.count))
    }
    if !referenced.isEmpty {
      let columns = referenced.map { index in
        let value = inputs.observable(targets[index].reference!, rows: graphRows)
        return value.replaced(where: value.isNotANumber(), by: 0)
      }
      numbers.append((GraphValue.matrix(columns: columns).cast(to: .float), columns.count))
    }
    return numbers
  }

  /// A graph has rows for heads on jets and on events alone; other heads are refused before.
  private var graphRows: GraphRows { rows == .events ? .events : .jets }
}

// SPDX-License-Identifier: GPL-3.0-or-later

extension Variable {
  /// Each row less its mean, divided by √(variance + ε), the variance without Bessel's correction: `[rows × columns]`.
  public func normalisedRows(epsilon: Float = 1e-5) -> Variable {
    let scales = tape.scratch(count: rows)
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      RowNormalisation(operand: id, epsilon: epsilon, scales: scales.baseAddress!))
    let (x, y) = (values, result.values)
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      var mean: Float = 0
      for i in range { mean += x[i] }
      mean /= Float(columns)
      var variance: Float = 0
      for i in range { variance += (x[i] - mean) * (x[i] - mean) }
      scales[row] = 1 / (variance / Float(columns) + epsilon).squareRoot()
      for i in range { y[i] = (x[i] - mean) * scales[row] }
    }
    return result
  }
}

private struct RowNormalisation: TraceableOperation {
  let operand: Variable.ID
  let epsilon: Float
  let scales: UnsafeMutablePointer<Float>

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation {
    .rowNormalisation(epsilon: epsilon)
  }

  func backward(from result: Variable.ID, on tape: Tape) {
    guard let gradient = tape.gradient(of: operand) else { return }
    let upstream = tape.gradient(of: result)!
    let (rows, columns) = tape.shape(of: result)
    let y = tape.values(of: result)
    for row in 0..<rows {
      let range = row * columns..<(row + 1) * columns
      var mean: Float = 0
      var slope: Float = 0
      for i in range {
        mean += upstream[i]
        slope += upstream[i] * y[i]
      }
      mean /= Float(columns)
      slope /= Float(columns)
      for i in range { gradient[i] += scales[row] * (upstream[i] - mean - slope * y[i]) }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

extension Variable {
  /// The linear map y = x Wᵀ + b: x `[rows × inputs]`, W `[outputs × inputs]`, b `[1 × outputs]`.
  ///
  /// - Returns: `[rows × outputs]`.
  public func linear(weight: Variable, bias: Variable? = nil) -> Variable {
    require(weight.columns == columns, "the weight has \(weight.columns) inputs, the matrix \(columns)")
    require(bias == nil || bias!.count == weight.rows, "a bias needs one number an output")
    let result = tape.record(
      rows: rows, columns: weight.rows,
      requiresGradient: requiresGradient || weight.requiresGradient || bias?.requiresGradient == true,
      Linear(input: id, weight: weight.id, bias: bias?.id))
    let y = tape.values(of: result.id)
    multiply(by: weight, isTransposed: false, into: y, outputs: weight.rows)
    if let bias {
      canopy_add_bias(rows, weight.rows, y, weight.rows, tape.values(of: bias.id))
    }
    return result
  }

  /// The matrix product of `[rows × inner]` and `[inner × columns]`.
  public func product(_ other: Variable) -> Variable {
    require(columns == other.rows, "a product needs as many columns on the left as rows on the right")
    let result = tape.record(
      rows: rows, columns: other.columns, requiresGradient: requiresGradient || other.requiresGradient,
      Product(left: id, right: other.id))
    multiply(by: other, isTransposed: true, into: tape.values(of: result.id), outputs: other.columns)
    return result
  }

  /// y `[rows × outputs]` = x Wᵀ for W `[outputs × columns]`, or x W for W `[columns × outputs]` if `isTransposed`.
  ///
  /// Each number is summed in an order that depends on nothing else, so that a row has the same bits whatever
  /// other rows there are. OpenBLAS chooses its order by the number of rows, and is for gradients only.
  private func multiply(
    by weight: Variable, isTransposed: Bool, into y: UnsafeMutablePointer<Float>, outputs: Int
  ) {
    guard rows > 0, outputs > 0 else { return }
    let packed = tape.scratch(count: canopy_packed_count(outputs, columns)).baseAddress!
    canopy_pack(outputs, columns, tape.values(of: weight.id), isTransposed ? 1 : 0, packed)
    canopy_packed_product(rows, outputs, columns, tape.values(of: id), columns, packed, y, outputs, 0)
  }
}

private struct Linear: TraceableOperation {
  let input: Variable.ID
  let weight: Variable.ID
  let bias: Variable.ID?

  var operands: [Variable.ID] { [input, weight] + (bias.map { [$0] } ?? []) }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .linear }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (rows, outputs) = tape.shape(of: result)
    let inputs = tape.shape(of: input).columns
    if let gradient = tape.gradient(of: input) {
      MatrixProduct.multiply(
        m: rows, n: inputs, k: outputs, upstream, outputs, tape.values(of: weight), inputs, into: gradient,
        inputs, accumulate: true)
    }
    if let gradient = tape.gradient(of: weight) {
      canopy_add_outer_products(
        rows, outputs, inputs, upstream, outputs, tape.values(of: input), inputs, gradient, inputs)
    }
    if let bias, let gradient = tape.gradient(of: bias) {
      canopy_add_column_sums(rows, outputs, upstream, outputs, gradient)
    }
  }
}

private struct Product: TraceableOperation {
  let left: Variable.ID
  let right: Variable.ID

  var operands: [Variable.ID] { [left, right] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .product }

  func backward(from result: Variable.ID, on tape: Tape) {
    let upstream = tape.gradient(of: result)!
    let (m, n) = tape.shape(of: result)
    let k = tape.shape(of: left).columns
    if let gradient = tape.gradient(of: left) {
      MatrixProduct.multiplyTransposed(
        m: m, n: k, k: n, upstream, n, tape.values(of: right), n, into: gradient, k, accumulate: true)
    }
    if let gradient = tape.gradient(of: right) {
      canopy_add_outer_products(m, k, n, tape.values(of: left), k, upstream, n, gradient, n)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

extension Variable {
  /// The same numbers as a constant, through which no gradient passes: `[rows × columns]`.
  public func detached() -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: false, Identity(operand: id, gradientFactor: 0))
    tape.values(of: result.id).update(from: tape.values(of: id), count: count)
    return result
  }

  /// The same numbers, whose gradient is multiplied by −λ on its way back.
  ///
  /// The layers before learn the opposite of what an adversary learns (Ganin and Lempitsky, arXiv:1505.07818,
  /// equations 16 and 17).
  ///
  /// - Parameter factor: λ.
  /// - Returns: `[rows × columns]`.
  public func gradientReversed(factor: Float = 1) -> Variable {
    let result = tape.record(
      rows: rows, columns: columns, requiresGradient: requiresGradient,
      Identity(operand: id, gradientFactor: -factor))
    tape.values(of: result.id).update(from: tape.values(of: id), count: count)
    return result
  }
}

/// The same numbers, with another gradient.
private struct Identity: TraceableOperation {
  let operand: Variable.ID
  let gradientFactor: Float

  var operands: [Variable.ID] { [operand] }

  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation { .scaling(factor: 1, term: 0) }

  func backward(from result: Variable.ID, on tape: Tape) {
    tape.passGradient(of: result, to: operand, factor: gradientFactor)
  }
}

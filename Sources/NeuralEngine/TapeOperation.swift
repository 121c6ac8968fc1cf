// SPDX-License-Identifier: GPL-3.0-or-later

/// A step of a computation that a `Tape` can run backward.
///
/// An operation keeps the identities of its operands and whatever its gradient needs; three words or fewer
/// are kept without an allocation.
public protocol TapeOperation {
  /// Adds what follows from the gradient of the result to the operands' gradients.
  ///
  /// The gradient of an operand that requires none is nil and is left alone.
  func backward(from result: Variable.ID, on tape: Tape)
}

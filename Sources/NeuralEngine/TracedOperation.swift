// SPDX-License-Identifier: GPL-3.0-or-later

/// What an operation of a tape computes, for a computation to be written down elsewhere.
package enum TracedOperation: Equatable {
  /// The axis of a sum.
  package enum Axis { case all, rows, columns }

  /// Element by element.
  case relu, sigmoid, tanh, exponential, logarithm, squareRoot, square, absolute, softplus
  /// xᵖ.
  case power(Float)
  /// factor · x + term.
  case scaling(factor: Float, term: Float)
  /// Of two operands, element by element, one row or column being repeated to fit.
  case add, subtract, multiply, divide, maximum, minimum
  /// x Wᵀ, or x Wᵀ + b.
  case linear
  /// The matrix product.
  case product
  /// The columns of one operand behind those of the other.
  case concatenation
  /// The rows of one operand below those of the other.
  case stacking
  /// Neighbouring columns.
  case columns(Range<Int>)
  /// Rows by their numbers.
  case rowGathering([Int32])
  /// What the rows of each segment make together, by the segment of each row and the number of segments.
  case segments(SegmentReduction, ofRow: [Int32], count: Int)
  /// Of each row.
  case softmax, logSoftmax, logSumExp
  /// Each row less its mean, divided by √(variance + ε).
  case rowNormalisation(epsilon: Float)
  /// Sums along an axis, scaled.
  case sum(Axis, scale: Float)
  /// The value of the last step whose threshold an element reaches, 1 before the first; a step has a threshold for each
  /// column.
  case steps([TracedStep])
}

/// What the rows of a segment make together, column by column.
package enum SegmentReduction: Equatable {
  /// A row for each segment: sums, largest elements or 0, ln Σ eˣ.
  case sum, maximum, logSumExp
  /// One divided by the number of rows, or by 1 if there are none: a row for each segment, of no operand.
  case inverseCount
  /// A row for each row.
  case softmax
}

/// A step of ``TracedOperation/steps(_:)``.
package struct TracedStep: Equatable {
  /// The least elements: `[columns]`.
  package let thresholds: [Float]
  /// The value from there on.
  package let value: Float

  /// A step.
  package init(thresholds: [Float], value: Float) {
    self.thresholds = thresholds
    self.value = value
  }
}

/// An operation that says what it computes.
package protocol TraceableOperation: TapeOperation {
  /// What is computed from.
  var operands: [Variable.ID] { get }

  /// What is computed.
  func traced(_ result: Variable.ID, on tape: Tape) -> TracedOperation
}

extension Tape {
  /// Where the numbers of a variable come from.
  package enum Origin: Equatable {
    /// A parameter of the layout.
    case parameter(ParameterID)
    /// Numbers that were given.
    case constant
    /// An operation on other variables.
    case operation(TracedOperation, operands: [Variable.ID])
    /// An operation that does not say what it computes, by the name of its type.
    case unknown(String)
  }

  /// All variables, in the order in which they were made.
  package var variables: [Variable.ID] { nodes.indices.map { Variable.ID(index: Int32($0)) } }

  /// Where the numbers of a variable come from, on a tape that keeps it.
  package func origin(of id: Variable.ID) -> Origin {
    guard let operation = nodes[Int(id.index)].operation else {
      return parameter(at: id).map { .parameter($0) } ?? .constant
    }
    guard let traceable = operation as? any TraceableOperation else {
      return .unknown("\(type(of: operation))")
    }
    return .operation(traceable.traced(id, on: self), operands: traceable.operands)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A tensor in a graph: what an operation gives, a weight or an input.
package struct GraphValue {
  /// The name, unique in the graph.
  package let name: String
  /// The type of the elements.
  package let type: ElementType
  /// The graph that it belongs to.
  package let graph: Graph

  private func apply(_ operation: String) -> GraphValue { graph.add(operation, [self], type) }

  private func compare(_ operation: String, _ other: GraphValue) -> GraphValue {
    graph.add(operation, [self, other], .bool)
  }

  private func like(_ number: Double) -> GraphValue { graph.scalar(number, type) }
}

// MARK: - Arithmetic, element by element, with ONNX's broadcasting

extension GraphValue {
  package static func + (left: GraphValue, right: GraphValue) -> GraphValue {
    left.graph.add("Add", [left, right], left.type)
  }
  package static func - (left: GraphValue, right: GraphValue) -> GraphValue {
    left.graph.add("Sub", [left, right], left.type)
  }
  package static func * (left: GraphValue, right: GraphValue) -> GraphValue {
    left.graph.add("Mul", [left, right], left.type)
  }
  package static func / (left: GraphValue, right: GraphValue) -> GraphValue {
    left.graph.add("Div", [left, right], left.type)
  }
  package static func + (left: GraphValue, right: Double) -> GraphValue { left + left.like(right) }
  package static func - (left: GraphValue, right: Double) -> GraphValue { left - left.like(right) }
  package static func - (left: Double, right: GraphValue) -> GraphValue { right.like(left) - right }
  package static func * (left: Double, right: GraphValue) -> GraphValue { right * right.like(left) }
  package static func / (left: GraphValue, right: Double) -> GraphValue { left / left.like(right) }
  package static prefix func - (value: GraphValue) -> GraphValue { value.apply("Neg") }

  package func squareRoot() -> GraphValue { apply("Sqrt") }
  package func logarithm() -> GraphValue { apply("Log") }
  package func absolute() -> GraphValue { apply("Abs") }
  package func maximum(_ other: GraphValue) -> GraphValue { graph.add("Max", [self, other], type) }
  package func minimum(_ other: GraphValue) -> GraphValue { graph.add("Min", [self, other], type) }
  package func maximum(_ number: Double) -> GraphValue { maximum(like(number)) }
  package func minimum(_ number: Double) -> GraphValue { minimum(like(number)) }
  /// The nearest number that is neither below `least` nor above `largest`.
  package func bounded(_ least: Double, _ largest: Double) -> GraphValue { maximum(least).minimum(largest) }

  /// ln x, of `least` at least; NaN counts as that.
  package func logarithm(atLeast least: Double) -> GraphValue {
    Self.choice(isGreater(than: least), self, like(least)).logarithm()
  }

  /// The inverse hyperbolic sine, which runtimes lack in double precision.
  package func inverseHyperbolicSine() -> GraphValue {
    let size = absolute()
    let result = (size + (size * size + 1).squareRoot()).logarithm()
    return Self.choice(isLess(than: 0), -result, result)
  }

  /// The angle of (x, y) in [−π, π], 0 at the origin; its quotient is taken in single precision, as runtimes have it.
  package static func angle(x: GraphValue, y: GraphValue) -> GraphValue {
    let quotient = (y.absolute() / x.absolute()).cast(to: .float)
    let acute = choice(quotient.isNotANumber(), quotient.like(0), quotient.apply("Atan")).cast(to: x.type)
    let upper = choice(x.isLess(than: 0), Double.pi - acute, acute)
    return choice(y.isLess(than: 0), -upper, upper)
  }

  /// An azimuth, or a difference of two, in [−π, π].
  package func wrapped() -> GraphValue {
    let below = Self.choice(isGreater(than: .pi), self - 2 * .pi, self)
    return Self.choice(below.isLess(than: -.pi), below + 2 * .pi, below)
  }
}

// MARK: - Conditions

extension GraphValue {
  package func isLess(than number: Double) -> GraphValue { compare("Less", like(number)) }
  package func isGreater(than number: Double) -> GraphValue { compare("Greater", like(number)) }
  package func isAtLeast(_ number: Double) -> GraphValue { compare("GreaterOrEqual", like(number)) }
  package func isAtLeast(_ other: GraphValue) -> GraphValue { compare("GreaterOrEqual", other) }
  package func isAtMost(_ number: Double) -> GraphValue { compare("LessOrEqual", like(number)) }
  package func isLess(than other: GraphValue) -> GraphValue { compare("Less", other) }
  package func isGreater(than other: GraphValue) -> GraphValue { compare("Greater", other) }
  package func isEqual(to number: Double) -> GraphValue { compare("Equal", like(number)) }
  package func isEqual(to other: GraphValue) -> GraphValue { compare("Equal", other) }
  package func isNotANumber() -> GraphValue { graph.add("IsNaN", [self], .bool) }
  package func and(_ other: GraphValue) -> GraphValue { compare("And", other) }
  package func or(_ other: GraphValue) -> GraphValue { compare("Or", other) }
  package func not() -> GraphValue { apply("Not") }

  /// Whether any of the elements holds.
  package func any() -> GraphValue {
    cast(to: .int64).sum().reshaped([]).isGreater(than: 0)
  }

  /// Elements of one tensor if a condition holds, else those of the other.
  package static func choice(_ condition: GraphValue, _ yes: GraphValue, _ no: GraphValue) -> GraphValue {
    condition.graph.add("Where", [condition, yes, no], yes.type)
  }

  /// A number if a condition holds, else the elements.
  package func replaced(where condition: GraphValue, by number: Double) -> GraphValue {
    Self.choice(condition, like(number), self)
  }
}

// MARK: - Shapes

extension GraphValue {
  /// The elements in another type.
  package func cast(to other: ElementType) -> GraphValue {
    type == other ? self : graph.add("Cast", [self], other, ["to": .int(other.rawValue)])
  }

  /// Rows by their numbers: `[rows, …]` gives `[indices, …]`.
  package func gathered(_ indices: GraphValue) -> GraphValue {
    graph.add("Gather", [self, indices], type, ["axis": .int(0)])
  }

  /// One column: `[rows × columns]` gives `[rows]`.
  package func column(_ number: Int) -> GraphValue {
    graph.add("Gather", [self, graph.scalar(Double(number), .int64)], type, ["axis": .int(1)])
  }

  /// Neighbouring columns.
  package func columns(_ range: Range<Int>) -> GraphValue {
    slice(graph.constant([range.lowerBound]), graph.constant([range.upperBound]), axis: 1)
  }

  /// The rows before one: `end` is `[1]`.
  package func rows(before end: GraphValue) -> GraphValue { slice(graph.constant([0]), end, axis: 0) }

  private func slice(_ start: GraphValue, _ end: GraphValue, axis: Int) -> GraphValue {
    graph.add("Slice", [self, start, end, graph.constant([axis])], type)
  }

  /// The same elements in another shape, one of whose sizes may be −1, that of the rest.
  package func reshaped(_ shape: [Int]) -> GraphValue { reshaped(graph.constant(shape)) }

  /// The same elements in another shape.
  package func reshaped(_ shape: GraphValue) -> GraphValue {
    // A size of 0 is one.
    graph.add("Reshape", [self, shape], type, ["allowzero": .int(1)])
  }

  /// The number of rows: `[1]`.
  package var rowCount: GraphValue {
    graph.add("Shape", [self], .int64, ["start": .int(0), "end": .int(1)])
  }

  /// Tensors behind each other along an axis.
  package static func concatenation(_ values: [GraphValue], axis: Int) -> GraphValue {
    values[0].graph.add("Concat", values, values[0].type, ["axis": .int(axis)])
  }

  /// A matrix of columns: `[rows]` each give `[rows × columns]`.
  package static func matrix(columns: [GraphValue]) -> GraphValue {
    concatenation(columns.map { $0.reshaped([-1, 1]) }, axis: 1)
  }

  /// The places of elements that hold: `[places]`.
  package func places() -> GraphValue { graph.add("NonZero", [self], .int64).reshaped([-1]) }

  /// The rows with some of them, by their numbers `[places]`, replaced: `[rows, …]`.
  package func replacing(rows places: GraphValue, by values: GraphValue) -> GraphValue {
    graph.add("ScatterND", [self, places.reshaped([-1, 1]), values], type)
  }

  /// The sum of all elements: `[1]`.
  package func sum() -> GraphValue {
    graph.add("ReduceSum", [self], type, ["keepdims": .int(0)]).reshaped([1])
  }

  /// The largest element, or `least` if it is larger: `[1]`.
  package func largest(atLeast least: Double) -> GraphValue {
    let start = like(least).reshaped([1])
    return graph.add(
      "ReduceMax", [Self.concatenation([self, start], axis: 0)], type, ["keepdims": .int(1)])
  }

  /// The sums before each element: `[elements]`.
  package func sumsBefore() -> GraphValue {
    graph.add("CumSum", [self, graph.scalar(0, .int64)], type, ["exclusive": .int(1)])
  }
}

extension Graph {
  /// The numbers from 0 to before `end`, `[1]`.
  package func range(before end: GraphValue) -> GraphValue {
    add("Range", [scalar(0, .int64), end.reshaped([]), scalar(1, .int64)], .int64)
  }

  /// A tensor of one number throughout.
  package func filled(_ number: Double, _ type: ElementType, shape: GraphValue) -> GraphValue {
    let bytes =
      switch type {
      case .float: withUnsafeBytes(of: Float(number)) { Data($0) }
      case .double: withUnsafeBytes(of: number) { Data($0) }
      case .int64: withUnsafeBytes(of: Int64(number)) { Data($0) }
      case .int32: withUnsafeBytes(of: Int32(number)) { Data($0) }
      case .bool: Data([number != 0 ? 1 : 0])
      case .half: preconditionFailure("nothing is computed in half precision")
      }
    return add("ConstantOfShape", [shape], type, ["value": .scalar(type, bytes)])
  }
}

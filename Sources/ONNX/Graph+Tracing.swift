// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine

/// Something that a computation of the engine reads.
package struct TracedInput {
  /// In the graph: `[rows × columns]`, in single precision.
  let value: GraphValue
  let columns: Int
  /// What there is a row of.
  let rows: TracedRows

  /// An input of `columns` numbers a row.
  package init(_ value: GraphValue, columns: Int, rows: TracedRows) {
    self.value = value
    self.columns = columns
    self.rows = rows
  }
}

/// What a computation has a row of.
package enum TracedRows {
  /// Of the jets, and the nodes of trees.
  case items
  /// Of the events of the jets.
  case events
}

/// A made-up batch that a computation is run on.
package struct TracedBatch {
  /// The event of each jet: `[jets]`.
  package let eventOfItem: [Int32]
  /// The number of events.
  package let eventCount: Int

  /// Two batches that have nothing in common.
  fileprivate static let both = [
    TracedBatch(eventOfItem: [0, 0, 1, 2, 2], eventCount: 3),
    TracedBatch(eventOfItem: [0, 1, 1, 1, 2, 3, 3], eventCount: 4),
  ]

  fileprivate func count(_ rows: TracedRows) -> Int { rows == .items ? eventOfItem.count : eventCount }
}

extension Graph {
  /// Adds a computation of the engine to the graph.
  ///
  /// The computation is run on two made-up batches of different sizes, and its operations are read from the tapes. What
  /// it computes beside the engine's operations shows as numbers that differ, and is refused.
  ///
  /// - Parameters:
  ///   - inputs: what the computation reads.
  ///   - events: gives the jets of each event in the graph, if the computation needs them; nil if there are no events.
  ///   - body: the computation.
  /// - Returns: its result in the graph.
  /// - Throws: ``GraphError``, without a full stop, if there is no such operation in ONNX, or numbers do not come from the
  ///   engine's operations; and what the body throws.
  package func add(
    _ inputs: [TracedInput], events: (() -> GraphSegments)? = nil,
    _ body: (Tape, [Variable], TracedBatch) throws -> Variable
  ) throws -> GraphValue {
    let traces = try TracedBatch.both.enumerated().map { seed, batch in
      let tape = Tape(tracing: parameters)
      var generator = SeededGenerator(seed: UInt64(seed))
      let variables = inputs.map { input in
        let rows = batch.count(input.rows)
        let values = (0..<rows * input.columns).map { _ in Float.random(in: -1...1, using: &generator) }
        return tape.constant(values, rows: rows, columns: input.columns)
      }
      return (batch: batch, inputs: variables, result: try body(tape, variables, batch))
    }
    var known: [Variable.ID: GraphValue] = [:]
    for (input, variable) in zip(inputs, traces[0].inputs) { known[variable.id] = input.value }
    var tracer = Tracer(
      graph: self, first: traces[0].result.tape, second: traces[1].result.tape, batches: TracedBatch.both,
      events: events, known: known)
    guard traces[0].result.id == traces[1].result.id,
      tracer.first.variables == tracer.second.variables
    else { throw Tracer.dependence }
    return try tracer.value(of: traces[0].result.id)
  }
}

/// Turns two tapes of one computation into operations of a graph.
private struct Tracer {
  let graph: Graph
  let first: Tape
  let second: Tape
  let batches: [TracedBatch]
  let events: (() -> GraphSegments)?
  var known: [Variable.ID: GraphValue]

  static let dependence = GraphError(
    "computes numbers of its rows beside the operations of NeuralEngine, which a graph cannot follow")

  mutating func value(of id: Variable.ID) throws -> GraphValue {
    if let value = known[id] { return value }
    // Operands come first on a tape, so that all that is needed is made in its order.
    for earlier in try needed(for: id) { known[earlier] = try make(earlier) }
    return known[id]!
  }

  /// The variables that one is made of, and itself, but those that are known, in the order of the tape.
  private func needed(for id: Variable.ID) throws -> [Variable.ID] {
    var found: Set<Variable.ID> = []
    var open = [id]
    while let next = open.popLast() {
      guard known[next] == nil, found.insert(next).inserted else { continue }
      if case .operation(_, let operands) = first.origin(of: next) { open += operands }
    }
    return first.variables.filter(found.contains)
  }

  private func make(_ id: Variable.ID) throws -> GraphValue {
    switch (first.origin(of: id), second.origin(of: id)) {
    case (.parameter(let parameter), .parameter(let other)) where parameter == other:
      return graph.weight(parameter)
    case (.constant, .constant):
      let (shape, other) = (first.shape(of: id), second.shape(of: id))
      guard shape == other, numbers(id, first) == numbers(id, second) else { throw Self.dependence }
      return graph.constant(numbers(id, first), [shape.rows, shape.columns])
    case (.unknown(let name), _):
      throw GraphError("computes a \(name), which there is no operation of ONNX for here")
    case (.operation(let operation, let operands), .operation(let other, operands: let others))
    where operands == others:
      return try make(operation, other, operands.map { known[$0]! })
    default: throw Self.dependence
    }
  }

  private func numbers(_ id: Variable.ID, _ tape: Tape) -> [Float] {
    let shape = tape.shape(of: id)
    return Array(UnsafeBufferPointer(start: tape.values(of: id), count: shape.rows * shape.columns))
  }

  private func make(
    _ operation: TracedOperation, _ other: TracedOperation, _ operands: [GraphValue]
  ) throws -> GraphValue {
    switch (operation, other) {
    case (.rowGathering(let rows), .rowGathering(let others)):
      guard let events, [rows, others] == batches.map(\.eventOfItem) else { throw Self.dependence }
      return operands[0].gathered(events().ofRow)
    case (
      .segments(let reduction, let rows, let count), .segments(let otherReduction, let others, let otherCount)
    ):
      guard let events, reduction == otherReduction, [rows, others] == batches.map(\.eventOfItem),
        [count, otherCount] == batches.map(\.eventCount)
      else { throw Self.dependence }
      return events().reduced(operands.first, reduction)
    default:
      guard operation == other else { throw Self.dependence }
      return graph.add(operation, operands)
    }
  }
}

extension Graph {
  /// Adds an operation of the engine.
  fileprivate func add(_ operation: TracedOperation, _ operands: [GraphValue]) -> GraphValue {
    func apply(_ name: String, _ attributes: KeyValuePairs<String, GraphAttribute> = [:]) -> GraphValue {
      add(name, operands, .float, attributes)
    }
    let x = operands[0]
    switch operation {
    case .relu: return apply("Relu")
    case .sigmoid: return apply("Sigmoid")
    case .tanh: return apply("Tanh")
    case .exponential: return apply("Exp")
    case .logarithm: return apply("Log")
    case .squareRoot: return apply("Sqrt")
    case .square: return x * x
    case .absolute: return apply("Abs")
    case .softplus: return apply("Softplus")
    case .power(let exponent): return add("Pow", [x, scalar(Double(exponent), .float)], .float)
    case .scaling(let factor, let term):
      let scaled = factor == 1 ? x : Double(factor) * x
      return term == 0 ? scaled : scaled + Double(term)
    case .add: return apply("Add")
    case .subtract: return apply("Sub")
    case .multiply: return apply("Mul")
    case .divide: return apply("Div")
    case .maximum: return apply("Max")
    case .minimum: return apply("Min")
    case .linear: return apply("Gemm", ["transB": .int(1)])
    case .product: return apply("MatMul")
    case .concatenation: return apply("Concat", ["axis": .int(1)])
    case .stacking: return apply("Concat", ["axis": .int(0)])
    case .columns(let range): return x.columns(range)
    case .rowGathering, .segments: preconditionFailure("which rows belong together depends on the events")
    case .softmax: return apply("Softmax", ["axis": .int(1)])
    case .logSoftmax: return apply("LogSoftmax", ["axis": .int(1)])
    case .logSumExp: return add("ReduceLogSumExp", [x, constant([1])], .float)
    case .rowNormalisation(let epsilon):
      let distance = x - add("ReduceMean", [x, constant([1])], .float)
      let variance = add("ReduceMean", [distance * distance, constant([1])], .float)
      return distance / (variance + Double(epsilon)).squareRoot()
    case .sum(let axis, let scale):
      let axes =
        switch axis {
        case .all: [0, 1]
        case .rows: [1]
        case .columns: [0]
        }
      let sum = add("ReduceSum", [x, constant(axes)], .float)
      return scale == 1 ? sum : Double(scale) * sum
    case .steps(let steps):
      return steps.reduce(filled(1, .float, shape: add("Shape", [x], .int64))) { passed, step in
        passed.replaced(
          where: x.isAtLeast(constant(step.thresholds, [1, step.thresholds.count])), by: Double(step.value))
      }
    }
  }
}

extension GraphSegments {
  /// What the rows of each segment make together; `values` is nil for what needs none.
  fileprivate func reduced(_ values: GraphValue?, _ reduction: SegmentReduction) -> GraphValue {
    guard let values else {
      let sizes = counts.cast(to: .float).maximum(1).reshaped([-1, 1])
      return graph.filled(1, .float, shape: graph.constant([1, 1])) / sizes
    }
    func exponentials(_ tops: GraphValue) -> GraphValue {
      graph.add("Exp", [values - tops.gathered(ofRow)], .float)
    }
    switch reduction {
    case .sum: return rowSums(values)
    case .maximum: return rowMaxima(values).replaced(where: counts.isEqual(to: 0).reshaped([-1, 1]), by: 0)
    case .softmax:
      let y = exponentials(rowMaxima(values))
      return y / rowSums(y).gathered(ofRow)
    case .logSumExp:
      let tops = rowMaxima(values)
      return tops + rowSums(exponentials(tops)).logarithm()
    case .inverseCount: preconditionFailure("the number of rows is of no operand")
    }
  }
}

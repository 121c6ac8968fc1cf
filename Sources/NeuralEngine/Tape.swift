// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Records a computation on matrices so that its gradients can be found: reverse-mode differentiation.
///
/// A tape belongs to one thread and is used again for batch after batch: `reset` forgets the computation and
/// keeps the memory. All matrices are row-major `[rows × columns]`, rows usually being jets or events.
///
/// ```swift
/// let tape = Tape(parameters: parameters, gradients: gradients)
/// let loss = layer(tape.constant(batch)).squaredError(to: targets)
/// tape.backward(from: loss)      // adds to `gradients`
/// ```
public final class Tape {
  struct Node {
    var values: UnsafeMutablePointer<Float>
    var gradient: UnsafeMutablePointer<Float>?
    var rows: Int
    var columns: Int
    var requiresGradient: Bool
    var operation: (any TapeOperation)?
  }

  /// The parameters that the computation reads.
  public let parameters: Parameters
  /// Where `backward` adds the parameters' gradients; nil on a tape that only predicts.
  public let gradients: Parameters?

  var nodes: [Node] = []
  let arena = Arena()
  private var parameterNodes: [Int32]
  /// Whether operations are kept though there are no gradients, so that `origin(of:)` tells them.
  private let isTraced: Bool

  /// A tape that reads `parameters` and, if `gradients` is given, can run backward.
  ///
  /// - Precondition: both have the same layout.
  public init(parameters: Parameters, gradients: Parameters? = nil) {
    require(gradients == nil || gradients!.layout == parameters.layout, "gradients of another layout")
    self.parameters = parameters
    self.gradients = gradients
    isTraced = false
    parameterNodes = Array(repeating: -1, count: parameters.layout.entries.count)
  }

  /// A tape that predicts, and keeps where each variable comes from.
  package init(tracing parameters: Parameters) {
    self.parameters = parameters
    gradients = nil
    isTraced = true
    parameterNodes = Array(repeating: -1, count: parameters.layout.entries.count)
  }

  /// Whether the tape keeps what `backward` needs.
  public var recordsGradients: Bool { gradients != nil }

  /// Forgets the computation.
  ///
  /// Variables that were made before must not be used any more.
  public func reset() {
    nodes.removeAll(keepingCapacity: true)
    arena.reset()
    for i in parameterNodes.indices { parameterNodes[i] = -1 }
  }

  // MARK: Leaves

  /// A parameter as a variable: `[rows × columns]` of its layout entry.
  public func parameter(_ id: ParameterID) -> Variable {
    let entry = parameters.layout[id]
    if parameterNodes[id.index] < 0 {
      parameterNodes[id.index] = Int32(nodes.count)
      nodes.append(
        Node(
          values: parameters[id].baseAddress!, gradient: gradients?[id].baseAddress, rows: entry.rows,
          columns: entry.columns, requiresGradient: recordsGradients, operation: nil))
    }
    return Variable(
      tape: self, id: Variable.ID(index: parameterNodes[id.index]), rows: entry.rows, columns: entry.columns)
  }

  /// The parameter that a variable is; nil if it is none.
  func parameter(at id: Variable.ID) -> ParameterID? {
    parameterNodes.firstIndex(of: id.index).map { ParameterID(index: $0) }
  }

  /// A matrix that has no gradient and whose numbers the caller still has to write.
  public func constant(rows: Int, columns: Int) -> Variable {
    append(rows: rows, columns: columns, requiresGradient: false, operation: nil)
  }

  /// A matrix that has no gradient.
  public func constant(_ matrix: Matrix) -> Variable {
    let variable = constant(rows: matrix.rows, columns: matrix.columns)
    _ = variable.values.update(from: matrix.values)
    return variable
  }

  /// A matrix whose gradient `gradient(of:)` gives after `backward`.
  public func input(_ matrix: Matrix) -> Variable {
    let variable = append(
      rows: matrix.rows, columns: matrix.columns, requiresGradient: recordsGradients, operation: nil)
    _ = variable.values.update(from: matrix.values)
    return variable
  }

  // MARK: Recording

  /// Adds the result of an operation.
  ///
  /// The caller writes its numbers.
  ///
  /// - Parameters:
  ///   - rows: the rows of the result.
  ///   - columns: the columns of the result.
  ///   - requiresGradient: whether any operand requires a gradient.
  ///   - operation: what gives the operands their gradients; it is not kept if none is needed.
  /// - Returns: the result, `[rows × columns]`, not initialised.
  public func record(
    rows: Int, columns: Int, requiresGradient: Bool, _ operation: @autoclosure () -> some TapeOperation
  ) -> Variable {
    let keeps = requiresGradient && recordsGradients
    return append(
      rows: rows, columns: columns, requiresGradient: keeps,
      operation: keeps || isTraced ? operation() : nil)
  }

  private func append(
    rows: Int, columns: Int, requiresGradient: Bool, operation: (any TapeOperation)?
  ) -> Variable {
    let id = Variable.ID(index: Int32(nodes.count))
    nodes.append(
      Node(
        values: arena.allocate(Float.self, count: rows * columns), gradient: nil, rows: rows,
        columns: columns, requiresGradient: requiresGradient, operation: operation))
    return Variable(tape: self, id: id, rows: rows, columns: columns)
  }

  /// Memory for an operation, not initialised, valid until `reset`.
  public func scratch<Value: BitwiseCopyable>(
    _ type: Value.Type = Float.self, count: Int
  ) -> UnsafeMutableBufferPointer<Value> {
    UnsafeMutableBufferPointer(start: arena.allocate(type, count: count), count: count)
  }

  /// Memory for an operation with the numbers of an array, valid until `reset`.
  public func scratch<Value: BitwiseCopyable>(copying values: [Value]) -> UnsafeMutableBufferPointer<Value> {
    let copy = scratch(Value.self, count: values.count)
    values.withUnsafeBufferPointer { values in
      if let from = values.baseAddress { copy.baseAddress!.update(from: from, count: values.count) }
    }
    return copy
  }

  /// A matrix that has no gradient, of the numbers of a row-major array.
  public func constant(_ values: [Float], rows: Int, columns: Int) -> Variable {
    require(values.count == rows * columns, "a matrix of \(rows) × \(columns) needs as many numbers")
    let variable = constant(rows: rows, columns: columns)
    values.withUnsafeBufferPointer { values in
      if let from = values.baseAddress {
        self.values(of: variable.id).update(from: from, count: values.count)
      }
    }
    return variable
  }

  // MARK: Backward

  /// Adds `seed`, `[rows × columns]` of the variable, to the variable's gradient before `backward`.
  public func seedGradient(of variable: Variable, _ seed: UnsafeBufferPointer<Float>) {
    require(seed.count == variable.count, "a seed needs one number for each element")
    guard let gradient = gradient(of: variable.id) else { return }
    for i in 0..<seed.count { gradient[i] += seed[i] }
  }

  /// Runs the computation backward from the gradients that were seeded and adds the gradients of the
  /// parameters to `gradients`.
  ///
  /// - Precondition: the tape was made with `gradients`.
  public func backward() {
    require(recordsGradients, "this tape was made without gradients")
    for index in nodes.indices.reversed() {
      guard let operation = nodes[index].operation, nodes[index].gradient != nil else { continue }
      operation.backward(from: Variable.ID(index: Int32(index)), on: self)
    }
  }

  /// Runs backward from the sum of all elements of `variable`.
  public func backward(from variable: Variable) {
    guard let gradient = gradient(of: variable.id) else { return }
    for i in 0..<variable.count { gradient[i] += 1 }
    backward()
  }

  /// The gradient of a variable, `[rows × columns]`, which starts at zero; nil if it requires none.
  public func gradient(of id: Variable.ID) -> UnsafeMutablePointer<Float>? {
    let index = Int(id.index)
    guard nodes[index].requiresGradient else { return nil }
    if let gradient = nodes[index].gradient { return gradient }
    let count = nodes[index].rows * nodes[index].columns
    let gradient = arena.allocate(Float.self, count: count)
    gradient.initialize(repeating: 0, count: count)
    nodes[index].gradient = gradient
    return gradient
  }

  /// The numbers of a variable, `[rows × columns]`.
  public func values(of id: Variable.ID) -> UnsafeMutablePointer<Float> { nodes[Int(id.index)].values }

  /// The shape of a variable.
  public func shape(of id: Variable.ID) -> (rows: Int, columns: Int) {
    let node = nodes[Int(id.index)]
    return (node.rows, node.columns)
  }
}

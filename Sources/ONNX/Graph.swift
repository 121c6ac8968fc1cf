// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import PluginKit

/// A graph of ONNX operations while it is put together.
///
/// ```swift
/// let graph = Graph(parameters)
/// let x = graph.input("x", .float, [.named("rows"), .known(2)], "Two numbers a row.")
/// graph.output((2 * x + 1).maximum(0), "y", [.named("rows"), .known(2)], "What comes out.")
/// let file = graph.model(name: "example", producerVersion: "1.0", metadata: [])
/// ```
package final class Graph {
  /// The version of the operators, that of ONNX 1.13.
  static let operatorSet = 18
  /// The version of the format that goes with them.
  private static let formatVersion = 8

  /// In which precision weights are stored; they are computed with in single precision.
  package let precision: GraphPrecision

  private(set) var parameters: Parameters
  /// What the names of weights begin with.
  private var prefix = ""
  /// The block that operations are added to, behind those that it stands in.
  private var blocks = [GraphBlock()]
  private var valueCount = 0
  private var weights: [ParameterID: GraphValue] = [:]
  private var scalars: [String: GraphValue] = [:]

  /// A graph without operations, whose weights are some of `parameters`.
  package init(_ parameters: Parameters, precision: GraphPrecision = .float32) {
    self.parameters = parameters
    self.precision = precision
  }

  /// Goes on with the weights of another network, whose names begin with `prefix`.
  package func use(_ parameters: Parameters, prefix: String) {
    self.parameters = parameters
    self.prefix = prefix
    weights = [:]
  }

  // MARK: Inputs and outputs

  /// Adds something that whoever runs the graph gives.
  package func input(
    _ name: String, _ type: ElementType, _ shape: [GraphSize], _ summary: String
  )
    -> GraphValue
  {
    blocks[0].inputs.append(GraphPort(name, type, shape, summary))
    return GraphValue(name: name, type: type, graph: self)
  }

  /// Gives a value out under a name.
  package func output(_ value: GraphValue, _ name: String, _ shape: [GraphSize], _ summary: String) {
    blocks[0].nodes.append(
      GraphNode(operation: "Identity", inputs: [value.name], outputs: [name], attributes: []))
    blocks[0].outputs.append(GraphPort(name, value.type, shape, summary))
  }

  // MARK: Numbers that are known

  /// A parameter of the network: `[rows × columns]` of its layout entry.
  package func weight(_ id: ParameterID) -> GraphValue {
    if let known = weights[id] { return known }
    let entry = parameters.layout[id]
    let value = weight(Array(parameters[id]), [entry.rows, entry.columns], entry.name)
    weights[id] = value
    return value
  }

  /// Numbers that were learnt, in the precision of the graph's weights.
  package func weight(_ values: [Float], _ shape: [Int], _ name: String) -> GraphValue {
    let name = prefix + name
    switch precision {
    case .float32: return known(values, .float, shape, name)
    case .float16:
      let stored = known(values.map { Float16($0) }, .half, shape, "\(name).float16")
      // In the outermost block, where all blocks see it, and a runtime does it once.
      blocks[0].nodes.append(
        GraphNode(
          operation: "Cast", inputs: [stored.name], outputs: [name],
          attributes: [("to", .int(ElementType.float.rawValue))]))
      return GraphValue(name: name, type: .float, graph: self)
    }
  }

  /// Numbers that are known, row-major.
  package func constant(_ values: [Float], _ shape: [Int]) -> GraphValue {
    known(values, .float, shape, newName())
  }

  /// Whole numbers that are known.
  package func constant(_ values: [Int]) -> GraphValue {
    known(values.map { Int64($0) }, .int64, [values.count], newName())
  }

  /// One number.
  package func scalar(_ value: Double, _ type: ElementType) -> GraphValue {
    let key = "\(type.rawValue) \(value.bitPattern)"
    if let known = scalars[key] { return known }
    let name = newName()
    let scalar =
      switch type {
      case .float: known([Float(value)], type, [], name)
      case .double: known([value], type, [], name)
      case .int32: known([Int32(value)], type, [], name)
      case .int64: known([Int64(value)], type, [], name)
      case .bool: known([value != 0], type, [], name)
      case .half: preconditionFailure("nothing is computed in half precision")
      }
    scalars[key] = scalar
    return scalar
  }

  /// Numbers of the outermost block, where all blocks see them.
  private func known<Element: BitwiseCopyable>(
    _ values: [Element], _ type: ElementType, _ shape: [Int], _ name: String
  ) -> GraphValue {
    blocks[0].initialisers.append(GraphTensor(name, type, shape, values))
    return GraphValue(name: name, type: type, graph: self)
  }

  // MARK: Operations

  /// Adds an operation of one result.
  package func add(
    _ operation: String, _ inputs: [GraphValue?], _ type: ElementType,
    _ attributes: KeyValuePairs<String, GraphAttribute> = [:]
  ) -> GraphValue {
    add(operation, inputs, [type], attributes)[0]
  }

  /// Adds an operation of several results; nil stands for an operand that is left out.
  package func add(
    _ operation: String, _ inputs: [GraphValue?], _ types: [ElementType],
    _ attributes: KeyValuePairs<String, GraphAttribute> = [:]
  ) -> [GraphValue] {
    let results = types.map { GraphValue(name: newName(), type: $0, graph: self) }
    blocks[blocks.count - 1].nodes.append(
      GraphNode(
        operation: operation, inputs: inputs.map { $0?.name ?? "" }, outputs: results.map(\.name),
        attributes: attributes.map { ($0.key, $0.value) }))
    return results
  }

  /// Adds a loop that goes on while its body says so.
  ///
  /// - Parameters:
  ///   - limit: the most turns.
  ///   - condition: whether there is a first turn.
  ///   - state: what the first turn begins with.
  ///   - body: gives what a turn leaves, and whether there is another; it may use values from outside.
  /// - Returns: what the last turn left.
  /// - Throws: what the body throws.
  package func loop(
    limit: GraphValue, while condition: GraphValue, _ state: [GraphValue],
    _ body: ([GraphValue]) throws -> (state: [GraphValue], goesOn: GraphValue)
  ) throws -> [GraphValue] {
    let block = GraphBlock()
    // A loop's own counter and condition are scalars; of its state the shapes are not told.
    func port(_ value: GraphValue, _ shape: [GraphSize]? = nil) -> GraphPort {
      GraphPort(value.name, value.type, shape, "")
    }
    let turn = GraphValue(name: newName(), type: .int64, graph: self)
    let goesOn = GraphValue(name: newName(), type: .bool, graph: self)
    let given = state.map { GraphValue(name: newName(), type: $0.type, graph: self) }
    block.inputs = [port(turn, []), port(goesOn, [])] + given.map { port($0) }
    blocks.append(block)
    let left = try body(given)
    blocks.removeLast()
    block.outputs = [port(left.goesOn, [])] + left.state.map { port($0) }
    return add("Loop", [limit, condition] + state, state.map(\.type), ["body": .block(block)])
  }

  private func newName() -> String {
    valueCount += 1
    return "v\(valueCount)"
  }

  // MARK: The file

  /// The file of the graph: `ModelProto`.
  ///
  /// - Parameters:
  ///   - name: what the graph is called.
  ///   - producerVersion: the version of Canopy.
  ///   - metadata: texts by their keys.
  /// - Returns: the bytes.
  package func model(
    name: String, producerVersion: String, metadata: [(key: String, value: String)]
  ) -> Data {
    var message = ProtobufWriter()
    message.write(Self.formatVersion, field: 1)
    message.write("Canopy", field: 2)
    message.write(producerVersion, field: 3)
    message.write(field: 7) { blocks[0].write(name, to: &$0) }
    message.write(field: 8) { $0.write(Self.operatorSet, field: 2) }
    for (key, value) in metadata {
      message.write(field: 14) {
        $0.write(key, field: 1)
        $0.write(value, field: 2)
      }
    }
    return message.data
  }
}

/// In which precision a graph stores its weights.
public enum GraphPrecision: String, Sendable, CaseIterable {
  /// Single precision, as models have them.
  case float32
  /// Half precision: each weight is rounded to 11 binary digits, and the graph widens it before it computes with it.
  case float16
}

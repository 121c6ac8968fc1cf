// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

// The messages of ONNX (github.com/onnx/onnx, onnx.proto) that a graph needs, with the numbers of their fields.

/// The type of a tensor's elements; the raw value is that of `TensorProto.DataType`.
package enum ElementType: Int, Sendable {
  case float = 1
  case int32 = 6
  case int64 = 7
  case bool = 9
  case half = 10
  case double = 11
}

/// A tensor of known numbers: `TensorProto`.
struct GraphTensor {
  let name: String
  let type: ElementType
  let shape: [Int]
  /// Little-endian, row-major.
  let bytes: Data

  init<Element: BitwiseCopyable>(_ name: String, _ type: ElementType, _ shape: [Int], _ values: [Element]) {
    self.name = name
    self.type = type
    self.shape = shape
    bytes = values.withUnsafeBytes { Data($0) }
  }

  func write(to message: inout ProtobufWriter) {
    for size in shape { message.write(size, field: 1) }
    message.write(type.rawValue, field: 2)
    message.write(name, field: 8)
    message.write(bytes, field: 9)
  }
}

/// What an operation is told besides its operands: `AttributeProto`.
package enum GraphAttribute {
  case int(Int)
  case ints([Int])
  case float(Float)
  case text(String)
  /// A tensor of one element.
  case scalar(ElementType, Data)
  case block(GraphBlock)

  func write(_ name: String, to message: inout ProtobufWriter) {
    message.write(name, field: 1)
    switch self {
    case .float(let value):
      message.write(value, field: 2)
      message.write(1, field: 20)
    case .int(let value):
      message.write(value, field: 3)
      message.write(2, field: 20)
    case .text(let text):
      message.write(text, field: 4)
      message.write(3, field: 20)
    case .scalar(let type, let bytes):
      message.write(field: 5) {
        $0.write(1, field: 1)
        $0.write(type.rawValue, field: 2)
        $0.write(bytes, field: 9)
      }
      message.write(4, field: 20)
    case .block(let block):
      message.write(field: 6) { block.write("body", to: &$0) }
      message.write(5, field: 20)
    case .ints(let values):
      for value in values { message.write(value, field: 8) }
      message.write(7, field: 20)
    }
  }
}

/// An operation: `NodeProto`.
struct GraphNode {
  let operation: String
  /// The names of the operands; empty for one that is left out.
  let inputs: [String]
  let outputs: [String]
  let attributes: [(name: String, value: GraphAttribute)]

  func write(to message: inout ProtobufWriter) {
    for name in inputs { message.write(name, field: 1) }
    for name in outputs { message.write(name, field: 2) }
    // The first result is unique, so that messages of a runtime say which operation they mean.
    message.write(outputs[0], field: 3)
    message.write(operation, field: 4)
    for attribute in attributes { message.write(field: 5) { attribute.value.write(attribute.name, to: &$0) } }
  }
}

/// Something that goes into a graph or comes out of it: `ValueInfoProto`.
struct GraphPort {
  let name: String
  let type: ElementType
  /// Sizes that are known are numbers, others names; nil in the body of a loop, which may change shapes.
  let shape: [GraphSize]?
  let summary: String

  init(_ name: String, _ type: ElementType, _ shape: [GraphSize]?, _ summary: String) {
    self.name = name
    self.type = type
    self.shape = shape
    self.summary = summary
  }

  func write(to message: inout ProtobufWriter) {
    message.write(name, field: 1)
    message.write(field: 2) {
      $0.write(field: 1) {
        $0.write(type.rawValue, field: 1)
        guard let shape else { return }
        $0.write(field: 2) { message in
          for size in shape {
            message.write(field: 1) {
              switch size {
              case .known(let count): $0.write(count, field: 1)
              case .named(let name): $0.write(name, field: 2)
              }
            }
          }
        }
      }
    }
    if !summary.isEmpty { message.write(summary, field: 3) }
  }
}

/// A size of a tensor.
package enum GraphSize: Equatable, Sendable {
  /// A number.
  case known(Int)
  /// A name, such as `jets`, of a number that may be any.
  case named(String)
}

/// Operations one after the other, and what goes in and comes out: `GraphProto`.
package final class GraphBlock {
  var nodes: [GraphNode] = []
  var initialisers: [GraphTensor] = []
  var inputs: [GraphPort] = []
  var outputs: [GraphPort] = []

  func write(_ name: String, to message: inout ProtobufWriter) {
    for node in nodes { message.write(field: 1) { node.write(to: &$0) } }
    message.write(name, field: 2)
    for tensor in initialisers { message.write(field: 5) { tensor.write(to: &$0) } }
    for port in inputs { message.write(field: 11) { port.write(to: &$0) } }
    for port in outputs { message.write(field: 12) { port.write(to: &$0) } }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// A multilayer perceptron: fully connected layers with a ReLU after each but the last.
public struct Perceptron: Sendable {
  private let hidden: [Dense]
  private let last: Dense
  /// All parameters of the layers.
  public var parameters: [ParameterID] { hidden.flatMap(\.parameters) + last.parameters }

  /// Adds the layers `NAME.hidden1`, `NAME.hidden2`, … and `NAME.last` to a layout.
  ///
  /// - Parameters:
  ///   - name: the prefix of the layers' names.
  ///   - inputs: the number of columns that the first layer reads.
  ///   - widths: the widths of the hidden layers; without any there is one layer in all.
  ///   - outputs: the number of columns that the last layer gives.
  ///   - layout: where the parameters are added.
  public init(
    _ name: String, inputs: Int, hidden widths: [Int], outputs: Int, in layout: inout ParameterLayout
  ) {
    var columns = inputs
    var layers: [Dense] = []
    for (index, width) in widths.enumerated() {
      layers.append(Dense("\(name).hidden\(index + 1)", inputs: columns, outputs: width, in: &layout))
      columns = width
    }
    hidden = layers
    last = Dense("\(name).last", inputs: columns, outputs: outputs, initialisation: .glorot, in: &layout)
  }

  /// The outputs of the last layer: `[rows × outputs]`.
  public func callAsFunction(_ x: Variable) -> Variable {
    // By index: iterating over an array allocates in a debug build, whose allocations a test counts.
    var y = x
    for layer in hidden.indices { y = hidden[layer](y).relu() }
    return last(y)
  }

  /// The outputs of the last layer, with dropout after each hidden layer on a tape that records gradients:
  /// `[rows × outputs]`.
  ///
  /// - Parameters:
  ///   - x: `[rows × inputs]`.
  ///   - probability: how likely a number is left out, from 0 to less than 1.
  ///   - generator: where the random numbers come from.
  /// - Returns: `[rows × outputs]`.
  public func callAsFunction(
    _ x: Variable, dropout probability: Float, using generator: inout some RandomNumberGenerator
  ) -> Variable {
    last(hidden.reduce(x) { $1($0).relu().dropout(probability, using: &generator) })
  }
}

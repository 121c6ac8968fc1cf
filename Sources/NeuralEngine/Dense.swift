// SPDX-License-Identifier: GPL-3.0-or-later

/// A fully connected layer: y = x Wᵀ + b for x `[rows × inputs]`, W `[outputs × inputs]`, b `[1 × outputs]`.
public struct Dense: Sendable {
  /// The weight W.
  public let weight: ParameterID
  /// The bias b.
  public let bias: ParameterID
  /// All of the layer's parameters.
  public var parameters: [ParameterID] { [weight, bias] }

  /// Adds the layer's parameters `NAME.weight` and `NAME.bias` to a layout.
  ///
  /// - Parameters:
  ///   - name: the prefix of the parameters' names.
  ///   - inputs: the number of columns that the layer reads.
  ///   - outputs: the number of columns that the layer gives.
  ///   - initialisation: how the weight starts; the bias starts at zero.
  ///   - layout: where the parameters are added.
  public init(
    _ name: String, inputs: Int, outputs: Int, initialisation: Initialisation = .he,
    in layout: inout ParameterLayout
  ) {
    weight = layout.add(
      "\(name).weight", rows: outputs, columns: inputs, initialisation: initialisation)
    bias = layout.add("\(name).bias", rows: 1, columns: outputs, initialisation: .zero)
  }

  /// The layer's outputs: `[rows × outputs]`.
  public func callAsFunction(_ x: Variable) -> Variable {
    x.linear(weight: x.tape.parameter(weight), bias: x.tape.parameter(bias))
  }
}

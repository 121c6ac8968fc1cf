// SPDX-License-Identifier: GPL-3.0-or-later

/// Layer normalisation (Ba, Kiros and Hinton, arXiv:1607.06450): y = (x − μ) / √(σ² + ε) ⊙ γ + β, with the
/// mean μ and the variance σ² of each row of x `[rows × width]`.
///
/// ```swift
/// let normalise = LayerNormalisation("normalise", width: 8, in: &layout)
/// let y = normalise(x)
/// ```
public struct LayerNormalisation: Sendable {
  /// The scale γ `[1 × width]`, which starts at one.
  public let weight: ParameterID
  /// The shift β `[1 × width]`, which starts at zero.
  public let bias: ParameterID
  /// ε.
  public let epsilon: Float

  /// Adds the layer's parameters `NAME.weight` and `NAME.bias` to a layout.
  ///
  /// - Parameters:
  ///   - name: the prefix of the parameters' names.
  ///   - width: the number of columns.
  ///   - epsilon: ε, which keeps constant rows finite.
  ///   - layout: where the parameters are added.
  public init(_ name: String, width: Int, epsilon: Float = 1e-5, in layout: inout ParameterLayout) {
    weight = layout.add("\(name).weight", rows: 1, columns: width, initialisation: .one)
    bias = layout.add("\(name).bias", rows: 1, columns: width, initialisation: .zero)
    self.epsilon = epsilon
  }

  /// The layer's outputs: `[rows × width]`.
  public func callAsFunction(_ x: Variable) -> Variable {
    x.normalisedRows(epsilon: epsilon) * x.tape.parameter(weight) + x.tape.parameter(bias)
  }
}

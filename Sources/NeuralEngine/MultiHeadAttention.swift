// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Multi-head attention within segments (Vaswani et al., arXiv:1706.03762, section 3.2.2).
///
/// It is y = W_o attention(W_q x + b_q, W_k m + b_k, W_v m + b_v) + b_o, for x `[queries × width]` and m
/// `[keys × inputs]`, as PyTorch's `nn.MultiheadAttention`.
///
/// ```swift
/// let attend = MultiHeadAttention("attend", width: 8, heads: 2, in: &layout)
/// let y = attend(constituents, tape.segments(offsets: jets))  // each constituent sees those of its jet
/// ```
public struct MultiHeadAttention: Sendable {
  /// The number of heads.
  public let heads: Int
  private let query: Dense
  private let key: Dense
  private let value: Dense
  private let output: Dense

  /// Adds the layers `NAME.query`, `NAME.key`, `NAME.value` and `NAME.output` to a layout.
  ///
  /// - Parameters:
  ///   - name: the prefix of the layers' names.
  ///   - width: the number of columns of queries and outputs.
  ///   - inputs: the number of columns of what is attended to; `width` unless given.
  ///   - heads: the number of heads, which divides `width`.
  ///   - layout: where the parameters are added.
  public init(
    _ name: String, width: Int, inputs: Int? = nil, heads: Int, in layout: inout ParameterLayout
  ) {
    require(heads > 0 && width % heads == 0, "\(heads) heads do not divide \(width) columns")
    self.heads = heads
    func dense(_ part: String, _ inputs: Int) -> Dense {
      Dense("\(name).\(part)", inputs: inputs, outputs: width, initialisation: .glorot, in: &layout)
    }
    query = dense("query", width)
    key = dense("key", inputs ?? width)
    value = dense("value", inputs ?? width)
    output = dense("output", width)
  }

  /// What each row of x finds among the rows of its segment: `[queries × width]`.
  ///
  /// - Parameters:
  ///   - x: `[queries × width]`.
  ///   - segments: the segment of each row of x.
  ///   - memory: what is attended to, with the segment of each row: `[keys × inputs]`; x itself unless given.
  /// - Returns: `[queries × width]`.
  public func callAsFunction(
    _ x: Variable, _ segments: Segments, to memory: (rows: Variable, segments: Segments)? = nil
  ) -> Variable {
    let rows = memory?.rows ?? x
    return output(
      query(x).attention(
        to: key(rows), value(rows), heads: heads, segments, keys: memory?.segments ?? segments))
  }
}

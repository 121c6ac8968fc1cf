// SPDX-License-Identifier: GPL-3.0-or-later

import Support

extension Variable {
  /// Dropout (Srivastava et al., JMLR 15 (2014) 1929): on a tape that records gradients each element is zero with
  /// probability p, else x / (1 − p); on a tape that only predicts it is x.
  ///
  /// - Parameters:
  ///   - probability: p, from 0 to less than 1.
  ///   - generator: where the random numbers come from; it is not used on a tape that only predicts.
  /// - Returns: `[rows × columns]`.
  public func dropout(_ probability: Float, using generator: inout some RandomNumberGenerator) -> Variable {
    require(probability >= 0 && probability < 1, "a probability of \(probability)")
    guard tape.recordsGradients, probability > 0 else { return self }
    let mask = tape.constant(rows: rows, columns: columns)
    let scale = 1 / (1 - probability)
    for i in 0..<count {
      mask.values[i] = Float.random(in: 0..<1, using: &generator) < probability ? 0 : scale
    }
    return self * mask
  }
}

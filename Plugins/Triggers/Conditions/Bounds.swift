// SPDX-License-Identifier: GPL-3.0-or-later

/// The least and the largest value of a quantity; both pass.
///
/// Outputs of heads have single precision, and results print the fewest digits that distinguish one of them
/// from its neighbours. Such a value is compared with the bounds in single precision, so that a bound that is
/// copied from a result lets that result pass.
struct Bounds {
  let least: Double
  let largest: Double

  /// Whether a value passes; NaN does not.
  func contains(_ value: Double) -> Bool {
    if Double(Float(value)) == value {
      return value >= Double(Float(least)) && value <= Double(Float(largest))
    }
    return value >= least && value <= largest
  }
}

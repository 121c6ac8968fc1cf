// SPDX-License-Identifier: GPL-3.0-or-later

extension FloatingPoint {
  /// The number itself, or NaN without a sign, which processors give to what they compute and which prints as `-nan`.
  public var withPlainNaN: Self { isNaN ? .nan : self }
}

extension FloatingPoint where Self: LosslessStringConvertible {
  /// The shortest digits that read back as the same number, or `nan`.
  public var text: String { withPlainNaN.description }
}

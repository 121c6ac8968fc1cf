// SPDX-License-Identifier: GPL-3.0-or-later

/// The share of events that pass, with its interval of 68.27 % confidence.
///
/// The interval is Wilson's (J. Am. Stat. Assoc. 22, 209 (1927)) for one standard deviation: of p with
/// |p − k/n| ≤ √(p (1 − p) / n). It lies in 0 … 1 and has a width for k = 0 and k = n too.
public struct Efficiency: Sendable, Equatable, Encodable {
  /// The events that pass.
  public let passed: Int
  /// All events.
  public let total: Int

  /// The efficiency of `passed` among `total` events.
  public init(passed: Int, total: Int) {
    precondition(0 <= passed && passed <= total, "no more can pass than there are")
    self.passed = passed
    self.total = total
  }

  /// The share; nil without events.
  public var value: Double? { total > 0 ? Double(passed) / Double(total) : nil }

  /// The interval; 0 … 1 without events.
  public var interval: ClosedRange<Double> {
    guard let value else { return 0...1 }
    let n = Double(total)
    let centre = (value + 0.5 / n) / (1 + 1 / n)
    let half = (value * (1 - value) / n + 0.25 / (n * n)).squareRoot() / (1 + 1 / n)
    // Rounding must not leave the share itself outside.
    return min(value, max(0, centre - half))...max(value, min(1, centre + half))
  }

  private enum CodingKeys: String, CodingKey {
    case passed, total, value, lower, upper
  }

  /// Writes counts, share and interval.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(passed, forKey: .passed)
    try container.encode(total, forKey: .total)
    try container.encodeIfPresent(value, forKey: .value)
    try container.encode(interval.lowerBound, forKey: .lower)
    try container.encode(interval.upperBound, forKey: .upper)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The share of events that pass, with its interval of 68.27 % confidence.
///
/// The interval is Wilson's (J. Am. Stat. Assoc. 22, 209 (1927)) for one standard deviation: of p with
/// |p − k/n| ≤ √(p (1 − p) / n). It lies in 0 … 1 and has a width for k = 0 and k = n too. With weights the
/// share is that of their sum and n is (Σw)² / Σw², the number of events of equal weight that would have the
/// same statistical error. Negative weights may lead to a share outside 0 … 1, which has the interval of one
/// standard deviation on either side.
public struct Efficiency: Sendable, Equatable, Encodable {
  /// The events that pass.
  public let passed: Int
  /// All events.
  public let total: Int
  /// The weights of the events that pass and of all; nil if every event counts as one.
  public let weights: Weights?

  /// The weights of the events that pass and of all.
  public struct Weights: Sendable, Equatable, Encodable {
    /// Of the events that pass.
    public let passed: WeightSum
    /// Of all events.
    public let total: WeightSum

    /// The weights of some events.
    public init(passed: WeightSum, total: WeightSum) {
      self.passed = passed
      self.total = total
    }
  }

  /// The efficiency of `passed` among `total` events.
  public init(passed: Int, total: Int, weights: Weights? = nil) {
    precondition(0 <= passed && passed <= total, "no more can pass than there are")
    self.passed = passed
    self.total = total
    self.weights = weights
  }

  /// The share; nil without events, and if their weights do not add up to more than 0.
  public var value: Double? {
    guard let weights else { return total > 0 ? Double(passed) / Double(total) : nil }
    return weights.total.sum > 0 ? weights.passed.sum / weights.total.sum : nil
  }

  /// The interval; 0 … 1 if there is no share.
  public var interval: ClosedRange<Double> {
    guard let value else { return 0...1 }
    if let weights, !(0...1).contains(value) {
      let error = weights.error(ofShare: value)
      return value - error...value + error
    }
    let n = weights?.total.effectiveCount ?? Double(total)
    let centre = (value + 0.5 / n) / (1 + 1 / n)
    let half = (value * (1 - value) / n + 0.25 / (n * n)).squareRoot() / (1 + 1 / n)
    // Rounding must not leave the share itself outside.
    return min(value, max(0, centre - half))...max(value, min(1, centre + half))
  }

  private enum CodingKeys: String, CodingKey {
    case passed, total, weights, value, lower, upper
  }

  /// Writes counts, share and interval.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(passed, forKey: .passed)
    try container.encode(total, forKey: .total)
    try container.encodeIfPresent(weights, forKey: .weights)
    try container.encodeIfPresent(value, forKey: .value)
    try container.encode(interval.lowerBound, forKey: .lower)
    try container.encode(interval.upperBound, forKey: .upper)
  }
}

extension Efficiency.Weights {
  /// The error of the share of events that pass: √(Σ w² (δ − share)²) / Σw, where δ is 1 for an event that passes and
  /// 0 for others.
  public func error(ofShare share: Double) -> Double {
    let failed = max(0, total.squares - passed.squares)
    return ((1 - share) * (1 - share) * passed.squares + share * share * failed).squareRoot() / abs(total.sum)
  }
}

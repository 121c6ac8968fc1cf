// SPDX-License-Identifier: GPL-3.0-or-later

import Statistics

/// The events that shares are of, which gives the errors of shares and how these vary together.
enum RateBasis {
  /// So many events, each of which counts as one: the errors are binomial.
  case events(Int)
  /// Events with weights, which add up to this.
  case weights(WeightSum)
  /// So many events that other menus looked at: the weight of each accepted one is the inverse of the probability that
  /// they accept it.
  case acceptedOf(Int)

  /// What counts are divided by; nil if it is not more than 0.
  private var total: Double? {
    let total =
      switch self {
      case .events(let count), .acceptedOf(let count): Double(count)
      case .weights(let weights): weights.sum
      }
    return total > 0 ? total : nil
  }

  /// The share of some events; nil if there is nothing that it could be of.
  func share(of events: WeightSum) -> Double? { total.map { events.sum / $0 } }

  /// The share of some events with its error; nil if there is nothing that it could be of.
  ///
  /// The error is √(p (1 − p) / n), with weights √(Σ w² (δ − p)²) / Σw, where δ is 1 for these events and 0 for others.
  /// Among n events that other menus looked at each counts δ w if they accepted it and else 0, so that the error of the
  /// mean is √(Σ w² δ − n p²) / n.
  func estimate(of events: WeightSum) -> Estimate? {
    guard let value = share(of: events) else { return nil }
    let error =
      switch self {
      case .events(let count): (value * (1 - value) / Double(count)).squareRoot()
      case .weights(let total): Efficiency.Weights(passed: events, total: total).error(ofShare: value)
      case .acceptedOf: covariance(events, events, both: events)!.squareRoot()
      }
    return Estimate(value: value, error: error)
  }

  /// The covariance of the errors of two shares; nil if there is nothing that they could be of.
  ///
  /// It is Σ w² (δ₁ − p₁) (δ₂ − p₂) / (Σw)². A rounded variance is not negative.
  ///
  /// - Parameters:
  ///   - first: the events of one share.
  ///   - second: the events of the other.
  ///   - both: the events of both.
  /// - Returns: the covariance.
  func covariance(_ first: WeightSum, _ second: WeightSum, both: WeightSum) -> Double? {
    guard let total, let p = share(of: first), let q = share(of: second) else { return nil }
    let sum =
      switch self {
      case .events(let count): both.squares - Double(count) * p * q
      case .acceptedOf(let count): both.squares - Double(count) * p * q
      case .weights(let all): both.squares - q * first.squares - p * second.squares + p * q * all.squares
      }
    return (first == both && second == both ? max(0, sum) : sum) / (total * total)
  }

  /// The correlation of the errors of two shares, from −1 to 1; nil if one of them has none.
  func correlation(_ first: WeightSum, _ second: WeightSum, both: WeightSum) -> Double? {
    guard let covariance = covariance(first, second, both: both),
      let a = estimate(of: first)?.error, let b = estimate(of: second)?.error, a > 0, b > 0
    else { return nil }
    return min(1, max(-1, covariance / (a * b)))
  }
}

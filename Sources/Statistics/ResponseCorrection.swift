// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// A monotone, piecewise linear map from predictions to the truth for which they are a chosen quantile.
///
/// A regression that is trained on a limited range of truth is pulled towards its middle. The map undoes that: at
/// each true value t, the share `level` of the predictions lies below the curve x(t), and the map is the inverse of
/// that curve. With the level ½ the median of the mapped predictions is the true value, whatever the value.
///
/// The curve is the linear spline that minimises the quantile loss of the predictions given the truth
/// (Koenker and Bassett, Econometrica 46 (1978) 33), with knots at equal shares of the truth; if it would
/// fall, neighbouring knots are pooled. Beyond its knots the map goes on with the slope of its ends, up to 3,
/// so that the distribution of the mapped predictions has no step there.
public struct ResponseCorrection: Codable, Sendable, Equatable {
  /// The predictions at the knots, rising: `[knots]`.
  public let predictions: [Double]
  /// The truth at the knots, rising: `[knots]`.
  public let truth: [Double]

  /// The slope beyond which predictions say too little about the truth to be corrected.
  private static let largestSlope = 10.0
  private static let largestEndSlope = 3.0
  private static let mostKnots = 8
  private static let rowsPerKnot = 100

  /// The map for predictions of known truth, all `[rows]`; rows without a positive weight are left out.
  ///
  /// It is nil if there are fewer than 200 rows, or the predictions do not rise with the truth.
  ///
  /// - Parameters:
  ///   - predictions: finite numbers.
  ///   - truth: finite numbers.
  ///   - weights: of each row.
  ///   - level: the share of predictions below the curve, between 0 and 1.
  public init?(fitting predictions: [Double], truth: [Double], weights: [Double], level: Double = 0.5) {
    require(predictions.count == truth.count && truth.count == weights.count, "a truth and weight a row")
    let rows = truth.indices.filter { weights[$0] > 0 }
    let knots = Self.knots(rows.map { truth[$0] })
    guard knots.count >= 2 else { return nil }
    var curve = QuantileSpline(knots: knots)
    curve.fit(
      predictions: rows.map { predictions[$0] }, truth: rows.map { truth[$0] },
      weights: rows.map { weights[$0] }, level: level)
    self.init(rising: curve.values, knots)
    guard isValid else { return nil }
  }

  /// Values of the truth that divide it into parts of equal numbers.
  private static func knots(_ truth: [Double]) -> [Double] {
    let count = min(truth.count / rowsPerKnot, mostKnots)
    guard count >= 2 else { return [] }
    let sorted = truth.sorted()
    return (0..<count).map { sorted[$0 * (sorted.count - 1) / (count - 1)] }.reduce(into: []) {
      knots, value in
      if value > knots.last ?? -.infinity { knots.append(value) }
    }
  }

  /// The map through these knots, after those that do not rise are pooled (pool adjacent violators).
  private init(rising values: [Double], _ knots: [Double]) {
    var pools: [(value: Double, knot: Double, count: Double)] = []
    for (value, knot) in zip(values, knots) {
      pools.append((value, knot, 1))
      while pools.count > 1, pools[pools.count - 2].value >= pools[pools.count - 1].value {
        let last = pools.removeLast()
        let before = pools.removeLast()
        let count = before.count + last.count
        pools.append(
          (
            (before.value * before.count + last.value * last.count) / count,
            (before.knot * before.count + last.knot * last.count) / count, count
          ))
      }
    }
    predictions = pools.map(\.value)
    truth = pools.map(\.knot)
  }

  /// Whether the knots are finite, rise, and rise so that the map can be used; those from a file may not be
  /// so.
  public var isValid: Bool {
    guard (2...1000).contains(truth.count), predictions.count == truth.count,
      (predictions + truth).allSatisfy(\.isFinite)
    else { return false }
    let isRising =
      zip(predictions, predictions.dropFirst()).allSatisfy(<) && zip(truth, truth.dropFirst()).allSatisfy(<)
    let rise = truth[truth.count - 1] - truth[0]
    return isRising && rise <= Self.largestSlope * (predictions[truth.count - 1] - predictions[0])
  }

  /// The slope from a knot to the next; below the first knot and beyond the last that of the end.
  package func slope(fromKnot knot: Int) -> Double {
    let place = min(max(knot, 0), truth.count - 2)
    let slope = (truth[place + 1] - truth[place]) / (predictions[place + 1] - predictions[place])
    return place == knot ? slope : min(slope, Self.largestEndSlope)
  }

  /// The truth that a prediction stands for.
  public func callAsFunction(_ prediction: Double) -> Double {
    let knot = (predictions.firstIndex { $0 > prediction } ?? predictions.count) - 1
    let start = max(knot, 0)
    return truth[start] + slope(fromKnot: knot) * (prediction - predictions[start])
  }
}

/// A linear spline below which lies a share of the numbers that belong to each place.
private struct QuantileSpline {
  let knots: [Double]
  var values: [Double]

  init(knots: [Double]) {
    self.knots = knots
    values = knots.map { _ in 0 }
  }

  /// Minimises Σ w ρ(x − f(t)) by weighted least squares again and again, each time with the weights that
  /// make a square of the quantile loss ρ at the previous residual.
  mutating func fit(predictions: [Double], truth: [Double], weights: [Double], level: Double) {
    let places = truth.map(place)
    let mean = predictions.reduce(0, +) / Double(predictions.count)
    let deviation = predictions.reduce(0) { $0 + abs($1 - mean) } / Double(predictions.count)
    // Numbers that differ by rounding alone have some spread too.
    let spread = max(deviation, 1e-9 * abs(mean), 1e-100)
    var factors = weights
    for step in 0..<80 {
      // The square near 0 shrinks until it is far below the spread.
      let least = spread * max(1e-4, 0.3 * exp2(-Double(step) / 4))
      solve(predictions, places, factors)
      for row in truth.indices {
        let residual = predictions[row] - value(places[row])
        factors[row] = weights[row] * (residual > 0 ? level : 1 - level) / max(abs(residual), least)
      }
    }
  }

  /// The interval of a value of the truth, and how far in it lies.
  private func place(_ truth: Double) -> (interval: Int, part: Double) {
    let interval = max(0, min((knots.firstIndex { $0 > truth } ?? knots.count) - 1, knots.count - 2))
    let part = (truth - knots[interval]) / (knots[interval + 1] - knots[interval])
    return (interval, min(max(part, 0), 1))
  }

  private func value(_ place: (interval: Int, part: Double)) -> Double {
    values[place.interval] * (1 - place.part) + values[place.interval + 1] * place.part
  }

  /// The spline of least squares: its normal equations are tridiagonal.
  private mutating func solve(
    _ predictions: [Double], _ places: [(interval: Int, part: Double)], _ factors: [Double]
  ) {
    var diagonal = knots.map { _ in 0.0 }
    var beside = diagonal
    var right = diagonal
    for (row, place) in places.enumerated() {
      let (k, b) = (place.interval, place.part)
      let (a, factor) = (1 - b, factors[row])
      diagonal[k] += factor * a * a
      diagonal[k + 1] += factor * b * b
      beside[k] += factor * a * b
      right[k] += factor * a * predictions[row]
      right[k + 1] += factor * b * predictions[row]
    }
    // Relative to each knot's own rows: those that fit worse weigh less, but still have to count.
    for k in knots.indices { diagonal[k] = diagonal[k] * (1 + 1e-12) + .leastNormalMagnitude }
    for k in 1..<knots.count {
      let ratio = beside[k - 1] / diagonal[k - 1]
      diagonal[k] -= ratio * beside[k - 1]
      right[k] -= ratio * right[k - 1]
    }
    for k in knots.indices.reversed() {
      let next = k + 1 < knots.count ? beside[k] * values[k + 1] : 0
      values[k] = (right[k] - next) / diagonal[k]
    }
  }
}

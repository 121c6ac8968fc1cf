// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The distribution of a score of the background at each value of a number: a monotone map from the score to the share of
/// the background of that value which has a lower one.
///
/// At each of some knots, values of the number, it has the scores of some levels. The log-odds of the level are a line
/// between two scores, and go on beyond the outermost with the mean slope of the two intervals before it, so that no two
/// scores become equal. Between two knots the log-odds of both are interpolated, outside they are those of the outermost
/// knot.
public struct ConditionalQuantiles: Codable, Sendable, Equatable {
  /// The values of the number, rising: `[knots]`.
  public let knots: [Double]
  /// The shares of the background, rising: `[levels]`.
  public let levels: [Double]
  /// The score below which each share lies at each knot, rising: `[knots × levels]`.
  public let scores: [[Double]]

  /// The rows that a knot has to itself; fewer, down to a twelfth, for up to four knots.
  ///
  /// The tail that passes a tight cut has to be known at each of them.
  private static let rowsPerKnot = 1200.0
  private static let fewestKnots = 4
  private static let largestKnotCount = 16
  /// The rows that lie beyond each level, at least.
  private static let rowsBeyondLevel = 20.0
  private static let upperLevels = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]
  /// The fewest rows that tell a distribution.
  public static let fewestRows = 10

  /// The distribution of the scores of background.
  ///
  /// Each knot has an equal part of the weight to itself. The quantiles there are those of the rows around it, which count
  /// less the further they are from it, to nothing at the next knots.
  ///
  /// - Parameters:
  ///   - scores: any number that is high for signal, such as a logit: `[rows]`.
  ///   - values: the number, NaN for rows without, which are left out: `[rows]`.
  ///   - weights: the weight of each row; rows whose weight is not positive are left out: `[rows]`.
  /// - Throws: ``MetricError`` if there are fewer than ten rows, or the scores or the numbers do not differ.
  public init(fitting scores: [Double], values: [Double], weights: [Double]) throws {
    let order = values.indices.filter { weights[$0] > 0 && values[$0].isFinite && scores[$0].isFinite }
      .sorted { (values[$0], $0) < (values[$1], $1) }
    guard order.count >= Self.fewestRows else {
      throw MetricError(
        description:
          "There are \(order.count) rows of background with the number, and a map of the score needs "
          + "\(Self.fewestRows); validate on more.")
    }
    let total = order.reduce(0) { $0 + weights[$1] }
    let squares = order.reduce(0) { $0 + weights[$1] * weights[$1] }
    let effective = total * total / squares
    var below = 0.0
    // The share of the weight below each row, half of its own included.
    let ranks = order.map { row in
      defer { below += weights[row] }
      return (below + weights[row] / 2) / total
    }
    let least = min(Self.fewestKnots, Int(12 * effective / Self.rowsPerKnot))
    let count = min(max(1, least, Int(effective / Self.rowsPerKnot)), Self.largestKnotCount)
    let rowValues = WeightedQuantiles(order.map { values[$0] }, weights: order.map { weights[$0] })
    // A triangle of the height 1 has this share of the rows.
    let rowsOfKnot = effective / Double(count)
    let upper = Self.upperLevels.filter { (1 - $0) * rowsOfKnot >= Self.rowsBeyondLevel }
    let outer = upper.filter { $0 > 0.5 }
    let levels = outer.isEmpty ? [0.25, 0.5, 0.75] : outer.reversed().map { 1 - $0 } + [0.5] + outer
    var (knots, quantiles): ([Double], [[Double]]) = ([], [])
    for knot in 0..<count {
      let centre = (Double(knot) + 0.5) / Double(count)
      let value = rowValues[centre]
      // Many rows of one value make one knot.
      if let last = knots.last, value <= last { continue }
      let shares = ranks.map { count == 1 ? 1 : max(0, 1 - abs($0 - centre) * Double(count)) }
      let distribution = WeightedQuantiles(
        order.map { scores[$0] }, weights: zip(order, shares).map { weights[$0] * $1 })
      var rising = levels.map { distribution[$0] }
      guard rising[rising.count - 1] > rising[0] else {
        throw MetricError(
          description: "The scores of the background do not differ, which tells no map of them.")
      }
      let step = 1e-6 * (rising[rising.count - 1] - rising[0])
      for place in 1..<rising.count { rising[place] = max(rising[place], rising[place - 1] + step) }
      knots.append(value)
      quantiles.append(rising)
    }
    (self.knots, self.levels, self.scores) = (knots, levels, quantiles)
  }

  /// Whether the numbers are those of a map, as those of a file may not be.
  public var isValid: Bool {
    func rises(_ numbers: [Double]) -> Bool {
      numbers.allSatisfy(\.isFinite) && zip(numbers, numbers.dropFirst()).allSatisfy(<)
    }
    return !knots.isEmpty && rises(knots) && levels.count > 1 && rises(levels) && levels[0] > 0
      && levels[levels.count - 1] < 1 && scores.count == knots.count
      && scores.allSatisfy { $0.count == levels.count && rises($0) }
  }

  /// The log-odds ln(p / (1 − p)) of the share p of the background at `value` that has a lower score than `score`.
  ///
  /// A value that is not known (NaN) counts as the least.
  public func logOdds(_ score: Double, at value: Double) -> Double {
    guard value > knots[0] else { return logOdds(score, atKnot: 0) }
    guard let next = knots.firstIndex(where: { $0 > value }) else {
      return logOdds(score, atKnot: knots.count - 1)
    }
    let part = (value - knots[next - 1]) / (knots[next] - knots[next - 1])
    return (1 - part) * logOdds(score, atKnot: next - 1) + part * logOdds(score, atKnot: next)
  }

  private func logOdds(_ score: Double, atKnot knot: Int) -> Double {
    let scores = scores[knot]
    let last = scores.count - 1
    func odds(_ place: Int) -> Double { log(levels[place] / (1 - levels[place])) }
    func line(_ low: Int, _ high: Int, from start: Int) -> Double {
      odds(start) + (odds(high) - odds(low)) * (score - scores[start]) / (scores[high] - scores[low])
    }
    guard score > scores[0] else { return line(0, min(2, last), from: 0) }
    guard let next = scores.firstIndex(where: { $0 >= score }) else {
      return line(max(0, last - 2), last, from: last)
    }
    return line(next - 1, next, from: next - 1)
  }
}

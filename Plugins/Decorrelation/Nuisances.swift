// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a decorrelated head learns of its numbers before the first step, from the rows of the classes in which the score is
/// to be independent.
public struct Nuisances: Codable, Sendable, Equatable {
  /// The mean of each number.
  let means: [Double]
  /// The standard deviation of each.
  let deviations: [Double]
  /// The quantiles of each number at hundredths from 0 to 1.
  let quantiles: [[Double]]
  /// Values of all numbers together that stand for their distribution: `[nodes][numbers]`.
  let nodes: [[Double]]
  /// The share of the weight that the rows have.
  let share: Float

  /// What rows tell.
  ///
  /// - Throws: ``MetricError`` if none of them has a positive weight, or a number does not differ.
  init(
    fitting values: [[Float]], isChosen: [Bool], weights: [Double], names: [String], nodes count: Int
  ) throws {
    let rows = weights.indices.filter { isChosen[$0] && weights[$0] > 0 }
    let total = rows.reduce(0) { $0 + weights[$1] }
    guard total > 0 else {
      throw MetricError(
        description:
          "There are no rows of the classes in which the score is to be independent, so that it cannot be learnt what of."
      )
    }
    let all = weights.reduce(0) { $0 + max(0, $1) }
    share = Float(total / all)
    var (means, deviations, quantiles): ([Double], [Double], [[Double]]) = ([], [], [])
    for (name, values) in zip(names, values) {
      let mean = rows.reduce(0) { $0 + weights[$1] * Double(values[$1]) } / total
      let variance =
        rows.reduce(0) { sum, row in
          let deviation = Double(values[row]) - mean
          return sum + weights[row] * deviation * deviation
        } / total
      guard variance > 0 else {
        throw MetricError(
          description:
            "\(name) is the same in all rows of the classes, and nothing is to be independent of it.")
      }
      means.append(mean)
      deviations.append(variance.squareRoot())
      let order = Self.order(rows, [values])
      quantiles.append((0...100).map { Double(values[Self.row(order, weights, Double($0) / 100)]) })
    }
    (self.means, self.deviations, self.quantiles) = (means, deviations, quantiles)
    let order = Self.order(rows, values)
    nodes = (0..<count).map { node in
      let row = Self.row(order, weights, (Double(node) + 0.5) / Double(count))
      return values.map { Double($0[row]) }
    }
  }

  /// The rows by rising numbers, the first number first.
  private static func order(_ rows: [Int], _ values: [[Float]]) -> [Int] {
    rows.sorted { a, b in
      for values in values where values[a] != values[b] { return values[a] < values[b] }
      return a < b
    }
  }

  /// The row below which a share of the weight lies.
  private static func row(_ order: [Int], _ weights: [Double], _ share: Double) -> Int {
    let wanted = share * order.reduce(0) { $0 + weights[$1] }
    var sum = 0.0
    for row in order {
      sum += weights[row]
      if sum >= wanted { return row }
    }
    return order[order.count - 1]
  }

  /// Whether the numbers are those of so many nuisances, as those of a file may not be.
  func isValid(for count: Int) -> Bool {
    means.count == count && deviations.count == count && quantiles.count == count && !nodes.isEmpty
      && means.allSatisfy(\.isFinite) && deviations.allSatisfy { $0 > 0 && $0.isFinite }
      && quantiles.allSatisfy { $0.count == 101 && $0.allSatisfy(\.isFinite) }
      && nodes.allSatisfy { $0.count == count && $0.allSatisfy(\.isFinite) } && share > 0 && share <= 1
  }

  /// Numbers less their means in units of their standard deviations, 0 for one that is not known, row by row:
  /// `[rows × numbers]`, for `[numbers][rows]`.
  func scaled(_ values: [[Float]]) -> [Float] {
    (values.first?.indices ?? 0..<0).flatMap { row in
      values.indices.map { number -> Float in
        let value = Float((Double(values[number][row]) - means[number]) / deviations[number])
        return value.isFinite ? value : 0
      }
    }
  }

  /// The nodes likewise: `[nodes][numbers]`.
  var scaledNodes: [[Float]] { nodes.map { node in scaled(node.map { [Float($0)] }) } }

  /// The bin of each value of a number, of `count` bins with equally many rows: `[rows]`.
  func bins(of values: [Float], _ number: Int, count: Int) -> [Int32] {
    let edges = (1..<count).map { edge -> Double in
      let place = 100 * Double(edge) / Double(count)
      let low = min(99, Int(place))
      let part = place - Double(low)
      return (1 - part) * quantiles[number][low] + part * quantiles[number][low + 1]
    }
    return values.map { value in Int32(edges.count { Double(value) >= $0 }) }
  }
}

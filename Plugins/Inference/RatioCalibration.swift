// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A rising map from a learnt ln r to the one that a sample shows: a histogram with bins of equally many rows, made to rise by
/// pooling neighbours (isotonic regression), and lines between the means of its bins.
public struct RatioCalibration: Codable, Sendable, Equatable {
  /// The mean learnt ln r in each bin, rising: `[bins]`.
  let learnt: [Double]
  /// The ln r that the sample shows there, rising: `[bins]`.
  let shown: [Double]

  /// What a bin has.
  private struct Block {
    /// The share of the weights of each hypothesis.
    var shares = (denominator: 0.0, numerator: 0.0)
    /// The sum of learnt ln r times shares.
    var sum = 0.0

    var isFilled: Bool { shares.denominator > 0 && shares.numerator > 0 }
    var shown: Double { log(shares.numerator / shares.denominator) }
    var learnt: Double { sum / (shares.denominator + shares.numerator) }

    mutating func add(_ other: Block) {
      shares.denominator += other.shares.denominator
      shares.numerator += other.shares.numerator
      sum += other.sum
    }
  }

  /// How many rows a bin has at least.
  static let rowsOfBin = 200

  /// The map of a sample.
  ///
  /// - Parameters:
  ///   - values: the learnt ln r: `[rows]`.
  ///   - isNumerator: whether a row is of the numerator: `[rows]`.
  ///   - weights: `[rows]`.
  /// - Throws: ``MetricError`` if a hypothesis has no rows.
  init(fitting values: [Double], isNumerator: [Bool], weights: [Double]) throws {
    var totals = (denominator: 0.0, numerator: 0.0)
    for (row, weight) in weights.enumerated() {
      if isNumerator[row] { totals.numerator += weight } else { totals.denominator += weight }
    }
    guard totals.denominator > 0, totals.numerator > 0 else {
      throw MetricError(
        description: "There are no rows of one of the hypotheses, so that their ratio cannot be calibrated.")
    }
    let order = weights.indices.filter { weights[$0] != 0 }.sorted {
      values[$0] == values[$1] ? $0 < $1 : values[$0] < values[$1]
    }
    let count = min(50, max(1, order.count / Self.rowsOfBin))
    var blocks: [Block] = []
    for bin in 0..<count {
      var block = Block()
      for row in order[bin * order.count / count..<(bin + 1) * order.count / count] {
        let share = weights[row] / (isNumerator[row] ? totals.numerator : totals.denominator)
        if isNumerator[row] { block.shares.numerator += share } else { block.shares.denominator += share }
        block.sum += share * values[row]
      }
      // A bin without one of the hypotheses, and one that does not rise above the last, is one with it.
      while let last = blocks.last, !block.isFilled || !last.isFilled || block.shown <= last.shown {
        block.add(blocks.removeLast())
      }
      blocks.append(block)
    }
    // Pooled rows need not rise in what was learnt if weights are negative.
    var (learnt, shown): ([Double], [Double]) = ([], [])
    for block in blocks where learnt.last.map({ block.learnt > $0 }) ?? true {
      learnt.append(block.learnt)
      shown.append(block.shown)
    }
    (self.learnt, self.shown) = (learnt, shown)
  }

  /// Whether the map rises, as that of a file may not.
  var isValid: Bool {
    learnt.count == shown.count && !learnt.isEmpty && (learnt + shown).allSatisfy(\.isFinite)
      && zip(learnt, learnt.dropFirst()).allSatisfy(<) && zip(shown, shown.dropFirst()).allSatisfy(<)
  }

  /// The calibrated ln r; beyond the outermost bins it is as far away as the learnt one.
  func callAsFunction(_ value: Double) -> Double {
    guard let above = learnt.firstIndex(where: { $0 > value }) else {
      return shown[shown.count - 1] + value - learnt[learnt.count - 1]
    }
    guard above > 0 else { return shown[0] + value - learnt[0] }
    let part = (value - learnt[above - 1]) / (learnt[above] - learnt[above - 1])
    return (1 - part) * shown[above - 1] + part * shown[above]
  }
}

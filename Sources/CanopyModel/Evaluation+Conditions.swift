// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a head is worth for one value, or one interval, of a condition of the model or of a ``RowDivision``.
public struct ConditionedEvaluation: Sendable {
  /// The event column that is the condition, such as a hypothesised mass, or the number that rows are divided by.
  public let condition: String
  /// The least and the largest value, equal if each value is judged by itself; or the edges that were asked for.
  public let values: ClosedRange<Double>
  /// The number of rows.
  public let rowCount: Int
  /// The metrics and curves; nil if the rows tell nothing of the head.
  public internal(set) var evaluation: HeadEvaluation?
}

extension EvaluatedRows {
  /// What the head is worth in each part of a division, by rising value; nothing if its rows have no such number.
  ///
  /// Rows without the number (NaN) are left out, and so are those outside of all edges. Yields are shared among the
  /// parts of a division as the weights are; each value of a condition has its own signal and the whole background.
  ///
  /// - Parameters:
  ///   - division: the number and, if they are given, the edges.
  ///   - whole: what the head is worth on all rows.
  /// - Returns: each part.
  /// - Throws: `PluginError` if the head gives a figure or table that is none.
  func evaluations(
    by division: RowDivision, of whole: HeadEvaluation?
  ) throws -> [ConditionedEvaluation] {
    guard let values = numbers[division.name] else { return [] }
    return try division.parts(of: values).map { range, selection in
      var evaluation: HeadEvaluation?
      do { evaluation = try rows(selection).evaluation() } catch is MetricError {}
      if !division.isCondition, let whole { evaluation?.shareYields(of: whole) }
      return ConditionedEvaluation(
        condition: division.name, values: range, rowCount: selection.count, evaluation: evaluation)
    }
  }
}

extension RowDivision {
  /// The range and the rows, rising, of each part of a sample whose rows have these values.
  func parts(of values: [Float]) -> [(range: ClosedRange<Double>, rows: [Int])] {
    let known = values.indices.filter { !values[$0].isNaN }
    if let edges {
      return zip(edges, edges.dropFirst()).map { low, high in
        // Columns are kept in single precision: an edge is what it is there.
        let (least, beyond) = (Float(low), Float(high))
        return (
          low...high,
          known.filter {
            values[$0] >= least
              && (values[$0] < beyond || high == edges[edges.count - 1] && values[$0] == beyond)
          }
        )
      }
    }
    let order = known.sorted { values[$0] < values[$1] }
    var starts = order.indices.filter { $0 == 0 || values[order[$0]] != values[order[$0 - 1]] }
    if starts.count > 20 {
      // Rows of one value stay together.
      let wanted = (0..<10).map { $0 * order.count / 10 }
      starts = wanted.reduce(into: []) { chosen, place in
        let start = starts.last { $0 <= place }!
        if chosen.last != start { chosen.append(start) }
      }
    }
    return zip(starts, starts.dropFirst() + [order.count]).map { start, end in
      let selection = order[start..<end]
      return (Double(values[selection.first!])...Double(values[selection.last!]), selection.sorted())
    }
  }
}

extension HeadEvaluation {
  /// Gives classifiers the part of the yields of the whole sample that their weights are of its weights.
  fileprivate mutating func shareYields(of whole: HeadEvaluation) {
    for place in classifiers.indices where classifiers[place].yields != nil {
      let (part, all) = (classifiers[place], whole.classifiers[place])
      classifiers[place].yields = all.yields.flatMap {
        try? EventYields(
          signal: $0.signal * part.signalScores.total / all.signalScores.total,
          background: $0.background * part.backgroundScores.total / all.backgroundScores.total)
      }
    }
  }
}

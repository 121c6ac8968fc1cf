// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a head is worth for one value, or one interval, of a condition.
public struct ConditionedEvaluation: Sendable {
  /// The event column that is the condition, such as a hypothesised mass.
  public let condition: String
  /// The least and the largest value of the condition; equal if each value is judged by itself.
  public let values: ClosedRange<Double>
  /// The number of rows.
  public let rowCount: Int
  /// The metrics and curves; nil if the rows tell nothing of the head.
  public let evaluation: HeadEvaluation?
}

extension EvaluatedRows {
  /// What the head is worth in each value of a condition, by rising value; if there are more than 20, in ten
  /// intervals of equally many rows, or fewer if many rows share a value.
  func evaluations(by condition: String) throws -> [ConditionedEvaluation] {
    let values = truth[condition]
    let order = values.indices.sorted { values[$0] < values[$1] }
    var starts = order.indices.filter { $0 == 0 || values[order[$0]] != values[order[$0 - 1]] }
    if starts.count > 20 {
      // Rows of one value stay together.
      let wanted = (0..<10).map { $0 * order.count / 10 }
      starts = wanted.reduce(into: []) { chosen, place in
        let start = starts.last { $0 <= place }!
        if chosen.last != start { chosen.append(start) }
      }
    }
    return try zip(starts, starts.dropFirst() + [order.count]).map { start, end in
      let selection = order[start..<end]
      let evaluation: HeadEvaluation?
      do { evaluation = try rows(selection.sorted()).evaluation() } catch is MetricError { evaluation = nil }
      return ConditionedEvaluation(
        condition: condition, values: Double(values[selection.first!])...Double(values[selection.last!]),
        rowCount: selection.count, evaluation: evaluation)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a head makes of events that were changed in a way that should not matter much.
public struct ChangedEvaluation: Sendable, Equatable {
  /// The change.
  public let change: EventChange
  /// How many rows are compared: those of events that still have as many rows, with a weight.
  public let rowCount: Int
  /// The median of how far the head's first number moves; nil without rows.
  public let medianShift: Double?
  /// What 95 % of the rows do not exceed of that; nil without rows.
  public let largeShift: Double?
  /// The head's first metric on the changed rows; nil if they do not tell it.
  public let metric: Estimate?
}

extension Prediction {
  /// What the heads predict, in the places of the rows of another prediction for the same events: `[rows × width]` each.
  ///
  /// Rows of events that have another number of rows here have NaN.
  func values(inPlaceOf other: Prediction) -> [[Float]] {
    heads.indices.map { index in
      let (own, width) = (heads[index], heads[index].width)
      var values: [Float] = []
      values.reserveCapacity(other.heads[index].values.count)
      var first = 0
      for event in 0..<other.jets.eventCount {
        let rows = jets.rows(own.rows, ofEvent: event).count
        let wanted = other.jets.rows(own.rows, ofEvent: event).count
        if rows == wanted {
          values += own.values[first * width..<(first + rows) * width]
        } else {
          values += Array(repeating: .nan, count: wanted * width)
        }
        first += rows
      }
      return values
    }
  }
}

extension EvaluatedRows {
  /// What the head makes of changed events.
  ///
  /// - Parameters:
  ///   - change: the change.
  ///   - changed: what it predicts for the same rows: `[rows × sum of the outputs' widths]`.
  /// - Returns: how far it moved, and its first metric.
  func comparison(with change: EventChange, _ changed: [Float]) -> ChangedEvaluation {
    let width = truth.rows > 0 ? outputs.count / truth.rows : 1
    let known = (0..<truth.rows).filter {
      weights[$0] != 0 && changed[$0 * width].isFinite && outputs[$0 * width].isFinite
    }
    let shifts = known.map { Double(abs(changed[$0 * width] - outputs[$0 * width])) }.sorted()
    let moved = EvaluatedRows(
      named: named, outputs: changed, truth: truth, weights: weights, numbers: [:], yields: nil
    ).rows(known)
    func quantile(_ share: Double) -> Double? {
      shifts.isEmpty ? nil : shifts[min(Int(share * Double(shifts.count)), shifts.count - 1)]
    }
    return ChangedEvaluation(
      change: change, rowCount: known.count, medianShift: quantile(0.5), largeShift: quantile(0.95),
      metric: (try? moved.evaluation())?.metrics.first?.estimate)
  }
}

extension Evaluation.HeadResult {
  /// What the head makes of changed events, as a table; nil if it was not asked for.
  public var robustnessTable: HeadTable? {
    guard let metric = evaluation?.metrics.first, !changes.isEmpty else { return nil }
    return HeadTable(
      "robustness",
      columns: [
        HeadTable.Column("change", texts: ["none"] + changes.map(\.change.rawValue)),
        HeadTable.Column("is", texts: ["the events as they are"] + changes.map(\.change.summary)),
        HeadTable.Column(rows.rawValue, numbers: [.nan] + changes.map { Double($0.rowCount) }),
        HeadTable.Column("median shift", numbers: [.nan] + changes.map { $0.medianShift ?? .nan }),
        HeadTable.Column("95 % shift", numbers: [.nan] + changes.map { $0.largeShift ?? .nan }),
        HeadTable.Column(metric.name, estimates: [metric.estimate] + changes.map(\.metric)),
      ])
  }
}

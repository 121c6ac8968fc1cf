// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit

extension Evaluation {
  /// All numbers but the curves of classifiers as a JSON object with the members `events`, `jets`, `constituents` and
  /// `heads`; `null` stands for what the events do not tell.
  public func json() throws -> Data {
    try NumbersFile.encode(
      Content(
        events: eventCount, jets: jetCount,
        constituents: heads.contains { $0.rows == .constituents } ? constituentCount : nil,
        heads: heads.map { result in
          Content.Head(
            name: result.head.name, plugin: result.head.plugin, version: result.head.version,
            rows: result.rows,
            problem: result.problem, metrics: result.evaluation?.metricsByName ?? [:],
            classifiers: result.evaluation?.classifiers.map(ClassifierNumbers.init) ?? [],
            regressions: result.evaluation?.regressions.map(RegressionNumbers.init) ?? [],
            figures: result.evaluation?.figures.map(FigureNumbers.init) ?? [],
            tables: result.evaluation?.tables.map(TableNumbers.init) ?? [],
            conditions: result.conditions.map(ConditionNumbers.init))
        }))
  }

  private struct Content: Encodable {
    struct Head: Encodable {
      var name: String
      var plugin: String
      var version: PluginVersion
      var rows: HeadRows
      /// Why there are no numbers; absent if there are some.
      var problem: String?
      var metrics: [String: Estimate?]
      var classifiers: [ClassifierNumbers]
      var regressions: [RegressionNumbers]
      var figures: [FigureNumbers]
      var tables: [TableNumbers]
      var conditions: [ConditionNumbers]
    }

    var events: Int
    var jets: Int
    /// Absent if no head is on constituents.
    var constituents: Int?
    var heads: [Head]
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import PluginKit

extension Evaluation {
  /// All numbers but the curves of classifiers as a JSON object with the members `events`, `jets`, `constituents` and
  /// `heads`; `null` stands for what the events do not tell.
  ///
  /// - Parameter others: evaluations of other models, with their names; the member `others` has an object like this for
  ///   each, with its name as `model`.
  /// - Returns: the JSON.
  /// - Throws: what encoding throws.
  public func json(others: [(model: String, evaluation: Evaluation)] = []) throws -> Data {
    var content = EvaluationNumbers(self)
    if !others.isEmpty { content.others = others.map { EvaluationNumbers($0.evaluation, model: $0.model) } }
    return try NumbersFile.encode(content)
  }
}

/// The numbers of an evaluation.
private struct EvaluationNumbers: Encodable {
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
    /// Absent if none were asked for, or if the head does not classify events.
    var templates: TemplateNumbers?
    /// Absent if the head is compared with nothing.
    var compared: [ComparisonNumbers]?
    /// Absent if it was not asked for.
    var importance: TableNumbers?
    var robustness: TableNumbers?
  }

  /// Absent for the first model.
  var model: String?
  var events: Int
  var jets: Int
  /// Absent if no head is on constituents.
  var constituents: Int?
  var heads: [Head]
  /// Absent for a single model.
  var others: [EvaluationNumbers]?

  init(_ evaluation: Evaluation, model: String? = nil) {
    self.model = model
    events = evaluation.eventCount
    jets = evaluation.jetCount
    constituents = evaluation.heads.contains { $0.rows == .constituents } ? evaluation.constituentCount : nil
    heads = evaluation.heads.map { result in
      Head(
        name: result.head.name, plugin: result.head.plugin, version: result.head.version, rows: result.rows,
        problem: result.problem, metrics: result.evaluation?.metricsByName ?? [:],
        classifiers: result.evaluation?.classifiers.map(ClassifierNumbers.init) ?? [],
        regressions: result.evaluation?.regressions.map(RegressionNumbers.init) ?? [],
        figures: result.evaluation?.figures.map(FigureNumbers.init) ?? [],
        tables: result.evaluation?.tables.map(TableNumbers.init) ?? [],
        conditions: result.conditions.map(ConditionNumbers.init),
        templates: result.templates.map(TemplateNumbers.init),
        compared: result.comparisons.isEmpty ? nil : result.comparisons.map(ComparisonNumbers.init),
        importance: result.importanceTable.map(TableNumbers.init),
        robustness: result.robustnessTable.map(TableNumbers.init))
    }
  }
}

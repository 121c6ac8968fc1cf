// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The single numbers of a classifier's evaluation, as reports and evaluations write them.
struct ClassifierNumbers: Encodable {
  /// What the best cuts are worth for given yields.
  struct Significances: Encodable {
    var signalYield: Double
    var backgroundYield: Double
    var simple: BestCut
    var asimov: BestCut
  }

  var name: String
  var signal: String
  var background: String
  var signalCount: Int
  var backgroundCount: Int
  var auc: Estimate
  var rejections: [BackgroundRejection]
  /// Nil where the scores are no probabilities.
  var calibrationError: Estimate?
  /// Nil where no yields are known.
  var significance: Significances?

  /// The numbers of `classifier`.
  init(_ classifier: ClassifierEvaluation) {
    name = classifier.name
    signal = classifier.signalName
    background = classifier.backgroundName
    signalCount = classifier.curve.signalCount
    backgroundCount = classifier.curve.backgroundCount
    auc = classifier.auc
    rejections = classifier.rejections
    calibrationError = classifier.calibration?.expectedError
    if let yields = classifier.yields {
      significance = Significances(
        signalYield: yields.signal, backgroundYield: yields.background,
        simple: classifier.curve.bestCut(for: .simple, yields: yields),
        asimov: classifier.curve.bestCut(for: .asimov, yields: yields))
    }
  }
}

/// The single numbers of a head where a condition has one value or lies in one interval.
struct ConditionNumbers: Encodable {
  var condition: String
  var least: Double
  var largest: Double
  var rowCount: Int
  /// Empty where there is nothing to compare.
  var metrics: [String: Estimate]
  /// Empty where there is nothing to compare.
  var classifiers: [ClassifierNumbers]

  /// The numbers of `conditioned`.
  init(_ conditioned: ConditionedEvaluation) {
    condition = conditioned.condition
    least = conditioned.values.lowerBound
    largest = conditioned.values.upperBound
    rowCount = conditioned.rowCount
    metrics = conditioned.evaluation?.metricsByName ?? [:]
    classifiers = conditioned.evaluation?.classifiers.map(ClassifierNumbers.init) ?? []
  }
}

extension HeadEvaluation {
  /// The metrics by their names, the first of equals.
  var metricsByName: [String: Estimate] {
    Dictionary(metrics.map { ($0.name, $0.estimate) }, uniquingKeysWith: { first, _ in first })
  }
}

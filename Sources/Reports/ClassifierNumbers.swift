// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
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
  /// Nil if signal or background is absent.
  var auc: Estimate?
  /// Nil if signal or background is absent.
  var rejections: [BackgroundRejection]?
  /// Nil if the scores are no probabilities, or if signal or background is absent.
  var calibrationError: Estimate?
  /// Nil as ``calibrationError`` is.
  var calibration: [CalibrationBin]?
  /// Nil if no yields are known, or if signal or background is absent.
  var significance: Significances?

  /// The numbers of `classifier`.
  init(_ classifier: ClassifierEvaluation) {
    name = classifier.name
    signal = classifier.signalName
    background = classifier.backgroundName
    signalCount = classifier.signalCount
    backgroundCount = classifier.backgroundCount
    auc = classifier.auc
    rejections = classifier.rejections
    calibrationError = classifier.calibration?.expectedError
    calibration = classifier.calibration?.bins.map(CalibrationBin.init)
    if let yields = classifier.yields, let simple = classifier.bestCut(for: .simple),
      let asimov = classifier.bestCut(for: .asimov)
    {
      significance = Significances(
        signalYield: yields.signal, backgroundYield: yields.background, simple: simple, asimov: asimov)
    }
  }

  /// Encodes all members, `null` for what is nil.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(signal, forKey: .signal)
    try container.encode(background, forKey: .background)
    try container.encode(signalCount, forKey: .signalCount)
    try container.encode(backgroundCount, forKey: .backgroundCount)
    try container.encode(auc, forKey: .auc)
    try container.encode(rejections, forKey: .rejections)
    try container.encode(calibrationError, forKey: .calibrationError)
    try container.encode(calibration, forKey: .calibration)
    try container.encode(significance, forKey: .significance)
  }

  private enum CodingKeys: String, CodingKey {
    case name, signal, background, signalCount, backgroundCount, auc, rejections, calibration,
      calibrationError, significance
  }
}

/// The examples of similar score, as reports and evaluations write them.
struct CalibrationBin: Encodable {
  var least: Double
  var largest: Double
  var count: Int
  var share: Double
  var meanScore: Double
  var signalFraction: Estimate

  /// The numbers of `bin`.
  init(_ bin: CalibrationCurve.Bin) {
    (least, largest) = (bin.range.lowerBound, bin.range.upperBound)
    (count, share) = (bin.count, bin.share)
    (meanScore, signalFraction) = (bin.meanScore, bin.signalFraction)
  }
}

/// The single numbers of a head for one value or one interval of a condition.
struct ConditionNumbers: Encodable {
  var condition: String
  var least: Double
  var largest: Double
  var rowCount: Int
  /// Empty if the rows tell nothing of the head.
  var metrics: [String: Estimate?]
  /// Empty if the rows tell nothing of the head.
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
  /// The metrics by their names, the first of equals; nil for what the rows do not tell.
  var metricsByName: [String: Estimate?] {
    Dictionary(metrics.map { ($0.name, $0.estimate) }, uniquingKeysWith: { first, _ in first })
  }
}

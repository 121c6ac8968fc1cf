// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// What another score is worth on the rows of a head that classifies them: that of another model, or a single number.
public struct ComparedScore: Sendable {
  /// The other score.
  public let classifier: ClassifierEvaluation
  /// By how much it is better than the head's.
  public let comparison: ScoreComparison
}

extension Evaluation {
  /// Compares the classifying heads of another model, on the same events, with those of this one.
  ///
  /// Heads go together if they have the same truth column, classes and kind of rows. Classifiers keep their names, which
  /// ``nameClassifiers(by:)`` makes different before.
  ///
  /// - Parameters:
  ///   - other: the evaluation of the other model.
  ///   - name: what the other model is called.
  /// - Returns: what heads cannot be compared and why, a sentence each.
  /// - Throws: `MetricError` if the scores tell nothing.
  public mutating func compare(with other: Evaluation, called name: String) throws -> [String] {
    var remarks: [String] = []
    for place in heads.indices {
      guard let own = heads[place].classified else { continue }
      let partners = other.heads.filter { result in
        result.classified.map {
          $0.rows == own.rows && $0.truth == own.truth && $0.classes == own.classes
        } ?? false
      }
      guard let partner = partners.first, let rows = partner.classified else {
        remarks.append(
          "\(name) has no head that tells \(own.classes.joined(separator: " and ")) of \(own.truth) apart for each of "
            + "the \(own.rows.rawValue), and is not compared with \(own.name).")
        continue
      }
      guard rows.labels == own.labels, rows.weights == own.weights,
        own.rows == .events || findsSameJets(as: other)
      else {
        remarks.append(
          "\(name) reads other events or finds other jets, and is not compared with \(own.name) row by row.")
        continue
      }
      guard let classifier = partner.evaluation?.classifiers[rows.classes.count == 2 ? 0 : 1] else {
        continue
      }
      try heads[place].comparisons.append(own.compared(with: rows.scores, classifier))
    }
    return remarks
  }

  private func findsSameJets(as other: Evaluation) -> Bool {
    description.jets == other.description.jets && description.cuts == other.description.cuts
      && description.particles == other.description.particles
      && description.weighting == other.description.weighting
  }

  /// Puts the name of the model before those of its classifiers, so that those of several models can be told apart.
  public mutating func nameClassifiers(by model: String) {
    for place in heads.indices {
      heads[place].evaluation?.nameClassifiers(by: model)
      for part in heads[place].conditions.indices {
        heads[place].conditions[part].evaluation?.nameClassifiers(by: model)
      }
    }
  }
}

extension HeadEvaluation {
  fileprivate mutating func nameClassifiers(by model: String) {
    for place in classifiers.indices { classifiers[place].name = "\(model) \(classifiers[place].name)" }
  }
}

extension EvaluatedRows {
  /// What numbers of the rows are worth as scores; those that the rows do not have are left out.
  ///
  /// - Throws: ``SampleError`` that names the number if it tells nothing.
  func comparisons(with discriminants: [String]) throws -> [ComparedScore] {
    guard !discriminants.isEmpty, let classified else { return [] }
    // Of one class there is nothing to compare, as there is no area either.
    guard Set(classified.isSignal).count == 2 else { return [] }
    return try discriminants.compactMap { name in
      guard let values = numbers[name] else { return nil }
      do {
        return try classified.compared(withNumber: values, called: name)
      } catch let error as MetricError {
        throw SampleError("\(name) cannot be compared with \(named.name): \(error.description)")
      }
    }
  }
}

extension ClassifiedRows {
  /// The seed of the bootstrap samples, which are the same in every run.
  private static let seed: UInt64 = 1

  /// Compares other scores of the rows, `[rows]`, with the head's.
  fileprivate func compared(with scores: [Float], _ classifier: ClassifierEvaluation) throws -> ComparedScore
  {
    var generator = SeededGenerator(seed: Self.seed)
    return ComparedScore(
      classifier: classifier,
      comparison: try ScoreComparison(
        scores: scores, reference: self.scores, isSignal: isSignal, weights: weights,
        signalEfficiencies: classifier.signalEfficiencies, using: &generator))
  }

  /// Compares a number of the rows, as a score in whichever direction tells more, with the head's.
  ///
  /// Rows without the number are taken for background.
  ///
  /// - Parameters:
  ///   - values: NaN for rows without: `[rows]`.
  ///   - name: the number's name.
  /// - Returns: the comparison.
  /// - Throws: `MetricError` if signal or background is absent, or no row has the number.
  func compared(withNumber values: [Float], called name: String) throws -> ComparedScore {
    let known = values.indices.filter { values[$0].isFinite }
    guard let least = known.map({ values[$0] }).min(), let largest = known.map({ values[$0] }).max() else {
      throw MetricError(description: "No row has the number \(name).")
    }
    let isSignal = isSignal
    let rising = values.map { $0.isFinite ? $0 : least.nextDown }
    let falling = values.map { $0.isFinite ? -$0 : (-largest).nextDown }
    func area(_ scores: [Float]) throws -> Double {
      try ROCCurve(scores: scores, isSignal: isSignal, weights: weights).auc.value
    }
    let isFalling = try area(falling) > area(rising)
    let scores = isFalling ? falling : rising
    return try compared(
      with: scores,
      ClassifierEvaluation(
        name: isFalling ? "\(name), low is signal" : name, signalName: classes[1],
        backgroundName: backgroundName,
        scores: scores, isSignal: isSignal, weights: weights, isProbability: false))
  }
}

extension Evaluation.HeadResult {
  /// The comparisons as a table: a row for each other score, of which differences and ratios are taken.
  public var comparisonTable: HeadTable? {
    guard let first = comparisons.first else { return nil }
    func percent(_ share: Double) -> Int { Int((100 * share).rounded()) }
    let all = comparisons.map(\.comparison)
    return HeadTable(
      "compared",
      columns: [
        HeadTable.Column("score", texts: comparisons.map(\.classifier.name)),
        HeadTable.Column("AUC", estimates: comparisons.map(\.classifier.auc)),
        HeadTable.Column("AUC less that of \(head.name)", estimates: all.map(\.aucDifference)),
      ]
        + first.comparison.rejectionRatios.enumerated().map { place, ratio in
          HeadTable.Column(
            "ratio of 1/ε_B at \(percent(ratio.signalEfficiency)) %",
            estimates: all.map { $0.rejectionRatios[place].ratio })
        }
        + first.comparison.efficiencyDifferences.enumerated().map { place, difference in
          HeadTable.Column(
            "difference of ε_S at ε_B = \(percent(difference.backgroundEfficiency)) %",
            estimates: all.map { $0.efficiencyDifferences[place].difference })
        })
  }
}

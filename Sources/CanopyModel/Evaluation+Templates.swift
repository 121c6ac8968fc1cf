// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension EvaluatedRows {
  /// The templates of the score of a head that classifies events; nil for other heads.
  ///
  /// - Parameters:
  ///   - binning: how the score is divided.
  ///   - variations: weights of the rows for each source of uncertainty.
  /// - Returns: the templates.
  /// - Throws: ``SampleError`` that names the head if there can be none.
  func templates(
    _ binning: ScoreBinning, _ variations: [ScoreTemplates.VariedWeights]
  ) throws -> ScoreTemplates? {
    guard let yields, named.head.rows == .events, let classified else { return nil }
    // A network that has diverged gives no probabilities.
    guard classified.scores.allSatisfy({ (0...1).contains($0) }) else {
      throw SampleError(
        "\(named.name) has no templates: a score is no number from 0 to 1; train again more slowly.")
    }
    do {
      return try ScoreTemplates(
        name: named.name, scores: classified.scores, labels: classified.labels, classes: classified.classes,
        weights: weights, variations: variations, yields: yields, binning: binning)
    } catch let error as MetricError {
      throw SampleError("\(named.name) has no templates: \(error.description)")
    }
  }
}

extension EvaluationStudy.Variation {
  /// The weights of the rows of a head.
  func weights(
    _ numbers: EvaluatedNumbers, _ truth: EventTruth, for named: Network.NamedHead
  ) -> ScoreTemplates.VariedWeights {
    func rows(_ name: String) -> [Double] {
      truth.rowWeights(numbers.weights[name] ?? [], for: named, of: 0..<truth.eventCount).map(Double.init)
    }
    return ScoreTemplates.VariedWeights(name, up: rows(up), down: down.map(rows))
  }
}

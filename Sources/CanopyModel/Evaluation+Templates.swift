// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension EvaluatedRows {
  /// The templates of the score of a head that classifies events; nil for other heads.
  ///
  /// - Parameters:
  ///   - binning: how the score is divided.
  ///   - variations: the sources of uncertainty.
  ///   - numbers: the varied weights.
  ///   - truth: the events of the rows.
  ///   - factors: what each weight of an event is multiplied by for its sample: `[events]`.
  ///   - isAbsolute: whether weights count by their absolute values.
  /// - Returns: the templates.
  /// - Throws: ``SampleError`` that names the head if there can be none.
  func templates(
    _ binning: ScoreBinning, _ variations: [EvaluationStudy.Variation], _ numbers: EvaluatedNumbers,
    _ truth: EventTruth, times factors: [Double], absolute isAbsolute: Bool
  ) throws -> ScoreTemplates? {
    guard let yields, named.head.rows == .events, let classified else { return nil }
    // Varied samples follow the rows, and have no nominal weight.
    var (scores, labels, nominal) = (classified.scores, classified.labels, weights)

    /// The varied weights of one side, and the row that they begin with.
    typealias Side = (first: Int, weights: [Double])
    func side(_ weight: String) -> Side {
      let weights = zip(numbers.weights[weight] ?? [], factors).map { weight, factor in
        Float(Double(isAbsolute ? abs(weight) : weight) * factor)
      }
      return (0, truth.rowWeights(weights, for: named, of: 0..<truth.eventCount).map(Double.init))
    }
    func side(_ sample: Evaluation) throws -> Side {
      guard let other = sample.heads.compactMap(\.classified).first(where: { $0.name == classified.name }),
        other.classes == classified.classes
      else {
        throw SampleError("\(named.name) has no templates: a varied sample was evaluated by another model.")
      }
      let first = scores.count
      scores += other.scores
      labels += other.labels
      nominal += other.weights.map { _ in 0 }
      return (first, other.weights)
    }
    let sides = try variations.map { variation -> (name: String, up: Side, down: Side?) in
      switch variation.source {
      case .weights(let up, let down): (variation.name, side(up), down.map(side))
      case .samples(let up, let down): (variation.name, try side(up), try down.map(side))
      }
    }
    func whole(_ side: Side) -> [Double] {
      var weights = Array(repeating: 0.0, count: scores.count)
      weights.replaceSubrange(side.first..<side.first + side.weights.count, with: side.weights)
      return weights
    }
    // A network that has diverged gives no probabilities.
    guard scores.allSatisfy({ (0...1).contains($0) }) else {
      throw SampleError(
        "\(named.name) has no templates: a score is no number from 0 to 1; train again more slowly.")
    }
    do {
      return try ScoreTemplates(
        name: named.name, scores: scores, labels: labels, classes: classified.classes, weights: nominal,
        variations: sides.map { .init($0.name, up: whole($0.up), down: $0.down.map(whole)) },
        yields: yields, binning: binning)
    } catch let error as MetricError {
      throw SampleError("\(named.name) has no templates: \(error.description)")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

extension LikelihoodRatio {
  /// The curve of the score; the means ⟨r⟩₀ and ⟨1/r⟩₁ under the hypotheses, which are 1 for a true ratio; what an event of each tells
  /// against the other on average, 2⟨ln r⟩₁ and −2⟨ln r⟩₀; and the ratio in intervals of itself beside that of the samples.
  ///
  /// With yields also the precision 1/σ(μ) of the strength of the signal that a fit to all ratios expects, without systematic
  /// uncertainties, and its −2 Δ ln L.
  ///
  /// - Throws: ``MetricError`` if a score is not finite or no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    let isNumerator = classification.labels(of: truth).map { $0 == 1 }
    let classifier = try ClassifierEvaluation(
      name: classification.name, signalName: classification.classes[1],
      backgroundName: classification.classes[0],
      scores: (0..<outputs.rows).map { outputs[$0, 0] }, isSignal: isNumerator, weights: weights)
    let ratios = RatioSample(
      logRatios: (0..<outputs.rows).map { Double(outputs[$0, 1]) }, isNumerator: isNumerator, weights: weights
    )
    let (denominator, numerator) = (classification.classes[0], classification.classes[1])
    var evaluation = HeadEvaluation(
      metrics: [
        Metric("AUC", classifier.auc),
        Metric("mean r of \(denominator)", ratios?.mean(ofNumerator: false) { exp($0) }),
        Metric("mean 1/r of \(numerator)", ratios?.mean(ofNumerator: true) { exp(-$0) }),
        Metric("-2 ln r per event of \(denominator)", ratios?.mean(ofNumerator: false) { -2 * $0 }),
        Metric("2 ln r per event of \(numerator)", ratios?.mean(ofNumerator: true) { 2 * $0 }),
      ], classifiers: [classifier])
    guard let ratios else { return evaluation }
    let closure = ratios.closure()
    evaluation.tables.append(
      HeadTable(
        "ratios",
        columns: [
          HeadTable.Column("ln r from", numbers: closure.map(\.low)),
          HeadTable.Column("to", numbers: closure.map(\.high)),
          HeadTable.Column("ln of mean r", numbers: closure.map(\.predicted)),
          HeadTable.Column("ln of ratio of samples", estimates: closure.map(\.shown)),
        ]))
    let places = closure.map(\.predicted)
    evaluation.figures.append(
      HeadFigure(
        "closure", x: HeadFigure.Axis("ln of mean r"),
        y: HeadFigure.Axis("ln of ratio of samples"),
        series: [
          .points(
            "test sample", x: places, y: closure.map { $0.shown?.value ?? .nan },
            errors: closure.map { $0.shown?.error ?? .nan }),
          .curve("equal", x: places, y: places),
        ]))
    guard let yields = configuration.yields else { return evaluation }
    let deviation = ratios.deviation(background: yields[0], signal: yields[1])
    evaluation.metrics.append(
      Metric("1/σ(μ)", deviation > 0 ? Estimate(value: 1 / deviation, error: nil) : nil))
    let strengths = (0...100).map { Double($0) / 50 }
    evaluation.figures.append(
      HeadFigure(
        "likelihood", x: HeadFigure.Axis("μ"), y: HeadFigure.Axis("−2 Δ ln L"),
        series: [
          .curve(
            "expected for μ = 1", x: strengths,
            y: strengths.map { ratios.likelihood(of: $0, background: yields[0], signal: yields[1]) })
        ]))
    return evaluation
  }
}

/// Ratios of a sample of both hypotheses.
private struct RatioSample {
  private let logRatios: [Double]
  private let isNumerator: [Bool]
  private let weights: [Double]
  private let totals: (denominator: Double, numerator: Double)

  /// A sample; nil if one hypothesis is absent from it.
  init?(logRatios: [Double], isNumerator: [Bool], weights: [Double]) {
    var totals = (denominator: 0.0, numerator: 0.0)
    for (row, weight) in weights.enumerated() {
      if isNumerator[row] { totals.numerator += weight } else { totals.denominator += weight }
    }
    guard totals.denominator > 0, totals.numerator > 0 else { return nil }
    (self.logRatios, self.isNumerator, self.weights, self.totals) = (logRatios, isNumerator, weights, totals)
  }

  /// The weight of a row as a share of its hypothesis.
  private func share(_ row: Int) -> Double {
    weights[row] / (isNumerator[row] ? totals.numerator : totals.denominator)
  }

  /// The mean of a function of ln r under a hypothesis; nil if it is not finite.
  func mean(ofNumerator side: Bool, _ function: (Double) -> Double) -> Estimate? {
    let rows = weights.indices.filter { isNumerator[$0] == side && weights[$0] != 0 }
    let mean = rows.reduce(0) { $0 + share($1) * function(logRatios[$1]) }
    let variance = rows.reduce(0.0) { sum, row in
      let deviation = share(row) * (function(logRatios[row]) - mean)
      return sum + deviation * deviation
    }
    guard mean.isFinite, variance.isFinite else { return nil }
    return Estimate(value: mean, error: variance.squareRoot())
  }

  /// The ratio in up to ten intervals of equally many rows, as it is predicted and as the samples have it.
  func closure() -> [(low: Double, high: Double, predicted: Double, shown: Estimate?)] {
    let order = weights.indices.filter { weights[$0] != 0 }.sorted { logRatios[$0] < logRatios[$1] }
    let count = min(10, order.count)
    return (0..<count).map { bin in
      let rows = order[bin * order.count / count..<(bin + 1) * order.count / count]
      var (sums, squares) = ([0.0, 0.0], [0.0, 0.0])
      var ratios = 0.0
      for row in rows {
        let (side, share) = (isNumerator[row] ? 1 : 0, share(row))
        sums[side] += share
        squares[side] += share * share
        if side == 0 { ratios += share * exp(logRatios[row]) }
      }
      let isKnown = sums[0] > 0 && sums[1] > 0
      return (
        logRatios[rows.first!], logRatios[rows.last!], sums[0] > 0 ? log(ratios / sums[0]) : .nan,
        isKnown
          ? Estimate(
            value: log(sums[1] / sums[0]),
            error: (squares[0] / (sums[0] * sums[0]) + squares[1] / (sums[1] * sums[1])).squareRoot()) : nil
      )
    }
  }

  /// The sum over the expected events of background and signal.
  private func sum(background: Double, signal: Double, _ function: (_ ratio: Double) -> Double) -> Double {
    weights.indices.reduce(0) { sum, row in
      weights[row] == 0
        ? sum : sum + share(row) * (isNumerator[row] ? signal : background) * function(exp(logRatios[row]))
    }
  }

  /// −2 ln L(μ)/L(1) of an extended likelihood of all events that are expected for μ = 1.
  func likelihood(of strength: Double, background: Double, signal: Double) -> Double {
    2 * (strength - 1) * signal
      - 2
      * sum(background: background, signal: signal) { ratio in
        // Of an infinite ratio the quotient is μ.
        ratio.isInfinite
          ? log(strength) : log((strength * signal * ratio + background) / (signal * ratio + background))
      }
  }

  /// σ(μ) by the second derivative at μ = 1; 0 if it is not finite.
  func deviation(background: Double, signal: Double) -> Double {
    let information = sum(background: background, signal: signal) { ratio in
      let part = ratio.isInfinite ? 1 : signal * ratio / (signal * ratio + background)
      return part * part
    }
    return information > 0 && information.isFinite ? 1 / information.squareRoot() : 0
  }
}

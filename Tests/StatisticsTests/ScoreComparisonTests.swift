// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Statistics
import Testing

/// Differences of two scores of the same examples, compared with loops over pairs and with further bootstrap samples.
@Suite struct ScoreComparisonTests {
  /// Two scores with noise of their own about the same truth, with ties, and weights.
  private struct Sample {
    var isSignal: [Bool] = []
    var weights: [Double] = []
    var good: [Float] = []
    var poor: [Float] = []

    init(_ count: Int) {
      var generator = SeededGenerator(seed: 5)
      for i in 0..<count {
        isSignal.append(i % 3 == 0)
        weights.append(1 + Double(i % 4) / 3)
        let common = Float.random(in: 0..<1, using: &generator) + (i % 3 == 0 ? 0.3 : 0)
        good.append(((common + Float.random(in: 0..<0.5, using: &generator)) * 50).rounded() / 50)
        poor.append(((common + Float.random(in: 0..<1.5, using: &generator)) * 50).rounded() / 50)
      }
    }

    /// DeLong's variance from all pairs: the share of the other class that each example stands right to.
    var byPairs: (difference: Double, error: Double) {
      func kernel(_ scores: [Float], _ signal: Int, _ background: Int) -> Double {
        scores[signal] > scores[background] ? 1 : scores[signal] == scores[background] ? 0.5 : 0
      }
      let (signal, background) = (
        isSignal.indices.filter { isSignal[$0] }, isSignal.indices.filter { !isSignal[$0] }
      )
      func placements(_ own: [Int], _ others: [Int], isSignal: Bool) -> [Double] {
        let total = others.reduce(0) { $0 + weights[$1] }
        return own.map { i in
          others.reduce(0.0) { sum, j in
            let (s, b) = isSignal ? (i, j) : (j, i)
            return sum + weights[j] * (kernel(good, s, b) - kernel(poor, s, b))
          } / total
        }
      }
      var (difference, variance) = (0.0, 0.0)
      for (own, others, isSignal) in [(signal, background, true), (background, signal, false)] {
        let values = placements(own, others, isSignal: isSignal)
        let total = own.reduce(0) { $0 + weights[$1] }
        let shares = own.map { weights[$0] / total }
        difference = zip(values, shares).reduce(0) { $0 + $1.0 * $1.1 }
        let squares = zip(values, shares).reduce(0) { $0 + pow($1.1 * ($1.0 - difference), 2) }
        variance += squares / (1 - shares.reduce(0) { $0 + $1 * $1 })
      }
      return (difference, variance.squareRoot())
    }
  }

  private func comparison(
    _ sample: Sample, _ scores: [Float], _ reference: [Float], weighted: Bool = true, seed: UInt64 = 1
  ) throws -> ScoreComparison {
    var generator = SeededGenerator(seed: seed)
    return try ScoreComparison(
      scores: scores, reference: reference, isSignal: sample.isSignal,
      weights: weighted ? sample.weights : nil,
      using: &generator)
  }

  @Test func areasDifferAsPairsSay() throws {
    let sample = Sample(300)
    let found = try comparison(sample, sample.good, sample.poor)
    let expected = sample.byPairs
    #expect(isClose(found.aucDifference.value, expected.difference, 1e-10))
    #expect(isClose(try #require(found.aucDifference.error), expected.error, 1e-10))
    // Turned round, the same but for the sign.
    let turned = try comparison(sample, sample.poor, sample.good)
    #expect(turned.aucDifference.value == -found.aucDifference.value)
    #expect(isClose(try #require(turned.aucDifference.error), expected.error, 1e-10))
    // Better known than the difference of the areas of two samples.
    let errors = try [sample.good, sample.poor].map { scores in
      try #require(ROCCurve(scores: scores, isSignal: sample.isSignal, weights: sample.weights).auc.error)
    }
    #expect(expected.error < 0.8 * hypot(errors[0], errors[1]))
  }

  @Test func aScoreEqualsItself() throws {
    let sample = Sample(1000)
    // The same order in other numbers.
    let found = try comparison(sample, sample.good.map { exp($0) }, sample.good)
    #expect(found.aucDifference == Estimate(value: 0, error: 0))
    for ratio in found.rejectionRatios { #expect(ratio.ratio == Estimate(value: 1, error: 0)) }
    for efficiency in found.efficiencyDifferences {
      #expect(efficiency.difference == Estimate(value: 0, error: 0))
    }
  }

  /// Values are those of the curves, and errors those of a bootstrap that draws whole samples and makes new curves.
  @Test func ratiosAndEfficienciesAreThoseOfTheCurves() throws {
    let sample = Sample(2000)
    let found = try comparison(sample, sample.good, sample.poor)
    func rejections(_ scores: [Float], _ weights: [Double]) throws -> [Double] {
      let curve = try ROCCurve(scores: scores, isSignal: sample.isSignal, weights: weights)
      return [0.3, 0.5, 0.8].map { curve.rejection(atSignalEfficiency: $0).rejection.value }
    }
    let (good, poor) = (
      try rejections(sample.good, sample.weights), try rejections(sample.poor, sample.weights)
    )
    #expect(found.rejectionRatios.map(\.signalEfficiency) == [0.3, 0.5, 0.8])
    for (place, ratio) in found.rejectionRatios.enumerated() {
      #expect(isClose(try #require(ratio.ratio).value, good[place] / poor[place], 1e-9))
    }
    var generator = SeededGenerator(seed: 77)
    var ratios: [Double] = []
    for _ in 0..<300 {
      var weights = sample.weights.map { _ in 0.0 }
      // Drawing with replacement, where Canopy draws Poisson counts.
      for _ in weights.indices {
        let drawn = Int.random(in: 0..<weights.count, using: &generator)
        weights[drawn] += sample.weights[drawn]
      }
      ratios.append(log(try rejections(sample.good, weights)[2] / rejections(sample.poor, weights)[2]))
    }
    let mean = ratios.reduce(0, +) / 300
    let spread = (ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 299).squareRoot()
    let last = try #require(found.rejectionRatios[2].ratio)
    #expect(abs(try #require(last.error) / last.value / spread - 1) < 0.2)

    let efficiencies = found.efficiencyDifferences
    #expect(efficiencies.map(\.backgroundEfficiency) == [0.1, 0.01])
    for efficiency in efficiencies {
      let error = try #require(efficiency.difference.error)
      #expect(error > 0.001 && error < 0.1 && efficiency.difference.value > 0)
    }
    // The seed decides.
    #expect(try comparison(sample, sample.good, sample.poor) == found)
    #expect(try comparison(sample, sample.good, sample.poor, seed: 2) != found)
  }

  /// Without background beyond the cut there is no ratio; with little, no error.
  @Test func knowsWhatItDoesNotKnow() throws {
    let isSignal = (0..<40).map { $0 < 20 }
    let apart = isSignal.map { Float($0 ? 1 : 0) }
    let mixed = (0..<40).map { Float($0 % 20) }
    var generator = SeededGenerator(seed: 1)
    let found = try ScoreComparison(scores: apart, reference: mixed, isSignal: isSignal, using: &generator)
    #expect(found.rejectionRatios.allSatisfy { $0.ratio == nil })
    #expect(isClose(found.aucDifference.value, 0.5))
    #expect(throws: MetricError.self) {
      try ScoreComparison(
        scores: [1, 2], reference: [1, 2], isSignal: [true, true], using: &generator)
    }
  }
}

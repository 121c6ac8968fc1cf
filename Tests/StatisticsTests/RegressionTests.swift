// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Statistics
import Testing

@Suite struct ResponseCorrectionTests {
  /// Predictions 0.5 t + 0.3 with noise of median 0 that grows with t, for t flat in 0 … 1.
  private static func biased(_ count: Int, noise: Double = 0.1) -> (predictions: [Double], truth: [Double]) {
    var generator = SeededGenerator(seed: 8)
    let truth = (0..<count).map { _ in Double.random(in: 0...1, using: &generator) }
    return (
      truth.map { 0.5 * $0 + 0.3 + noise * (1 + $0) * Double.random(in: -1...1, using: &generator) }, truth
    )
  }

  @Test func aBiasedEstimatorBecomesUnbiasedAtEachTruth() throws {
    let (predictions, truth) = Self.biased(20_000)
    let weights = truth.map { _ in 1.0 }
    let map = try #require(ResponseCorrection(fitting: predictions, truth: truth, weights: weights))
    for bin in 0..<10 {
      let rows = truth.indices.filter { Int(truth[$0] * 10) == bin }
      let above = rows.filter { map(predictions[$0]) > truth[$0] }.count
      #expect(abs(Double(above) / Double(rows.count) - 0.5) < 0.05, "bin \(bin)")
    }
    // The median curve is known: t = 2 (x − 0.3).
    for x in [0.35, 0.5, 0.7, 0.78] { #expect(abs(map(x) - 2 * (x - 0.3)) < 0.03) }
  }

  @Test(arguments: [0.15865525393145707, 0.8413447460685429])
  func aCurveHasTheShareOfItsLevelBelow(level: Double) throws {
    let (predictions, truth) = Self.biased(20_000)
    let map = try #require(
      ResponseCorrection(fitting: predictions, truth: truth, weights: truth.map { _ in 1 }, level: level))
    for bin in 0..<5 {
      let rows = truth.indices.filter { Int(truth[$0] * 5) == bin }
      let below = rows.filter { map(predictions[$0]) < truth[$0] }.count
      #expect(abs(Double(below) / Double(rows.count) - level) < 0.03, "bin \(bin)")
    }
  }

  @Test func theMapRises() throws {
    let (predictions, truth) = Self.biased(1500, noise: 0.4)
    let map = try #require(
      ResponseCorrection(fitting: predictions, truth: truth, weights: truth.map { _ in 1 }))
    let places = stride(from: -2.0, through: 3, by: 0.01).map { $0 }
    let values = places.map { map($0) }
    #expect(zip(values, values.dropFirst()).allSatisfy(<))
    #expect(try JSONDecoder().decode(ResponseCorrection.self, from: JSONEncoder().encode(map)) == map)
  }

  @Test func weightsCount() throws {
    // Every other row is shifted up by 1 and has no weight.
    let (predictions, truth) = Self.biased(4000)
    let shifted = predictions.enumerated().map { $0 % 2 == 0 ? $1 : $1 + 1 }
    let even = stride(from: 0, to: 4000, by: 2)
    let map = ResponseCorrection(
      fitting: shifted, truth: truth, weights: truth.indices.map { $0 % 2 == 0 ? 2 : 0 })
    let alone = ResponseCorrection(
      fitting: even.map { predictions[$0] }, truth: even.map { truth[$0] }, weights: even.map { _ in 2 })
    #expect(map != nil && map == alone)
  }

  @Test func whatSaysNothingIsNotCorrected() {
    let (predictions, truth) = Self.biased(3000)
    func map(_ predictions: [Double], _ truth: [Double]) -> ResponseCorrection? {
      ResponseCorrection(fitting: predictions, truth: truth, weights: truth.map { _ in 1 })
    }
    #expect(map(predictions.map { -$0 }, truth) == nil, "falling predictions")
    #expect(map(predictions.map { _ in 7 }, truth) == nil, "equal predictions")
    #expect(map(predictions, truth.map { _ in 7 }) == nil, "one truth")
    #expect(map(Array(predictions[..<199]), Array(truth[..<199])) == nil, "few rows")
    #expect(map([], []) == nil)
    #expect(
      map(truth.map { $0 < 0.5 ? 0.0 : 1.0 }, truth.map { $0 < 0.5 ? 80.0 : 170.0 }) == nil, "too steep")
  }
}

@Suite struct RegressionEvaluationTests {
  /// Masses in 100 … 200 GeV and predictions with a response of 0.9 or so.
  private struct Sample {
    var truth: [Double] = []
    var predictions: [Double] = []
    var weights: [Double] = []

    init(_ count: Int = 3000) {
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<count {
        let mass = Double.random(in: 100..<200, using: &generator)
        let noise = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
        truth.append(mass)
        predictions.append(mass * (0.9 + 0.1 * noise))
        weights.append(Double(Int.random(in: 0...3, using: &generator)))
      }
    }

    func evaluation(others: [RegressionPredictions] = []) throws -> RegressionEvaluation {
      try RegressionEvaluation(
        name: "mass", unit: "GeV",
        predictions: RegressionPredictions(
          "mass", values: predictions, interval: (predictions.map { $0 - 12 }, predictions.map { $0 + 20 })),
        others: others, truth: truth, weights: weights)
    }
  }

  /// The number that at least the share `level` of rows, each as often as its weight says, does not exceed.
  private static func quantile(_ values: [Double], _ level: Double) -> Double {
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(level * Double(sorted.count)))]
  }

  /// A row and its copy of negative weight count as if they were not there.
  @Test func negativeWeightsTakeRowsBack() throws {
    var sample = Sample(6000)
    let plain = try sample.evaluation().estimators[0].whole
    let outliers = (0..<600).map { 100 + Double($0) / 6 }
    for weight in [1.0, -1] {
      sample.truth += outliers
      sample.predictions += outliers.map { 2 * $0 }
      sample.weights += outliers.map { _ in weight }
    }
    let whole = try sample.evaluation().estimators[0].whole
    #expect(whole.count == plain.count + 1200)
    for (value, expected) in [
      (whole.bias, plain.bias), (whole.resolution, plain.resolution),
      (try #require(whole.pullMean), try #require(plain.pullMean)),
      (try #require(whole.coverage), try #require(plain.coverage)),
    ] { #expect(abs(value.value - expected.value) < 1e-9) }
    sample.weights = sample.weights.map { -$0 }
    #expect(throws: MetricError.self) { try sample.evaluation() }
  }

  @Test func numbersEqualPlainOnes() throws {
    let sample = Sample(20_000)
    let evaluation = try sample.evaluation()
    let own = evaluation.estimators[0]
    #expect(evaluation.ranges.map(\.lowerBound) == [100, 110, 120, 130, 140, 150, 160, 170, 180, 190])
    #expect(evaluation.ranges.map(\.upperBound) == [110, 120, 130, 140, 150, 160, 170, 180, 190, 200])
    for (bin, summary) in (own.bins + [own.whole]).enumerated() {
      // Whole weights count as that many equal rows.
      var rows: [Int] = []
      for (row, truth) in sample.truth.enumerated() where bin == 10 || Int((truth - 100) / 10) == bin {
        rows += Array(repeating: row, count: Int(sample.weights[row]))
      }
      let response: [Double] = rows.map { sample.predictions[$0] / sample.truth[$0] }
      let (low, high) = (Self.quantile(response, 0.158655), Self.quantile(response, 0.841345))
      let median = Self.quantile(response, 0.5)
      #expect(abs(summary.bias.value + 1 - median) < 2e-3)
      #expect(abs(summary.resolution.value - (high - low) / 2) < 4e-3)
      let covered = rows.filter {
        abs(sample.truth[$0] - sample.predictions[$0] - 4) <= 16
      }.count
      let share = Double(covered) / Double(rows.count)
      #expect(abs(summary.coverage!.value - share) < 1e-9)
      let pulls: [Double] = rows.map {
        let difference = sample.predictions[$0] - sample.truth[$0]
        return difference > 0 ? difference / 12 : difference / 20
      }
      let mean = pulls.reduce(0, +) / Double(pulls.count)
      #expect(abs(summary.pullMean!.value - mean) < 1e-9)
      let width = (Self.quantile(pulls, 0.841345) - Self.quantile(pulls, 0.158655)) / 2
      #expect(abs(summary.pullWidth!.value - width) < 0.06)
      #expect(summary.missing.value == 0)
    }
    // A Gaussian's median has the error 1.2533 σ / √n, half its interval's 0.962 σ / √n.
    let size = own.whole.bias.error! / 0.1
    let sum = sample.weights.reduce(0, +)
    let squares = sample.weights.reduce(0) { $0 + $1 * $1 }
    let root = sum / squares.squareRoot()
    #expect(abs(size * root - 1.2533) < 0.2)
    let widthError = own.whole.resolution.error! / 0.1
    #expect(abs(widthError * root - 0.962) < 0.15)
  }

  @Test func otherEstimatorsAreCorrectedAndMayBeMissing() throws {
    let sample = Sample()
    let half = sample.predictions.map { 0.5 * $0 }
    let every3rd = half.enumerated().map { $0 % 3 == 0 ? $1 : .nan }
    let evaluation = try sample.evaluation(others: [
      RegressionPredictions("half", values: half), RegressionPredictions("third", values: every3rd),
      RegressionPredictions("noise", values: half.map { 1 / $0 }),
    ])
    #expect(
      evaluation.estimators.map(\.name) == [
        "mass", "half", "half, corrected", "third", "third, corrected", "noise",
      ])
    let (half_, corrected, third) = (
      evaluation.estimators[1], evaluation.estimators[2], evaluation.estimators[3]
    )
    #expect(abs(half_.whole.bias.value + 0.55) < 0.01 && abs(half_.whole.resolution.value - 0.05) < 0.004)
    for summary in corrected.bins { #expect(abs(summary.bias.value) < 0.03) }
    // An estimator that predicts half the mass has half the spread; after correction it has that of the mass,
    // relative to 0.9 of it.
    #expect(abs(corrected.whole.resolution.value - 0.111) < 0.015)
    #expect(abs(third.whole.missing.value - 2.0 / 3) < 0.03)
    #expect(third.whole.coverage == nil && third.whole.pullMean == nil)
  }

  @Test func whatTheEndsOfTheRangeDoIsSeen() throws {
    var sample = Sample(4000)
    let honest = try #require(try sample.evaluation().estimators[0].sculpting)
    let regions = [(0.0, 100.0), (100, 110), (190, 200), (200, Double.infinity)]
    // Every response of the middle at every true value; a row has its share of its interval's weight.
    var flat = sample.weights
    for bin in 0..<10 {
      let rows = sample.truth.indices.filter { Int((sample.truth[$0] - 100) / 10) == bin }
      let sum = rows.reduce(0) { $0 + sample.weights[$1] }
      for row in rows { flat[row] /= sum }
    }
    let middle = sample.truth.indices.filter { (125...175).contains(sample.truth[$0]) }
    let all = middle.reduce(0) { $0 + flat[$1] }
    for ((low, high), estimate) in zip(regions, [honest.below, honest.first, honest.last, honest.above]) {
      var (seen, expected) = (0.0, 0.0)
      for row in sample.truth.indices {
        if sample.predictions[row] >= low && sample.predictions[row] < high { seen += flat[row] }
        for other in middle {
          let prediction = sample.truth[row] * sample.predictions[other] / sample.truth[other]
          if prediction >= low && prediction < high { expected += flat[row] * flat[other] / all }
        }
      }
      #expect(abs(estimate.value - seen / expected) < 1e-9)
      #expect(abs(estimate.value - 1) < 4 * estimate.error!, "responses are the same everywhere")
    }
    sample.predictions = sample.predictions.map { min(max($0, 100), 199.9) }
    let clipped = try #require(try sample.evaluation().estimators[0].sculpting)
    #expect(clipped.below.value == 0 && clipped.above.value == 0)
    #expect(clipped.first.value > 2 && clipped.last.value > 1.5)
    sample.truth = sample.truth.map { _ in 150 }
    #expect(try sample.evaluation().estimators[0].sculpting == nil)
  }

  @Test func skillIsThatOfPlainLosses() throws {
    var sample = Sample(500)
    sample.weights = sample.weights.map { _ in 1 }
    let evaluation = try sample.evaluation()
    func pinball(_ level: Double, _ prediction: Double, _ truth: Double) -> Double {
      let d = log(truth) - log(prediction)
      return d > 0 ? level * d : (level - 1) * d
    }
    var (own, constant) = (0.0, 0.0)
    for (level, shift) in [(0.15865525393145707, -12.0), (0.5, 0), (0.8413447460685429, 20)] {
      let best = Self.quantile(sample.truth, level)
      for (prediction, truth) in zip(sample.predictions, sample.truth) {
        own += pinball(level, prediction + shift, truth)
        constant += pinball(level, best, truth)
      }
    }
    #expect(abs(evaluation.skill.value - (1 - own / constant)) < 2e-3)
    // The truth itself cannot be beaten.
    let perfect = try RegressionEvaluation(
      name: "truth",
      predictions: RegressionPredictions(
        "truth", values: sample.truth, interval: (sample.truth, sample.truth)),
      truth: sample.truth, weights: sample.weights)
    #expect(perfect.skill.value == 1 && perfect.estimators[0].whole.coverage?.value == 1)
  }

  @Test func distributionsAreThoseOfFlatTruth() throws {
    // Twice as many rows below 150: weighted, both halves of the truth have the same area.
    let half = (0..<200).map { 100 + Double($0) * 0.25 }
    let truth = half + (0..<100).map { 150 + Double($0) * 0.5 }
    let evaluation = try RegressionEvaluation(
      name: "mass", predictions: RegressionPredictions("mass", values: truth, interval: (truth, truth)),
      truth: truth, weights: truth.map { _ in 1 })
    let bins = evaluation.truth.contents.indices
    let low = bins.filter { evaluation.truth.centre(ofBin: $0) < 150 }.reduce(0) {
      $0 + evaluation.truth.contents[$1]
    }
    #expect(abs(low / evaluation.truth.total - 0.5) < 0.02)
    #expect(evaluation.estimators[0].predictions.contents == evaluation.truth.contents)
  }

  @Test func oneTruthAndFewRowsHaveAResult() throws {
    let evaluation = try RegressionEvaluation(
      name: "mass",
      predictions: RegressionPredictions("mass", values: [80, 81], interval: ([70, 70], [90, 90])),
      others: [RegressionPredictions("none", values: [.nan, .nan])], truth: [80.4, 80.4], weights: [1, 1])
    #expect(evaluation.ranges.count == 1 && evaluation.estimators.count == 2)
    #expect(evaluation.estimators[0].whole.bias.error == nil && evaluation.skill.value == 0)
    #expect(evaluation.estimators[1].whole.missing.value == 1)
  }

  @Test func nonsenseIsRefused() throws {
    func evaluate(_ value: Double, truth: Double = 80, weight: Double = 1) throws {
      _ = try RegressionEvaluation(
        name: "mass", predictions: RegressionPredictions("mass", values: [value]), truth: [truth],
        weights: [weight])
    }
    try evaluate(80)
    for value in [0, -1, .nan, .infinity] {
      #expect(throws: MetricError.self) { try evaluate(value) }
      #expect(throws: MetricError.self) { try evaluate(80, truth: value) }
    }
    #expect(throws: MetricError.self) { try evaluate(80, weight: 0) }
  }
}

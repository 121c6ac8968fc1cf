// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing
import Statistics

/// A sample with many ties. The expected numbers below are scikit-learn 1.9.1's for the same sample in Python:
///
///     i = np.arange(1000); u = (i * 7919 % 10007) / 10007; signal = i % 3 == 0
///     score = np.floor(64 * (u * 0.8 + 0.2 * signal)) / 64; weight = 1 + (i % 5) / 4
private struct Sample {
  var scores: [Float] = []
  var isSignal: [Bool] = []
  var weights: [Double] = []
  /// `[examples × 3]`, by `floor(64 * (i * (k + 3) * 7919 % 10007 / 10007 * 0.7 + 0.3 * (i % 3 == k))) / 64`.
  var classScores: [Float] = []
  var labels: [Int] = []

  init(count: Int = 1000) {
    for i in 0..<count {
      let u = Double(i * 7919 % 10007) / 10007
      isSignal.append(i % 3 == 0)
      scores.append(Float((64 * (u * 0.8 + (i % 3 == 0 ? 0.2 : 0))).rounded(.down) / 64))
      weights.append(1 + Double(i % 5) / 4)
      labels.append(i % 3)
      for k in 0..<3 {
        let v = Double(i * (k + 3) * 7919 % 10007) / 10007
        classScores.append(Float((64 * (v * 0.7 + (i % 3 == k ? 0.3 : 0))).rounded(.down) / 64))
      }
    }
  }
}

@Suite struct MetricsTests {
  @Test func agreesWithScikitLearn() throws {
    let sample = Sample()
    let curve = try ROCCurve(scores: sample.scores, isSignal: sample.isSignal)
    #expect(curve.thresholds.count == 65)
    #expect(curve.signalCount == 334)
    #expect(curve.backgroundCount == 666)
    #expect(isClose(curve.auc.value, 0.7236090881300462))
    // The error is DeLong's, from the matrix of all pairs in NumPy.
    #expect(isClose(try #require(curve.auc.error), 0.016526242660634054))
    for (efficiency, value, error) in [
      (0.3, 26.61634103019539, 5.219991382386572), (0.5, 3.988023952095809, 0.26712385934226207),
      (0.8, 1.84130494885264, 0.06544332063890951),
    ] {
      let point = curve.rejection(atSignalEfficiency: efficiency)
      #expect(isClose(point.rejection.value, value))
      #expect(isClose(try #require(point.rejection.error), error))
      #expect(!point.isLowerLimit)
    }
    let weighted = try ROCCurve(
      scores: sample.scores, isSignal: sample.isSignal, weights: sample.weights)
    #expect(isClose(weighted.auc.value, 0.7238950527373681))
    for (efficiency, value) in [
      (0.3, 26.748906261206336), (0.5, 3.983253588516747), (0.8, 1.8433837614992972),
    ] {
      #expect(isClose(weighted.rejection(atSignalEfficiency: efficiency).rejection.value, value))
    }
    let curves = try ROCCurve.oneVersusRest(
      scores: sample.classScores, classCount: 3, labels: sample.labels)
    for (curve, expected) in zip(curves, [0.8330298861735987, 0.8321717519618568, 0.836442139290715]) {
      #expect(isClose(curve.auc.value, expected))
    }
    let matrix = try ConfusionMatrix(scores: sample.classScores, classCount: 3, labels: sample.labels)
    #expect(matrix.contents == [241, 56, 37, 29, 253, 51, 38, 46, 249])
    #expect(isClose(matrix.accuracy.value, 0.743))
    #expect(isClose(try #require(matrix.accuracy.error), (0.743 * 0.257 / 1000).squareRoot()))
    let weightedMatrix = try ConfusionMatrix(
      scores: sample.classScores, classCount: 3, labels: sample.labels, weights: sample.weights)
    #expect(isClose(weightedMatrix.accuracy.value, 0.7421666666666666))
  }

  /// The weighted area and its error from the sum over all pairs.
  @Test(arguments: [3, 10, 57, 300]) func equalsTheSumOverAllPairs(count: Int) throws {
    let sample = Sample(count: count)
    let curve = try ROCCurve(scores: sample.scores, isSignal: sample.isSignal, weights: sample.weights)
    let signal = (0..<count).filter { sample.isSignal[$0] }
    let background = (0..<count).filter { !sample.isSignal[$0] }
    func total(_ class: [Int]) -> Double { `class`.reduce(0) { $0 + sample.weights[$1] } }
    func order(_ i: Int, _ j: Int) -> Double {
      sample.scores[i] > sample.scores[j] ? 1 : sample.scores[i] == sample.scores[j] ? 0.5 : 0
    }
    var area = 0.0
    for i in signal { for j in background { area += sample.weights[i] * sample.weights[j] * order(i, j) } }
    area /= total(signal) * total(background)
    #expect(isClose(curve.auc.value, area))

    func spread(_ own: [Int], _ other: [Int], _ order: (Int, Int) -> Double) -> Double {
      var sum = 0.0
      var squares = 0.0
      for i in own {
        let placement = other.reduce(0) { $0 + sample.weights[$1] * order(i, $1) } / total(other)
        sum += sample.weights[i] * sample.weights[i] * (placement - area) * (placement - area)
        squares += sample.weights[i] * sample.weights[i]
      }
      return sum / (total(own) * total(own) - squares)
    }
    let variance = spread(signal, background, order) + spread(background, signal) { order($1, $0) }
    if signal.count > 1 {
      #expect(isClose(try #require(curve.auc.error), variance.squareRoot(), 1e-9))
    } else {
      #expect(curve.auc.error == nil)
    }
  }

  @Test func countsWholeWeightsAsCopies() throws {
    let scores: [Float] = [0.9, 0.7, 0.7, 0.4, 0.1, 0.4]
    let isSignal = [true, false, true, true, false, false]
    let weights: [Double] = [1, 2, 3, 0, 2, 1]
    let copies = zip(scores.indices, weights).flatMap { Array(repeating: $0, count: Int($1)) }
    let weighted = try ROCCurve(scores: scores, isSignal: isSignal, weights: weights)
    let copied = try ROCCurve(scores: copies.map { scores[$0] }, isSignal: copies.map { isSignal[$0] })
    #expect(weighted.thresholds == copied.thresholds)
    #expect(weighted.signalEfficiency == copied.signalEfficiency)
    #expect(weighted.backgroundEfficiency == copied.backgroundEfficiency)
  }

  @Test func knowsTheExtremes() throws {
    let apart = try ROCCurve(scores: [3, 2, 1, 0], isSignal: [true, true, false, false])
    #expect(apart.auc == Estimate(value: 1, error: 0))
    let reversed = try ROCCurve(scores: [3, 2, 1, 0], isSignal: [false, false, true, true])
    #expect(reversed.auc.value == 0)
    let tied = try ROCCurve(scores: [1, 1, 1, 1, 1], isSignal: [true, true, false, false, false])
    #expect(tied.auc.value == 0.5)
    // Ties are split evenly: half the signal lets half the background pass.
    #expect(tied.rejection(atSignalEfficiency: 0.5).rejection.value == 2)
  }

  /// Ten signal and twenty background examples, no ties: the cut at ε_S = 0.5 keeps four background examples.
  @Test func rejectsByHand() throws {
    let signal = (0..<10).map { Float(20 - $0) }
    // Four above the fifth signal (16), the rest below all.
    let background: [Float] = [20.5, 18.5, 17.5, 16.5] + (0..<16).map { Float(-$0) }
    let curve = try ROCCurve(
      scores: signal + background,
      isSignal: Array(repeating: true, count: 10) + Array(repeating: false, count: 20))
    let half = curve.rejection(atSignalEfficiency: 0.5)
    #expect(half.threshold == 16)
    #expect(isClose(half.backgroundEfficiency, 0.2))
    #expect(isClose(half.rejection.value, 5))
    #expect(isClose(try #require(half.rejection.error), (0.2 * 0.8 / 20).squareRoot() / 0.04))
    #expect(half.description == "5.0 ± 2.2")
    #expect(isClose(curve.rejection(atSignalEfficiency: 1).backgroundEfficiency, 0.2))
    #expect(isClose(curve.rejection(atSignalEfficiency: 0.1).rejection.value, 20))
  }

  /// Generators give events weights of either sign; the area is a sum over all pairs, and efficiencies are
  /// sums of the weights that pass, as in the definition.
  @Test func negativeWeightsCount() throws {
    let sample = Sample()
    let weights = sample.weights.indices.map { $0 % 5 == 2 ? -sample.weights[$0] : sample.weights[$0] }
    let curve = try ROCCurve(scores: sample.scores, isSignal: sample.isSignal, weights: weights)
    var (area, totals) = (0.0, [0.0, 0.0])
    for (i, weight) in weights.enumerated() { totals[sample.isSignal[i] ? 1 : 0] += weight }
    for (i, signal) in weights.enumerated() where sample.isSignal[i] {
      for (j, background) in weights.enumerated() where !sample.isSignal[j] {
        let (a, b) = (sample.scores[i], sample.scores[j])
        area += signal * background * (a > b ? 1 : a == b ? 0.5 : 0)
      }
    }
    #expect(isClose(curve.auc.value, area / (totals[0] * totals[1]), 1e-10))
    for (point, threshold) in curve.thresholds.enumerated() where point % 8 == 5 {
      let passing = weights.indices.filter { !sample.isSignal[$0] && sample.scores[$0] >= threshold }
      #expect(
        isClose(
          curve.backgroundEfficiency[point], passing.reduce(0) { $0 + weights[$1] } / totals[0], 1e-10))
    }
    let rejection = curve.rejection(atSignalEfficiency: 0.5)
    #expect(
      curve.signalEfficiency[curve.thresholds.firstIndex(of: rejection.threshold)!] >= 0.5 - 1e-12)
    let evaluation = try ClassifierEvaluation(
      name: "weighted", scores: sample.scores, isSignal: sample.isSignal, weights: weights)
    #expect(evaluation.signalCount == 334 && evaluation.calibration != nil)
  }

  @Test func givesALimitWhereNoBackgroundPasses() throws {
    let curve = try ROCCurve(
      scores: [5, 4] + (0..<100).map { Float(-$0) },
      isSignal: [true, true] + Array(repeating: false, count: 100))
    for efficiency in [0, 0.3, 1] {
      let point = curve.rejection(atSignalEfficiency: efficiency)
      #expect(point.isLowerLimit)
      // At the limit itself, none of 100 passes in 5 % of all samples.
      #expect(isClose(pow(1 - 1 / point.rejection.value, 100), 0.05))
      #expect(point.description == "> 33.9 (95 % CL)")
    }
  }

  @Test func refusesWhatHasNoCurve() {
    func complaint(_ scores: [Float], _ isSignal: [Bool], _ weights: [Double]? = nil) -> String? {
      #expect(throws: MetricError.self) {
        try ROCCurve(scores: scores, isSignal: isSignal, weights: weights)
      }?.description
    }
    #expect(complaint([1, .nan], [true, false])?.contains("example 1 is nan") == true)
    #expect(complaint([.infinity, 1], [true, false])?.contains("example 0 is inf") == true)
    #expect(complaint([1, 2], [true, true])?.contains("no background") == true)
    #expect(complaint([1, 2], [true, false], [0, 1])?.contains("no signal") == true)
    #expect(complaint([1, 2], [true, false], [1, .nan])?.contains("weight of example 1 is nan") == true)
    #expect(
      complaint([1, 2], [true, false], [1, -1])?.contains("the background have the sum -1.0") == true)
    #expect(complaint([], [])?.contains("no signal") == true)
    let label = #expect(throws: MetricError.self) {
      try ConfusionMatrix(scores: [1, 2], classCount: 2, labels: [2])
    }
    #expect(label?.description == "The label of example 0 is 2, not one of 0 to 1.")
    #expect(throws: MetricError.self) { try ConfusionMatrix(scores: [], classCount: 2, labels: []) }
    let rest = #expect(throws: MetricError.self) {
      try ROCCurve.oneVersusRest(scores: [1, 2, 3, 4], classCount: 2, labels: [0, 0])
    }
    #expect(rest?.description.hasPrefix("Class 0 against the rest: There is no background") == true)
  }

  @Test func thinsTheCurveWithoutBendingIt() throws {
    let count = 60_000
    let scores = (0..<count).map { (i: Int) -> Float in
      let value = i * 7919 % 60013
      return Float(i % 2 == 0 ? value + 20000 : value)
    }
    let curve = try ROCCurve(scores: scores, isSignal: (0..<count).map { $0 % 2 == 0 })
    let points = curve.points(resolution: 400)
    #expect(points.count < 1600)
    #expect(points.first?.signalEfficiency == 0)
    #expect(points.last?.signalEfficiency == 1)
    #expect(points.last?.backgroundEfficiency == 1)
    var area = 0.0
    for (a, b) in zip(points, points.dropFirst()) {
      #expect(b.signalEfficiency >= a.signalEfficiency && b.backgroundEfficiency >= a.backgroundEfficiency)
      #expect(b.signalEfficiency - a.signalEfficiency < 2.0 / 400)
      let width = b.signalEfficiency - a.signalEfficiency
      area += width * (1 - (a.backgroundEfficiency + b.backgroundEfficiency) / 2)
    }
    #expect(abs(area - curve.auc.value) < 1e-4)
  }

  @Test func fillsHistograms() {
    var histogram = Histogram(range: 0...1, binCount: 4)
    for (value, weight) in [(0.0, 1.0), (0.25, 2), (0.26, 1), (1.0, 2), (-0.1, 1), (1.1, 1), (.nan, 2)] {
      histogram.fill(value, weight: weight)
    }
    #expect(histogram.contents == [1, 3, 0, 2])
    #expect(histogram.squares == [1, 5, 0, 4])
    #expect(histogram.total == 10)
    #expect(histogram.centre(ofBin: 1) == 0.375)
    #expect(isClose(histogram.density(ofBin: 1).value, 1.2))
    #expect(isClose(histogram.density(ofBin: 1).error ?? 0, 5.0.squareRoot() / 2.5))
  }

  @Test func printsToTheErrorsSecondDigit() {
    #expect(Estimate(value: 0.93124, error: 0.00142).description == "0.9312 ± 0.0014")
    #expect(Estimate(value: 1234.5, error: 56).description == "1234 ± 56")
    #expect(Estimate(value: 63.21, error: 4.13).description == "63.2 ± 4.1")
    #expect(Estimate(value: 0.5, error: nil).description == "0.5")
  }
}

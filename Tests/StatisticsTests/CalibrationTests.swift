// SPDX-License-Identifier: GPL-3.0-or-later

import Statistics
import Testing

/// A sample of 1000 scores between 0 and 1.
///
/// The expected numbers below are NumPy's for the same sample:
///
///     i = np.arange(1000); u = (i * 7919 % 10007) / 10007; score = np.float32(u)
///     signal = (i * 104729 % 10007) / 10007 < u ** 2; weight = 1 + (i % 5) / 4
///     bin = np.minimum((score.astype("f8") * 15).astype(int), 14)
private struct Sample {
  var scores: [Float] = []
  var isSignal: [Bool] = []
  var weights: [Double] = []

  init() {
    for i in 0..<1000 {
      let u = Double(i * 7919 % 10007) / 10007
      scores.append(Float(u))
      isSignal.append(Double(i * 104729 % 10007) / 10007 < u * u)
      weights.append(1 + Double(i % 5) / 4)
    }
  }
}

@Suite struct CalibrationTests {
  @Test func agreesWithNumPy() throws {
    let sample = Sample()
    let curve = try CalibrationCurve(scores: sample.scores, isSignal: sample.isSignal)
    #expect(curve.bins.count == 15)
    #expect(curve.bins.map(\.count) == [67, 66, 68, 65, 67, 67, 66, 66, 68, 67, 65, 68, 67, 65, 68])
    #expect(isClose(curve.expectedError.value, 0.1663558509250288))
    #expect(isClose(try #require(curve.expectedError.error), 0.01152909457653364))
    let bin = curve.bins[10]
    #expect(bin.range == 10.0 / 15...11.0 / 15)
    #expect(isClose(bin.meanScore, 0.7002774972182054))
    #expect(isClose(bin.signalFraction.value, 0.5230769230769231))
    #expect(isClose(try #require(bin.signalFraction.error), 0.06195127807973243))
    let weighted = try CalibrationCurve(
      scores: sample.scores, isSignal: sample.isSignal, weights: sample.weights)
    #expect(isClose(weighted.expectedError.value, 0.16597120350480932))
    #expect(isClose(try #require(weighted.expectedError.error), 0.011764071206961916))
    #expect(isClose(weighted.bins[10].signalFraction.value, 0.5244215938303342))
  }

  /// Scores that are the share of signal among examples of equal score.
  @Test func knowsAPerfectCalibration() throws {
    var scores: [Float] = []
    var isSignal: [Bool] = []
    for (score, signal, count) in [(0.25, 1, 4), (0.5, 2, 4), (0.75, 6, 8), (0, 0, 3), (1, 2, 2)]
      as [(Float, Int, Int)]
    {
      scores += Array(repeating: score, count: count)
      isSignal += (0..<count).map { $0 < signal }
    }
    let curve = try CalibrationCurve(scores: scores, isSignal: isSignal)
    #expect(curve.expectedError.value == 0)
    #expect(curve.bins.map(\.signalFraction.value) == [0, 0.25, 0.5, 0.75, 1])
    #expect(isClose(curve.bins.reduce(0) { $0 + $1.share }, 1))
    // The last bin has its upper edge.
    #expect(curve.bins.last?.range == 14.0 / 15...1)
  }

  @Test func knowsTheExtremes() throws {
    // Sure and always wrong.
    let wrong = try CalibrationCurve(scores: [1, 1, 0], isSignal: [false, false, true])
    #expect(wrong.expectedError == Estimate(value: 1, error: 0))
    // All scores equal.
    let equal = try CalibrationCurve(scores: [0.7, 0.7, 0.7, 0.7], isSignal: [true, false, true, false])
    #expect(equal.bins.count == 1)
    #expect(abs(equal.expectedError.value - 0.2) < 1e-7)
    #expect(equal.expectedError.error == 0.25)
    // Examples of weight 0 do not count, and whole weights count as copies.
    let weighted = try CalibrationCurve(
      scores: [0.7, 0.7, 0.1], isSignal: [true, false, true], weights: [2, 1, 0])
    let copied = try CalibrationCurve(scores: [0.7, 0.7, 0.7], isSignal: [true, true, false])
    #expect(weighted.bins.map(\.signalFraction.value) == copied.bins.map(\.signalFraction.value))
    #expect(weighted.bins.map(\.count) == [2])
  }

  @Test func refusesWhatIsNoProbability() throws {
    for score in [-0.001, 1.001, .nan, .infinity] as [Float] {
      let error = #expect(throws: MetricError.self) {
        try CalibrationCurve(scores: [0.5, score], isSignal: [true, false])
      }
      #expect(error?.description.contains("score of example 1 is ") == true)
    }
    #expect(throws: MetricError.self) { try CalibrationCurve(scores: [], isSignal: []) }
    #expect(throws: MetricError.self) { try CalibrationCurve(scores: [0.5], isSignal: [true], weights: [0]) }
    // A classifier whose scores are no probabilities has all other numbers.
    let classifier = try ClassifierEvaluation(name: "a", scores: [-1, 2], isSignal: [false, true])
    #expect(classifier.calibration == nil && classifier.auc?.value == 1)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Statistics
import Testing

/// Scores in steps of 1/64 with many ties, and weights; signal scores higher.
private struct Sample {
  var scores: [Float] = []
  var isSignal: [Bool] = []
  var weights: [Double] = []

  init(count: Int) {
    for i in 0..<count {
      let u = Double(i * 7919 % 10007) / 10007
      isSignal.append(i % 3 == 0)
      scores.append(Float((64 * (i % 3 == 0 ? u.squareRoot() : u * u)).rounded(.down) / 64))
      weights.append(1 + Double(i % 5) / 4)
    }
  }

  /// The effective number, the share and the binomial error of that share, of the class that passes a cut.
  func passing(_ cut: Float, signal: Bool, weighted: Bool) -> (count: Double, share: Double, error: Double) {
    var (sum, squares, total, allSquares) = (0.0, 0.0, 0.0, 0.0)
    for i in scores.indices where isSignal[i] == signal {
      let weight = weighted ? weights[i] : 1
      total += weight
      allSquares += weight * weight
      if scores[i] >= cut {
        sum += weight
        squares += weight * weight
      }
    }
    let share = sum / total
    let variance = (1 - share) * (1 - share) * squares + share * share * (allSquares - squares)
    return (squares > 0 ? sum * sum / squares : 0, share, variance.squareRoot() / total)
  }
}

@Suite struct SignificanceTests {
  /// With 60 digits from Python's `decimal`: `(2*((s+b)*(1+s/b).ln()-s)).sqrt()`.
  @Test(arguments: [
    (10.0, 100.0, 0.9839916447569406), (50, 1, 17.35068340261793), (1, 1e4, 0.009999833340277393),
    (1e-8, 1, 9.999999983333333e-09),
    (3, 3e20, 1.7320508075688773e-10), (9.99, 1e4, 0.09988337356980713), (10.01, 1e4, 0.10008330694477642),
  ])
  func agreesWithManyDigits(signal: Double, background: Double, expected: Double) {
    #expect(isClose(Significance.asimov.value(signal: signal, background: background), expected))
  }

  @Test func knowsItsLimits() {
    #expect(Significance.simple.value(signal: 9, background: 16) == 1.8)
    #expect(Significance.simple.value(signal: 9, background: 0) == 3)
    for significance in Significance.allCases {
      #expect(significance.value(signal: 0, background: 0) == 0)
      #expect(significance.value(signal: 0, background: 5) == 0)
    }
    #expect(Significance.asimov.value(signal: 1, background: 0) == .infinity)
    // A small signal above much background: both are s / √b.
    let small = Significance.asimov.value(signal: 1, background: 1e12)
    #expect(isClose(small, 1e-6, 1e-9))
    #expect(isClose(Significance.simple.value(signal: 1, background: 1e12), small, 1e-9))
  }

  /// Every cut tried in turn, and the error from differences.
  @Test(arguments: Significance.allCases, [false, true])
  func isTheBestOfAllCuts(significance: Significance, weighted: Bool) throws {
    let sample = Sample(count: 3000)
    let curve = try ROCCurve(
      scores: sample.scores, isSignal: sample.isSignal, weights: weighted ? sample.weights : nil)
    for (s, b, minimum) in [(100.0, 1000.0, 10.0), (5, 1e6, 10), (1e3, 10, 10), (20, 2e5, 100)] {
      let yields = try EventYields(signal: s, background: b)
      func value(_ s: Double, _ b: Double) -> Double { significance.value(signal: s, background: b) }
      var expected: (value: Double, cut: Float) = (-1, 0)
      for cut in Set(sample.scores) {
        let signal = sample.passing(cut, signal: true, weighted: weighted)
        let background = sample.passing(cut, signal: false, weighted: weighted)
        guard background.count >= minimum else { continue }
        let found = value(s * signal.share, b * background.share)
        if found > expected.value { expected = (found, cut) }
      }
      let best = curve.bestCut(for: significance, yields: yields, minimumBackgroundCount: minimum)
      #expect(best.threshold == expected.cut)
      #expect(isClose(best.significance.value, expected.value))
      let signal = sample.passing(expected.cut, signal: true, weighted: weighted)
      let background = sample.passing(expected.cut, signal: false, weighted: weighted)
      #expect(isClose(best.signal.value, s * signal.share))
      #expect(isClose(try #require(best.signal.error), s * signal.error, 1e-9))
      #expect(isClose(best.background.value, b * background.share))
      #expect(isClose(try #require(best.background.error), b * background.error, 1e-9))
      let step = 1e-4
      let passed = (s: s * signal.share, b: b * background.share)
      let bySignal =
        (value(passed.s * (1 + step), passed.b) - value(passed.s * (1 - step), passed.b))
        / (2 * step * passed.s)
      let byBackground =
        (value(passed.s, passed.b * (1 + step)) - value(passed.s, passed.b * (1 - step)))
        / (2 * step * passed.b)
      let error = hypot(bySignal * s * signal.error, byBackground * b * background.error)
      #expect(isClose(try #require(best.significance.error), error, 1e-5))
    }
  }

  /// Beyond the nineteenth background example the signal is pure; without a minimum the cut would go there.
  @Test func doesNotChaseAnEmptyBackground() throws {
    let background = (0..<1000).map { Float($0) / 2000 }
    let signal = (0..<1000).map { Float($0) / 1000 }
    let curve = try ROCCurve(
      scores: signal + background,
      isSignal: Array(repeating: true, count: 1000) + Array(repeating: false, count: 1000))
    let yields = try EventYields(signal: 10, background: 1e7)
    let robust = curve.bestCut(for: .asimov, yields: yields)
    #expect(robust.threshold == 0.495)
    #expect(robust.background.value == 1e5)
    let daring = curve.bestCut(for: .asimov, yields: yields, minimumBackgroundCount: 1)
    #expect(daring.threshold == 0.4995)
    #expect(daring.significance.value > robust.significance.value)
  }

  @Test func hasACutForTheLeastOfSamples() throws {
    let yields = try EventYields(signal: 30, background: 70)
    // Fewer background examples than the minimum, all scores equal, and background on top: all passes.
    for (scores, isSignal) in [
      ([0.9, 0.1], [true, false]), ([0.5, 0.5, 0.5], [true, false, false]), ([0.1, 0.9], [true, false]),
    ] as [([Float], [Bool])] {
      let best = try ROCCurve(scores: scores, isSignal: isSignal).bestCut(for: .simple, yields: yields)
      #expect(best.threshold == scores.min())
      #expect(isClose(best.significance.value, 3))
      #expect(best.significance.error == 0)
      #expect(best.description == "3 at score ≥ \(scores.min()!), where s = 30 and b = 70")
    }
  }

  @Test func refusesYieldsThatAreNone() {
    for (signal, background, name) in [
      (0.0, 1.0, "signal"), (-1, 1, "signal"), (1, 0, "background"), (1, .nan, "background"),
      (.infinity, 1, "signal"), (1, 1e300, "background"),
    ] {
      let error = #expect(throws: MetricError.self) {
        try EventYields(signal: signal, background: background)
      }
      #expect(error?.description.contains("number of \(name) events is ") == true)
    }
  }
}

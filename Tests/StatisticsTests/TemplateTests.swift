// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Statistics
import Testing

/// Templates of scores in bins, compared with sums and derivatives that are worked out here.
@Suite struct TemplateTests {
  /// 60 examples of signal at high scores and 120 of two kinds of background at low ones, in steps of 1/64.
  private struct Sample {
    var scores: [Float] = []
    var labels: [Int] = []
    var weights: [Double] = []

    init() {
      for i in 0..<180 {
        let u = Double(i * 7919 % 1009) / 1009
        labels.append([1, 0, 2][i % 3])
        scores.append(Float((64 * (i % 3 == 0 ? u.squareRoot() : u * u)).rounded(.down) / 64))
        weights.append(1 + Double(i % 5) / 4)
      }
    }

    func sum(_ label: Int, _ range: Range<Float>) -> (weight: Double, square: Double) {
      labels.indices.filter { labels[$0] == label && range.contains(scores[$0]) }.reduce((0, 0)) {
        ($0.0 + weights[$1], $0.1 + weights[$1] * weights[$1])
      }
    }

    func templates(
      _ binning: ScoreBinning, _ variations: [ScoreTemplates.VariedWeights] = []
    ) throws
      -> ScoreTemplates
    {
      try ScoreTemplates(
        name: "head", scores: scores, labels: labels, classes: ["a", "signal", "c"], weights: weights,
        variations: variations, yields: EventYields(signal: 30, background: 500), binning: binning)
    }
  }

  @Test func contentsAreScaledSums() throws {
    let sample = Sample()
    let templates = try sample.templates(.equal(4))
    #expect(templates.edges == [0, 0.25, 0.5, 0.75, 1] && templates.remarks.isEmpty)
    #expect(templates.samples.map(\.name) == ["signal", "a", "c"])
    #expect(templates.samples.map(\.isSignal) == [true, false, false])
    let whole: Range<Float> = 0..<2
    let background = 500 / (sample.sum(0, whole).weight + sample.sum(2, whole).weight)
    let factors = [30 / sample.sum(1, whole).weight, background, background]
    var square = 0.0
    for bin in 0..<4 {
      let range = Float(bin) / 4..<(bin == 3 ? 2 : Float(bin + 1) / 4)
      var contents: [Double] = []
      for (place, label) in [1, 0, 2].enumerated() {
        let sum = sample.sum(label, range)
        contents.append(factors[place] * sum.weight)
        #expect(isClose(templates.samples[place].contents[bin], contents[place]))
        #expect(isClose(templates.samples[place].errors[bin], factors[place] * sum.square.squareRoot()))
      }
      let (s, b) = (contents[0], contents[1] + contents[2])
      square += 2 * ((s + b) * log(1 + s / b) - s)
    }
    #expect(isClose(templates.significance.value, square.squareRoot(), 1e-10))
  }

  /// The error is that which independent fluctuations of all weights make, by the change for each.
  @Test func theErrorIsThatOfTheWeights() throws {
    let sample = Sample()
    let significance = try sample.templates(.equal(4)).significance
    var variance = 0.0
    for example in sample.weights.indices {
      var changed = sample
      let step = 1e-5
      changed.weights[example] += step
      let slope = (try changed.templates(.equal(4)).significance.value - significance.value) / step
      variance += sample.weights[example] * sample.weights[example] * slope * slope
    }
    #expect(isClose(try #require(significance.error), variance.squareRoot(), 1e-3))
  }

  /// One bin is a counting experiment.
  @Test func oneBinCounts() throws {
    let templates = try Sample().templates(.equal(1))
    #expect(
      isClose(templates.significance.value, Significance.asimov.value(signal: 30, background: 500), 1e-12))
    #expect(abs(try #require(templates.significance.error)) < 1e-12)
  }

  @Test func quantilesHoldEquallyMuch() throws {
    // 100 scores of signal in steps of 0.01, 1000 of background in steps of 0.001.
    func steps(_ count: Int) -> [Float] { (0..<count).map { (Float($0) + 0.5) / Float(count) } }
    let scores: [Float] = steps(100) + steps(1000)
    let labels = (0..<1100).map { $0 < 100 ? 1 : 0 }
    func contents(_ binning: ScoreBinning, _ sample: Int) throws -> [Double] {
      try ScoreTemplates(
        name: "h", scores: scores.map { $0 * $0 }, labels: labels, classes: ["b", "s"],
        weights: labels.map { _ in 1.0 },
        yields: EventYields(signal: 100, background: 1000), binning: binning
      ).samples[sample].contents
    }
    for content in try contents(.signal(10), 0) { #expect(isClose(content, 10)) }
    for content in try contents(.background(20), 1) { #expect(isClose(content, 50)) }
  }

  /// Ten background examples at 0.1, nine at 0.6 and one at 0.9: the upper two of four bins are one.
  @Test func binsAreJoinedUntilTheyHaveBackground() throws {
    var scores = Array(repeating: Float(0.1), count: 10)
    scores += Array(repeating: Float(0.6), count: 9)
    scores += [0.9, 0.3, 0.7, 0.95]
    let labels = scores.indices.map { $0 < 20 ? 0 : 1 }
    func templates(_ scores: [Float]) throws -> ScoreTemplates {
      try ScoreTemplates(
        name: "h", scores: scores, labels: labels, classes: ["b", "s"], weights: labels.map { _ in 1 },
        yields: EventYields(signal: 3, background: 20), binning: .equal(4))
    }
    let joined = try templates(scores)
    #expect(joined.edges == [0, 0.5, 1])
    #expect(joined.samples.map(\.contents) == [[1, 2], [10, 10]])
    #expect(joined.remarks.count == 1 && joined.remarks[0].contains("2 bins of the score instead of 4"))
    // With nine in the upper bins too little is left, and all is one bin.
    let one = try templates(scores.map { $0 == 0.9 ? 0.1 : $0 })
    #expect(one.edges == [0, 1] && one.samples.map(\.contents) == [[3], [20]])
  }

  @Test func variationsAreScaledAsTheNominalWeights() throws {
    let sample = Sample()
    let up = sample.labels.indices.map { sample.weights[$0] * (sample.labels[$0] == 2 ? 1 : 1.5) }
    let down = sample.labels.indices.map { sample.weights[$0] * (sample.labels[$0] == 2 ? 1 : 0.8) }
    let templates = try sample.templates(
      .equal(4),
      [
        .init("both", up: up, down: down), .init("one", up: up, down: nil),
        .init("none", up: sample.weights, down: nil),
      ])
    #expect(templates.samples.map { $0.variations.map(\.name) } == [["both", "one"], ["both", "one"], []])
    #expect(templates.remarks == ["The variation none changes nothing in head."])
    for process in templates.samples.dropLast() {
      for bin in 0..<4 {
        let content = process.contents[bin]
        #expect(isClose(process.variations[0].up[bin], 1.5 * content))
        #expect(isClose(process.variations[0].down[bin], 0.8 * content))
        #expect(isClose(process.variations[1].down[bin], 0.5 * content))
      }
    }
  }

  @Test func negativeContentsAreRaisedAndTold() throws {
    var sample = Sample()
    for i in sample.weights.indices where sample.labels[i] == 1 && sample.scores[i] < 0.25 {
      sample.weights[i] = -1
    }
    let templates = try sample.templates(.equal(4))
    let contents = templates.samples[0].contents
    // A millionth of the mean of the four, which add up to 30.
    #expect(isClose(contents[0], 1e-6 * 30 / 4))
    #expect(
      templates.remarks.count == 1 && templates.remarks[0].hasPrefix("1 contents of bins of signal in head"))
    for i in sample.weights.indices where sample.labels[i] == 1 { sample.weights[i] = -1 }
    #expect(throws: MetricError.self) { try sample.templates(.equal(4)) }
    let variation = ScoreTemplates.VariedWeights("jes", up: sample.weights.map { -$0 }, down: nil)
    #expect(throws: MetricError.self) { try Sample().templates(.equal(4), [variation]) }
  }
}

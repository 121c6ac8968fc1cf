// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import Testing

@Suite struct FeatureScalingTests {
  @Test func scalingIsByMedianAndQuartiles() {
    var features: [Float] = []
    for i in 0..<101 { features += [Float(i), 3, i % 2 == 0 ? .nan : Float(i % 4), Float(i % 2)] }
    let scaling = FeatureScaling(fitting: features, count: 4)
    #expect(scaling.median == [50, 3, 2, 0])
    #expect(scaling.interquartileRange == [50, 1, 2, 1], "a constant and a flag keep their size")
    scaling.apply(to: &features)
    #expect(features[0] == -1 && features[400] == 1)
    #expect(features[1] == 0)
    #expect(features[2] == 0, "what a row does not have is 0")
    var huge: [Float] = [.infinity, 3, -.infinity, 1]
    scaling.apply(to: &huge)
    #expect(huge.allSatisfy { $0.isFinite })
  }

  /// Several numbers are scaled at a time; each has the bits of its definition, whatever its row and column.
  @Test(arguments: [1, 3, 8, 11]) func everyNumberIsScaledAlike(count: Int) {
    var generator = SeededGenerator(seed: 7)
    let scaling = FeatureScaling(
      median: (0..<count).map { _ in .random(in: -2...2, using: &generator) },
      interquartileRange: (0..<count).map { _ in .random(in: 0.1...3, using: &generator) })
    let special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, 1e30, -1e30, .leastNonzeroMagnitude]
    for rows in 0..<20 {
      let features = (0..<rows * count).map { place in
        place % 5 == 4 ? special[place % 8] : Float.random(in: -10...10, using: &generator)
      }
      let expected = features.enumerated().map { place, x -> Float in
        let scaled = (x - scaling.median[place % count]) * (1 / scaling.interquartileRange[place % count])
        return scaled.isNaN ? 0 : min(max(scaled, -1e6), 1e6)
      }
      var scaled = features
      scaling.apply(to: &scaled)
      #expect(scaled.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  /// Four fifths at 500, and a twentieth each at 300, 400, 650 and 800: the distances of these are 200, 100, 150, 300.
  @Test func aFeatureWithOneValueInMostRowsIsScaledByTheOthers() {
    var features = Array(repeating: Float(500), count: 80)
    for value in [300, 400, 650, 800] as [Float] { features += Array(repeating: value, count: 5) }
    let scaling = FeatureScaling(fitting: features, count: 1)
    #expect(scaling.median == [500] && scaling.interquartileRange == [350])
    // One row in a thousand is enough, and so is a spread of a billionth.
    let rare = FeatureScaling(fitting: Array(repeating: 0, count: 999) + [20], count: 1)
    #expect(rare.median == [0] && rare.interquartileRange == [40])
    let small = FeatureScaling(fitting: (0...100).map { Float($0) * 1e-9 }, count: 1)
    #expect(abs(small.interquartileRange[0] - 50e-9) < 1e-12)
  }

  @Test func whatRoundingMakesOfAConstantIsOne() {
    let features: [Float] = (0..<100).map { $0 % 2 == 0 ? 500 : Float(500).nextUp }
    #expect(FeatureScaling(fitting: features, count: 1).interquartileRange == [1])
    #expect(FeatureScaling(fitting: [0, 1e-17, -1e-17, 1e-16], count: 1).interquartileRange == [1])
  }

  @Test func extentsAreOfTheChosenRows() {
    let features: [Float] = [1, .nan, 5, 2, .nan, -3, 9, 4, 0]
    #expect(FeatureScaling.extents(of: features, count: 3, rows: [0, 1]) == [1...2, nil, -3...5])
    #expect(FeatureScaling.extents(of: features, count: 3, rows: [2]) == [9...9, 4...4, 0...0])
  }

  @Test func noFeaturesAreScaledToo() {
    let scaling = FeatureScaling(fitting: [], count: 0)
    var features: [Float] = []
    scaling.apply(to: &features)
    #expect(scaling.count == 0 && features.isEmpty)
  }
}

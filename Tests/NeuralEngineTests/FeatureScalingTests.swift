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

  @Test func noFeaturesAreScaledToo() {
    let scaling = FeatureScaling(fitting: [], count: 0)
    var features: [Float] = []
    scaling.apply(to: &features)
    #expect(scaling.count == 0 && features.isEmpty)
  }
}

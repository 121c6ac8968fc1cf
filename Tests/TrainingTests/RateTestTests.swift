// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Testing
import Training

/// The curve of the loss against the learning rate.
@Suite struct RateTestTests {
  private func rate(_ step: Int) -> Double { pow(10, Double(step) / 10 - 5) }

  /// The weighted mean of the losses so far, of which each step counts nine tenths of the next.
  private func smoothed(_ losses: [Double]) -> [Double] {
    losses.indices.map { last in
      let weights = (0...last).map { pow(0.9, Double(last - $0)) }
      return zip(weights, losses).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
  }

  @Test func aTenthOfTheBestRateIsSuggested() throws {
    // Down to the 26th step, then up; the first step is luckily small, and has no part in it.
    var losses = (0..<40).map { (step: Int) -> Double in 0.2 + Double(abs(step - 25)) / 25 }
    losses[0] = 0.01
    var test = RateTest()
    for (step, loss) in losses.enumerated() {
      let goesOn = test.add(rate: rate(step), loss: loss)
      #expect(goesOn)
    }
    let expected = smoothed(losses)
    for (step, value) in zip(test.steps, expected) { #expect(abs(step.smoothedLoss - value) < 1e-12) }
    let best = try #require((10..<40).min { expected[$0] < expected[$1] })
    #expect(best > 25 && test.least?.rate == rate(best))
    #expect(abs(try #require(test.suggestedRate) - rate(best) / 10) < 1e-12)
  }

  @Test func aLossThatOnlyRisesSuggestsNothing() {
    var test = RateTest()
    for step in 0..<30 { _ = test.add(rate: rate(step), loss: 1 + 0.01 * Double(step)) }
    #expect(test.steps.count == 30 && test.suggestedRate == nil)
  }

  @Test(arguments: [100, Double.nan, .infinity]) func aDivergenceEndsTheTest(loss: Double) {
    var test = RateTest()
    for step in 0..<15 { _ = test.add(rate: rate(step), loss: 1) }
    let goesOn = test.add(rate: rate(15), loss: loss)
    #expect(!goesOn)
    #expect(test.steps.allSatisfy { $0.smoothedLoss.isFinite })
  }
}

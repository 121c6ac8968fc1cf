// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Testing

@Suite struct OptimiserTests {
  /// Algorithm 2 of arXiv:1711.05101 in double precision, with clipping before it.
  @Test func adamWFollowsThePaper() {
    var layout = ParameterLayout()
    let weight = layout.add("weight", rows: 3, columns: 7, initialisation: .he)
    let bias = layout.add("bias", rows: 1, columns: 5, initialisation: .zero)
    var generator = SeededGenerator(seed: 3)
    let parameters = Parameters(layout: layout, using: &generator)
    let gradient = Parameters(layout: layout)
    var settings = AdamW.Settings()
    settings.weightDecay = 0.1
    settings.gradientClip = 2
    let optimiser = AdamW(layout: layout, settings: settings)

    var expected = (Array(parameters[weight]) + Array(parameters[bias])).map { Double($0) }
    var m = Array(repeating: 0.0, count: expected.count)
    var v = m
    for step in 1...20 {
      let g = expected.indices.map { sin(Double(step * 31 + $0)) }
      for i in 0..<21 { gradient[weight][i] = Float(g[i]) }
      for i in 0..<5 { gradient[bias][i] = Float(g[21 + i]) }
      let norm = optimiser.update(parameters, gradient: gradient, learningRate: 0.01)
      let exact = g.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(Double(norm) - exact) < 1e-5)
      let scale = exact > 2 ? 2 / exact : 1
      for i in expected.indices {
        m[i] = 0.9 * m[i] + 0.1 * g[i] * scale
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i] * scale * scale
        let mean = m[i] / (1 - pow(0.9, Double(step)))
        let square = v[i] / (1 - pow(0.999, Double(step)))
        let decay = i < 21 ? 0.1 : 0
        expected[i] -= 0.01 * (mean / (square.squareRoot() + 1e-8) + decay * expected[i])
      }
    }
    let numbers = Array(parameters[weight]) + Array(parameters[bias])
    for (number, value) in zip(numbers, expected) { #expect(abs(Double(number) - value) < 2e-6) }
  }

  /// Program 1 of arXiv:2302.06675 in double precision, with clipping before it and shares of the rate.
  @Test func lionFollowsThePaper() {
    var layout = ParameterLayout()
    let weight = layout.add("weight", rows: 3, columns: 7, initialisation: .he)
    let bias = layout.add("bias", rows: 1, columns: 5, initialisation: .glorot)
    let frozen = layout.add("frozen", rows: 2, columns: 3, initialisation: .he)
    var generator = SeededGenerator(seed: 3)
    let parameters = Parameters(layout: layout, using: &generator)
    let gradient = Parameters(layout: layout)
    var settings = Lion.Settings()
    settings.weightDecay = 0.1
    settings.gradientClip = 2
    let optimiser = Lion(
      moment: Parameters(layout: layout), settings: settings, rates: [bias: 0.5, frozen: 0])
    let kept = Array(parameters[frozen])

    var expected = (Array(parameters[weight]) + Array(parameters[bias])).map { Double($0) }
    var m = Array(repeating: 0.0, count: expected.count)
    for step in 1...20 {
      // One number never has a gradient, and does not move.
      let g = expected.indices.map { $0 == 25 ? 0 : sin(Double(step * 31 + $0)) }
      for i in 0..<21 { gradient[weight][i] = Float(g[i]) }
      for i in 0..<5 { gradient[bias][i] = Float(g[21 + i]) }
      let norm = optimiser.update(parameters, gradient: gradient, learningRate: 0.01)
      let exact = g.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(Double(norm) - exact) < 1e-5)
      let scale = exact > 2 ? 2 / exact : 1
      for i in expected.indices {
        let (rate, decay) = i < 21 ? (0.01, 0.1) : (0.005, 0)
        let c = 0.9 * m[i] + 0.1 * g[i] * scale
        expected[i] -= rate * ((c > 0 ? 1 : c < 0 ? -1 : 0) + decay * expected[i])
        m[i] = 0.99 * m[i] + 0.01 * g[i] * scale
      }
    }
    let numbers = Array(parameters[weight]) + Array(parameters[bias])
    for (number, value) in zip(numbers, expected) { #expect(abs(Double(number) - value) < 2e-6) }
    #expect(optimiser.step == 20 && Array(parameters[frozen]) == kept)
    let means = Array(optimiser.moment[weight]) + Array(optimiser.moment[bias])
    for (number, value) in zip(means, m) { #expect(abs(Double(number) - value) < 1e-6) }
  }

  @Test func averagesMove() {
    var layout = ParameterLayout()
    let weight = layout.add("weight", rows: 1, columns: 2, initialisation: .zero)
    let running = layout.add("running", rows: 3, columns: 2, initialisation: .runningStatistics)
    let (average, other) = (Parameters(layout: layout), Parameters(layout: layout))
    for i in 0..<2 { (average[weight][i], other[weight][i]) = (1, Float(3 + 2 * i)) }
    for i in 0..<6 { (average[running][i], other[running][i]) = (1, Float(i)) }
    average.average(with: other, decay: 0.75)
    #expect(Array(average[weight]) == [1.5, 2] && Array(average[running]) == [0, 1, 2, 3, 4, 5])
  }

  @Test func aGradientThatIsNotFiniteChangesNothing() {
    var layout = ParameterLayout()
    let id = layout.add("weight", rows: 2, columns: 2, initialisation: .glorot)
    var generator = SeededGenerator(seed: 3)
    let parameters = Parameters(layout: layout, using: &generator)
    let before = Array(parameters[id])
    let gradient = Parameters(layout: layout)
    gradient[id][1] = .infinity
    let norm = AdamW(layout: layout).update(parameters, gradient: gradient, learningRate: 0.1)
    #expect(!norm.isFinite)
    #expect(Array(parameters[id]) == before)
  }

  @Test func schedulesBeginRiseAndEndAsTheySay() {
    let steps = 1000
    func rates(_ schedule: LearningRateSchedule) -> [Float] {
      (0..<steps).map { schedule.learningRate(step: $0, of: steps, peak: 0.002) }
    }
    #expect(rates(.constant).allSatisfy { $0 == 0.002 })
    let cosine = rates(.cosine)
    #expect(
      cosine[0] == 0.002 && cosine[steps - 1] < 1e-8
        && zip(cosine, cosine.dropFirst()).allSatisfy { $0 >= $1 })
    let cycle = rates(.oneCycle)
    let top = cycle.firstIndex(of: cycle.max()!)!
    #expect(abs(cycle[0] - 0.002 / 25) < 1e-9 && abs(cycle[top] - 0.002) < 1e-8 && abs(top - 300) < 2)
    #expect(cycle[steps - 1] < 1e-7)
    for schedule in LearningRateSchedule.allCases {
      #expect(schedule.learningRate(step: 0, of: 1, peak: 0.002).isFinite)
    }
  }

  /// Along a line to the peak, and then as without a warm-up over the steps that are left.
  @Test func schedulesWarmUp() {
    for schedule in [LearningRateSchedule.constant, .cosine] {
      let rates = (0..<100).map { schedule.learningRate(step: $0, of: 100, peak: 0.02, warmUp: 20) }
      for step in 0..<20 { #expect(abs(rates[step] - 0.001 * Float(step + 1)) < 1e-8) }
      #expect(
        rates[20...].elementsEqual((0..<80).map { schedule.learningRate(step: $0, of: 80, peak: 0.02) }))
    }
    for step in 0..<100 {
      let rate = LearningRateSchedule.oneCycle.learningRate(step: step, of: 100, peak: 0.02, warmUp: 20)
      #expect(rate == LearningRateSchedule.oneCycle.learningRate(step: step, of: 100, peak: 0.02))
    }
  }

  @Test func theSameSeedGivesTheSameNumbers() {
    // The first outputs of xoshiro256** from the state that SplitMix64 fills for seed 0, from the authors' C code.
    var zero = SeededGenerator(seed: 0)
    #expect(zero.next() == 0x99EC_5F36_CB75_F2B4)
    #expect(zero.next() == 0xBF6E_1F78_4956_452A)
    var one = SeededGenerator(seed: 1)
    var again = SeededGenerator(seed: 1)
    #expect((0..<100).map { _ in one.next() } == (0..<100).map { _ in again.next() })
  }
}

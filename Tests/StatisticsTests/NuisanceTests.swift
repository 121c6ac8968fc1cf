// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Statistics
import Testing

/// How much cuts shape spectra, and the map that keeps them from it.
@Suite struct NuisanceTests {
  /// `scipy.spatial.distance.jensenshannon(p, q, base=2) ** 2` of SciPy 1.
  @Test func theDivergenceOfSciPy() throws {
    let p: [Double] = [1, 4, 9, 2, 0, 3]
    let q: [Double] = [20, 18, 22, 15, 3, 0]
    let divergence = try #require(NuisanceDependence.divergence(p, q))
    #expect(abs(divergence - 0.17833501518407882) < 1e-12)
    #expect(NuisanceDependence.divergence(p, p.map { 3 * $0 }) == 0)
    #expect(NuisanceDependence.divergence([1, 2, 0, 0], [0, 0, 5, 1]) == 1)
    #expect(NuisanceDependence.divergence(p, [0, 0, 0, 0, 0, 0]) == nil)
  }

  /// Jets whose mass is flat, and whose score is that of signal by chance or by the mass.
  private struct Sample {
    var masses: [Float] = []
    var scores: [Float] = []
    var isSignal: [Bool] = []

    init(count: Int, sculpting: Float, seed: UInt64 = 3) {
      var generator = SeededGenerator(seed: seed)
      for row in 0..<count {
        let signal = row % 2 == 0
        let mass = Float.random(in: 50...110, using: &generator)
        isSignal.append(signal)
        masses.append(mass)
        let pull = signal ? 0.8 : -sculpting * abs(mass - 80) / 10
        scores.append(pull + Float.random(in: 0...2, using: &generator))
      }
    }

    func dependence(edges: [Double]? = nil, weights: [Double]? = nil) throws -> NuisanceDependence {
      try NuisanceDependence(
        "mass", values: masses, edges: edges, scores: scores, isSignal: isSignal,
        weights: weights ?? masses.map { _ in 1 })
    }
  }

  /// A score that does not tell the mass has the divergence of the statistics, and one that does has more.
  @Test func dependence() throws {
    var divergences: [Double] = []
    for seed in 1...20 {
      let cut = try Sample(count: 4000, sculpting: 0, seed: UInt64(seed)).dependence().cuts[1]
      divergences.append(cut.divergence!.value / cut.independentDivergence!)
    }
    let mean = divergences.reduce(0, +) / 20
    // Nine degrees of freedom fluctuate by √(2 / 9), in the mean of 20 by 0.11.
    #expect(abs(mean - 1) < 0.35)
    let sculpted = try Sample(count: 40_000, sculpting: 0.1).dependence()
    let cut = sculpted.cuts[1]
    #expect(cut.divergence!.value > 5 * cut.independentDivergence!)
    #expect(sculpted.edges.count == 11 && sculpted.curve.count == 18)
    // In the middle more of the background passes than at the ends.
    #expect(cut.backgroundEfficiencies[5]!.value > 3 * cut.backgroundEfficiencies[0]!.value)
    let signal = cut.signalEfficiencies.compactMap { $0?.value }.reduce(0, +)
    #expect(abs(signal / 10 - 0.5) < 0.03)
    #expect(abs(sculpted.background.reduce(0, +) - 20_000) < 1e-9)
    let passing = cut.passing.reduce(0, +) / 20_000
    #expect(abs(passing - cut.rejection.backgroundEfficiency) < 0.002)
  }

  /// The spectra, counted by hand; a weight counts as so many rows, and what has no number is left out.
  @Test func spectraByHand() throws {
    let dependence = try NuisanceDependence(
      "mass", values: [60, 60, 70, 70, 95, .nan, 65, 90], edges: [50, 80, 110],
      scores: [0.1, 0.9, 0.2, 0.3, 0.8, 0.99, 0.7, 0.6],
      isSignal: [false, false, false, false, false, false, true, true],
      weights: [1, 2, 1, 1, 4, 100, 1, 1], signalEfficiencies: [0.5])
    let cut = dependence.cuts[0]
    #expect(dependence.background == [5, 4])
    #expect(cut.rejection.threshold == 0.7)
    #expect(cut.passing == [2, 4] && cut.passingSquares == [4, 16])
    #expect(cut.divergence!.value == NuisanceDependence.divergence([2, 4], [3, 0]))
    #expect(abs(cut.backgroundEfficiencies[0]!.value - 0.4) < 1e-12)
    #expect(cut.backgroundEfficiencies[1]!.value == 1)
    #expect(cut.signalEfficiencies.map { $0?.value } == [1, 0])
  }

  @Test func whatCannotBeMeasured() {
    #expect(throws: MetricError.self) {
      try NuisanceDependence(
        "mass", values: [1, 1, 2], scores: [0, 1, 1], isSignal: [false, false, true], weights: [1, 1, 1])
    }
    #expect(throws: MetricError.self) {
      try NuisanceDependence(
        "mass", values: [1, 2], scores: [0, 1], isSignal: [false, false], weights: [1, 1])
    }
  }

  /// After the map, the same share of background passes at each mass, of other events than it was learnt from.
  @Test func quantilesAreIndependent() throws {
    let sample = Sample(count: 40_000, sculpting: 0.3)
    let other = Sample(count: 40_000, sculpting: 0.3, seed: 4)
    let map = try ConditionalQuantiles(
      fitting: sample.scores.map { Double($0) }, values: sample.masses.map { Double($0) },
      weights: sample.isSignal.map { $0 ? 0 : 1 })
    #expect(map.isValid)
    let shares = zip(other.scores, other.masses).map { score, mass in
      1 / (1 + exp(-map.logOdds(Double(score), at: Double(mass))))
    }
    for level in [0.5, 0.9, 0.98] {
      for low in stride(from: Float(50), to: 110, by: 15) {
        let rows = other.masses.indices.filter {
          !other.isSignal[$0] && (low..<low + 15).contains(other.masses[$0])
        }
        let passing = Double(rows.count { shares[$0] > level }) / Double(rows.count)
        let error = (level * (1 - level) / Double(rows.count)).squareRoot()
        let allowed = 6 * error + 0.1 * (1 - level)
        #expect(abs(passing + level - 1) < allowed, "\(level), \(low): \(passing)")
      }
    }
    // It rises with the score at any mass, also beyond all that was seen.
    for mass in [-10.0, 50, 73, 110, 500, .nan] {
      let odds = stride(from: -30.0, through: 30, by: 0.5).map { map.logOdds($0, at: mass) }
      #expect(zip(odds, odds.dropFirst()).allSatisfy { $0 < $1 })
    }
    let text = try JSONEncoder().encode(map)
    #expect(try JSONDecoder().decode(ConditionalQuantiles.self, from: text) == map)
  }

  @Test func tooLittleForAMap() throws {
    let scores = (0..<9).map { Double($0) }
    let ones = [Double](repeating: 1, count: 9)
    #expect(throws: MetricError.self) {
      try ConditionalQuantiles(fitting: scores, values: scores, weights: ones)
    }
    #expect(throws: MetricError.self) {
      try ConditionalQuantiles(
        fitting: [Double](repeating: 2, count: 20), values: (0..<20).map { Double($0) },
        weights: [Double](repeating: 1, count: 20))
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Testing

/// What an evaluation says of the dependence of a score on a number.
@Suite struct NuisanceTableTests {
  /// One background row that passes and n that fail, each in a bin of its own: (n + 1)/(8 ln 2) is the mean divergence of an
  /// independent score in leading order, which means nothing above 1.
  @Test(arguments: [(4, 8 * 0.6931471805599453 / 5), (5, nil), (9, nil)] as [(Int, Double?)])
  func anIndependentScoreOfFewEvents(failing: Int, expected: Double?) throws {
    let background = (0...failing).map { Float($0) + 0.5 }
    let dependence = try NuisanceDependence(
      "mass", values: background + [0.5, 0.5], edges: (0...failing + 1).map { Double($0) },
      scores: [1] + Array(repeating: 0, count: failing) + [1, 1],
      isSignal: background.map { _ in false } + [true, true],
      weights: Array(repeating: 1, count: failing + 3))
    var evaluation = HeadEvaluation(metrics: [Metric("AUC", nil)])
    evaluation.add(dependence)
    let column = try #require(
      evaluation.tables[0].columns.first { $0.name == "1/JSD of an independent score" })
    guard case .numbers(let numbers) = column.cells else {
      Issue.record("numbers without errors")
      return
    }
    for number in numbers {
      if let expected { #expect(abs(number - expected) < 1e-12) } else { #expect(number.isNaN) }
    }
  }
}

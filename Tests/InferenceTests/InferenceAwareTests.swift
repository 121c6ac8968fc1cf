// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import Inference

/// What the inference-aware head makes of its settings, rows and bins.
@Suite struct InferenceAwareTests {
  private func settings(_ keys: String) throws -> InferenceAwareClassifier.Configuration {
    try ConfigurationNode(
      yaml: "{truth: label, \(keys.contains("classes:") ? "" : "classes: [b, s], ")\(keys)}",
      source: "test.yaml"
    ).decode(InferenceAwareClassifier.Configuration.self)
  }

  private func head(_ keys: String) throws -> InferenceAwareClassifier {
    var builder = HeadBuilder(
      headName: "aware", eventEmbeddingWidth: 2, eventInputNames: ["a"], layout: ParameterLayout())
    return try InferenceAwareClassifier(configuration: settings(keys), builder: &builder)
  }

  /// Nominal rows and rows with `scale` up and down, of both classes; the signal has no variation down.
  private let truth = HeadTruth(
    rows: 7,
    columns: [
      "label": [0, 0, 1, 0, 0, 1, 0], "scale": [0, 0, 0, 1, -1, 1, 1], "up": [1.2, 1, 1.1, 9, 9, 9, 9],
      "down": [0.8, 1, 0.7, 9, 9, 9, 9],
    ])
  private let weights = [3, 1, 2, 2, 3, 5, 3.0]

  private func prepared(_ keys: String) throws -> InferenceAwareClassifier {
    var head = try head(keys)
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let inputs = HeadInputs(eventCount: 7, eventOfJet: [], on: tape)
    try head.prepare(by: head.preparation(fitting: truth, weights: weights, inputs: inputs))
    return head
  }

  /// Factors by hand: the background of weight 4 counts as 40, its variation up of weight 5 as 50 and down of 3 as 30; the
  /// signal of weight 2 as 6 and up of 5 as 15.
  @Test func factors() throws {
    let head = try head("yields: [40, 6], variations: [scale], weights: {tune: [up, down]}, rates: {b: 0.1}")
    let events = ExpectedEvents(head.classification, head.configuration)
    #expect(events.nuisances == ["scale", "tune", "rate of b"])
    let expected: [[Double]] = [
      [30, 0, 0, 6, 3], [10, 0, 0, 0, 1], [6, 6, -6, 1.2, 0], [0, 0, 10, 0, 0], [0, 0, -15, 0, 0],
      [0, 0, 15, 0, 0], [0, 0, 15, 0, 0],
    ]
    let factors = try #require(events.factors(truth, weights: weights))
    for (factor, number) in zip(factors, expected.joined()) { #expect(abs(factor - number) < 1e-5) }
    // A batch of some rows counts as the whole sample that it is of.
    let totals = events.totals(truth, weights: weights)
    let few = [0, 2, 3, 4, 5]
    let part = try #require(
      events.factors(truth.rows(few), weights: few.map { weights[$0] }, of: totals))
    let counts = (0..<5).map { part[5 * $0] }
    #expect(counts == [40, 6, 0, 0, 0] && abs(part[5 * 2 + 2] - 25) < 1e-9)
    #expect(events.factors(truth.rows([0, 2, 3, 4]), weights: [1, 1, 1, 1], of: totals) == nil)
  }

  /// The loss of a batch is that of its factors, and does not depend on the order of its rows.
  @Test func loss() throws {
    let head = try prepared("yields: [40, 6], bins: 2, temperature: 0.5, variations: [scale]")
    let numbers: [Float] = [0.1, 0.3, -0.2, 0.4, 0.6, 0, 0.2, 0.1, 0.3, 0.2, -0.1, 0.4, 0.5, 0.1]
    func loss(_ order: [Int]) -> Float {
      let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
      let result = tape.constant(
        order.flatMap { numbers[2 * $0..<2 * $0 + 2] }, rows: order.count, columns: 2)
      var inputs = HeadInputs(eventCount: order.count, eventOfJet: [], on: tape)
      inputs.give(phase: TrainingPhase(), rowWeights: order.map { Float(weights[$0]) })
      return head.losses(of: result, truth: truth.rows(order), inputs: inputs)[0].values[0]
    }
    let all = Array(0..<7)
    let probabilities = all.flatMap { row -> [Float] in
      let second = 1 / (1 + exp(-2 * (numbers[2 * row + 1] - numbers[2 * row])))
      return [1 - second, second]
    }
    let events = ExpectedEvents(head.classification, head.configuration)
    let sums = Variable.sums(
      probabilities, bins: 2, factors: try #require(events.factors(truth, weights: weights)))
    let expected = log(ExpectedInformation(sums, bins: 2).variance) / 2
    #expect(abs(Double(loss(all)) - expected) < 1e-5)
    #expect(abs(loss(all) - loss(all.reversed())) < 1e-6)
    // Without the variation down there is nothing to learn from.
    #expect(loss([0, 1, 2, 3, 5]) == 0)
    #expect(head.objectives.map(\.scope) == [.batch])
  }

  /// Bins are put in the order of their signal, and what they are worth does not depend on it.
  @Test func orderAndEvaluation() throws {
    var head = try prepared("yields: [40, 6], bins: 3, variations: [scale], rates: {b: 0.2}")
    // Rows in bins 2, 0, 1, 2, 0, 1, 1: the signal is in bin 1, and bin 0 has less background than bin 2.
    let bins = [2, 0, 1, 2, 0, 1, 1]
    let results = Matrix(
      rows: 7, columns: 3, values: bins.flatMap { bin in (0..<3).map { Float($0 == bin ? 1 : 0) } })
    func outputs() -> Matrix {
      let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
      return head.outputs(of: tape.constant(results)).matrix
    }
    let before = try head.evaluate(outputs(), truth: truth, weights: weights)
    let order = try head.calibration(fitting: results, truth: truth, weights: weights)
    try head.calibrate(by: #require(order))
    #expect(
      outputs().values.enumerated().filter { $0.offset % 2 == 1 }.map(\.element) == [1, 0, 2, 1, 0, 2, 2])
    #expect(outputs()[2, 0] == 2.5 / 3)
    let after = try head.evaluate(outputs(), truth: truth, weights: weights)
    #expect(before.metrics == after.metrics)
    #expect(after.metrics.map(\.name) == ["1/σ(μ)", "1/σ(μ) without nuisances", "AUC"])
    #expect(after.metrics[2].estimate?.value == 1)
    // Counts 10, 30, 6 with the changes −15, 10, 15 + 15 − 6 by the scale and 2, 6, 0 by the rate.
    let sums: [Double] = [10, 30, 6, 0, 0, 6, -15, 10, 24, 2, 6, 0]
    let expected = 1 / ExpectedInformation(sums, bins: 3).variance.squareRoot()
    #expect(abs(after.metrics[0].estimate!.value - expected) < 1e-5)
    // With the floor of an empty bin aside, 6 events of signal alone are known to √6.
    #expect(abs(after.metrics[1].estimate!.value - 6.0.squareRoot()) < 1e-9)
    let table = try #require(after.tables.first)
    #expect(
      table.columns.map(\.name) == ["bin", "b", "s", "change by scale", "change by rate of b"])
    // A sample without variations tells the precision without nuisance parameters.
    let nominal = [0, 1, 2]
    let alone = try head.evaluate(
      Matrix(rows: 3, columns: 2, values: Array(outputs().values.prefix(6))), truth: truth.rows(nominal),
      weights: nominal.map { weights[$0] })
    #expect(alone.metrics[0].estimate == nil && alone.metrics[1] == after.metrics[1])
  }

  @Test(arguments: [
    ("yields: [1]", "yields is refused: needs two positive numbers"),
    ("yields: [1, -1]", "yields is refused: needs two positive numbers"),
    ("yields: [1, 2], classes: [a, b, c]", "classes is refused: needs two names"),
    ("yields: [1, 2], variations: [r, r]", "variations is refused: needs different names"),
    ("yields: [1, 2], weights: {tune: [up]}", "weights is refused: has 1 columns for tune"),
    ("yields: [1, 2], rates: {tt: 0.1}", "rates is refused: names tt, which is none of the classes b, s"),
    ("yields: [1, 2], rates: {b: 0}", "rates is refused: has 0.0 for b"),
    ("yields: [1, 2], bins: 1", "bins is refused: must lie between 2 and 100"),
    ("yields: [1, 2], temperature: 0", "temperature is refused: must be positive"),
    ("yields: [1, 2], temperature: 1.0e-50", "when it is rounded to single precision"),
    ("yields: [1.0e+300, 2]", "yields is refused: needs two positive numbers up to 1e100"),
    ("yields: [1, 2], variations: [r], weights: {r: [up, down]}", "weights is refused: would give the table"),
    ("yields: [1, 2], classes: [bin, s]", "classes is refused: would give the table"),
  ]) func refusals(_ keys: String, _ sentence: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try head(keys) }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }

  @Test func rowsThatCannotBe() throws {
    let head = try head("yields: [1, 2], variations: [r, q]")
    func refusal(_ r: Float, _ q: Float) -> PluginError? {
      #expect(throws: PluginError.self) {
        try head.check(HeadTruth(rows: 1, columns: ["label": [0], "r": [r], "q": [q]]))
      }
    }
    #expect(refusal(0.5, 0)?.description.contains("r is 0.5, but a row is nominal") == true)
    #expect(refusal(1, -1)?.description.contains("r and q are varied at once") == true)
    #expect(refusal(.nan, 0)?.description.contains("r is nan") == true)
  }

  @Test(arguments: [
    ([0, 1, 2], "There are no rows with scale = 1 or -1"),
    ([0, 1, 3, 4], "There are no rows of s with scale = 0"),
  ]) func samplesThatAreMissing(_ rows: [Int], _ sentence: String) throws {
    let head = try head("yields: [1, 2], variations: [scale]")
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let inputs = HeadInputs(eventCount: rows.count, eventOfJet: [], on: tape)
    let error = #expect(throws: MetricError.self) {
      _ = try head.preparation(
        fitting: truth.rows(rows), weights: rows.map { weights[$0] }, inputs: inputs)
    }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }

  @Test func whatAFileMayNotHold() throws {
    var head = try head("yields: [1, 2], bins: 2")
    let decoder = JSONDecoder()
    let totals = try decoder.decode(VariationTotals.self, from: Data(#"{"totals":[[1],[0]]}"#.utf8))
    #expect(throws: PluginError.self) { try head.prepare(by: totals) }
    let order = try decoder.decode(
      InferenceAwareClassifier.BinOrder.self, from: Data(#"{"places":[1,1]}"#.utf8))
    #expect(throws: PluginError.self) { try head.calibrate(by: order) }
  }
}

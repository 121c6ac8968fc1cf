// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import Inference

/// The calibration of ratios, and what is said of them.
@Suite struct LikelihoodRatioTests {
  private func head(_ keys: String = "") throws -> LikelihoodRatio {
    var builder = HeadBuilder(
      headName: "ratio", eventEmbeddingWidth: 2, eventInputNames: ["a"], layout: ParameterLayout())
    let settings = try ConfigurationNode(
      yaml: "{truth: label, \(keys.contains("classes:") ? "" : "classes: [b, s], ")\(keys)}",
      source: "test.yaml"
    ).decode(LikelihoodRatio.Configuration.self)
    return try LikelihoodRatio(configuration: settings, builder: &builder)
  }

  private var tape: Tape { Tape(parameters: Parameters(layout: ParameterLayout())) }

  /// Numbers of unit width around 0 and 1, for which ln r = x − ½, with 3 of the first for each of the second.
  private func gaussians(_ count: Int) -> (x: [Double], isNumerator: [Bool]) {
    var generator = SeededGenerator(seed: 8)
    var result: (x: [Double], isNumerator: [Bool]) = ([], [])
    for row in 0..<count {
      let uniform = (
        Double.random(in: 1e-9...1, using: &generator), Double.random(in: 0...1, using: &generator)
      )
      let isNumerator = row % 4 == 0
      result.x.append((isNumerator ? 1 : 0) + (-2 * log(uniform.0)).squareRoot() * cos(2 * .pi * uniform.1))
      result.isNumerator.append(isNumerator)
    }
    return result
  }

  /// A distorted ln r comes back.
  @Test func calibration() throws {
    let (x, isNumerator) = gaussians(40000)
    let distorted = x.map { 3 * ($0 - 0.5) + 2 }
    let map = try RatioCalibration(
      fitting: distorted, isNumerator: isNumerator, weights: Array(repeating: 0.5, count: x.count))
    for place in stride(from: -1.0, through: 2, by: 0.25) {
      #expect(abs(map(3 * (place - 0.5) + 2) - (place - 0.5)) < 0.15, "\(place)")
    }
    #expect(map.isValid && map(-1e3) < map(0) && map(1e3) > map(4))
    let values = stride(from: -30.0, through: 30, by: 0.01).map { map($0) }
    #expect(zip(values, values.dropFirst()).allSatisfy(<))
  }

  /// A score that is the wrong way round has one bin, and one without a hypothesis no map.
  @Test func calibrationsAtTheEdge() throws {
    let (x, isNumerator) = gaussians(4000)
    let ones = Array(repeating: 1.0, count: x.count)
    let wrong = try RatioCalibration(fitting: x.map { -$0 }, isNumerator: isNumerator, weights: ones)
    #expect(wrong.shown.count == 1 && abs(wrong.shown[0]) < 1e-12)
    #expect(throws: MetricError.self) {
      try RatioCalibration(fitting: x, isNumerator: x.map { _ in true }, weights: ones)
    }
  }

  /// The odds of the sample are taken off, and the joint ratio takes the place of the label.
  @Test func oddsAndJointRatios() throws {
    var head = try head("ratio: joint")
    let truth = HeadTruth(rows: 4, columns: ["label": [0, 0, 0, 1], "joint": [0.5, 2, 0, 3]])
    let inputs = HeadInputs(eventCount: 4, eventOfJet: [], on: tape)
    try head.prepare(by: head.preparation(fitting: truth, weights: [1, 1, 2, 2], inputs: inputs))
    let logits: [Float] = [0.2, -1, 0.5, 2]
    let result = tape.constant(logits, rows: 4, columns: 1)
    let outputs = head.outputs(of: result).matrix
    let loss = head.loss(of: result, truth: truth)
    for row in 0..<4 {
      let learnt = logits[row] + log(2)
      #expect(abs(outputs[row, 1] - learnt) < 1e-6 && outputs[row, 1] == outputs[row, 2])
      #expect(abs(outputs[row, 0] - 1 / (1 + exp(-learnt))) < 1e-6)
      let target = truth["joint"][row] / (2 + truth["joint"][row])
      let probability = 1 / (1 + exp(-logits[row]))
      let expected = -target * log(probability) - (1 - target) * log(1 - probability)
      #expect(abs(loss.values[row] - expected) < 1e-6)
    }
    #expect(head.truthColumns == ["label", "joint"])
    let error = #expect(throws: PluginError.self) {
      try head.check(HeadTruth(rows: 1, columns: ["label": [0], "joint": [-1]]))
    }
    #expect(error?.description.contains("joint is -1.0, but a ratio of densities is 0 or more") == true)
  }

  /// The true ratio has means of 1, tells 1 per event of either hypothesis, and is what the samples show; the precision is that of an
  /// integral.
  @Test func evaluation() throws {
    let head = try head("yields: [100, 20]")
    let (x, isNumerator) = gaussians(40000)
    let truth = HeadTruth(rows: x.count, columns: ["label": isNumerator.map { $0 ? 1 : 0 }])
    let outputs = Matrix(
      rows: x.count, columns: 3,
      values: x.flatMap { place -> [Float] in
        let ratio = Float(place - 0.5)
        return [1 / (1 + exp(-ratio)), ratio, ratio]
      })
    let evaluation = try head.evaluate(outputs, truth: truth, weights: Array(repeating: 1, count: x.count))
    let metrics = Dictionary(uniqueKeysWithValues: evaluation.metrics.map { ($0.name, $0.estimate!.value) })
    for name in ["mean r of b", "mean 1/r of s", "-2 ln r per event of b", "2 ln r per event of s"] {
      #expect(abs(metrics[name]! - 1) < 0.06, "\(name): \(metrics[name]!)")
    }
    var information = 0.0
    for place in stride(from: -8.0, through: 9, by: 0.001) {
      let density = { (mean: Double) in exp(-(place - mean) * (place - mean) / 2) / (2 * .pi).squareRoot() }
      let signal = 20 * density(1)
      information += 0.001 * signal * signal / (signal + 100 * density(0))
    }
    #expect(abs(metrics["1/σ(μ)"]! / information.squareRoot() - 1) < 0.03)
    guard case .estimates(let shown) = evaluation.tables[0].columns[3].cells,
      case .numbers(let predicted) = evaluation.tables[0].columns[2].cells
    else {
      Issue.record("the table has other cells")
      return
    }
    for (shown, predicted) in zip(shown, predicted) {
      #expect(abs(shown!.value - predicted) < 5 * shown!.error!)
    }
    // A curve with its minimum, 0, at μ = 1 and the curvature of the precision.
    let curve = try #require(evaluation.figures.last).series[0]
    #expect(curve.y.min() == curve.y[50] && abs(curve.y[50]) < 1e-9)
    let curvature = (curve.y[51] + curve.y[49]) / 2 / (0.02 * 0.02)
    #expect(abs(curvature / (metrics["1/σ(μ)"]! * metrics["1/σ(μ)"]!) - 1) < 1e-2)
    // Of one hypothesis alone nothing is compared.
    let alone = try head.evaluate(
      Matrix(rows: 1, columns: 3, values: [0.5, 0, 0]), truth: HeadTruth(rows: 1, columns: ["label": [0]]),
      weights: [1])
    #expect(alone.metrics.allSatisfy { $0.estimate == nil })
  }

  @Test(arguments: [
    ("classes: [a]", "classes is refused: needs two names"),
    ("yields: [1]", "yields is refused: needs two positive numbers"),
    ("ratio: ''", "ratio is refused: needs the name of a column"),
  ]) func refusals(_ keys: String, _ sentence: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try head(keys) }
    #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
  }

  @Test func oneHypothesis() throws {
    let error = #expect(throws: MetricError.self) {
      _ = try head().preparation(
        fitting: HeadTruth(rows: 2, columns: ["label": [0, 0]]), weights: [1, 1],
        inputs: HeadInputs(eventCount: 2, eventOfJet: [], on: tape))
    }
    #expect(error?.description.contains("There are no rows of s") == true)
  }

  @Test func whatAFileMayNotHold() throws {
    var head = try head()
    let map = try JSONDecoder().decode(
      RatioCalibration.self, from: Data(#"{"learnt":[1,2],"shown":[2,1]}"#.utf8))
    #expect(throws: PluginError.self) { try head.calibrate(by: map) }
  }
}

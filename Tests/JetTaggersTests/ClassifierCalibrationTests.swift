// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetTaggers
import PluginKit
import Testing

/// What a tagger learns on the validation sample: its temperature and the thresholds of its working points.
@Suite struct ClassifierCalibrationTests {
  private static func tagger(_ classes: [String], workingPoints: [Double]? = nil) throws -> JetTagger {
    var builder = HeadBuilder(headName: "tagger", jetEmbeddingWidth: 3, layout: ParameterLayout())
    return try JetTagger(
      configuration: JetTagger.Configuration(truth: "label", classes: classes, workingPoints: workingPoints),
      builder: &builder)
  }

  /// Logits that are `factor` times too large, with labels drawn from the honest ones.
  private static func sample(
    _ rows: Int, classes: Int, factor: Double
  ) -> (logits: Matrix, truth: HeadTruth, weights: [Double]) {
    var generator = SeededGenerator(seed: 8)
    let width = classes == 2 ? 1 : classes
    var logits: [Float] = []
    var labels: [Float] = []
    for _ in 0..<rows {
      let z = (0..<width).map { _ in Double.random(in: -3...3, using: &generator) }
      let odds = classes == 2 ? [1, exp(z[0])] : z.map { exp($0) }
      var draw = Double.random(in: 0..<odds.reduce(0, +), using: &generator)
      let label = odds.firstIndex { odds in
        draw -= odds
        return draw < 0
      }
      labels.append(Float(label ?? 0))
      logits += z.map { Float(factor * $0) }
    }
    return (
      Matrix(rows: rows, columns: width, values: logits), HeadTruth(rows: rows, columns: ["label": labels]),
      (0..<rows).map { 1 + Double($0 % 3) }
    )
  }

  private static func outputs(_ head: JetTagger, _ logits: Matrix) -> Matrix {
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    return head.outputs(of: tape.constant(logits)).matrix
  }

  /// The weighted cross entropy of probabilities, in double precision.
  private static func crossEntropy(
    _ sample: (logits: Matrix, truth: HeadTruth, weights: [Double]), temperature: Double
  ) -> Double {
    (0..<sample.logits.rows).reduce(0) { sum, row in
      var z = (0..<sample.logits.columns).map { Double(sample.logits[row, $0]) / temperature }
      if z.count == 1 { z.insert(0, at: 0) }
      let total = z.reduce(0) { $0 + exp($1) }
      return sum - sample.weights[row] * (z[Int(sample.truth["label"][row])] - log(total))
    }
  }

  @Test(arguments: [2, 4], [0.4, 1.0, 3.0]) func theTemperatureHasLeastCrossEntropy(
    classes: Int, factor: Double
  ) throws {
    let head = try Self.tagger((0..<classes).map { "c\($0)" })
    let sample = Self.sample(4000, classes: classes, factor: factor)
    let calibration = try #require(
      try head.calibration(fitting: sample.logits, truth: sample.truth, weights: sample.weights))
    // As precisely as 4,000 rows allow.
    #expect(abs(calibration.temperature / factor - 1) < 0.12)
    let least = Self.crossEntropy(sample, temperature: calibration.temperature)
    for change in [0.99, 1.01] {
      #expect(Self.crossEntropy(sample, temperature: calibration.temperature * change) > least)
    }
    var calibrated = head
    try calibrated.calibrate(by: calibration)
    let outputs = Self.outputs(calibrated, sample.logits)
    for row in 0..<20 {
      let z = (0..<sample.logits.columns).map { Double(sample.logits[row, $0]) / calibration.temperature }
      let expected = classes == 2 ? 1 / (1 + exp(-z[0])) : exp(z[0]) / z.reduce(0) { $0 + exp($1) }
      #expect(abs(Double(outputs[row, 0]) - expected) < 1e-5)
    }
  }

  @Test(arguments: [2, 3]) func thresholdsLetTheirShareOfBackgroundPass(classes: Int) throws {
    var head = try Self.tagger((0..<classes).map { "c\($0)" }, workingPoints: [0.01, 0.2, 0.1])
    let sample = Self.sample(3000, classes: classes, factor: 1)
    // Before there are thresholds nothing passes.
    let before = Self.outputs(head, sample.logits)
    let targets = classes == 2 ? 1 : classes
    #expect(head.outputs.last == HeadOutput("working-point", width: targets))
    #expect(before.columns == 2 * targets)
    for row in 0..<before.rows { #expect(before[row, before.columns - 1] == 1) }

    let calibration = try #require(
      try head.calibration(fitting: sample.logits, truth: sample.truth, weights: sample.weights))
    try head.calibrate(by: calibration)
    let outputs = Self.outputs(head, sample.logits)
    let evaluation = try head.evaluate(outputs, truth: sample.truth, weights: sample.weights)
    for target in 0..<targets {
      let label = classes == 2 ? 1 : target
      let background = (0..<sample.logits.rows).filter { Int(sample.truth["label"][$0]) != label }
      let total = background.reduce(0) { $0 + sample.weights[$1] }
      #expect(calibration.thresholds[target].map(\.target) == [0.2, 0.1, 0.01])
      for point in calibration.thresholds[target] {
        let passing = background.filter { outputs[$0, target] >= point.threshold }
        let share = passing.reduce(0) { $0 + sample.weights[$1] } / total
        // No further row could pass; rounding may move the one that lies on the threshold.
        #expect(share <= point.target + 4 / total && share > point.target - 8 / total)
        #expect(abs(share - point.backgroundEfficiency) < 4 / total)
        let name = classes == 2 ? "" : "c\(target) "
        let metric = evaluation.metrics.first {
          $0.name == "\(name)background efficiency at working point \(point.target)"
        }
        #expect(abs(try #require(metric?.estimate).value - share) < 1e-12)
      }
      for row in 0..<outputs.rows {
        let passed = calibration.thresholds[target].filter { outputs[row, target] >= $0.threshold }
        #expect(outputs[row, targets + target] == Float(passed.map(\.target).min() ?? 1))
      }
    }
    // What a model's file may hold.
    var other = try Self.tagger((0..<classes).map { "c\($0)" }, workingPoints: [0.3])
    #expect(throws: PluginError.self) { try other.calibrate(by: calibration) }
    var wrong = calibration
    wrong.temperature = -1
    #expect(throws: PluginError.self) { try head.calibrate(by: wrong) }
  }

  @Test func workingPointsThatMakeNoSense() throws {
    for points in [[0.0], [1], [-0.1], [.nan], [0.1, 0.1]] {
      #expect(throws: PluginError.self) { try Self.tagger(["a", "b"], workingPoints: points) }
    }
    let name = #expect(throws: PluginError.self) { try Self.tagger(["a", "working-point", "b"]) }
    #expect(name?.description.contains("working-point") == true)
    let head = try Self.tagger(["a", "b"], workingPoints: [0.001])
    let sample = Self.sample(100, classes: 2, factor: 1)
    let error = #expect(throws: MetricError.self) {
      try head.calibration(fitting: sample.logits, truth: sample.truth, weights: sample.weights)
    }
    #expect(error?.description.hasPrefix("The working point 0.001 of b lets less than one of ") == true)
  }
}

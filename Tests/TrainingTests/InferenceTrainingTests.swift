// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import NeuralEngine
import TestFiles
import TestPlugins
import Testing
import Training

/// Trainings of heads for measurements, on events that are columns without particles.
@Suite struct InferenceTrainingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func gaussian(using generator: inout SeededGenerator) -> Double {
    let radius = (-2 * log(Double.random(in: 1e-9...1, using: &generator))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0...1, using: &generator))
  }

  private func train(
    _ lines: [String], _ head: String, _ training: String, conditions: String
  ) throws -> Model {
    let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "events.jsonl")
    let yaml = """
      data: {inputs: [\(file)], validation: number % 8 > 5}
      jets: {radius: 1}
      events: {reads: particles, width: 1, inputs: {conditions: \(conditions)}}
      heads: {head: {\(head)}}
      training: {\(training)}
      """
    let configuration = try TrainingConfiguration(
      contentsOf: URL(fileURLWithPath: folder.write(yaml, to: "c.yaml")), plugins: .shipped)
    return try TrainingRun(configuration, plugins: .shipped).run(
      into: folder.url.appendingPathComponent(UUID().uuidString), resuming: false, observer: ToyJets.Log())
  }

  /// The ratio of Gaussians around θ and 0 is learnt as a function of x and θ: ln r = θ x − θ²/2.
  @Test func gaussians() throws {
    var generator = SeededGenerator(seed: 3)
    let lines = (0..<6000).map { event in
      let (label, theta) = (event % 2, [-1, 0.5, 1][event / 2 % 3])
      let x = Self.gaussian(using: &generator) + (label == 1 ? theta : 0)
      return #"{"particles": [], "x": \#(x), "theta": \#(theta), "label": \#(label)}"#
    }
    let model = try train(
      lines,
      "plugin: likelihood-ratio, configuration: {truth: label, classes: [reference, shifted], hidden: [16, 16]}",
      "epochs: 16, batch-size: 64, learning-rate: 0.01, schedule: one-cycle, seed: 2, threads: 1",
      conditions: "[x, theta]")
    let places: [(x: Double, theta: Double)] = [-1, 0, 1].flatMap { x in
      [-1, 0.5, 1].map { (x, $0) }
    }
    let file = try folder.write(
      places.map { #"{"particles": [], "x": \#($0.x), "theta": \#($0.theta)}"# }.joined(separator: "\n")
        + "\n",
      to: "places.jsonl")
    let events = try #require(try EventStream(inputs: [file]).next(upTo: places.count))
    let outputs = try Predictor(model).predict(events).heads[0].matrix
    for (row, place) in places.enumerated() {
      let exact = place.theta * place.x - place.theta * place.theta / 2
      #expect(abs(Double(outputs[row, 1]) - exact) < 0.35, "\(place): \(outputs[row, 1]), \(exact)")
    }
  }

  /// Events with two numbers: a variation moves the first one of the background, and the second tells signal less well.
  private static let lines: [String] = {
    var generator = SeededGenerator(seed: 5)
    return (0..<2400).map { event in
      let (label, shift) = (event % 2, [0, 1, -1][event / 2 % 3])
      let x = gaussian(using: &generator) + (label == 1 ? 2 : Double(shift))
      let y = gaussian(using: &generator) + (label == 1 ? 1 : 0)
      return #"{"particles": [], "x": \#(x), "y": \#(y), "shift": \#(shift), "label": \#(label)}"#
    }
  }()

  private func aware(threads: Int) throws -> Model {
    try train(
      Self.lines,
      """
      plugin: inference-aware, configuration: {truth: label, classes: [b, s], yields: [1000, 30], bins: 4, variations: [shift], temperature: 0.1,
      hidden: [12]}
      """,
      "epochs: 10, batch-size: 600, learning-rate: 0.03, seed: 2, keep: last, threads: \(threads)",
      conditions: "[x, y]")
  }

  /// The precision rises, the same bits come again, and two threads share a batch as one has it.
  @Test func thePrecisionRises() throws {
    let model = try aware(threads: 1)
    let epochs = try #require(model.description.training).epochs
    let precision = epochs.map { $0.metrics.first { $0.name == "1/σ(μ)" }!.value }
    #expect(precision.last! > 1.1 * precision.first!, "\(precision)")
    let again = try aware(threads: 1)
    #expect(model.parameters.values.elementsEqual(again.parameters.values))
    let shared = try aware(threads: 2)
    let (one, two) = (epochs[0].trainingLoss, shared.description.training!.epochs[0].trainingLoss)
    #expect(abs(one - two) < 1e-3 * abs(one), "\(one), \(two)")
  }

  /// A variation that no event has is an error that says what to do.
  @Test func aVariationIsMissing() throws {
    let error = #expect(throws: (any Error).self) {
      _ = try train(
        Self.lines.filter { $0.contains(#""shift": 0"#) },
        "plugin: inference-aware, configuration: {truth: label, classes: [b, s], yields: [9, 1], variations: [shift]}",
        "epochs: 1, threads: 1", conditions: "[x, y]")
    }
    #expect("\(error!)".contains("There are no rows with shift = 1 or -1"), "\(error!)")
  }
}

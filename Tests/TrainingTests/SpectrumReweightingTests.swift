// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import Settings
import Testing

@testable import Training

/// Weights by which spectra become flat, equal, or those of signed weights.
@Suite struct SpectrumReweightingTests {
  private func section(_ yaml: String) throws -> ReweightingSection {
    try ConfigurationNode(yaml: yaml, source: "c.yaml").decode()
  }

  /// Two classes with other spectra of two numbers, and weights of either sign.
  private func sample(
    _ count: Int, signed: Bool
  ) -> (values: [String: [Float]], weights: [Float]) {
    var generator = SeededGenerator(seed: 4)
    var values: [String: [Float]] = ["x": [], "y": [], "label": []]
    var weights: [Float] = []
    for event in 0..<count {
      let label = event % 2
      let u = Float.random(in: 0..<1, using: &generator)
      values["x"]!.append(label == 0 ? u : u * u)
      values["y"]!.append(Float.random(in: 0..<1, using: &generator))
      values["label"]!.append(Float(label))
      weights.append((signed && event % 7 == 0 ? -1 : 1) * Float.random(in: 1..<2, using: &generator))
    }
    return (values, weights)
  }

  /// What the events of a class in each of four intervals of x and two of y weigh.
  private func spectrum(_ label: Float, _ values: [String: [Float]], _ weights: [Float]) -> [Double] {
    var sums = Array(repeating: 0.0, count: 8)
    for event in weights.indices where values["label"]![event] == label {
      let (x, y) = (min(Int(values["x"]![event] * 4), 3), min(Int(values["y"]![event] * 2), 1))
      sums[2 * x + y] += Double(weights[event])
    }
    return sums
  }

  private let bins = "in: {x: [0, 0.25, 0.5, 0.75, 1], y: [0, 0.5, 1]}, classes: label"

  @Test func flatSpectra() throws {
    let (values, weights) = sample(4000, signed: false)
    let result = try SpectrumReweighting(section("{\(bins)}"), values: values, weights: weights)
    for label in [0, 1] as [Float] {
      let total = spectrum(label, values, weights).reduce(0, +)
      for part in spectrum(label, values, result.weights) { #expect(abs(part - total / 8) < 1e-4 * total) }
    }
    #expect(result.remarks.count == 2 && result.remarks[1].contains("label = 1.0 was worth"))
    let lines = String(decoding: result.table.data, as: UTF8.self).split(separator: "\n")
    #expect(
      lines.count == 17 && lines[0] == "class,x from,x to,y from,y to,events,weight before,weight after")
    #expect(lines[16].hasPrefix("1.0,0.75,1.0,0.5,1.0,"))
  }

  @Test func equalSpectra() throws {
    let (values, weights) = sample(4000, signed: false)
    let result = try SpectrumReweighting(section("{\(bins), to: equal}"), values: values, weights: weights)
    let before = [0, 1].map { spectrum(Float($0), values, weights) }
    let after = [0, 1].map { spectrum(Float($0), values, result.weights) }
    let totals = before.map { $0.reduce(0, +) }
    for bin in 0..<8 {
      let mean = (before[0][bin] / totals[0] + before[1][bin] / totals[1]) / 2
      for kind in 0..<2 { #expect(abs(after[kind][bin] / totals[kind] - mean) < 1e-5) }
    }
  }

  @Test func signedSpectra() throws {
    let (values, weights) = sample(4000, signed: true)
    let result = try SpectrumReweighting(section("{\(bins), to: signed}"), values: values, weights: weights)
    #expect(result.weights.allSatisfy { $0 > 0 })
    for label in [0, 1] as [Float] {
      let (before, after) = (spectrum(label, values, weights), spectrum(label, values, result.weights))
      for (old, new) in zip(before, after) { #expect(abs(old - new) < 1e-4 * abs(old)) }
    }
    // Other targets have nothing to multiply where the sum is not positive.
    let error = #expect(throws: SampleError.self) {
      try SpectrumReweighting(
        section("{in: {x: 2}}"), values: ["x": [0, 0, 1, 1]], weights: [1, -2, 1, 1])
    }
    #expect(error?.description.contains("of all events in one bin add up to -1.0") == true)
  }

  @Test func whatLiesOutsideOrHasNoPartnerCountsForNothing() throws {
    let values: [String: [Float]] = ["x": [0, 1, 2, 3, 0, 1, 5, .nan], "label": [0, 0, 0, 0, 1, 1, 1, 1]]
    let weights = Array(repeating: Float(1), count: 8)
    let result = try SpectrumReweighting(
      section("{in: {x: [0, 1, 2, 3]}, classes: label, to: equal}"), values: values, weights: weights)
    // The last edge belongs to the last interval: 2 and 3, in which class 1 has nothing.
    #expect(result.weights == [2, 2, 0, 0, 1, 1, 0, 0])
    #expect(result.remarks[0].contains("2 of 8 events lie outside"))
    #expect(result.remarks[1].contains("2 of 8 events are in bins that another class has no events in"))
  }

  @Test func countedBinsHaveEquallyManyEvents() throws {
    let values: [String: [Float]] = ["x": (0..<100).map { Float($0 * $0) }]
    let result = try SpectrumReweighting(
      section("{in: {x: 4}}"), values: values, weights: Array(repeating: 1, count: 100))
    #expect(result.weights == Array(repeating: 1, count: 100))
    let same = try SpectrumReweighting(
      section("{in: {x: 4}}"), values: ["x": [3, 3, 3]], weights: [1, 2, 3])
    #expect(same.weights == [1, 2, 3])
  }

  @Test func moreBinsThanAnybodyNeeds() throws {
    let names = (0..<8).map { "x\($0)" }
    let section = try section("{in: {\(names.map { "\($0): 1000" }.joined(separator: ", "))}}")
    let values = Dictionary(uniqueKeysWithValues: names.map { ($0, (0..<2000).map { Float($0) }) })
    #expect(throws: SampleError.self) {
      try SpectrumReweighting(section, values: values, weights: Array(repeating: 1, count: 2000))
    }
  }

  @Test(arguments: [
    ("{in: {}}", "in is refused: is empty"), ("{in: {x: 2}, to: equal}", "name a column under classes"),
    ("{in: {x: 0}}", "between 1 and 1000"), ("{in: {x: [1, 1]}}", "rising"),
    ("{to: flat}", "lacks the key 'in'"),
    ("{in: {x: 2}, to: flatt}", "did you mean 'flat'?"),
  ]) func whatCannotBe(yaml: String, problem: String) throws {
    var text = ""
    do { _ = try section(yaml) } catch { text = "\(error)" }
    #expect(text.contains(problem), "\(text)")
  }
}

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
    let result = try SpectrumReweighting(section("{\(bins)}"), values: values, weights: weights, seed: 1)
    for label in [0, 1] as [Float] {
      let total = spectrum(label, values, weights).reduce(0, +)
      for part in spectrum(label, values, result.weights) { #expect(abs(part - total / 8) < 1e-4 * total) }
    }
    #expect(result.remarks.count == 4 && result.remarks[1].contains("label = 1.0 was worth"))
    let lines = String(decoding: result.table.data, as: UTF8.self).split(separator: "\n")
    #expect(
      lines.count == 17 && lines[0] == "class,x from,x to,y from,y to,events,weight before,weight after")
    #expect(lines[16].hasPrefix("1.0,0.75,1.0,0.5,1.0,"))
  }

  @Test func equalSpectra() throws {
    let (values, weights) = sample(4000, signed: false)
    let result = try SpectrumReweighting(
      section("{\(bins), to: equal}"), values: values, weights: weights, seed: 1)
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
    let result = try SpectrumReweighting(
      section("{\(bins), to: signed}"), values: values, weights: weights, seed: 1)
    #expect(result.weights.allSatisfy { $0 > 0 })
    for label in [0, 1] as [Float] {
      let (before, after) = (spectrum(label, values, weights), spectrum(label, values, result.weights))
      for (old, new) in zip(before, after) { #expect(abs(old - new) < 1e-4 * abs(old)) }
    }
    // Other targets have nothing to multiply where the sum is not positive.
    let error = #expect(throws: SampleError.self) {
      try SpectrumReweighting(
        section("{in: {x: 2}}"), values: ["x": [0, 0, 1, 1]], weights: [1, -2, 1, 1], seed: 1)
    }
    #expect(error?.description.contains("of all events in one bin add up to -1.0") == true)
  }

  @Test func whatLiesOutsideOrHasNoPartnerCountsForNothing() throws {
    let values: [String: [Float]] = ["x": [0, 1, 2, 3, 0, 1, 5, .nan], "label": [0, 0, 0, 0, 1, 1, 1, 1]]
    let weights = Array(repeating: Float(1), count: 8)
    let result = try SpectrumReweighting(
      section("{in: {x: [0, 1, 2, 3]}, classes: label, to: equal}"), values: values, weights: weights, seed: 1
    )
    // The last edge belongs to the last interval: 2 and 3, in which class 1 has nothing.
    #expect(result.weights == [2, 2, 0, 0, 1, 1, 0, 0])
    #expect(result.remarks[0].contains("2 of 8 events lie outside"))
    #expect(result.remarks[1].contains("2 of 8 events are in bins that another class has no events in"))
  }

  @Test func countedBinsHaveEquallyManyEvents() throws {
    let values: [String: [Float]] = ["x": (0..<100).map { Float($0 * $0) }]
    let result = try SpectrumReweighting(
      section("{in: {x: 4}}"), values: values, weights: Array(repeating: 1, count: 100), seed: 1)
    #expect(result.weights == Array(repeating: 1, count: 100))
    let same = try SpectrumReweighting(
      section("{in: {x: 4}}"), values: ["x": [3, 3, 3]], weights: [1, 2, 3], seed: 1)
    #expect(same.weights == [1, 2, 3])
  }

  /// One class has the density 1 on 0 < x < 1, the other 1 / (2 √x), and the second number goes with the first.
  @Test func aClassifierMakesSpectraEqual() throws {
    let (values, _) = sample(6000, signed: false)
    let weights = values["label"]!.map { $0 == 0 ? Float(3) : 1 }
    let section = try section(
      "{in: {x: [0, 0.25, 0.5, 0.75, 1], y: 4}, by: classifier, to: equal, classes: label}")
    let result = try SpectrumReweighting(section, values: values, weights: weights, seed: 5)
    var distances: [Double] = []
    for row in weights.indices where (0.1...0.9).contains(values["x"]![row]) {
      let ratio = 1 / (2 * Double(values["x"]![row]).squareRoot())
      let factor = values["label"]![row] == 0 ? (1 + ratio) / 2 : (1 + 1 / ratio) / 2
      distances.append(abs(Double(result.weights[row] / weights[row]) / factor - 1))
    }
    #expect(distances.reduce(0, +) / Double(distances.count) < 0.08)
    // u against u²: the largest difference of u and √u is 1/4.
    let x = try #require(result.spectra[0].distance)
    #expect(abs(x.before - 0.25) < 0.03 && x.after < 0.05, "\(x)")
    let y = try #require(result.spectra[1].distance)
    #expect(y.before < 0.05 && y.after < 0.05, "\(y)")
    for label in [0, 1] as [Float] {
      let before = spectrum(label, values, weights).reduce(0, +)
      let after = spectrum(label, values, result.weights).reduce(0, +)
      #expect(abs(after - before) < 1e-5 * before)
    }
    let lines = String(decoding: result.table.data, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 17 && lines[0] == "class,column,from,to,events,weight before,weight after")
    #expect(result.remarks.contains { $0.contains("the spectra of x in the classes differed by 0.2") })
    // The same seed gives the same bits.
    let again = try SpectrumReweighting(section, values: values, weights: weights, seed: 5)
    #expect(again.weights == result.weights)
    #expect(
      try SpectrumReweighting(section, values: values, weights: weights, seed: 6).weights != result.weights)
  }

  /// Weights of classes that are alike already stay about 1: no row is judged by what was learnt from it.
  @Test func aClassifierLearnsNothingOfAlikeClasses() throws {
    var (values, _) = sample(2000, signed: false)
    values["x"] = values["y"]!.map { 1 - $0 * $0 }
    let result = try SpectrumReweighting(
      section("{in: {x: 5, y: 5}, by: classifier, to: equal, classes: label}"), values: values,
      weights: Array(repeating: 1, count: 2000), seed: 1)
    let squares = result.weights.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(2000 * 2000 / squares > 1900, "\(squares)")
  }

  /// All classes get the spectrum of the reference, whose rows keep their weights.
  @Test(arguments: ["bins", "classifier"]) func aClassMayBeTheReference(method: String) throws {
    let (values, weights) = sample(4000, signed: false)
    let result = try SpectrumReweighting(
      section("{\(bins), to: equal, by: \(method), reference: 1}"), values: values, weights: weights, seed: 1)
    let wanted = spectrum(1, values, weights)
    let after = [0, 1].map { spectrum(Float($0), values, result.weights) }
    let total = wanted.reduce(0, +)
    for (kind, tolerance) in [method == "bins" ? 1e-5 : 0.03, 1e-5].enumerated() {
      let own = after[kind].reduce(0, +)
      for (part, goal) in zip(after[kind], wanted) { #expect(abs(part / own - goal / total) < tolerance) }
    }
    let error = #expect(throws: SampleError.self) {
      try SpectrumReweighting(
        section("{\(bins), to: equal, reference: 2}"), values: values, weights: weights, seed: 1)
    }
    #expect(error?.description.contains("is 2.0, but label has the values 0.0, 1.0") == true)
  }

  @Test func distancesAreThoseOfKolmogorovAndSmirnov() throws {
    // Weighted distributions 1/4, 1/4, 3/4, 1 and 0, 1/2, 1/2, 1 at the values 1, 2, 3, 4.
    let values: [String: [Float]] = ["x": [4, 1, 3, 4, 2], "label": [0, 0, 0, 1, 1]]
    let result = try SpectrumReweighting(
      section("{in: {x: [0, 5]}, classes: label}"), values: values, weights: [1, 1, 2, 3, 3], seed: 1)
    #expect(result.spectra[0].distance == ReweightedSpectrum.Distance(before: 0.25, after: 0.25))
    #expect(result.spectra[0].classes.map(\.before) == [[4], [6]])
    // One class has no other to be compared with.
    let single = try SpectrumReweighting(
      section("{in: {x: 2}}"), values: values, weights: [1, 1, 2, 3, 3], seed: 1)
    #expect(single.spectra[0].distance == nil)
  }

  @Test func whatAClassifierCannotLearnFrom() throws {
    let section = try section("{in: {x: 2}, by: classifier, to: equal, classes: label}")
    for (count, weight, problem) in [
      (5, 1, "label = 1.0 has 5 events of positive weight, and a classifier needs 20"),
      (50, -1, "a weight is -1.0, and a classifier has no use for negative ones"),
    ] as [(Int, Float, String)] {
      let numbers = (0..<100).map { Float($0) }
      let labels = (0..<100).map { Float($0 < count ? 1 : 0) }
      let error = #expect(throws: SampleError.self) {
        try SpectrumReweighting(
          section, values: ["x": numbers, "label": labels], weights: Array(repeating: weight, count: 100),
          seed: 1)
      }
      #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
    var numbers = (0..<100).map { Float($0) }
    numbers[7] = .nan
    let values = ["x": numbers, "label": (0..<100).map { Float($0 % 2) }]
    let result = try SpectrumReweighting(
      section, values: values, weights: Array(repeating: 1, count: 100), seed: 1)
    #expect(result.weights[7] == 0 && result.weights[8] > 0)
    #expect(result.remarks[0].contains("1 of 100 events lack a number and have the weight 0"))
  }

  @Test func moreBinsThanAnybodyNeeds() throws {
    let names = (0..<8).map { "x\($0)" }
    let section = try section("{in: {\(names.map { "\($0): 1000" }.joined(separator: ", "))}}")
    let values = Dictionary(uniqueKeysWithValues: names.map { ($0, (0..<2000).map { Float($0) }) })
    #expect(throws: SampleError.self) {
      try SpectrumReweighting(section, values: values, weights: Array(repeating: 1, count: 2000), seed: 1)
    }
  }

  @Test(arguments: [
    ("{in: {}}", "in is refused: is empty"), ("{in: {x: 2}, to: equal}", "name a column under classes"),
    ("{in: {x: 0}}", "between 1 and 1000"), ("{in: {x: [1, 1]}}", "rising"),
    ("{to: flat}", "lacks the key 'in'"),
    ("{in: {x: 2}, to: flatt}", "did you mean 'flat'?"),
    ("{in: {x: 2}, by: classifier, classes: a}", "by is refused: is classifier, which makes classes alike"),
    (
      "{in: {x: 2}, classes: a, reference: 1}",
      "reference is refused: is the class that others become equal to"
    ),
    ("{in: {pt +: 2}, of: jets}", "in is refused: has a formula over a jet that is none"),
  ]) func whatCannotBe(yaml: String, problem: String) throws {
    var text = ""
    do { _ = try section(yaml) } catch { text = "\(error)" }
    #expect(text.contains(problem), "\(text)")
  }
}

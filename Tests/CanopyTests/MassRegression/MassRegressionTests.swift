// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation
import MassRegression
import TestFiles
import Testing

@Suite struct MassRegressionTests {
  typealias Configuration = MassRegression.Configuration

  static let jets = Configuration(
    truth: "m", rows: .jets, estimators: [.ungroomed, .softDrop], hidden: [5])
  static let events = Configuration(
    truth: "m", rows: .events, likelihood: .gaussian, scale: 91, estimators: [.visible, .collinear],
    hidden: [4, 3])
  static let plain = Configuration(truth: "m", rows: .events, hidden: [])

  static func head(_ configuration: Configuration) throws -> (head: MassRegression, layout: ParameterLayout) {
    var builder = HeadBuilder(
      headName: "mass", jetEmbeddingWidth: 4, eventEmbeddingWidth: 3, eventInputNames: ["a", "b"],
      layout: ParameterLayout())
    return (try MassRegression(configuration: configuration, builder: &builder), builder.layout)
  }

  /// The observables that a head reads.
  static func observables(of head: MassRegression) throws -> ObservableSet {
    try ObservableCatalogue(plugins: .builtIn).observables(for: head.observables)
  }

  /// Three events with three, no and one jet.
  static func kinematics(_ head: MassRegression) throws -> (kinematics: Kinematics, eventOfJet: [Int32]) {
    var events = Events()
    var generator = SeededGenerator(seed: 12)
    for (number, phis) in [[0.5, 2.5, 4.5], [], [1.0]].enumerated() {
      for phi in phis {
        for _ in 0..<6 {
          let p = FourMomentum(
            pt: Double.random(in: 5...30, using: &generator),
            rapidity: Double.random(in: -0.15...0.15, using: &generator),
            phi: phi + Double.random(in: -0.15...0.15, using: &generator), mass: 0.14)
          events.momenta.append(p)
          events.pdgID.append(211)
        }
      }
      events.eventNumbers.append(number)
      events.offsets.append(events.particleCount)
    }
    let found = try JetReconstruction(
      JetFinder(JetDefinition(.antikt, radius: 0.8)),
      observables: observables(of: head)
    ).jets(in: events)
    #expect(found.offsets == [0, 3, 3, 4])
    var kinematics = Kinematics(head.inputs, observables: head.observables)
    kinematics.replace(with: events, jets: found)
    return (kinematics, [0, 0, 0, 2])
  }

  /// Embeddings of any size, as extreme events may have them.
  static func inputs(_ head: MassRegression, on tape: Tape, size: Float = 1) throws -> HeadInputs {
    let (kinematics, eventOfJet) = try kinematics(head)
    var generator = SeededGenerator(seed: 2)
    func matrix(_ rows: Int, _ columns: Int) -> Variable {
      let values = (0..<rows * columns).map { _ in size * Float.random(in: -1...1, using: &generator) }
      return tape.constant(values, rows: rows, columns: columns)
    }
    return HeadInputs(
      eventCount: 3, eventOfJet: eventOfJet, on: tape, jetEmbedding: matrix(4, 4),
      eventEmbedding: matrix(3, 3),
      eventInputs: matrix(3, 2), kinematics: kinematics)
  }

  static func parameters(_ layout: ParameterLayout) -> Parameters {
    var generator = SeededGenerator(seed: 5)
    let parameters = Parameters(layout: layout, using: &generator)
    for entry in layout.entries where entry.rows == 1 {
      for i in 0..<entry.count {
        parameters.values[entry.offset + i] = Float.random(in: -0.3...0.3, using: &generator)
      }
    }
    return parameters
  }

  static func truth(_ rows: Int) -> HeadTruth {
    HeadTruth(rows: rows, columns: ["m": (0..<rows).map { 70 + 25 * Float($0) }])
  }

  @Test(arguments: [jets, events, plain])
  func lossAndOutputsEqualAReference(configuration: Configuration) throws {
    let (head, layout) = try Self.head(configuration)
    let tape = Tape(parameters: Self.parameters(layout))
    let result = try head(Self.inputs(head, on: tape))
    let outputs = head.outputs(of: result).matrix
    let truth = Self.truth(result.rows)
    let loss = head.loss(of: result, truth: truth).matrix
    let isGaussian = head.configuration.likelihood == .gaussian
    let scale = head.configuration.scale!
    #expect(outputs.columns == head.outputs.count && head.outputs.allSatisfy { $0.unit == "GeV" })
    for row in 0..<result.rows {
      let raw = (0..<(isGaussian ? 2 : 3)).map { Double(result.matrix[row, $0]) }
      func width(_ x: Double) -> Double { 4 * tanh(log1p(exp(x)) / 4) + 1e-3 }
      let centre = 8 * tanh(raw[0] / 8)
      let (below, above) = (width(raw[1]), width(isGaussian ? raw[1] : raw[2]))
      let expected = [centre, centre - below, centre + above].map { scale * exp($0) }
      for (column, value) in [(0, expected[0]), (2, expected[1]), (3, expected[2]), (4, expected[0])] {
        #expect(abs(Double(outputs[row, column]) / value - 1) < 1e-5)
      }
      #expect(abs(Double(outputs[row, 1]) / ((expected[2] - expected[1]) / 2) - 1) < 1e-4)
      for column in 5..<outputs.columns {
        #expect(
          outputs[row, column] == result.matrix[row, raw.count + column - 5], "estimators are passed on")
      }
      let target = log(Double(truth["m"][row]) / scale)
      let reference: Double
      if isGaussian {
        let pull = (target - centre) / below
        reference = log(below) + pull * pull / 2
      } else {
        reference = [(0.15865525, centre - below), (0.5, centre), (0.84134475, centre + above)].reduce(0) {
          let d = target - $1.1
          return $0 + max($1.0 * d, ($1.0 - 1) * d)
        }
      }
      #expect(abs(Double(loss[row, 0]) - reference) < 2e-5)
    }
  }

  @Test(arguments: [jets, events, plain])
  func gradientsEqualDifferences(configuration: Configuration) throws {
    let (head, layout) = try Self.head(configuration)
    let parameters = Self.parameters(layout)
    let gradients = Parameters(layout: layout)
    func loss(on tape: Tape) throws -> Variable {
      let result = try head(Self.inputs(head, on: tape))
      return head.loss(of: result, truth: Self.truth(result.rows))
    }
    let tape = Tape(parameters: parameters, gradients: gradients)
    tape.backward(from: try loss(on: tape))
    let plain = Tape(parameters: parameters)
    func value() throws -> Double {
      plain.reset()
      return try loss(on: plain).values.reduce(0) { $0 + Double($1) }
    }
    var (compared, differing) = (0, 0)
    let step: Float = 1.0 / 2048
    for entry in layout.entries {
      for i in entry.offset..<entry.offset + entry.count {
        let number = parameters.values[i]
        parameters.values[i] = number + step
        let above = try value()
        parameters.values[i] = number - step
        let difference = (above - (try value())) / Double(2 * step)
        parameters.values[i] = number
        compared += 1
        if abs(difference - Double(gradients.values[i])) > 1e-2 * max(1, abs(difference)) { differing += 1 }
      }
    }
    #expect(compared > 10 && differing <= compared / 50, "\(differing) of \(compared)")
    #expect((0..<layout.count).contains { abs(gradients.values[$0]) > 1e-2 })
  }

  @Test(arguments: [jets, events, plain])
  func extremeNumbersHaveFiniteMasses(configuration: Configuration) throws {
    var (head, layout) = try Self.head(configuration)
    func check() throws {
      for size: Float in [0, 1e3, 1e30] {
        let tape = Tape(parameters: Self.parameters(layout))
        let outputs = try head.outputs(of: head(Self.inputs(head, on: tape, size: size))).matrix
        #expect(outputs.values.allSatisfy { $0.isFinite && $0 >= 0 })
        for row in 0..<outputs.rows {
          #expect(outputs[row, 2] <= outputs[row, 0] && outputs[row, 0] <= outputs[row, 3])
        }
      }
    }
    try check()
    try head.calibrate(by: Self.calibration(head))
    try check()
    // No jets and no events at all.
    let tape = Tape(parameters: Self.parameters(layout))
    let nothing = HeadInputs(
      eventCount: 0, eventOfJet: [], on: tape, jetEmbedding: tape.constant([], rows: 0, columns: 4),
      eventEmbedding: tape.constant([], rows: 0, columns: 3),
      eventInputs: tape.constant([], rows: 0, columns: 2),
      kinematics: Kinematics(head.inputs, observables: head.observables))
    #expect(head.outputs(of: head(nothing)).rows == 0)
  }

  /// Results of a network that has half the response, whose intervals are too narrow, and whose uncertainty differs
  /// from row to row.
  static func results(_ head: MassRegression, rows: Int = 6000) -> (results: Matrix, truth: HeadTruth) {
    var generator = SeededGenerator(seed: 77)
    let count = (head.configuration.likelihood == .gaussian ? 2 : 3) + head.configuration.estimators!.count
    var (values, truth): ([Float], [Float]) = ([], [])
    for _ in 0..<rows {
      let mass = Double.random(in: 60...200, using: &generator)
      let sigma = Double.random(in: 0.05...0.3, using: &generator)
      let noise = (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0...1, using: &generator) }
      let centre = 0.5 * log(mass / head.configuration.scale!) + 0.1 + 0.5 * sigma * noise
      values.append(Float(8 * atanh(centre / 8)))
      let width = Float(log(expm1(0.3 * sigma)))
      for column in 1..<count { values.append(column < 3 ? width : 50) }
      truth.append(Float(mass))
    }
    return (Matrix(rows: rows, columns: count, values: values), HeadTruth(rows: rows, columns: ["m": truth]))
  }

  static func calibration(_ head: MassRegression) throws -> MassCalibration {
    let (results, truth) = results(head)
    return try #require(
      try head.calibration(fitting: results, truth: truth, weights: truth["m"].map { _ in 1 }))
  }

  @Test(arguments: [jets, events, plain])
  func calibrationRemovesTheBiasAndMakesIntervalsCover(configuration: Configuration) throws {
    var (head, layout) = try Self.head(configuration)
    let (results, truth) = Self.results(head)
    let weights = truth["m"].map { _ in 1.0 }
    let tape = Tape(parameters: Parameters(layout: layout))
    func evaluation() throws -> RegressionEvaluation {
      let outputs = head.outputs(of: tape.constant(results)).matrix
      return try head.evaluate(outputs, truth: truth, weights: weights).regressions[0]
    }
    let before = try evaluation().estimators[0]
    #expect(before.bins[0].bias.value > 0.3 && before.bins.last!.bias.value < -0.15)
    try head.calibrate(by: Self.calibration(head))
    let after = try evaluation()
    for summary in after.estimators[0].bins {
      #expect(abs(summary.bias.value) < 0.03)
      #expect(abs(summary.coverage!.value - 0.6827) < 0.07)
    }
    #expect(abs(after.estimators[0].whole.coverage!.value - 0.6827) < 0.02)
    #expect(after.estimators[1].name == "uncorrected-mass")
    #expect(after.estimators[1].bins[0].bias.value == before.bins[0].bias.value)
  }

  @Test func aModelKeepsTheCalibration() throws {
    let (head, _) = try Self.head(Self.plain)
    let calibration = try Self.calibration(head)
    let stored = try JSONEncoder().encode(calibration)
    #expect(try JSONDecoder().decode(MassCalibration.self, from: stored) == calibration)

    let events = StageChoice(
      EventEncoder.self, try EventEncoderDescription(reads: .particles, embedding: false, width: 3))
    var network = try Network(
      embedding: nil, events: events,
      heads: [("resonance", MassRegression.self, JSONValue(encoding: Self.plain))])
    let (results, truth) = Self.results(head)
    try network.calibrateHead(0, fitting: results, truth: truth, weights: truth["m"].map { _ in 1 })
    let one = FeatureScaling(
      median: Array(repeating: 0, count: ItemMomenta.relative.count),
      interquartileRange: Array(repeating: 1, count: ItemMomenta.relative.count))
    let folder = try TemporaryFolder()
    try Model(
      description: ModelDescription(
        jets: try JetFinder(JetDefinition(.antikt)), embedding: nil,
        events: network.events?.description,
        scaling: SampleScaling(
          events: StageScaling(
            EventScaling(momenta: one, inputs: FeatureScaling(median: [], interquartileRange: [])))),
        heads: try network.heads.map { try $0.description() }),
      network: network, parameters: Parameters(layout: network.layout)
    ).write(to: folder.url)
    let read = try Model(contentsOf: folder.url, plugins: .builtIn).network
    let tape = Tape(parameters: Parameters(layout: read.layout))
    let result = tape.constant(results)
    let outputs = read.heads[0].head.outputs(of: result).matrix
    #expect(outputs == network.heads[0].head.outputs(of: result).matrix)
    #expect(outputs != head.outputs(of: result).matrix)
  }

  @Test func whatCannotBeCorrectedIsNot() throws {
    let (head, _) = try Self.head(Self.plain)
    let (few, truth) = Self.results(head, rows: 150)
    #expect(try head.calibration(fitting: few, truth: truth, weights: truth["m"].map { _ in 1 }) == nil)
    var configuration = Self.plain
    configuration.correctsResponse = false
    let (unwilling, _) = try Self.head(configuration)
    let (many, masses) = Self.results(unwilling)
    #expect(
      try unwilling.calibration(fitting: many, truth: masses, weights: masses["m"].map { _ in 1 }) == nil)
  }

  @Test func damagedCalibrationsAreRefused() throws {
    var (head, _) = try Self.head(Self.plain)
    let text = String(decoding: try JSONEncoder().encode(Self.calibration(head)), as: UTF8.self)
    for (pattern, replacement) in [
      (#""precision":[^,}]*"#, #""precision":-1"#), (#""predictions":\[[^]]*\]"#, #""predictions":[]"#),
      (#""truth":\[[^]]*\]"#, #""truth":[1,1]"#), (#""predictions":\[[^]]*\]"#, #""predictions":[2,1]"#),
    ] {
      let damaged = text.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
      let calibration = try JSONDecoder().decode(MassCalibration.self, from: Data(damaged.utf8))
      #expect(throws: PluginError.self) { try head.calibrate(by: calibration) }
    }
  }

  /// The shipped model on shipped events, which it has not seen.
  @Test func theShippedModelFindsTheMassOfTauPairs() throws {
    let model = try Model(contentsOf: Models.folder("ditau-mass"), plugins: .builtIn)
    let stream = try EventStream(inputs: [Samples.path("ditau/tautau-mass-small.h5")])
    let evaluation = try Evaluation(of: model, on: stream, threads: 2)
    #expect(evaluation.eventCount == 420)
    let result = try #require(evaluation.regressions.first)
    let whole = Dictionary(uniqueKeysWithValues: result.estimators.map { ($0.name, $0.whole) })
    let mass = try #require(whole["mass"])
    #expect(abs(mass.bias.value) < 0.05 && mass.resolution.value < 0.27)
    #expect(abs(mass.coverage!.value - 0.6827) < 0.08)
    #expect(try mass.resolution.value < 0.6 * #require(whole["visible-mass, corrected"]).resolution.value)
    #expect(try mass.resolution.value < 0.75 * #require(whole["collinear-mass"]).resolution.value)
    #expect(try #require(whole["collinear-mass"]).missing.value > 0.3)
  }
}

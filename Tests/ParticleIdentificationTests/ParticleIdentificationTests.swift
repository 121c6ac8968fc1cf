// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import ParticleIdentification
import PluginKit
import Testing

/// What a head that identifies particles can be made of, learns by, and says.
@Suite struct ParticleIdentificationTests {
  private static func settings(
    _ change: (inout IdentificationSettings) -> Void = { _ in }
  ) -> IdentificationSettings {
    var settings = IdentificationSettings()
    settings.truth = "is_pileup"
    settings.classes = ["hard", "pile-up"]
    settings.inputs = [IdentificationInput("particle.vertex")]
    settings.embedding = false
    change(&settings)
    return settings
  }

  private static func head(_ settings: IdentificationSettings) throws -> ParticleIdentification {
    var builder = HeadBuilder(headName: "head", jetEmbeddingWidth: 2, layout: ParameterLayout())
    return try ParticleIdentification(configuration: settings, builder: &builder)
  }

  private static var tape: Tape { Tape(parameters: Parameters(layout: ParameterLayout())) }

  /// The inputs of a pass over one jet of particles of some transverse momenta.
  private static func inputs(pt: [Double], on tape: Tape) throws -> HeadInputs {
    var events = Events()
    let momenta = pt.map { FourMomentum(px: $0, py: 0, pz: 0, energy: $0) }
    try events.append(momenta, particleColumns: ["vertex": pt.map { _ in 1 }])
    let finder = try JetFinder(JetDefinition(.antikt, radius: 0.4), trees: false)
    var kinematics = Kinematics([.constituentRows])
    kinematics.replace(with: events, jets: try JetReconstruction(finder).jets(in: events))
    return HeadInputs(eventCount: 1, eventOfJet: [0], on: tape, kinematics: kinematics)
  }

  /// Settings as they are written that make no sense, with words of what is said.
  private static let wrong = [
    (#"{"truth": "t", "classes": ["a", "b"], "embedding": false}"#, "inputs"),
    (#"{"truth": "t", "classes": ["a", "b"], "inputs": [{"of": "pt"}]}"#, "OBSERVABLE/QUANTITY"),
    (#"{"truth": "t", "classes": ["a", "b"], "inputs": [{"of": "particle."}]}"#, "OBSERVABLE/QUANTITY"),
    (#"{"truth": "t", "classes": ["a", "b"], "inputs": [{"of": "a/b"}, {"of": "a/b"}]}"#, "twice"),
    (#"{"truth": "t", "classes": ["a", "b"], "inputs": [{"of": "particle.t"}]}"#, "which is the truth"),
    (#"{"truth": "t", "classes": ["a", "b"], "weight": "c"}"#, "a, b"),
    (#"{"truth": "t", "classes": ["a", "b", "weight"], "weight": "a"}"#, "another name"),
    (#"{"truth": "t", "classes": ["a", "b"], "bins": [{"of": "x", "edges": [1, 1]}]}"#, "rise"),
    (#"{"truth": "t", "classes": ["a", "b"], "pt-power": -1}"#, "between 0 and 4"),
    (#"{"truth": "t", "classes": ["a", "b"], "dropout": 1}"#, "less than 1"),
  ]

  @Test(arguments: wrong.indices) func settingsThatMakeNoSenseAreRefused(_ index: Int) {
    let (text, words) = Self.wrong[index]
    let error = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(IdentificationSettings.self, from: Data(text.utf8))
    }
    #expect("\(error as Any)".contains(words), "\(error as Any)")
  }

  @Test func classesAndObservablesOfOtherRowsAreRefused() throws {
    #expect(throws: PluginError.self) { try Self.head(Self.settings { $0.classes = ["a"] }) }
    let column = ObservableColumn(
      observable: "kinematics", rows: .jets, quantity: ObservableQuantity("pt", "the pT"))
    let error = #expect(throws: PluginError.self) {
      try Self.head(Self.settings()).check(observables: [column])
    }
    #expect(error?.description.contains("a number of jets") == true)
  }

  /// The weight is the probability of its class, whichever that is.
  @Test func theWeightIsTheProbabilityOfItsClass() throws {
    let tape = Self.tape
    let logits = tape.constant(Matrix(rows: 2, columns: 1, values: [-1, 2]))
    for (weight, isSecond) in [("hard", false), ("pile-up", true)] {
      let head = try Self.head(Self.settings { $0.weight = weight })
      #expect(head.outputs.map(\.name) == ["score", "weight"])
      let outputs = head.outputs(of: logits).matrix
      for (row, logit) in [-1.0, 2].enumerated() {
        let score = 1 / (1 + exp(-logit))
        #expect(abs(Double(outputs[row, 0]) - score) < 1e-6)
        #expect(abs(Double(outputs[row, 1]) - (isSecond ? score : 1 - score)) < 1e-6)
      }
    }
    let head = try Self.head(
      Self.settings {
        $0.classes = ["pion", "kaon", "proton"]
        $0.weight = "kaon"
      })
    let outputs = head.outputs(of: tape.constant(Matrix(rows: 1, columns: 3, values: [0, 1, 2]))).matrix
    #expect(head.outputs.map(\.name) == ["pion", "kaon", "proton", "weight"])
    #expect(
      abs(Double(outputs[0, 3]) - exp(1) / (1 + exp(1) + exp(2))) < 1e-6 && outputs[0, 3] == outputs[0, 1])
  }

  /// Losses count by a power of pT over its mean in the training sample.
  @Test(arguments: [0, 1, 2]) func lossesCountByPt(_ power: Double) throws {
    var head = try Self.head(Self.settings { $0.ptPower = power })
    let pt = [8.0, 4, 1]
    let tape = Self.tape
    let inputs = try Self.inputs(pt: pt, on: tape)
    let order = inputs.constituentRows.content.momenta.map(\.pt)
    let truth = HeadTruth(rows: 3, columns: ["is_pileup": [0, 1, 1]])
    // The last constituent has no weight.
    try head.prepare(by: try head.preparation(fitting: truth, weights: [1, 3, 0], inputs: inputs))
    let logits = tape.constant(Matrix(rows: 3, columns: 1, values: [0.5, -1, 2]))
    let losses = head.losses(of: logits, truth: truth, inputs: inputs)
    #expect(losses.count == 1)
    let mean = (pow(order[0], power) + 3 * pow(order[1], power)) / 4
    for (row, (logit, label)) in zip([0.5, -1, 2], [0.0, 1, 1]).enumerated() {
      let entropy = log(1 + exp(logit)) - label * logit
      let expected = entropy * pow(order[row], power) / mean
      #expect(abs(Double(losses[0].matrix[row, 0]) - expected) < 1e-5 * max(1, expected), "row \(row)")
    }
  }

  /// The shares of classes that are right, counted by hand.
  @Test func efficienciesAreCountedInIntervals() throws {
    let head = try Self.head(
      Self.settings { $0.bins = [IdentificationBins("o/pt", edges: [0, 10, 20])] })
    #expect(head.truthColumns == ["is_pileup", "o/pt"])
    let scores: [Float] = [0.1, 0.7, 0.9, 0.2, 0.6, 0.5]
    let truth = HeadTruth(
      rows: 6, columns: ["is_pileup": [0, 0, 1, 1, 1, 0], "o/pt": [5, 5, 5, 5, 15, 25]])
    let evaluation = try head.evaluate(
      Matrix(rows: 6, columns: 1, values: scores), truth: truth, weights: [1, 3, 1, 1, 1, 1])
    let table = try #require(evaluation.tables.first { $0.name == "by-o-pt" })
    #expect(
      table.columns.map(\.name) == [
        "from", "to", "hard constituents", "hard efficiency", "pile-up constituents", "pile-up efficiency",
      ])
    guard case .numbers(let counts) = table.columns[2].cells,
      case .estimates(let hard) = table.columns[3].cells,
      case .estimates(let pileUp) = table.columns[5].cells
    else { throw PluginError("the table has other cells") }
    #expect(counts == [2, 0])
    // Weights 1 and 3, of which the first is right.
    #expect(hard[0]?.value == 0.25 && hard[1] == nil)
    #expect(pileUp[0]?.value == 0.5 && pileUp[1]?.value == 1)
  }
}

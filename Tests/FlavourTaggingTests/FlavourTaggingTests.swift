// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Testing

@testable import FlavourTagging

@Suite struct FlavourTaggingTests {
  private func head(_ classes: [String] = FlavourDiscriminant.flavours) throws -> FlavourTagging {
    var builder = HeadBuilder(headName: "flavour", jetEmbeddingWidth: 3, layout: ParameterLayout())
    return try FlavourTagging(
      configuration: FlavourTagging.Configuration(truth: "flavour", classes: classes), builder: &builder)
  }

  /// Probabilities of 0.5, 0.3, 0.15 and 0.05 for b, c, uds and g, whatever the order of the classes.
  @Test(arguments: [["b", "c", "uds", "g"], ["g", "b", "uds", "c"]])
  func discriminantsAreThoseOfTheDefinition(classes: [String]) throws {
    let probabilities: [String: Float] = ["b": 0.5, "c": 0.3, "uds": 0.15, "g": 0.05]
    let head = try head(classes)
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let outputs = head.outputs(
      of: tape.constant(classes.map { log(probabilities[$0]!) }, rows: 1, columns: 4)
    ).matrix
    #expect(head.outputs.map(\.name) == classes + ["BvsL", "BvsC", "CvsL", "CvsB", "QvsG"])
    let discriminants: [Float] = [0.714_285_7, 0.625, 0.6, 0.375, 0.75]
    for (found, name) in zip(outputs.values, classes) { #expect(abs(found - probabilities[name]!) < 1e-6) }
    for (found, expected) in zip(outputs.values.dropFirst(4), discriminants) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  /// What rounds to no probability at all still gives a number.
  @Test func aJetThatIsSurelyOfAnotherFlavourHasNumbers() throws {
    let head = try head()
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    let outputs = head.outputs(of: tape.constant([-300, 300, -300, -300], rows: 1, columns: 4)).matrix
    #expect(outputs.values.allSatisfy { (0...1).contains($0) })
    #expect(outputs[0, 1] == 1 && outputs[0, 5] < 1e-6 && outputs[0, 6] == 1 && outputs[0, 7] == 1)
  }

  /// The outputs of jets of these probabilities.
  private func outputs(_ probabilities: [[Float]]) throws -> Matrix {
    let tape = Tape(parameters: Parameters(layout: ParameterLayout()))
    return try head().outputs(
      of: tape.constant(probabilities.flatMap { $0.map { log($0) } }, rows: probabilities.count, columns: 4)
    ).matrix
  }

  /// Three b jets among four light ones, of which the second has a larger value than one b jet, beside a c jet that takes part in
  /// other curves alone.
  @Test func curvesAreBetweenTheFlavoursOfADiscriminant() throws {
    let outputs = try outputs([
      [0.8, 0.1, 0.05, 0.05], [0.6, 0.1, 0.2, 0.1], [0.2, 0.2, 0.3, 0.3],
      [0.1, 0.7, 0.1, 0.1],
      [0.1, 0.1, 0.6, 0.2], [0.4, 0.1, 0.2, 0.3], [0.1, 0.1, 0.2, 0.6], [0.1, 0.1, 0.3, 0.5],
    ])
    let truth = HeadTruth(rows: 8, columns: ["flavour": [0, 0, 0, 1, 2, 2, 3, 3]])
    let evaluation = try head().evaluate(outputs, truth: truth, weights: Array(repeating: 1, count: 8))
    #expect(evaluation.metrics[0].name == "mean AUC")
    let curves = Dictionary(uniqueKeysWithValues: evaluation.classifiers.map { ($0.name, $0) })
    #expect(curves.count == 9)
    let curve = try #require(curves["flavour BvsL"])
    #expect(curve.signalName == "b" && curve.backgroundName == "uds and g")
    #expect(curve.signalCount == 3 && curve.backgroundCount == 4)
    // Of twelve pairs one is the wrong way round.
    #expect(abs(curve.auc!.value - 11 / 12) < 1e-9)
    #expect(curve.rejections?.map(\.signalEfficiency) == [0.5, 0.7, 0.77])
    #expect(curve.rejections?[0].isLowerLimit == true)
    #expect(curves["flavour CvsB"]?.auc?.value == 1)
    #expect(curves["flavour QvsG"]?.signalCount == 2 && curves["flavour QvsG"]?.backgroundCount == 2)
  }

  @Test func flavoursThatAreAbsentHaveNoCurve() throws {
    let outputs = try outputs([[0.1, 0.1, 0.5, 0.3], [0.1, 0.1, 0.3, 0.5], [0.7, 0.1, 0.1, 0.1]])
    let truth = HeadTruth(rows: 3, columns: ["flavour": [2, 3, 0]])
    let evaluation = try head().evaluate(outputs, truth: truth, weights: [1, 1, 0])
    let names = evaluation.classifiers.map(\.name)
    #expect(!names.contains("flavour BvsC") && !names.contains("flavour CvsB"))
    #expect(evaluation.classifiers.first { $0.name == "flavour BvsL" }?.auc == nil)
    #expect(evaluation.classifiers.first { $0.name == "flavour QvsG" }?.auc?.value == 1)
  }

  @Test func flavoursAreThoseThatThereAre() throws {
    #expect(throws: PluginError("classes are b, c, uds; name b, c, uds and g, in any order.")) {
      try head(["b", "c", "uds"])
    }
    #expect(throws: PluginError.self) { try head(["b", "c", "uds", "uds"]) }
    let error = #expect(throws: (any Error).self) {
      try ConfigurationNode(yaml: "{truth: flavour, classes: [b, c, light, g]}", source: "test")
        .decode(FlavourTagging.Configuration.self)
    }
    #expect(error.map { "\($0)" }?.contains("name b, c, uds and g, in any order") == true)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetTaggers
import PluginKit
import Settings
import Testing

@Suite struct JetTaggerTests {
  typealias Configuration = JetTagger.Configuration

  private static let binary = Configuration(truth: "label", classes: ["QCD", "W"], hidden: [4, 3])
  private static let multiClass = Configuration(truth: "flavour", classes: ["g", "q", "b"], hidden: [5])
  static let configurations = [binary, multiClass]

  /// A tagger alone in its network, with random weights and biases.
  private struct Setup {
    let head: JetTagger
    let parameters: Parameters
    let embedding: Matrix

    init(_ configuration: Configuration, width: Int = 6, jets: Int = 9) throws {
      var builder = HeadBuilder(headName: "tagger", jetEmbeddingWidth: width, layout: ParameterLayout())
      head = try JetTagger(configuration: configuration, builder: &builder)
      var generator = SeededGenerator(seed: 4)
      parameters = Parameters(layout: builder.layout, using: &generator)
      for entry in builder.layout.entries where entry.rows == 1 {
        for i in 0..<entry.count {
          parameters.values[entry.offset + i] = Float.random(in: -0.3...0.3, using: &generator)
        }
      }
      embedding = Matrix(
        rows: jets, columns: width,
        values: (0..<jets * width).map { _ in Float.random(in: -2...2, using: &generator) })
    }

    func inputs(on tape: Tape) -> HeadInputs {
      HeadInputs(
        eventCount: 1, eventOfJet: Array(repeating: 0, count: embedding.rows), on: tape,
        jetEmbedding: tape.constant(embedding))
    }

    var truth: HeadTruth {
      let classes = head.configuration.classes.count
      return HeadTruth(
        rows: embedding.rows,
        columns: [head.truthColumns[0]: (0..<embedding.rows).map { Float($0 % classes) }])
    }

    /// The logits of the jets, in double precision and one number after the other.
    func logits() -> [[Double]] {
      (0..<embedding.rows).map { jet in
        var x = (0..<embedding.columns).map { Double(embedding[jet, $0]) }
        let names = head.configuration.hidden!.indices.map { "hidden\($0 + 1)" } + ["last"]
        for name in names {
          let layout = parameters.layout
          let weight = layout.entries.first { $0.name == "heads.tagger.\(name).weight" }!
          let bias = layout.entries.first { $0.name == "heads.tagger.\(name).bias" }!
          x = (0..<weight.rows).map { row in
            let products = x.indices.map {
              Double(parameters.values[weight.offset + row * weight.columns + $0]) * x[$0]
            }
            let y = products.reduce(Double(parameters.values[bias.offset + row]), +)
            return name == "last" ? y : max(0, y)
          }
        }
        return x
      }
    }
  }

  @Test(arguments: configurations)
  func forwardPassAndLossEqualAReference(configuration: JetTagger.Configuration) throws {
    let setup = try Setup(configuration)
    let tape = Tape(parameters: setup.parameters)
    let result = setup.head(setup.inputs(on: tape))
    let loss = setup.head.loss(of: result, truth: setup.truth).matrix
    let outputs = setup.head.outputs(of: result).matrix
    #expect(loss.columns == 1 && outputs.columns == setup.head.outputs.reduce(0) { $0 + $1.width })
    for (jet, logits) in setup.logits().enumerated() {
      let label = Int(setup.truth[configuration.truth.columns[0]][jet])
      let probabilities: [Double]
      if configuration.classes.count == 2 {
        let score = 1 / (1 + exp(-logits[0]))
        probabilities = [1 - score, score]
        #expect(abs(Double(outputs[jet, 0]) - score) < 1e-6)
      } else {
        let sum = logits.reduce(0) { $0 + exp($1) }
        probabilities = logits.map { exp($0) / sum }
        for (column, probability) in probabilities.enumerated() {
          #expect(abs(Double(outputs[jet, column]) - probability) < 1e-6)
        }
      }
      #expect(abs(Double(loss[jet, 0]) + log(probabilities[label])) < 1e-5)
    }
  }

  // MARK: - Configuration

  @Test func hiddenLayersAreTwoOfTheEmbeddingsWidthUnlessGiven() throws {
    var builder = HeadBuilder(headName: "t", jetEmbeddingWidth: 8, layout: ParameterLayout())
    let head = try JetTagger(
      configuration: Configuration(truth: "label", classes: ["a", "b"]), builder: &builder)
    #expect(head.configuration.hidden == [8, 8])
    #expect(
      builder.layout.entries.map { "\($0.name) \($0.rows) × \($0.columns)" } == [
        "heads.t.hidden1.weight 8 × 8", "heads.t.hidden1.bias 1 × 8", "heads.t.hidden2.weight 8 × 8",
        "heads.t.hidden2.bias 1 × 8", "heads.t.last.weight 1 × 8", "heads.t.last.bias 1 × 1",
      ])
    #expect(head.outputs == [HeadOutput("score")] && head.truthColumns == ["label"])
    // No hidden layer is a linear classifier.
    let linear = try Setup(Configuration(truth: "l", classes: ["a", "b", "c"], hidden: []))
    #expect(linear.parameters.layout.entries.map(\.rows) == [3, 1])
    #expect(linear.head.outputs.map(\.name) == ["a", "b", "c"])
  }

  static let refused: [(classes: [String], hidden: [Int]?, fragment: String)] = [
    ([], nil, "two classes"), (["W"], nil, "given 1"), (["W", "W"], nil, "different names"),
    (["W", ""], nil, "empty"), (["W", "t/b"], nil, "t/b"), (["a", "b"], [0], "1 to 4096"),
    (["a", "b"], [-1], "1 to 4096"), (["a", "b"], [4097], "1 to 4096"),
    (["a", "b"], Array(repeating: 1, count: 21), "20 hidden layers"),
    ((0...1000).map { "\($0)" }, nil, "1000 classes"),
  ]

  @Test(arguments: refused)
  func configurationsThatMakeNoSense(classes: [String], hidden: [Int]?, fragment: String) {
    let configuration = Configuration(truth: "label", classes: classes, hidden: hidden)
    let error = #expect(throws: PluginError.self) { try Setup(configuration) }
    #expect(error?.description.contains(fragment) == true && error?.row == nil)
  }

  @Test func configurationsAreReadAsTheyWereWritten() throws {
    for configuration in Self.configurations + [Configuration(truth: "t", classes: ["a", "b"])] {
      let data = try JSONEncoder().encode(configuration)
      #expect(try JSONDecoder().decode(Configuration.self, from: data) == configuration)
    }
    let node = try ConfigurationNode(yaml: "truth: label\nclasses: [QCD, W]", source: "c.yaml")
    #expect(try node.decode(Configuration.self) == Configuration(truth: "label", classes: ["QCD", "W"]))
  }

  @Test func unknownKeysNameTheNearest() throws {
    let node = try ConfigurationNode(
      yaml: "truth: label\nclasses: [QCD, W]\nhiden: [3]", source: "c.yaml")
    let error = #expect(throws: ConfigurationError.self) { try node.decode(Configuration.self) }
    #expect(error?.description == "c.yaml:3:1: unknown key 'hiden'; did you mean 'hidden'?")
  }

  // MARK: - Truth and metrics

  @Test(arguments: [2, -1, 0.5, Float.nan, .infinity, 1e30]) func labelsThatAreNoClass(label: Float) throws {
    let head = try Setup(Self.binary).head
    try head.check(HeadTruth(rows: 2, columns: ["label": [0, 1]]))
    let error = #expect(throws: PluginError.self) {
      try head.check(HeadTruth(rows: 3, columns: ["label": [0, 1, label]]))
    }
    #expect(error?.row == 2)
    #expect(
      error?.description
        == "label is \(label), but the classes QCD, W have the numbers 0 to 1.")
  }

  @Test func metricsOfTwoClassesByHand() throws {
    let head = try Setup(Self.binary).head
    // Of the six pairs of signal and background one is the wrong way round and one is a tie.
    let outputs = Matrix(rows: 5, columns: 1, values: [0.9, 0.4, 0.4, 0.6, 0.1])
    let truth = HeadTruth(rows: 5, columns: ["label": [1, 1, 0, 0, 0]])
    let evaluation = try head.evaluate(outputs, truth: truth, weights: [1, 1, 1, 1, 1])
    #expect(evaluation.metrics.map(\.name) == ["AUC"])
    #expect(abs(try #require(evaluation.metrics[0].estimate).value - 4.5 / 6) < 1e-12)
    let classifier = try #require(evaluation.classifiers.first)
    #expect((classifier.name, classifier.signalName, classifier.backgroundName) == ("tagger", "W", "QCD"))
    // The background of weight 2 counts twice: (4 + 1.5) / (2 · 4).
    let weighted = try head.evaluate(outputs, truth: truth, weights: [1, 1, 1, 2, 1])
    #expect(abs(try #require(weighted.metrics[0].estimate).value - 5.5 / 8) < 1e-12)
    // Background alone has no area, and without weights there is nothing at all.
    let alone = HeadTruth(rows: 5, columns: ["label": [0, 0, 0, 0, 0]])
    let single = try head.evaluate(outputs, truth: alone, weights: [1, 1, 1, 1, 1])
    #expect(single.metrics.map(\.name) == ["AUC"] && single.metrics[0].estimate == nil)
    #expect(single.classifiers[0].signalCount == 0 && single.classifiers[0].backgroundCount == 5)
    #expect(single.classifiers[0].curve == nil && single.classifiers[0].rejections == nil)
    #expect(throws: MetricError.self) {
      try head.evaluate(outputs, truth: alone, weights: [0, 0, 0, 0, 0])
    }
  }

  @Test func metricsOfThreeClassesByHand() throws {
    let head = try Setup(Self.multiClass).head
    let outputs = Matrix(
      rows: 4, columns: 3,
      values: [0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.1, 0.1, 0.8, 0.2, 0.5, 0.3])
    let truth = HeadTruth(rows: 4, columns: ["flavour": [0, 1, 2, 2]])
    let evaluation = try head.evaluate(outputs, truth: truth, weights: [1, 1, 1, 1])
    #expect(evaluation.metrics.map(\.name) == ["mean AUC", "accuracy"])
    // g: 0.7 beats 0.3, 0.1, 0.2. q: 0.4 beats 0.2, 0.1 and loses to 0.5. b: 0.8 beats both, 0.3 beats one and ties.
    let areas = [1, 2.0 / 3, 3.5 / 4]
    #expect(abs(try #require(evaluation.metrics[0].estimate).value - areas.reduce(0, +) / 3) < 1e-12)
    #expect(evaluation.metrics[1].estimate?.value == 0.75)
    #expect(evaluation.classifiers.map(\.name) == ["tagger g", "tagger q", "tagger b"])
    for (classifier, area) in zip(evaluation.classifiers, areas) {
      #expect(abs(try #require(classifier.auc).value - area) < 1e-12 && classifier.backgroundName == "others")
    }

    // Of b one row is taken for b and one for q.
    let tables = evaluation.tables
    #expect(tables.map(\.name) == ["confusion", "pairs"])
    #expect(tables[0].columns.map(\.name) == ["class", "as g", "as q", "as b"])
    #expect(tables[0].columns[0].cells == .texts(["g", "q", "b"]))
    func estimates(_ column: HeadTable.Column) throws -> [Estimate?] {
      guard case .estimates(let estimates) = column.cells else {
        throw MetricError(description: "no estimates")
      }
      return estimates
    }
    let half = Estimate(value: 0.5, error: 0.5.squareRoot() / 2)
    let (all, none) = (Estimate(value: 1, error: 0), Estimate(value: 0, error: 0))
    #expect(try estimates(tables[0].columns[1]) == [all, none, none])
    #expect(try estimates(tables[0].columns[2]) == [none, all, half])
    #expect(try estimates(tables[0].columns[3]) == [none, none, half])
    // q over b: 4/3 of q lies between the 1/8 and 5/3 of b; all other pairs are in order.
    #expect(tables[1].columns[0].cells == .texts(["g", "g", "q", "q", "b", "b"]))
    #expect(tables[1].columns[1].cells == .texts(["q", "b", "g", "b", "g", "q"]))
    #expect(try estimates(tables[1].columns[2]).map { $0?.value } == [1, 1, 1, 0.5, 1, 0.5])
    // Where no background passes there is no number.
    #expect(tables[1].columns[4].name == "1/ε_B at 50 %")
    #expect(try estimates(tables[1].columns[4]).map { $0?.value } == [nil, nil, nil, 2, nil, nil])

    // Without b, g and q keep their areas; g: 0.7 beats 0.3, q: 0.4 beats 0.2.
    let without = try head.evaluate(
      Matrix(rows: 2, columns: 3, values: Array(outputs.values[..<6])),
      truth: HeadTruth(rows: 2, columns: ["flavour": [0, 1]]), weights: [1, 1])
    #expect(without.classifiers.map(\.auc?.value) == [1, 1, nil])
    #expect(without.metrics.map(\.estimate?.value) == [nil, 1])
  }

  @Test func theRegistryKnowsIt() throws {
    var plugins = PluginRegistry()
    try plugins.register(JetTagger.self)
    #expect(plugins.headIdentifiers == ["jet-tagger"])
    #expect(try plugins.head("jet-tagger") == JetTagger.self)
    let twice = #expect(throws: PluginError.self) { try plugins.register(JetTagger.self) }
    #expect(twice?.description.contains("jet-tagger") == true)
    let unknown = #expect(throws: PluginError.self) { try plugins.head("jet-tager") }
    #expect(
      unknown?.description == "There is no plugin jet-tager here: load its library by --plugin PATH or "
        + "CANOPY_PLUGIN_PATH; the plugins here are: jet-tagger.")
  }
}

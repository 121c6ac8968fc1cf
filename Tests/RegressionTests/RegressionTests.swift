// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Regression
import Testing

typealias Configuration = KinematicRegression.Configuration

/// What a regression can be made of, learns from, predicts and says of its predictions.
@Suite struct RegressionTests {
  private static let pt = RegressionTarget(
    "pt", truth: "true-pt", scale: .log, reference: "kinematics/pt", unit: "GeV")
  private static let eta = RegressionTarget("eta", truth: "true-eta")

  private static func head(
    _ configuration: Configuration
  ) throws -> (head: KinematicRegression, layout: ParameterLayout) {
    var builder = HeadBuilder(
      headName: "head", jetEmbeddingWidth: 2, eventEmbeddingWidth: 2, eventInputNames: ["a"],
      layout: ParameterLayout())
    let head = try KinematicRegression(configuration: configuration, builder: &builder)
    return (head, builder.layout)
  }

  private static var tape: Tape { Tape(parameters: Parameters(layout: ParameterLayout())) }

  /// The outputs of a head for what its forward pass gave, one row after another.
  private static func outputs(_ head: KinematicRegression, _ rows: [[Float]]) -> Matrix {
    head.outputs(
      of: tape.constant(
        Matrix(rows: rows.count, columns: rows[0].count, values: Array(rows.joined())))
    ).matrix
  }

  /// A preparation as a model's file has it.
  private static func preparation(
    _ targets: [(centre: Double, width: Double)], _ inputs: String = #"{"median":[],"interquartileRange":[]}"#
  ) throws -> KinematicRegression.Preparation {
    let targets = targets.map { #"{"centre":\#($0.centre),"width":\#($0.width)}"# }.joined(separator: ",")
    return try JSONDecoder().decode(
      KinematicRegression.Preparation.self, from: Data(#"{"targets":[\#(targets)],"inputs":\#(inputs)}"#.utf8)
    )
  }

  private static let wrong: [(Configuration, String)] = [
    (Configuration(rows: .jets, targets: []), "at least one"),
    (Configuration(rows: .jets, targets: [eta, eta]), "called eta"),
    (
      Configuration(rows: .jets, targets: [RegressionTarget("x", truth: "y", estimators: ["a/b", "a/b"])]),
      "estimator twice"
    ),
    (Configuration(rows: .splittings, targets: [eta]), "splittings"),
    (Configuration(rows: .jets, targets: [eta], quantiles: [0.1, 0.9]), "0.5"),
    (Configuration(rows: .jets, targets: [eta], quantiles: [0.5, 0.2]), "rise"),
    (Configuration(rows: .jets, targets: [eta], quantiles: [0, 0.5]), "rise"),
    (Configuration(rows: .jets, targets: [eta], components: 0), "components"),
    (Configuration(rows: .jets, targets: [eta], inputs: [RegressionInput("pt")]), "kinematics/pt"),
    (Configuration(rows: .jets, targets: [eta], bins: [RegressionBins("x", edges: [2, 1])]), "edges of x"),
    (
      Configuration(rows: .jets, targets: [eta], bins: [RegressionBins("a/b"), RegressionBins("a-b")]),
      "twice"
    ),
    (Configuration(rows: .jets, targets: [eta], hidden: [0]), "hidden"),
    (Configuration(rows: .jets, targets: [eta], dropout: 1), "dropout"),
  ]

  @Test(arguments: wrong.indices) func configurationsThatMakeNoSenseAreRefused(_ index: Int) {
    let (configuration, words) = Self.wrong[index]
    let error = #expect(throws: PluginError.self) { try Self.head(configuration) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func observablesOfOtherRowsAreRefused() throws {
    let (head, _) = try Self.head(Configuration(rows: .events, targets: [Self.pt]))
    let column = ObservableColumn(
      observable: "kinematics", rows: .jets, quantity: ObservableQuantity("pt", "the pT"))
    let error = #expect(throws: PluginError.self) { try head.check(observables: [column]) }
    #expect(error?.description.contains("a number of jets") == true)
  }

  @Test func truthOfALogarithmAndReferencesArePositive() throws {
    let (head, _) = try Self.head(Configuration(rows: .jets, targets: [Self.pt]))
    func check(_ truth: Float, _ reference: Float) throws {
      try head.check(
        HeadTruth(rows: 2, columns: ["true-pt": [30, truth], "kinematics/pt": [20, reference]]))
    }
    try check(20, 30)
    for (truth, reference) in [(0, 20), (-1, 20), (30, 0), (30, -2)] as [(Float, Float)] {
      let error = #expect(throws: PluginError.self) { try check(truth, reference) }
      #expect(error?.row == 1)
    }
  }

  @Test func aPreparationThatDoesNotFitIsRefused() throws {
    var (head, _) = try Self.head(Configuration(rows: .jets, targets: [Self.eta]))
    try head.prepare(by: Self.preparation([(0.5, 2)]))
    let wrong: [[(centre: Double, width: Double)]] = [[], [(0.5, 2), (0, 1)], [(0.5, 0)], [(0.5, -1)]]
    for wrong in wrong {
      #expect(throws: PluginError.self) { try head.prepare(by: Self.preparation(wrong)) }
    }
    for inputs in [
      #"{"median":[1],"interquartileRange":[1]}"#, #"{"median":[],"interquartileRange":[1]}"#,
    ] {
      #expect(throws: PluginError.self) { try head.prepare(by: Self.preparation([(0.5, 2)], inputs)) }
    }
  }

  @Test func whatIsLearntBeforeTheFirstStepIsTheMedianAndTheWidth() throws {
    let (head, _) = try Self.head(Configuration(rows: .events, targets: [Self.eta]))
    let values = (0..<1001).map { Float($0) / 100 }
    // The second half has no weight: 0 … 5 is left.
    let learnt = try head.preparation(
      fitting: HeadTruth(rows: 1001, columns: ["true-eta": values]),
      weights: (0..<1001).map { $0 <= 500 ? 2 : 0 },
      inputs: HeadInputs(eventCount: 1001, eventOfJet: [], on: Self.tape))
    let text = try JSONEncoder().encode(learnt)
    struct Learnt: Decodable { struct Target: Decodable { let centre, width: Double }; let targets: [Target] }
    let target = try JSONDecoder().decode(Learnt.self, from: text).targets[0]
    #expect(abs(target.centre - 2.5) < 1e-6)
    #expect(abs(target.width - 2.5 * 0.6827) < 0.01)
  }

  private static func softplus(_ x: Double) -> Double { log1p(exp(x)) }
  private static func bounded(_ x: Double) -> Double { 30 * tanh(x / 30) }

  @Test func quantilesAreThoseOfTheTargetInItsUnit() throws {
    var (head, _) = try Self.head(
      Configuration(rows: .jets, targets: [Self.eta, Self.pt], quantiles: [0.2, 0.5, 0.6, 0.9]))
    try head.prepare(by: Self.preparation([(0.5, 2), (0.1, 0.3)]))
    // Numbers of both targets, then the reference.
    let row: [Float] = [0.3, -0.4, 1, -2, 1.5, 0.7, -1, 2, 50]
    let outputs = Self.outputs(head, [row]).values.map { Double($0) }
    func quantiles(_ x: [Double]) -> [Double] {
      [
        x[1] - Self.softplus(x[0]), x[1], x[1] + Self.softplus(x[2]),
        x[1] + Self.softplus(x[2]) + Self.softplus(x[3]),
      ].map(Self.bounded)
    }
    let eta = quantiles(row[0..<4].map { Double($0) }).map { 0.5 + 2 * $0 }
    let pt = quantiles(row[4..<8].map { Double($0) }).map { 50 * exp(0.1 + 0.3 * $0) }
    let expected = [eta[1]] + eta + [pt[1]] + pt
    #expect(outputs.count == expected.count)
    for (output, value) in zip(outputs, expected) { #expect(abs(output - value) < 1e-5 * max(1, abs(value))) }
    #expect(
      head.outputs.map(\.name) == ["eta", "eta-quantiles", "pt", "pt-quantiles"]
        && head.outputs.map(\.width) == [1, 4, 1, 4])
  }

  @Test func aMixtureHasTheMeanAndWidthOfItsSum() throws {
    var (head, _) = try Self.head(
      Configuration(rows: .events, targets: [Self.eta], prediction: .mixture, components: 2))
    try head.prepare(by: Self.preparation([(0.5, 2)]))
    let row: [Double] = [0.2, -0.5, 1, -0.3, 0.4, 1.2]
    let outputs = Self.outputs(head, [row.map { Float($0) }]).values.map { Double($0) }
    let weight = exp(0.2) / (exp(0.2) + exp(-0.5))
    // The means begin at −½ and ½.
    let means = [row[2] - 0.5, row[3] + 0.5].map { 0.5 + 2 * Self.bounded($0) }
    let widths = [row[4], row[5]].map { 2 * (Self.bounded(Self.softplus($0)) + 1e-3) }
    let mean = weight * means[0] + (1 - weight) * means[1]
    let square =
      weight * (widths[0] * widths[0] + means[0] * means[0])
      + (1 - weight) * (widths[1] * widths[1] + means[1] * means[1])
    let expected =
      [mean, (square - mean * mean).squareRoot(), weight, 1 - weight] + means + widths
    #expect(outputs.count == expected.count)
    for (output, value) in zip(outputs, expected) { #expect(abs(output - value) < 1e-5) }
  }

  /// The loss of each prediction against its definition, and its gradient against differences.
  @Test(arguments: RegressionPrediction.allCases) func losses(_ prediction: RegressionPrediction) throws {
    var (head, _) = try Self.head(
      Configuration(
        rows: .jets, targets: [Self.pt], prediction: prediction, quantiles: [0.25, 0.5], components: 2))
    try head.prepare(by: Self.preparation([(0.1, 0.3)]))
    let numbers: [Float]
    switch prediction {
    case .value: numbers = [0.4]
    case .quantiles: numbers = [0.8, 0.4]
    case .gaussian: numbers = [0.4, -0.2]
    case .mixture: numbers = [0.3, -0.6, 1, -0.5, 0.1, 0.9]
    }
    let truth = HeadTruth(rows: 1, columns: ["true-pt": [90], "kinematics/pt": [60]])
    func loss(_ numbers: [Float]) -> Double {
      let result = Self.tape.constant(
        Matrix(rows: 1, columns: numbers.count + 1, values: numbers + [60]))
      return Double(head.loss(of: result, truth: truth).values[0])
    }
    let z = (log(90.0 / 60) - 0.1) / 0.3
    let x = numbers.map { Double($0) }
    func gaussian(_ mean: Double, _ width: Double) -> Double {
      exp(-(z - mean) * (z - mean) / (2 * width * width)) / width
    }
    func width(_ x: Double) -> Double { Self.bounded(Self.softplus(x)) + 1e-3 }
    let expected: Double
    switch prediction {
    case .value:
      let distance = abs(z - Self.bounded(x[0]))
      expected = distance < 1 ? distance * distance / 2 : distance - 0.5
    case .quantiles:
      let values = [x[1] - Self.softplus(x[0]), x[1]].map(Self.bounded)
      expected = zip([0.25, 0.5], values).reduce(0) { sum, quantile in
        let distance = z - quantile.1
        return sum + max(quantile.0 * distance, (quantile.0 - 1) * distance)
      }
    case .gaussian: expected = -log(gaussian(Self.bounded(x[0]), width(x[1])))
    case .mixture:
      let weight = exp(x[0]) / (exp(x[0]) + exp(x[1]))
      // A mixture has the constant of its Gaussians.
      expected =
        log(2 * .pi) / 2
        - log(
          weight * gaussian(Self.bounded(x[2] - 0.5), width(x[4]))
            + (1 - weight) * gaussian(Self.bounded(x[3] + 0.5), width(x[5])))
    }
    #expect(abs(loss(numbers) - expected) < 1e-5)

    let tape = Tape(
      parameters: Parameters(layout: ParameterLayout()), gradients: Parameters(layout: ParameterLayout()))
    let input = tape.input(Matrix(rows: 1, columns: numbers.count + 1, values: numbers + [60]))
    tape.backward(from: head.loss(of: input, truth: truth))
    for place in numbers.indices {
      var (above, below) = (numbers, numbers)
      above[place] += 1.0 / 128
      below[place] -= 1.0 / 128
      let difference = 64 * (loss(above) - loss(below))
      #expect(abs(Double(input.gradient![place]) - difference) < 1e-3, "number \(place)")
    }
  }

  /// Rows of a pT that is smeared by 10 % about 0.9 of the truth, as a perfect Gaussian regression predicts them.
  @Test func anEvaluationFindsBiasResolutionAndCoverage() throws {
    let (head, _) = try Self.head(
      Configuration(
        rows: .jets, targets: [Self.pt], prediction: .gaussian,
        bins: [RegressionBins("kinematics/pt"), RegressionBins("true-pt", edges: [20, 50, 100])]))
    var generator = SeededGenerator(seed: 4)
    func normal() -> Double {
      let (u, v) = (
        Double.random(in: 1e-12...1, using: &generator), Double.random(in: 0...1, using: &generator)
      )
      return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
    var (outputs, truth, reference) = ([Float](), [Float](), [Float]())
    let rows = 8000
    for _ in 0..<rows {
      let measured = Double.random(in: 30...80, using: &generator)
      let value = measured / 0.9
      truth.append(Float(value * exp(0.1 * normal())))
      reference.append(Float(measured))
      let (low, high) = (value * exp(-0.1), value * exp(0.1))
      outputs += [value, (high - low) / 2, low, high].map { Float($0) }
    }
    // A row without a weight has no say, whatever it is.
    outputs.replaceSubrange(0..<4, with: [.nan, .nan, .nan, .nan])
    let evaluation = try head.evaluate(
      Matrix(rows: rows, columns: 4, values: outputs),
      truth: HeadTruth(rows: rows, columns: ["true-pt": truth, "kinematics/pt": reference]),
      weights: (0..<rows).map { $0 == 0 ? 0 : 1 })
    func metric(_ name: String) throws -> Double {
      try #require(evaluation.metrics.first { $0.name == name }?.estimate).value
    }
    #expect(abs(try metric("bias")) < 0.005)
    #expect(abs(try metric("resolution") - 0.1) < 0.005)
    #expect(abs(try metric("coverage") - 0.6827) < 0.02)
    // x = ln(t/r) has the width 0.1 whatever is predicted: nothing is gained over one Gaussian.
    #expect(abs(try metric("likelihood gain")) < 0.01)
    let table = try #require(evaluation.tables.first { $0.name == "targets" })
    guard case .estimates(let biases) = try #require(table.columns.first { $0.name == "bias" }).cells,
      case .estimates(let widths) = try #require(table.columns.first { $0.name == "pull width" }).cells
    else { return #expect(Bool(false), "columns of estimates") }
    // The reference is a tenth too small: the median of r/t.
    #expect(abs(biases[1]!.value - (-0.1)) < 0.01)
    #expect(abs(widths[0]!.value - 1) < 0.05 && widths[1] == nil)
    let byTruth = try #require(evaluation.tables.first { $0.name == "pt-by-true-pt" })
    guard case .numbers(let counts) = byTruth.columns[2].cells else { return #expect(Bool(false)) }
    let inside = truth.dropFirst().count { $0 >= 20 && $0 < 100 }
    #expect(counts.count == 2 && Int(counts[0] + counts[1]) == inside)
    let byReference = try #require(evaluation.tables.first { $0.name == "pt-by-kinematics-pt" })
    guard case .numbers(let shares) = byReference.columns[2].cells else { return #expect(Bool(false)) }
    #expect(shares.count == 8 && Int(shares.reduce(0, +)) == rows - 1)
    let calibration = try #require(evaluation.tables.first { $0.name == "pt-calibration" })
    guard case .estimates(let below) = calibration.columns[1].cells else { return #expect(Bool(false)) }
    for (place, share) in below.enumerated() { #expect(abs(share!.value - 0.1 * Double(place + 1)) < 0.02) }
  }

  @Test func theSkillIsWhatTheBestConstantLeaves() throws {
    let (head, _) = try Self.head(
      Configuration(rows: .events, targets: [Self.eta], prediction: .value))
    let truth: [Float] = [0, 1, 2, 3, 10]
    func skill(_ outputs: [Float]) throws -> Double {
      try head.evaluate(
        Matrix(rows: 5, columns: 1, values: outputs), truth: HeadTruth(rows: 5, columns: ["true-eta": truth]),
        weights: [1, 1, 1, 1, 1]
      ).metrics[0].estimate!.value
    }
    #expect(try skill(truth) == 1)
    #expect(abs(try skill([2, 2, 2, 2, 2])) < 1e-12)
    // Σ|d| is 12 about the median 2, and 6 here.
    #expect(abs(try skill([0, 1, 2, 3, 4]) - 0.5) < 1e-12)
    #expect(throws: MetricError.self) { try skill([0, 1, .nan, 3, 4]) }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Puts events into bins, and learns bins from which the strength of a signal is measured best, systematic uncertainties
/// included (arXiv:1806.04743).
///
/// Hidden ReLU layers on the event's embedding and inputs end with a number for each bin. The loss is ln σ(μ) of a fit to the counts
/// in the bins that are expected, as the Fisher information of the whole batch says it: see `MeasuringWithSystematics`. In the training a
/// softmax with a temperature stands for the bin of an event; in a prediction it is that of the largest number.
public struct InferenceAwareClassifier: ScoringHead {
  /// `inference-aware`.
  public static let identifier = "inference-aware"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Puts events into the bins from which a signal is measured best with systematic uncertainties."

  /// Two classes and a variation of both.
  public static let example: HeadExample<Configuration> = {
    var configuration = Configuration(truth: "label", classes: ["background", "signal"], yields: [100, 10])
    configuration.bins = 3
    configuration.variations = ["scale"]
    configuration.weights = ["tune": ["tune_up", "tune_down"]]
    configuration.rates = ["background": 0.1]
    return HeadExample(
      configuration: configuration,
      truth: [
        "label": [0, 0, 1, 1], "scale": [0, 0, 0, 0, 1, 1, 1, 1, -1, -1, -1, -1], "tune_up": [1.1, 0.9, 1.2],
        "tune_down": [0.9, 1, 0.8],
      ])
  }()

  /// What the head learns from the validation sample.
  public struct BinOrder: Codable, Sendable, Equatable {
    /// The place of each bin by rising ratio of signal to background: `[bins]`.
    let places: [Int]
  }

  /// The configuration, with the widths of the hidden layers filled in.
  public let configuration: Configuration
  /// The classes.
  public let classification: Classification
  /// The place of each bin; nil before the training is done.
  public private(set) var calibration: BinOrder?
  private let expected: ExpectedEvents
  private var totals: VariationTotals?
  private let layers: Perceptron

  /// A classifier whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if the classes share a name, a size or the dropout is out of range, or the network does not embed
  ///   events.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes)
    try builder.check(dropout: configuration.dropout)
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    expected = ExpectedEvents(classification, configuration)
    layers = try builder.perceptron(
      inputs: builder.eventEmbeddingWidth + builder.eventInputNames.count, hidden: widths,
      outputs: configuration.bins)
  }

  private var bins: Int { configuration.bins }

  /// A row for each event.
  public var rows: HeadRows { .events }
  /// All that is known of the event.
  public var inputs: Set<HeadInput> { [.eventEmbedding, .eventInputs] }
  /// Those of the classes, the variations and the factors.
  public var truthColumns: [String] {
    let own = classification.truthColumns
    return own + expected.columns.filter { !own.contains($0) }
  }

  /// `score`, the middle of the bin on a scale from 0 to 1, and `bin`, its number from 0, by rising ratio of signal to background.
  public var outputs: [HeadOutput] { [HeadOutput("score"), HeadOutput("bin")] }

  /// Makes sure that each row is of one class, and nominal or of one variation.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    try classification.check(truth)
    try expected.check(truth)
  }

  // MARK: What is learnt before the first step

  /// The sums of weights of classes and variations, which say how a variation changes the number of events.
  ///
  /// - Throws: ``MetricError`` if a class has no nominal rows, or a variation has no rows.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> VariationTotals {
    let totals = expected.totals(truth, weights: weights)
    if let label = totals.totals.firstIndex(where: { !($0[0] > 0) }) {
      let columns = configuration.variations.map { "\($0) = 0" }.joined(separator: ", ")
      throw MetricError(
        description:
          "There are no rows of \(configuration.classes[label])\(columns.isEmpty ? "" : " with \(columns)"): give the nominal sample "
          + "of it too.")
    }
    if let name = expected.missingVariation(totals) {
      throw MetricError(
        description:
          "There are no rows with \(name) = 1 or -1: give samples of this variation, or leave it out of variations."
      )
    }
    return totals
  }

  /// Takes over the sums.
  ///
  /// - Throws: ``PluginError`` if they are not those of the classes and variations.
  public mutating func prepare(by preparation: VariationTotals) throws {
    guard
      preparation.isValid(classes: configuration.classes.count, variations: configuration.variations.count)
    else { throw PluginError("The sums of weights are not those of the classes and variations.") }
    totals = preparation
  }

  // MARK: The forward pass and its loss

  /// A number for each bin: `[events × bins]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    inputs.outputs(
      of: layers, on: inputs.eventEmbedding.concatenated(with: inputs.eventInputs),
      dropout: configuration.dropout)
  }

  /// One of the whole batch.
  public var objectives: [Objective] { [Objective("ln σ(μ)", scope: .batch)] }

  /// ln σ(μ) of the batch: `[1 × 1]`; a batch without rows of a class or of one of its variations teaches nothing.
  public func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    [logDeviation(result, truth, inputs.rowWeights)]
  }

  /// ln σ(μ) of the rows, for each of them: `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    logDeviation(result, truth, Array(repeating: 1, count: truth.rows))
      .gatheringRows(Array(repeating: 0, count: truth.rows))
  }

  private func logDeviation(_ result: Variable, _ truth: HeadTruth, _ weights: [Float]) -> Variable {
    let memberships = (Float(1 / configuration.temperature) * result).softmax()
    return memberships.logDeviation(
      factors: expected.factors(truth, weights: weights.map { Double($0) }, of: totals))
  }

  // MARK: Predictions

  /// The score and the bin: `[rows × 2]`.
  public func outputs(of result: Variable) -> Variable {
    let outputs = result.tape.record(
      rows: result.rows, columns: 2, requiresGradient: false, LargestNumber())
    for row in 0..<result.rows {
      let place = place(ofBin: bin(result.values[row * bins..<(row + 1) * bins]))
      outputs.values[2 * row] = score(ofPlace: place)
      outputs.values[2 * row + 1] = Float(place)
    }
    return outputs
  }

  /// The bin of a row with these numbers, the first of equal ones.
  private func bin(_ numbers: some Sequence<Float>) -> Int {
    var (bin, largest) = (0, -Float.infinity)
    for (index, number) in numbers.enumerated() where number > largest { (bin, largest) = (index, number) }
    return bin
  }

  private func place(ofBin bin: Int) -> Int { calibration?.places[bin] ?? bin }

  private func score(ofPlace place: Int) -> Float { (Float(place) + 0.5) / Float(bins) }

  /// The order of the bins by their ratio of signal to background in nominal rows.
  ///
  /// - Throws: ``MetricError`` if there are no nominal rows of a class.
  public func calibration(fitting results: Matrix, truth: HeadTruth, weights: [Double]) throws -> BinOrder? {
    BinOrder(
      places: try places(
        ofBins: (0..<results.rows).map { row in bin((0..<bins).map { results[row, $0] }) }, truth, weights))
  }

  /// Takes over an order.
  ///
  /// - Throws: ``PluginError`` if it is none of these bins.
  public mutating func calibrate(by calibration: BinOrder) throws {
    guard calibration.places.sorted() == Array(0..<bins) else {
      throw PluginError("The order of the bins needs each of 0 to \(bins - 1) once.")
    }
    self.calibration = calibration
  }

  /// The place of each bin by rising ratio of signal to background; of bins without either the first is the lower: `[bins]`.
  private func places(ofBins binOfRow: [Int], _ truth: HeadTruth, _ weights: [Double]) throws -> [Int] {
    let contents = nominalContents(ofBins: binOfRow, truth, weights)
    guard let contents else {
      throw MetricError(
        description: "There are no nominal rows of signal, or of background, to order the bins by.")
    }
    let order = (0..<bins).sorted { a, b in
      let (signal, background) = (contents[1], contents[0])
      let (left, right) = (signal[a] * background[b], signal[b] * background[a])
      return left == right ? a < b : left < right
    }
    return order.enumerated().reduce(into: Array(repeating: 0, count: bins)) { $0[$1.element] = $1.offset }
  }

  /// The expected numbers of nominal background and signal events in bins: `[classes][bins]`; nil if a class is absent.
  private func nominalContents(ofBins binOfRow: [Int], _ truth: HeadTruth, _ weights: [Double]) -> [[Double]]?
  {
    let labels = classification.labels(of: truth)
    let variations = configuration.variations.map { truth[$0] }
    var contents = Array(repeating: Array(repeating: 0.0, count: bins), count: 2)
    for row in 0..<truth.rows where variations.allSatisfy({ $0[row] == 0 }) {
      contents[Int(labels[row])][binOfRow[row]] += weights[row]
    }
    for label in contents.indices {
      let total = contents[label].reduce(0, +)
      guard total > 0 else { return nil }
      contents[label] = contents[label].map { configuration.yields[label] * $0 / total }
    }
    return contents
  }

  // MARK: Evaluation

  /// The precision 1/σ(μ) that the bins give with all nuisance parameters, and without any; the curve of the score; and what is
  /// expected in each bin, with its change by each nuisance parameter.
  ///
  /// - Throws: ``MetricError`` if no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var binOfRow = (0..<outputs.rows).map { Int(outputs[$0, 1]) }
    // An untrained order is none.
    if calibration == nil, let places = try? places(ofBins: binOfRow, truth, weights) {
      binOfRow = binOfRow.map { places[$0] }
    }
    let labels = classification.labels(of: truth)
    let variations = configuration.variations.map { truth[$0] }
    let isNominal = (0..<truth.rows).map { row in variations.allSatisfy { $0[row] == 0 } }
    let classifier = try ClassifierEvaluation(
      name: classification.name, signalName: classification.classes[1],
      backgroundName: classification.classes[0],
      scores: binOfRow.map(score(ofPlace:)), isSignal: labels.map { $0 == 1 },
      weights: zip(weights, isNominal).map { $1 ? $0 : 0 }, isProbability: false)
    let memberships = binOfRow.flatMap { bin in (0..<bins).map { Float($0 == bin ? 1 : 0) } }
    var tables: [HeadTable] = []
    func precision(_ variance: Double) -> Estimate? {
      variance.isFinite ? Estimate(value: 1 / variance.squareRoot(), error: nil) : nil
    }
    var (full, alone): (Estimate?, Estimate?)
    if let factors = expected.factors(truth, weights: weights) {
      let sums = Variable.sums(memberships, bins: bins, factors: factors)
      full = precision(ExpectedInformation(sums, bins: bins).variance)
      alone = precision(ExpectedInformation.varianceWithoutNuisances(sums, bins: bins))
      func row(_ index: Int) -> [Double] { Array(sums[index * bins..<(index + 1) * bins]) }
      tables.append(
        HeadTable(
          "bins",
          columns: [
            HeadTable.Column("bin", numbers: (0..<bins).map { Double($0) }),
            HeadTable.Column(classification.classes[0], numbers: zip(row(0), row(1)).map { $0 - $1 }),
            HeadTable.Column(classification.classes[1], numbers: row(1)),
          ]
            + expected.nuisances.enumerated().map { index, name in
              HeadTable.Column("change by \(name)", numbers: row(2 + index))
            }))
    } else if let contents = nominalContents(ofBins: binOfRow, truth, weights) {
      let sums = zip(contents[0], contents[1]).map { $0 + $1 } + contents[1]
      alone = precision(ExpectedInformation(sums, bins: bins).variance)
    }
    return HeadEvaluation(
      metrics: [
        Metric("1/σ(μ)", full), Metric("1/σ(μ) without nuisances", alone), Metric("AUC", classifier.auc),
      ], classifiers: [classifier], tables: tables)
  }
}

/// The place of the largest number; no gradient passes through it.
private struct LargestNumber: TapeOperation {
  func backward(from result: Variable.ID, on tape: Tape) {}
}

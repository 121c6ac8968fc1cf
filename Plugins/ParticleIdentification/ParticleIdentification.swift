// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Tells classes of particles apart, for each constituent of each jet: what comes from pile-up, or which particle it is.
///
/// Hidden ReLU layers read numbers of the constituent, such as columns of its particle and observables of what is around it, and
/// the embedding of its jet. In a network whose jets are inclusive, of any pT, each particle of an event is in one jet, so that
/// all of them have a row.
public struct ParticleIdentification: ClassifyingHead {
  /// `particle-identification`.
  public static let identifier = "particle-identification"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Tells classes of constituents apart, such as those from pile-up, or of different particles."

  /// What is hard.
  public static let example: HeadExample<IdentificationSettings> = {
    var settings = IdentificationSettings()
    settings.truth = "is_pileup"
    settings.classes = ["hard", "pile-up"]
    settings.inputs = [
      IdentificationInput("constituent-kinematics/pt", scale: .log), IdentificationInput("particle.vertex"),
    ]
    settings.weight = "hard"
    settings.ptPower = 1
    settings.bins = [IdentificationBins("constituent-kinematics/pt", edges: [0, 20, 100])]
    return HeadExample(
      configuration: settings,
      truth: ["is_pileup": [0, 1, 1], "constituent-kinematics/pt": [10, 30, 70, 2]])
  }()

  /// What the head learns from the training sample before the first step.
  public struct Preparation: Codable, Sendable, Equatable {
    /// The scaling of the inputs.
    var inputs: FeatureScaling
    /// The mean of the power of pT by which losses count.
    var meanPtPower: Double
  }

  /// The configuration.
  public let configuration: IdentificationSettings
  /// The classes, and what was learnt of their probabilities.
  public var classification: Classification
  private let layers: Perceptron
  private var scaling: Preparation

  /// A head whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if there are fewer than two classes, two share a name, there are several truth columns but not
  ///   one for each class, a size or the dropout is out of range, or the network does not embed jets but the head reads that.
  public init(configuration: IdentificationSettings, builder: inout HeadBuilder) throws {
    self.configuration = configuration
    classification = try Classification(
      name: builder.headName, truth: configuration.truth, classes: configuration.classes,
      workingPoints: configuration.workingPoints)
    try builder.check(dropout: configuration.dropout)
    let count = configuration.inputs.count
    layers = try builder.perceptron(
      inputs: count + (configuration.embedding ? try builder.jetEmbeddingWidth : 0),
      hidden: configuration.hidden, outputs: classification.logitCount)
    scaling = Preparation(
      inputs: FeatureScaling(
        median: Array(repeating: 0, count: count), interquartileRange: Array(repeating: 1, count: count)),
      meanPtPower: 1)
  }

  /// A row for each constituent.
  public var rows: HeadRows { .constituents }

  /// The constituents and, if it is read, the embedding of each jet.
  public var inputs: Set<HeadInput> {
    configuration.embedding ? [.jetEmbedding, .constituentRows] : [.constituentRows]
  }

  /// The columns among the inputs.
  public var particleColumns: Set<String> { Set(configuration.inputs.compactMap(\.particleColumn)) }

  /// The numbers of observables among the inputs.
  public var observables: Set<String> {
    Set(configuration.inputs.filter { $0.particleColumn == nil }.map(\.of))
  }

  /// Throws if an input is no number of constituents.
  ///
  /// - Throws: ``PluginError`` that names the number.
  public func check(observables columns: [ObservableColumn]) throws {
    for column in columns where column.rows != .constituents {
      throw PluginError(
        "\(column.name) is a number of \(column.rows.rawValue), but particles are identified by numbers of constituents: name one "
          + "of these.")
    }
  }

  /// The columns that say which class a row is of, and those of the intervals.
  public var truthColumns: [String] {
    let own = classification.truthColumns
    return own + configuration.bins.map(\.of).filter { !own.contains($0) }
  }

  /// The columns of the intervals: a constituent without one of them is in no interval.
  public var optionalTruthColumns: Set<String> {
    Set(truthColumns).subtracting(classification.truthColumns)
  }

  /// The probabilities, the working points if there are some, and the weight if there is one.
  public var outputs: [HeadOutput] {
    let weight = configuration.weight.map { _ in HeadOutput(IdentificationSettings.weightOutput) }
    return classification.outputs + [weight].compactMap(\.self)
  }

  /// The scaling of the inputs, and the mean by which losses are divided.
  ///
  /// - Throws: ``MetricError`` if no row has a weight.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> Preparation {
    let used = weights.indices.filter { weights[$0] != 0 }
    let total = used.reduce(0) { $0 + abs(weights[$1]) }
    guard total > 0 else {
      throw MetricError(
        description: "There is no row with a weight; \(classification.name) needs some to learn from.")
    }
    let powers = ptPowers(inputs)
    let mean = used.reduce(0) { $0 + abs(weights[$1]) * powers[$1] } / total
    let count = configuration.inputs.count
    let features = features(inputs)
    return Preparation(
      inputs: FeatureScaling(
        fitting: used.flatMap { features[$0 * count..<($0 + 1) * count] }, count: count),
      // Particles along the beam have no pT.
      meanPtPower: mean > 0 ? mean : 1)
  }

  /// Takes over the scaling.
  ///
  /// - Throws: ``PluginError`` if it is not that of these inputs, or a width is not positive.
  public mutating func prepare(by preparation: Preparation) throws {
    let inputs = preparation.inputs
    let count = configuration.inputs.count
    guard inputs.count == count, inputs.interquartileRange.count == count,
      inputs.median.allSatisfy(\.isFinite), inputs.interquartileRange.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw PluginError("each input needs a finite median and a positive interquartile range") }
    guard preparation.meanPtPower > 0, preparation.meanPtPower.isFinite else {
      throw PluginError("the mean of the power of pT must be positive and finite")
    }
    scaling = preparation
  }

  /// The least number whose logarithm is read.
  private static let leastLogarithm = 1e-3

  /// What is read of each constituent, before it is scaled: `[constituents × inputs]`, NaN for what it does not have.
  private func features(_ inputs: HeadInputs) -> [Float] {
    let particles = inputs.constituentRows.content
    let count = configuration.inputs.count
    var features = [Float](repeating: 0, count: particles.count * count)
    for (place, input) in configuration.inputs.enumerated() {
      // A column that is missing was refused when the events were read; without particles there is none.
      let values = input.particleColumn.map { particles.numbers($0) ?? [] } ?? inputs.observable(input.of)
      for (row, value) in values.enumerated() {
        let scaled =
          input.scale == .log ? log(value < Self.leastLogarithm ? Self.leastLogarithm : value) : value
        features[row * count + place] = Float(scaled)
      }
    }
    return features
  }

  /// The power of pT of each constituent by which its loss counts: `[constituents]`.
  private func ptPowers(_ inputs: HeadInputs) -> [Double] {
    inputs.constituentRows.content.momenta.map { pow($0.pt, configuration.ptPower) }
  }

  /// The logits: `[constituents × 1]` for two classes, else `[constituents × classes]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    var read: [Variable] = []
    if !configuration.inputs.isEmpty {
      var features = features(inputs)
      scaling.inputs.apply(to: &features)
      read.append(
        inputs.constant(
          features, rows: inputs.count(of: .constituents), columns: configuration.inputs.count))
    }
    if configuration.embedding {
      read.append(inputs.jetEmbedding.gatheringRows(inputs.jetOfConstituent))
    }
    let all = read.count == 1 ? read[0] : read[0].concatenated(with: read[1])
    return inputs.outputs(of: layers, on: all, dropout: configuration.dropout)
  }

  /// The cross entropy of each constituent times its power of pT over the mean of that in the training sample: `[constituents × 1]`.
  public func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    let loss = loss(of: result, truth: truth)
    guard configuration.ptPower > 0 else { return [loss] }
    let factors = ptPowers(inputs).map { Float($0 / scaling.meanPtPower) }
    return [loss * inputs.constant(factors, rows: factors.count, columns: 1)]
  }

  /// The probabilities, the working points if there are some, and the weight: `[constituents × sum of the outputs' widths]`.
  public func outputs(of result: Variable) -> Variable {
    let outputs = classification.outputs(of: result)
    guard let weight = configuration.weight else { return outputs }
    let place = configuration.classes.firstIndex(of: weight)!
    // Two classes have one probability, that of the second.
    let probability =
      configuration.classes.count > 2
      ? outputs.columns(place..<place + 1) : place == 1 ? outputs.columns(0..<1) : 1 - outputs.columns(0..<1)
    return outputs.concatenated(with: probability)
  }

  /// What the classes are told apart by, and for each of `bins` which share of each class is taken for it.
  ///
  /// - Throws: ``MetricError`` if a score is not finite or no row has a weight.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var evaluation = try classification.evaluate(outputs, truth: truth, weights: weights)
    evaluation.tables += configuration.bins.map {
      efficiencies(outputs, in: $0, truth: truth, weights: weights)
    }
    return evaluation
  }

  /// The shares of classes that are taken for what they are, in intervals of a column.
  private func efficiencies(
    _ outputs: Matrix, in bins: IdentificationBins, truth: HeadTruth, weights: [Double]
  ) -> HeadTable {
    let classes = configuration.classes
    let labels = classification.labels(of: truth).map { Int($0) }
    let values = truth[bins.of].map { Double($0) }
    let isRight = labels.indices.map { row in
      if classes.count == 2 { return (outputs[row, 0] >= 0.5) == (labels[row] == 1) }
      return !classes.indices.contains { outputs[row, $0] > outputs[row, labels[row]] }
    }
    let intervals = Array(zip(bins.edges, bins.edges.dropFirst()))
    // Rows by interval and class, in one pass over all of them.
    var rows = [[Int]](repeating: [], count: intervals.count * classes.count)
    for row in labels.indices where weights[row] != 0 {
      guard let interval = intervals.firstIndex(where: { $0 <= values[row] && values[row] < $1 }) else {
        continue
      }
      rows[interval * classes.count + labels[row]].append(row)
    }
    let efficiencies = classes.indices.flatMap { label -> [HeadTable.Column] in
      let own = intervals.indices.map { rows[$0 * classes.count + label] }
      return [
        HeadTable.Column("\(classes[label]) constituents", numbers: own.map { Double($0.count) }),
        HeadTable.Column(
          "\(classes[label]) efficiency",
          estimates: own.map { rows in
            rows.isEmpty
              ? nil : Estimate.efficiency(rows.map { isRight[$0] }, weights: rows.map { weights[$0] })
          }),
      ]
    }
    return HeadTable(
      "by-\(bins.title)",
      columns: [
        HeadTable.Column("from", numbers: intervals.map(\.0)),
        HeadTable.Column("to", numbers: intervals.map(\.1)),
      ] + efficiencies)
  }
}

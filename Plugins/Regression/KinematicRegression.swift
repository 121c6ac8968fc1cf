// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Predicts any number of quantities of jets, events or constituents: values, quantiles, Gaussians or mixtures of them.
///
/// Hidden ReLU layers read the embedding of the row and numbers of observables. A target t is learnt as it is, as its
/// logarithm, or over a reference r such as the pT of the jet: as x = t, ln t, t/r or ln(t/r), less its median in the
/// training sample and over half its central 68.27 %. See ``RegressionPrediction`` for what is predicted of it.
public struct KinematicRegression: Head {
  /// `regression`.
  public static let identifier = "regression"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Predicts any quantities of jets, events or constituents: values, quantiles, Gaussians or mixtures."

  /// The transverse momentum of what jets come from.
  public static let example = HeadExample(
    configuration: Configuration(
      rows: .jets,
      targets: [
        RegressionTarget(
          "pt", truth: "jet/pt", scale: .log, reference: "kinematics/pt", unit: "GeV")
      ], inputs: [RegressionInput("kinematics/pt", scale: .log), RegressionInput("kinematics/eta")],
      bins: [RegressionBins("kinematics/eta", edges: [-2.5, -1, 0, 1, 2.5])]),
    truth: [
      "jet/pt": [30, 120, 75, 61], "kinematics/pt": [25, 111, 80, 60],
      "kinematics/eta": [0.3, -1.2, 2, -0.1],
    ])

  /// What the head learns from the training sample before the first step.
  public struct Preparation: Codable, Sendable, Equatable {
    /// Where the values of each target lie.
    var targets: [TargetScaling]
    /// The scaling of the inputs.
    var inputs: FeatureScaling
  }

  /// The configuration, with all defaults filled in.
  public let configuration: Configuration
  let name: String
  let form: ScaledDistribution
  let readings: [RegressionInput]
  private let layers: Perceptron
  private(set) var scaling: Preparation

  /// A regression whose layers are added to the network by `builder`.
  ///
  /// - Throws: ``PluginError`` if there are no targets, two have the same name, levels, components, edges, a size or the
  ///   dropout are out of range, or the network does not embed the rows.
  public init(configuration: Configuration, builder: inout HeadBuilder) throws {
    var configuration = configuration
    let quantiles = configuration.quantiles ?? [0.1587, 0.5, 0.8413]
    let components = configuration.components ?? 3
    let prediction = configuration.prediction ?? .quantiles
    try Self.check(configuration, quantiles: quantiles, components: components)
    try builder.check(dropout: configuration.dropout)
    configuration.prediction = prediction
    configuration.quantiles = quantiles
    configuration.components = components
    readings = configuration.inputs ?? []
    configuration.inputs = readings
    configuration.bins = configuration.bins ?? []
    let widths = configuration.hidden ?? [64, 64]
    configuration.hidden = widths
    self.configuration = configuration
    name = builder.headName
    rows = configuration.rows
    form = ScaledDistribution(prediction: prediction, quantiles: quantiles, components: components)
    let embedding =
      switch rows {
      case .jets, .constituents: try builder.jetEmbeddingWidth
      case .events: try builder.eventEmbeddingWidth + builder.eventInputNames.count
      case .splittings:
        throw PluginError("Nothing is predicted of splittings: set rows to jets, events or constituents.")
      }
    layers = try builder.perceptron(
      inputs: embedding + readings.count, hidden: widths,
      outputs: configuration.targets.count * form.parameterCount)
    scaling = Preparation(
      targets: configuration.targets.map { _ in TargetScaling(centre: 0, width: 1) },
      inputs: FeatureScaling(
        median: readings.map { _ in 0 }, interquartileRange: readings.map { _ in 1 }))
  }

  private static func check(_ configuration: Configuration, quantiles: [Double], components: Int) throws {
    let names = configuration.targets.map(\.name)
    guard !names.isEmpty else { throw PluginError("A regression needs at least one of targets.") }
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw PluginError("Two targets are called \(name): give each a name of its own.")
    }
    for target in configuration.targets where Set(target.comparisons).count != target.comparisons.count {
      throw PluginError("The target \(target.name) has an estimator twice: name it once.")
    }
    guard zip(quantiles, quantiles.dropFirst()).allSatisfy(<), quantiles.allSatisfy({ 0 < $0 && $0 < 1 }),
      quantiles.contains(0.5), quantiles.count <= 100
    else {
      throw PluginError(
        "The quantiles are \(quantiles), but up to 100 levels rise between 0 and 1, with 0.5 among them.")
    }
    guard (1...50).contains(components) else {
      throw PluginError("There are \(components) components, but a mixture has 1 to 50.")
    }
    for column in configuration.inputs?.map(\.of) ?? [] where !column.contains("/") {
      throw PluginError(
        "The input \(column) is no number of an observable, such as kinematics/pt: name one.")
    }
    let bins = configuration.bins ?? []
    for (index, bin) in bins.enumerated() {
      if let edges = bin.edges {
        guard edges.count >= 2, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy(<)
        else {
          throw PluginError("The edges of \(bin.of) are \(edges), but two or more are needed that rise.")
        }
      }
      guard !bins[..<index].contains(where: { $0.title == bin.title }) else {
        throw PluginError("There are bins of \(bin.of) twice: name it once.")
      }
    }
  }

  var targets: [RegressionTarget] { configuration.targets }

  /// A row for each jet, event or constituent, as configured.
  public let rows: HeadRows

  /// The embedding of the rows; that of its jet for a constituent.
  public var inputs: Set<HeadInput> {
    switch rows {
    case .events: [.eventEmbedding, .eventInputs]
    case .constituents: [.jetEmbedding, .constituentRows]
    case .jets, .splittings: [.jetEmbedding]
    }
  }

  /// What is read in addition to the embedding, and the references.
  public var observables: Set<String> { Set(readings.map(\.of) + targets.compactMap(\.reference)) }

  /// Throws if an input or a reference has numbers of other rows than the head.
  ///
  /// - Throws: ``PluginError`` that names the number.
  public func check(observables columns: [ObservableColumn]) throws {
    for column in columns where column.rows != rows {
      throw PluginError(
        "\(column.name) is a number of \(column.rows.rawValue), but a regression of \(rows.rawValue) reads numbers of "
          + "\(rows.rawValue): name one of them.")
    }
  }

  /// The truth of the targets, their references and estimators, and the columns of the bins.
  public var truthColumns: [String] {
    var columns: [String] = []
    let all =
      targets.flatMap { [$0.truth] + $0.comparisons } + configuration.bins!.map(\.of)
    for column in all where !columns.contains(column) { columns.append(column) }
    return columns
  }

  /// For each target its name, and what goes with it.
  ///
  /// - quantiles: `NAME-quantiles`, in the order of the levels;
  /// - a Gaussian: `NAME-uncertainty`, `NAME-low` and `NAME-high`, one standard deviation away;
  /// - a mixture: `NAME-uncertainty`, and the `NAME-weights`, `NAME-means` and `NAME-widths` of its Gaussians; of a
  ///   logarithm the widths are those of the logarithm.
  public var outputs: [HeadOutput] {
    targets.flatMap { target -> [HeadOutput] in
      func output(_ suffix: String, width: Int = 1, unit: String? = target.unit) -> HeadOutput {
        HeadOutput(target.name + suffix, width: width, unit: unit)
      }
      switch form.prediction {
      case .value: return [output("")]
      case .quantiles: return [output(""), output("-quantiles", width: form.quantiles.count)]
      case .gaussian: return [output(""), output("-uncertainty"), output("-low"), output("-high")]
      case .mixture:
        let count = form.components
        return [
          output(""), output("-uncertainty"), output("-weights", width: count, unit: nil),
          output("-means", width: count),
          output("-widths", width: count, unit: target.scale == .log ? nil : target.unit),
        ]
      }
    }
  }

  /// Checks that references, and targets that have a logarithm, are positive.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws {
    for target in targets {
      if let reference = target.reference {
        for (row, value) in truth[reference].enumerated() where !(value > 0) {
          throw PluginError(
            "\(reference) is \(value), but the reference of \(target.name) is positive; leave the event out.",
            row: row)
        }
      }
      guard target.scale == .log else { continue }
      for (row, value) in truth[target.truth].enumerated() where !(value > 0) {
        throw PluginError(
          "\(target.truth) is \(value), but the target \(target.name) has the scale log, so that it must be positive; leave "
            + "the event out or set the scale to plain.", row: row)
      }
    }
  }

  /// The scaling of the targets and inputs.
  ///
  /// - Throws: ``MetricError`` if no row has a weight.
  public func preparation(
    fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws -> Preparation {
    let used = weights.indices.filter { weights[$0] != 0 }
    guard !used.isEmpty else {
      throw MetricError(description: "There is no row with a weight; the targets of \(name) need some.")
    }
    let features = self.features(inputs)
    return Preparation(
      targets: targets.map { target in
        let quantiles = WeightedQuantiles(target.scaled(truth), weights: weights.map(abs))
        let width = quantiles.halfWidth.value
        return TargetScaling(centre: quantiles.median.value, width: width > 0 ? width : 1)
      },
      inputs: FeatureScaling(
        fitting: used.flatMap { features[$0 * readings.count..<($0 + 1) * readings.count] },
        count: readings.count))
  }

  /// Takes over the scaling.
  ///
  /// - Throws: ``PluginError`` if it is not that of these targets and inputs, or a width is not positive.
  public mutating func prepare(by preparation: Preparation) throws {
    let inputs = preparation.inputs
    guard preparation.targets.count == targets.count,
      preparation.targets.allSatisfy({ $0.centre.isFinite && $0.width > 0 && $0.width.isFinite })
    else { throw PluginError("each target needs a finite centre and a positive width") }
    guard inputs.count == readings.count, inputs.interquartileRange.count == readings.count,
      inputs.median.allSatisfy(\.isFinite), inputs.interquartileRange.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw PluginError("each input needs a finite median and a positive interquartile range") }
    scaling = preparation
  }

  /// The least number whose logarithm is read.
  static let leastLogarithm = 1e-3

  /// What is read of observables, before it is scaled: `[rows × inputs]`, NaN where there is none.
  private func features(_ inputs: HeadInputs) -> [Float] {
    let columns = readings.map { reading in
      let values = inputs.observable(reading.of)
      return reading.scale == .plain
        ? values : values.map { Foundation.log($0 < Self.leastLogarithm ? Self.leastLogarithm : $0) }
    }
    return (0..<inputs.count(of: rows)).flatMap { row in columns.map { Float($0[row]) } }
  }

  /// The places of the targets that have a reference.
  var referenced: [Int] { targets.indices.filter { targets[$0].reference != nil } }

  /// The numbers of the distributions, followed by the references: `[rows × anything]`.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    let count = inputs.count(of: rows)
    var numbers: [Variable] = []
    if !readings.isEmpty {
      var features = features(inputs)
      scaling.inputs.apply(to: &features)
      numbers.append(inputs.constant(features, rows: count, columns: readings.count))
    }
    if !referenced.isEmpty {
      // A row without a reference has the prediction 0.
      let columns = referenced.map { inputs.observable(targets[$0].reference!) }
      let references = (0..<count).flatMap { row in columns.map { $0[row].isNaN ? 0 : Float($0[row]) } }
      numbers.append(inputs.constant(references, rows: count, columns: columns.count))
    }
    return self(inputs, numbers: numbers)
  }

  /// The same with what the layers read of observables, if that is anything, and the references, if there are any.
  package func callAsFunction(_ inputs: HeadInputs, numbers: [Variable]) -> Variable {
    var read =
      switch rows {
      case .events: inputs.eventEmbedding.concatenated(with: inputs.eventInputs)
      case .constituents: inputs.jetEmbedding.gatheringRows(inputs.jetOfConstituent)
      case .jets, .splittings: inputs.jetEmbedding
      }
    if !readings.isEmpty { read = read.concatenated(with: numbers[0]) }
    let result = inputs.outputs(of: layers, on: read, dropout: configuration.dropout)
    return referenced.isEmpty ? result : result.concatenated(with: numbers[numbers.count - 1])
  }

  /// The numbers of the distribution of a target.
  private func numbers(ofTarget index: Int, _ result: Variable) -> Variable {
    result.columns(index * form.parameterCount..<(index + 1) * form.parameterCount)
  }

  /// The losses of all targets together: `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    let losses = targets.indices.map { index in
      let place = scaling.targets[index]
      let z = targets[index].scaled(truth).map { Float(($0 - place.centre) / place.width) }
      return form.loss(numbers(ofTarget: index, result), targets: z)
    }
    return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
  }

  /// The predictions: `[rows × sum of the outputs' widths]`.
  public func outputs(of result: Variable) -> Variable {
    let references = targets.count * form.parameterCount
    let parts = targets.indices.flatMap { index -> [Variable] in
      let (target, place) = (targets[index], scaling.targets[index])
      let numbers = numbers(ofTarget: index, result)
      let reference = referenced.firstIndex(of: index).map {
        result.columns(references + $0..<references + $0 + 1)
      }
      func values(_ z: Variable) -> Variable { target.values(z, place, reference: reference) }
      let centre = form.centre(numbers)
      switch form.prediction {
      case .value: return [values(centre)]
      case .quantiles: return [values(centre), values(form.values(numbers))]
      case .gaussian, .mixture:
        let deviation = form.deviation(numbers)
        let (low, high) = (values(centre - deviation), values(centre + deviation))
        let uncertainty = 0.5 * (high - low)
        if form.prediction == .gaussian { return [values(centre), uncertainty, low, high] }
        let widths = Float(place.width) * form.widths(numbers)
        return [
          values(centre), uncertainty, form.weights(numbers), values(form.means(numbers)),
          target.scale == .log ? widths : reference.map { $0 * widths } ?? widths,
        ]
      }
    }
    return parts.dropFirst().reduce(parts[0]) { $0.concatenated(with: $1) }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Another head that tells classes apart, trained or corrected so that its score does not tell some numbers, such as a jet's
/// mass.
///
/// The head inside is any plugin's, with its own configuration; inputs, classes and outputs are those of it. What is done is a
/// ``DecorrelationMethod``. The validation and `canopy evaluate` measure for each number how much a cut on the score shapes
/// the background's spectrum (`NuisanceDependence`).
public struct DecorrelatedClassifier: ClassifyingHead {
  /// `decorrelated`.
  public static let identifier = "decorrelated"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Makes another head's score tell nothing of a number such as a mass, which it measures too."

  /// A jet tagger that is penalised for telling the mass.
  public static let example = HeadExample(
    // What is written here can be read.
    configuration: try! ConfigurationNode(
      yaml: """
        head: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W], hidden: [4]}}
        nuisances: [kinematics/mass]
        by: disco
        """, source: "the example"
    ).decode(DecorrelationSettings.self),
    truth: ["label": [0, 1], "kinematics/mass": [80, 62, 95, 71, 104, 55, 88]])

  /// The configuration, with that of the head inside filled in.
  public let configuration: DecorrelationSettings
  /// What was learnt of the numbers; nil before.
  private var nuisances: Nuisances?
  private var inner: any ClassifyingHead
  private let adversary: Adversary?

  /// The classes of the head inside, and what was learnt of their probabilities.
  public var classification: Classification {
    get { inner.classification }
    set { inner.classification = newValue }
  }

  /// The head inside, whose layers are added to the network by `builder`, and the adversary if there is one.
  ///
  /// - Throws: ``PluginError`` if the head inside is not known, tells no classes apart, or learns in ways of its own; if a
  ///   class is none of its own, the numbers of the method are too many, or a size is out of range; and what the head inside
  ///   throws.
  public init(configuration: DecorrelationSettings, builder: inout HeadBuilder) throws {
    var configuration = configuration
    let section = configuration.head
    func made(_ further: [HeadRows: Int], _ builder: inout HeadBuilder) throws -> any ClassifyingHead {
      let head = try builder.head(section.plugin, configuration: section.configuration, wider: further)
      guard let classifier = head as? any ClassifyingHead else {
        throw PluginError(
          "The head \(section.plugin) does not tell classes apart: name one under head that does.")
      }
      return classifier
    }
    if configuration.by.method == .conditional {
      // What it has a row for is known when it is made.
      var trial = builder
      let rows = try made([:], &trial).rows
      inner = try made([rows: configuration.nuisances.count], &builder)
    } else {
      inner = try made([:], &builder)
    }
    guard inner.objectives == [.main], !type(of: inner).prepares else {
      throw PluginError(
        "The head \(section.plugin) learns in ways of its own (objectives, or what it learns before the first step), which "
          + "does not go with decorrelated: name another.")
    }
    if let version = configuration.headVersion, version.major != type(of: inner).version.major {
      throw PluginError(
        "The head inside was trained with \(section.plugin) \(version), and this is \(type(of: inner).version): train it "
          + "again, or use the older plugin.")
    }
    configuration.head = try DecorrelatedHeadSection(inner)
    configuration.headVersion = type(of: inner).version
    let classes = inner.classification.classes
    let names = configuration.classes ?? Array(classes.enumerated().filter { $0.offset != 1 }.map(\.element))
    if let unknown = names.first(where: { !classes.contains($0) }) {
      throw PluginError(
        "There is no class \(unknown) to be independent in; the classes are \(classes.joined(separator: ", "))."
      )
    }
    guard !names.isEmpty, Set(names).count == names.count else {
      throw PluginError(
        "The classes in which the score is to be independent are different ones, and at least one.")
    }
    configuration.classes = names
    if configuration.by.method == .quantile {
      guard classes.count == 2 else {
        throw PluginError(
          "The method quantile maps the score of one signal, and the head has \(classes.count) classes: choose another "
            + "method.")
      }
      guard configuration.nuisances.count == 1, names == [classes[0]] else {
        throw PluginError(
          "The method quantile maps the score by one number, in the class \(classes[0]): name one nuisance, and leave "
            + "classes out.")
      }
    }
    adversary =
      configuration.by.method == .adversarial
      ? Adversary(
        configuration.by.adversary, inputs: inner.classification.logitCount,
        nuisances: configuration.nuisances.count, builder: &builder) : nil
    self.configuration = configuration
  }

  /// What was learnt of the numbers, which is there before a loss or a condition is computed.
  private var scales: Nuisances {
    guard let nuisances else { fatalError("the head has not learnt the scales of its numbers") }
    return nuisances
  }

  private var method: DecorrelationMethod { configuration.by.method }
  private var names: [String] { configuration.nuisances }

  /// The head inside.
  public var enclosed: any ClassifyingHead { inner.enclosed }

  // MARK: What the head inside is

  /// Those of the head inside.
  public var rows: HeadRows { inner.rows }
  /// Those of the head inside.
  public var inputs: Set<HeadInput> { inner.inputs }
  /// Those of the head inside.
  public var particleColumns: Set<String> { inner.particleColumns }
  /// Those of the head inside, and the numbers if the method reads them in a prediction.
  public var observables: Set<String> {
    method.readsNuisances ? inner.observables.union(names) : inner.observables
  }
  /// Those of the head inside, and the numbers.
  public var truthColumns: [String] {
    let own = inner.truthColumns
    return own + names.filter { !own.contains($0) }
  }
  /// Those of the head inside.
  public var derivedTruthColumns: Set<String> { inner.derivedTruthColumns }
  /// Those of the head inside, unless they are numbers of the method.
  public var optionalTruthColumns: Set<String> { inner.optionalTruthColumns.subtracting(names) }
  /// Those of the head inside.
  public var outputs: [HeadOutput] { inner.outputs }

  /// Throws if the numbers of a method that reads them are not of the head's own rows.
  ///
  /// - Throws: ``PluginError`` that names the number.
  public func check(observables columns: [ObservableColumn]) throws {
    try inner.check(observables: columns.filter { inner.observables.contains($0.name) })
    guard method.readsNuisances else { return }
    for column in columns where names.contains(column.name) && column.rows != rows {
      throw PluginError(
        "The method \(method.rawValue) reads \(column.name) of \(column.rows.rawValue), and the head has a row for each of "
          + "the \(rows.rawValue): name a number of these.")
    }
  }

  /// Makes sure that the truth is that of the head inside.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws { try inner.check(truth) }

  /// What the head inside derives.
  ///
  /// - Throws: what it throws.
  public func derivedTruth(of events: Events, jets: Jets) throws -> [String: [Float]] {
    try inner.derivedTruth(of: events, jets: jets)
  }

  // MARK: What is learnt before the first step

  /// The scales of the numbers, and values that stand for their distribution, of the classes in which the score is to be
  /// independent.
  ///
  /// - Throws: ``MetricError`` if no row of these has a weight.
  public func preparation(fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs) throws -> Nuisances
  {
    let isChosen = rowsOfClasses(truth).reduce(into: [Bool](repeating: false, count: truth.rows)) {
      for (row, isMember) in $1.enumerated() where isMember { $0[row] = true }
    }
    return try Nuisances(
      fitting: names.map { truth[$0] }, isChosen: isChosen, weights: weights, names: names,
      nodes: configuration.by.nodes)
  }

  /// Takes over the scales.
  ///
  /// - Throws: ``PluginError`` if they are not those of the numbers.
  public mutating func prepare(by preparation: Nuisances) throws {
    guard preparation.isValid(for: names.count) else {
      throw PluginError("The preparation does not fit \(names.joined(separator: ", ")).")
    }
    nuisances = preparation
  }

  /// Which rows are of each class in which the score is to be independent: `[classes][rows]`.
  private func rowsOfClasses(_ truth: HeadTruth) -> [[Bool]] {
    let labels = classification.labels(of: truth)
    return configuration.classes!.map { name in
      let number = Float(classification.classes.firstIndex(of: name)!)
      return labels.map { $0 == number }
    }
  }

  // MARK: The forward pass

  /// The logits, followed for the method `quantile` by the number: `[rows × logitCount]`, or one column more.
  ///
  /// The method `conditional` learns logits given the true numbers, and predicts those of the mean probability over the
  /// background's distribution of the numbers.
  public func callAsFunction(_ inputs: HeadInputs) -> Variable {
    switch method {
    case .none, .disco, .adversarial: return inner(inputs)
    case .quantile:
      let logits = inner(inputs)
      let values = inputs.observable(names[0]).map { Float($0) }
      return logits.concatenated(with: inputs.constant(values, rows: values.count, columns: 1))
    case .conditional: return conditionedLogits(inputs)
    }
  }

  private func conditionedLogits(_ inputs: HeadInputs) -> Variable {
    let rows = inputs.count(of: rows)
    func logits(_ values: [Float]) -> Variable {
      let condition = inputs.constant(values, rows: rows, columns: names.count)
      return inner(inputs.widening(self.rows, by: condition))
    }
    if inputs.phase.isTraining {
      return logits(scales.scaled(names.map { inputs.observable($0).map { Float($0) } }))
    }
    let nodes = scales.scaledNodes.map { node in logits((0..<rows).flatMap { _ in node }) }
    if classification.classes.count == 2 {
      func sum(_ sign: Float) -> Variable {
        nodes.dropFirst().reduce((sign * nodes[0]).sigmoid()) { $0 + (sign * $1).sigmoid() }
      }
      let (signal, background) = (sum(1), sum(-1))
      return (signal + .leastNormalMagnitude).log() - (background + .leastNormalMagnitude).log()
    }
    let sum = nodes.dropFirst().reduce(nodes[0].softmax()) { $0 + $1.softmax() }
    return (sum + .leastNormalMagnitude).log()
  }

  private func logits(_ result: Variable) -> Variable {
    method == .quantile ? result.columns(0..<classification.logitCount) : result
  }

  // MARK: Objectives

  /// The cross entropy of the head inside: `[rows × 1]`.
  public func loss(of result: Variable, truth: HeadTruth) -> Variable {
    inner.loss(of: logits(result), truth: truth)
  }

  /// That of the head inside; with `disco` the distance correlation of the whole batch, with `adversarial` that of the
  /// adversary.
  public var objectives: [Objective] {
    switch method {
    case .none, .quantile, .conditional: [.main]
    case .disco: [.main, Objective("distance correlation", scope: .batch)]
    case .adversarial: [.main, adversary!.objective(configuration.by.adversary)]
    }
  }

  /// The losses of the objectives.
  public func losses(of result: Variable, truth: HeadTruth, inputs: HeadInputs) -> [Variable] {
    let loss = loss(of: result, truth: truth)
    let strength = strength(inputs.phase)
    switch method {
    case .none, .quantile, .conditional: return [loss]
    case .disco: return [loss, strength * distanceCorrelation(result, truth, inputs.rowWeights)]
    case .adversarial:
      let adversary = adversaryLoss(result, truth)
      return [loss - strength * adversary, adversary]
    }
  }

  /// λ, which is 0 in the epochs of the warm-up.
  private func strength(_ phase: TrainingPhase) -> Float {
    phase.isTraining && phase.epoch <= configuration.by.warmUp ? 0 : Float(configuration.by.strength)
  }

  /// The mean over the classes of the squared distance correlation of scores and scaled numbers: `[1 × 1]`.
  private func distanceCorrelation(_ result: Variable, _ truth: HeadTruth, _ weights: [Float]) -> Variable {
    let scores = classification.classes.count == 2 ? result.sigmoid() : result.softmax()
    let numbers = scales.scaled(names.map { truth[$0] })
    let classes = rowsOfClasses(truth)
    let terms = classes.map { isMember in
      scores.distanceCorrelation(with: numbers, weights: zip(weights, isMember).map { $1 ? $0 : 0 })
    }
    return terms.dropFirst().reduce(terms[0], +) / Float(terms.count)
  }

  /// The adversary's loss of the rows of the classes, divided by the share of these, so that its mean over all rows is that
  /// over them: `[rows × 1]`.
  private func adversaryLoss(_ result: Variable, _ truth: HeadTruth) -> Variable {
    let loss = adversary!.loss(of: result, scales, truth: names.map { truth[$0] })
    var factors = [Float](repeating: 0, count: truth.rows)
    for isMember in rowsOfClasses(truth) {
      for (row, isMember) in isMember.enumerated() where isMember { factors[row] = 1 / scales.share }
    }
    return loss * result.tape.constant(factors, rows: truth.rows, columns: 1)
  }

  // MARK: Predictions

  /// The outputs of the head inside; of the method `quantile` the score is the share of the background with the same number
  /// that has a lower one.
  public func outputs(of result: Variable) -> Variable {
    guard method == .quantile else { return inner.outputs(of: result) }
    let logits = logits(result)
    guard let quantiles = calibration?.quantiles else { return inner.outputs(of: logits) }
    let values = result.values
    let mapped = result.tape.record(
      rows: result.rows, columns: 1, requiresGradient: false, QuantileMap(result: result.id))
    for row in 0..<result.rows {
      mapped.values[row] = Float(quantiles.logOdds(Double(values[2 * row]), at: Double(values[2 * row + 1])))
    }
    return inner.outputs(of: mapped)
  }

  /// The calibration of the head inside; of the method `quantile` the map of the score, and working points of what it gives.
  ///
  /// - Throws: ``MetricError`` if there is too little background to learn from.
  public func calibration(
    fitting results: Matrix, truth: HeadTruth, weights: [Double]
  ) throws -> Classification.Calibration? {
    guard method == .quantile else {
      return try inner.calibration(fitting: results, truth: truth, weights: weights)
    }
    let logits = (0..<results.rows).map { Double(results[$0, 0]) }
    let values = (0..<results.rows).map { Double(results[$0, 1]) }
    let isBackground = rowsOfClasses(truth)[0]
    let quantiles = try ConditionalQuantiles(
      fitting: logits, values: values, weights: zip(weights, isBackground).map { $1 ? $0 : 0 })
    let mapped = zip(logits, values).map { Float(quantiles.logOdds($0, at: $1)) }
    var calibration = try classification.calibration(
      fitting: Matrix(rows: results.rows, columns: 1, values: mapped), truth: truth, weights: weights,
      temperature: 1)
    calibration.quantiles = quantiles
    return calibration
  }

  /// What the head inside says of its outputs and, of each number, how much cuts on the score shape its spectrum in the
  /// background; training may watch `1/JSD of NAME at 50 %`.
  ///
  /// The method `quantile` has no map before its training is done. Until then each half of the rows is mapped by what the
  /// other half tells, so that what is measured is not what was learnt from.
  ///
  /// - Throws: ``MetricError`` if the rows tell nothing.
  public func evaluate(_ outputs: Matrix, truth: HeadTruth, weights: [Double]) throws -> HeadEvaluation {
    var outputs = outputs
    if method == .quantile, calibration == nil { try map(&outputs, truth, weights) }
    var evaluation = try inner.evaluate(outputs, truth: truth, weights: weights)
    let target = classification.classes.count == 2 ? 0 : 1
    let isSignal = classification.labels(of: truth).map { $0 == 1 }
    let curve = evaluation.classifiers.indices.contains(target) ? evaluation.classifiers[target] : nil
    guard let rejections = curve?.rejections else { return evaluation }
    for rejection in rejections where rejection.signalEfficiency == 0.5 {
      evaluation.metrics.append(Metric("1/ε_B at 50 %", rejection.rejection))
    }
    for name in names {
      do {
        evaluation.add(
          try NuisanceDependence(
            name, values: truth[name], scores: (0..<outputs.rows).map { outputs[$0, target] },
            isSignal: isSignal, weights: weights))
      } catch is MetricError {
        evaluation.metrics.append(Metric(HeadEvaluation.metricName(ofDependenceOn: name), nil))
      }
    }
    return evaluation
  }

  /// Maps the scores of each half of the rows by the other.
  private func map(_ outputs: inout Matrix, _ truth: HeadTruth, _ weights: [Double]) throws {
    let values = truth[names[0]].map { Double($0) }
    let isBackground = rowsOfClasses(truth)[0]
    let logits = (0..<outputs.rows).map { row -> Double in
      let score = min(max(Double(outputs[row, 0]), 1e-9), 1 - 1e-7)
      return log(score / (1 - score))
    }
    for half in [0, 1] {
      let quantiles = try ConditionalQuantiles(
        fitting: logits, values: values,
        weights: weights.indices.map { isBackground[$0] && $0 % 2 != half ? weights[$0] : 0 })
      for row in stride(from: half, to: outputs.rows, by: 2) {
        outputs[row, 0] = Float(1 / (1 + exp(-quantiles.logOdds(logits[row], at: values[row]))))
      }
    }
  }
}

/// The log-odds of a score by the quantiles of the background; no gradient passes through them.
private struct QuantileMap: TapeOperation {
  let result: Variable.ID

  func backward(from result: Variable.ID, on tape: Tape) {}
}

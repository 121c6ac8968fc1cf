// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import PluginKit

/// What the heads of a model are worth on a sample with truth.
///
/// ```swift
/// let evaluation = try Evaluation(of: model, on: EventStream(inputs: ["test.h5"]), threads: 4)
/// print(evaluation.heads[0].evaluation?.metrics ?? [])
/// ```
public struct Evaluation: Sendable {
  /// What one head is worth.
  public struct HeadResult: Sendable {
    /// The head, by its name and plugin.
    public let head: HeadDescription
    /// What it has a row for.
    public let rows: HeadRows
    /// Its metrics and curves; nil if the events tell nothing of it.
    public let evaluation: HeadEvaluation?
    /// Why there is no evaluation, in one sentence; nil if there is one.
    public let problem: String?
    /// The same in each value, or interval, of each condition that the network reads.
    public let conditions: [ConditionedEvaluation]
  }

  /// The number of events, with jets or without.
  public let eventCount: Int
  /// The number of jets.
  public let jetCount: Int
  /// The number of constituents of these jets.
  public let constituentCount: Int
  /// What each head is worth, in the order of the model.
  public let heads: [HeadResult]
  /// What casts doubt on these numbers, a sentence each: events that the model was trained on, inputs outside of what it
  /// was trained on, events without truth.
  public let remarks: [String]

  /// Predicts for all events of a stream and compares with the truth.
  ///
  /// Each jet has the truth and the weight of its event. Memory grows by the numbers that are compared alone.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - stream: the events, with a column for each truth column of a head; they count by their weights.
  ///   - yields: the numbers of events expected before a cut, for heads that tell two classes of events apart.
  ///   - threads: the number of threads.
  ///   - progress: called after each batch of events.
  /// - Throws: `EventInputError` if events cannot be read, ``SampleError`` if they have no jets, weights are none,
  ///   yields are given but no head is for them, truth is none, or the events tell nothing of any head; `PluginError` if a
  ///   head derives other truth than it declares, or gives a figure or table that is none.
  public init(
    of model: Model, on stream: EventStream, yields: EventYields? = nil, threads: Int,
    progress: (EventPipeline.Progress) -> Void = { _ in }
  ) throws {
    let network = model.network
    let needless = SampleError(
      "No head of the model tells two classes of events apart, which yields are for; leave the yields out.")
    guard yields == nil || network.heads.contains(where: { $0.head.rows == .events }) else { throw needless }
    let conditions = network.conditions
    let columns = EventTruth.Names(network, numbers: Set(conditions))
    let inputs = InputMonitor(model)
    // The models of folds judge no event that they have seen.
    var overlap = model.folds != nil ? nil : model.description.training?.fingerprint.map(SampleOverlap.init)
    var truth = EventTruth(of: columns)
    var outputs = Array(repeating: [Float](), count: network.heads.count)
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let predictor = try Predictor(model, observables: network.truthObservables)
        predictor.inputMonitor = inputs
        var prediction = Prediction()
        return { events in
          try predictor.predict(events, into: &prediction)
          let truth = try EventTruth(of: columns, events: events, jets: prediction.jets)
          return (truth, prediction.heads.map(\.values), SampleFingerprint(events))
        }
      },
      consume: { (batchTruth: EventTruth, batchOutputs: [[Float]], fingerprint: SampleFingerprint) in
        truth.append(batchTruth)
        overlap?.add(fingerprint)
        for (index, values) in batchOutputs.enumerated() { outputs[index] += values }
      }, progress: progress)

    let source = stream.inputs.joined(separator: ", ")
    let jetCount = truth.jetCount
    guard truth.eventCount > 0 || stream.options.selection.isEmpty else {
      throw SampleError(
        "\(source): no event meets \(stream.options.selection.map(\.text).joined(separator: " and ")), as is asked for."
      )
    }
    guard jetCount > 0 || network.heads.allSatisfy({ $0.head.rows == .events }), truth.eventCount > 0 else {
      throw SampleError(
        "\(source): there are \(truth.eventCount) events and no jets to evaluate; "
          + "compare the events with the model's jet definition.")
    }
    try truth.check(for: network.heads)
    eventCount = truth.eventCount
    remarks =
      [overlap?.remark].compactMap(\.self) + (inputs?.remarks ?? [])
      + network.heads.compactMap(truth.remarkOnMissingTruth)
    try truth.scaleWeights(ofSamplesOf: stream)
    let weights = truth.weights
    self.jetCount = jetCount
    constituentCount = truth.rowCount(of: .constituents, of: 0..<truth.eventCount)
    heads = try network.heads.indices.map { index in
      let named = network.heads[index]
      let rows = EvaluatedRows(
        named: named, outputs: outputs[index], truth: truth.truth(of: named, of: 0..<truth.eventCount),
        weights: truth.rowWeights(weights, for: named, of: 0..<truth.eventCount).map(Double.init),
        yields: yields)
      let evaluation: HeadEvaluation?
      let problem: String?
      do {
        (evaluation, problem) = (try rows.evaluation(), nil)
      } catch let error as MetricError {
        (evaluation, problem) = (nil, error.description)
      }
      return HeadResult(
        head: model.description.heads[index], rows: named.head.rows, evaluation: evaluation, problem: problem,
        conditions: try conditions.flatMap(rows.evaluations(by:)))
    }
    // A head of which the events tell nothing does not silence the others.
    if let first = heads.first, let problem = first.problem, heads.allSatisfy({ $0.evaluation == nil }) {
      throw SampleError("\(source): \(first.head.name) cannot be evaluated: \(problem)")
    }
    guard yields == nil || classifiers.contains(where: { $0.yields != nil }) else { throw needless }
  }

  /// The curves and score distributions of all heads that classify.
  public var classifiers: [ClassifierEvaluation] { heads.flatMap { $0.evaluation?.classifiers ?? [] } }

  /// Bias, resolution, pulls and coverage of all heads that predict quantities.
  public var regressions: [RegressionEvaluation] { heads.flatMap { $0.evaluation?.regressions ?? [] } }
}

/// What a head predicted for the rows of a sample, and what is true of them.
struct EvaluatedRows {
  let named: Network.NamedHead
  /// The predictions, row-major: `[rows × sum of the outputs' widths]`.
  let outputs: [Float]
  let truth: HeadTruth
  /// The weight of each row: `[rows]`.
  let weights: [Double]
  let yields: EventYields?

  /// Some of the rows.
  func rows(_ selection: [Int]) -> EvaluatedRows {
    let width = truth.rows > 0 ? outputs.count / truth.rows : 0
    return EvaluatedRows(
      named: named, outputs: selection.flatMap { outputs[$0 * width..<($0 + 1) * width] },
      truth: truth.rows(selection), weights: selection.map { weights[$0] }, yields: yields)
  }

  /// What the head is worth on these rows.
  ///
  /// - Throws: `MetricError` if they tell nothing of it, `PluginError` if it gives a figure or table that is none.
  func evaluation() throws -> HeadEvaluation {
    let head = named.head
    let width = head.outputs.reduce(0) { $0 + $1.width }
    var evaluation = try head.evaluate(
      Matrix(rows: truth.rows, columns: width, values: outputs), truth: truth, weights: weights)
    if let metric = evaluation.metricWithoutNumber {
      throw MetricError(
        description: "The metric \(metric.name) is \(metric.estimate!.value), which is no number to compare.")
    }
    try evaluation.checkFigures(of: named.name, plugin: type(of: head).identifier)
    // Yields are of events, and of a single signal and background.
    if head.rows == .events, evaluation.classifiers.count == 1 { evaluation.classifiers[0].yields = yields }
    return evaluation
  }
}

extension SampleOverlap {
  /// What an evaluation on events of the training is to say.
  fileprivate var remark: String? {
    guard share > 0 else { return nil }
    return
      "Some \(max(1, Int((100 * share).rounded()))) % of the events that the model was trained on are among these: "
      + "other events tell what it is worth."
  }
}

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
    public internal(set) var evaluation: HeadEvaluation?
    /// Why there is no evaluation, in one sentence; nil if there is one.
    public let problem: String?
    /// The same in each value, or interval, of each condition that the network reads, and in the parts of each
    /// ``RowDivision``.
    public internal(set) var conditions: [ConditionedEvaluation]
    /// The templates of its score, if it classifies events and they were asked for.
    public let templates: ScoreTemplates?
    /// What other scores are worth on its rows, if they were asked for: single numbers, and those of other models.
    public internal(set) var comparisons: [ComparedScore]
    /// What it loses by each number that the network reads, if that was asked for; most first.
    public internal(set) var importances: [InputImportance] = []
    /// What it makes of changed events, if that was asked for.
    public internal(set) var changes: [ChangedEvaluation] = []
    /// What it predicts for each row, whose columns are its outputs one after the other: `[rows × sum of their widths]`.
    public let outputs: Matrix
    /// What is true of each row.
    public let truth: HeadTruth
    /// The weight of each row: `[rows]`.
    public let weights: [Double]
    /// Its scores, to be compared with those of other models; nil if it does not classify.
    let classified: ClassifiedRows?

    /// The number of the true class of each row: `[rows]`; nil if it does not classify.
    public var labels: [Int]? { classified?.labels }
  }

  /// The number of events, with jets or without.
  public let eventCount: Int
  /// The number of jets.
  public let jetCount: Int
  /// The number of constituents of these jets.
  public let constituentCount: Int
  /// What each head is worth, in the order of the model.
  public internal(set) var heads: [HeadResult]
  /// What casts doubt on these numbers, a sentence each: events that the model was trained on, inputs outside of what it
  /// was trained on, events without truth.
  public let remarks: [String]
  /// The model.
  let description: ModelDescription

  /// Predicts for all events of a stream and compares with the truth.
  ///
  /// Each jet has the truth and the weight of its event. Memory grows by the numbers that are compared alone.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - stream: the events, with a column for each truth column of a head; they count by their weights.
  ///   - yields: the numbers of events expected before a cut, for heads that tell two classes of events apart.
  ///   - study: what to look into in addition.
  ///   - threads: the number of threads.
  ///   - progress: called after each batch of events; what it throws ends the evaluation.
  /// - Throws: `EventInputError` if events cannot be read, ``SampleError`` if they have no jets, weights are none,
  ///   yields are given but no head is for them, truth is none, or the events tell nothing of any head; `PluginError` if a
  ///   head derives other truth than it declares, or gives a figure or table that is none, or an observable is none.
  public init(
    of model: Model, on stream: EventStream, yields: EventYields? = nil,
    study: EvaluationStudy = EvaluationStudy(), threads: Int,
    progress: (EventPipeline.Progress) throws -> Void = { _ in }
  ) throws {
    let network = model.network
    let needless = SampleError(
      "No head of the model tells classes of events apart, which yields are for; leave the yields out.")
    guard yields == nil || network.heads.contains(where: { $0.head.rows == .events }) else { throw needless }
    guard
      study.binning == nil
        || network.heads.contains(where: { $0.head.rows == .events && $0.head is any ScoringHead })
    else {
      throw SampleError("No head of the model classifies events, whose scores a workspace has; leave it out.")
    }
    guard study.shuffles == 0 || model.folds == nil else {
      throw SampleError(
        "The model is one of folds, whose networks give their inputs importance of their own; evaluate one, such as "
          + "\(Model.folder(ofFold: 0)) in its folder.")
    }
    guard study.changes.isEmpty || stream.options.weighting == nil else {
      throw SampleError(
        "The momenta of particles are multiplied by weights as events are read, before they could be changed: leave the robustness "
          + "out, or evaluate without these weights (--apply none).")
    }
    let conditions = network.conditions
    let columns = EventTruth.Names(network, numbers: Set(conditions))
    let inputs = InputMonitor(model)
    // The models of folds judge no event that they have seen.
    var overlap = model.folds != nil ? nil : model.description.training?.fingerprint.map(SampleOverlap.init)
    var truth = EventTruth(of: columns)
    let divisions = study.divisions(with: conditions)
    let observables = try [network.truthObservables, study.observables(for: model)].reduce(
      into: ObservableSet()
    ) {
      try $0.formUnion($1)
    }
    let numberNames = try EvaluatedNumbers.Names(study, observables: observables, for: network)
    var numbers = EvaluatedNumbers()
    var outputs = Array(repeating: [Float](), count: network.heads.count)
    var importance = study.shuffles > 0 ? ImportanceSample(model) : nil
    let keepsSample = importance != nil
    let changes = study.changes
    var changedOutputs = changes.map { _ in network.heads.map { _ in [Float]() } }
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let predictor = try Predictor(model, observables: observables)
        predictor.inputMonitor = inputs
        var prediction = Prediction()
        let other = changes.isEmpty ? nil : try Predictor(model)
        var changed = Prediction()
        return { events in
          try predictor.predict(events, into: &prediction)
          let truth = try EventTruth(of: columns, events: events, jets: prediction.jets)
          let numbers = try EvaluatedNumbers(of: numberNames, events: events, jets: prediction.jets)
          let changedValues = try changes.map { change in
            try other!.predict(change(events), into: &changed)
            return changed.values(inPlaceOf: prediction)
          }
          return (
            truth, numbers, prediction.heads.map(\.values), changedValues, SampleFingerprint(events),
            keepsSample ? predictor.sample : nil
          )
        }
      },
      consume: {
        (
          batchTruth: EventTruth, batchNumbers: EvaluatedNumbers, batchOutputs: [[Float]],
          batchChanged: [[[Float]]], fingerprint: SampleFingerprint, sample: EventSample?
        ) in
        if let sample { importance?.append(sample) }
        truth.append(batchTruth)
        numbers.append(batchNumbers)
        overlap?.add(fingerprint)
        for (index, values) in batchOutputs.enumerated() { outputs[index] += values }
        for (change, heads) in batchChanged.enumerated() {
          for (index, values) in heads.enumerated() { changedOutputs[change][index] += values }
        }
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
    description = model.description
    eventCount = truth.eventCount
    let sampleRemarks =
      [overlap?.remark].compactMap(\.self) + (inputs?.remarks ?? [])
      + network.heads.compactMap(truth.remarkOnMissingTruth)
    let factors = try truth.scaleWeights(ofSamplesOf: stream)
    let weights = truth.weights
    self.jetCount = jetCount
    constituentCount = truth.rowCount(of: .constituents, of: 0..<truth.eventCount)
    let judged = network.heads.indices.map { index in
      let named = network.heads[index]
      return EvaluatedRows(
        named: named, outputs: outputs[index], truth: truth.truth(of: named, of: 0..<truth.eventCount),
        weights: truth.rowWeights(weights, for: named, of: 0..<truth.eventCount).map(Double.init),
        numbers: numbers.ofRows[named.head.rows] ?? [:], yields: yields)
    }
    heads = try network.heads.indices.map { index in
      let (named, rows) = (network.heads[index], judged[index])
      let evaluation: HeadEvaluation?
      let problem: String?
      do {
        var whole = try rows.evaluation()
        try rows.add(study.nuisances, observables, to: &whole)
        (evaluation, problem) = (whole, nil)
      } catch let error as MetricError {
        (evaluation, problem) = (nil, error.description)
      }
      return HeadResult(
        head: model.description.heads[index], rows: named.head.rows, evaluation: evaluation, problem: problem,
        conditions: try divisions.flatMap { try rows.evaluations(by: $0, of: evaluation) },
        templates: try study.binning.flatMap {
          try rows.templates(
            $0, study.variations, numbers, truth, times: factors,
            absolute: stream.options.negativeWeights == .absolute)
        }, comparisons: try rows.comparisons(with: study.discriminants),
        outputs: rows.matrix, truth: rows.truth, weights: rows.weights,
        classified: rows.classified)
    }
    remarks = sampleRemarks + heads.flatMap { $0.templates?.remarks ?? [] }
    // A head of which the events tell nothing does not silence the others.
    if let first = heads.first, let problem = first.problem, heads.allSatisfy({ $0.evaluation == nil }) {
      throw SampleError("\(source): \(first.head.name) cannot be evaluated: \(problem)")
    }
    if let importance {
      let importances = try importance.importances(
        of: judged, repetitions: study.shuffles, threads: threads)
      for index in heads.indices { heads[index].importances = importances[index] }
    }
    for index in heads.indices {
      heads[index].changes = zip(changes, changedOutputs).map {
        judged[index].comparison(with: $0, $1[index])
      }
    }
    guard yields == nil || classifiers.contains(where: { $0.yields != nil }) else { throw needless }
  }

  /// The curves and score distributions of all heads that classify.
  public var classifiers: [ClassifierEvaluation] { heads.flatMap { $0.evaluation?.classifiers ?? [] } }

  /// The templates of all heads that classify events, if they were asked for.
  public var templates: [ScoreTemplates] { heads.compactMap(\.templates) }

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
  /// Numbers by which the rows are divided: `[rows]` each.
  let numbers: [String: [Float]]
  let yields: EventYields?

  /// Some of the rows.
  func rows(_ selection: [Int]) -> EvaluatedRows {
    let width = truth.rows > 0 ? outputs.count / truth.rows : 0
    return EvaluatedRows(
      named: named, outputs: selection.flatMap { outputs[$0 * width..<($0 + 1) * width] },
      truth: truth.rows(selection), weights: selection.map { weights[$0] }, numbers: [:],
      yields: yields)
  }

  /// The predictions: `[rows × sum of the outputs' widths]`.
  var matrix: Matrix {
    Matrix(rows: truth.rows, columns: named.head.outputs.reduce(0) { $0 + $1.width }, values: outputs)
  }

  /// What the head is worth on these rows.
  ///
  /// - Throws: `MetricError` if they tell nothing of it, `PluginError` if it gives a figure or table that is none.
  func evaluation() throws -> HeadEvaluation {
    let head = named.head
    var evaluation = try head.evaluate(matrix, truth: truth, weights: weights)
    if let metric = evaluation.metricWithoutNumber {
      throw MetricError(
        description: "The metric \(metric.name) is \(metric.estimate!.value), which is no number to compare.")
    }
    try evaluation.checkFigures(of: named.name, plugin: type(of: head).identifier)
    // Yields are of events, and of class 1 and all others.
    if head.rows == .events, let signal = signalClassifier(of: evaluation) {
      evaluation.classifiers[signal].yields = yields
    }
    return evaluation
  }
}

extension EvaluatedRows {
  /// Which classifier tells class 1 from all others; nil if that cannot be said.
  private func signalClassifier(of evaluation: HeadEvaluation) -> Int? {
    if evaluation.classifiers.count == 1 { return 0 }
    return named.head is any ScoringHead && evaluation.classifiers.count > 1 ? 1 : nil
  }
}

extension SampleOverlap {
  /// What an evaluation on events of the training is to say.
  fileprivate var remark: String? {
    guard share > 0 else { return nil }
    return
      "Some \(max(1, Int((100 * share).rounded()))) % of the events that the model was trained on are among these: "
      + "use others to learn what it is worth."
  }
}

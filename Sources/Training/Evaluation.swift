// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import JetPhysics
import PluginKit

/// What the heads of a model are worth on a sample with truth.
///
/// ```swift
/// let evaluation = try Evaluation(of: model, on: EventStream(inputs: ["test.h5"]), threads: 4)
/// print(evaluation.heads[0].evaluation.metrics)
/// ```
public struct Evaluation: Sendable {
  /// What one head is worth.
  public struct HeadResult: Sendable {
    /// The head, by its name and plugin.
    public let head: HeadDescription
    /// What it has a row for.
    public let rows: HeadRows
    /// Its metrics and curves.
    public let evaluation: HeadEvaluation
  }

  /// The number of events, with jets or without.
  public let eventCount: Int
  /// The number of jets.
  public let jetCount: Int
  /// What each head is worth, in the order of the model.
  public let heads: [HeadResult]

  /// Predicts for all events of a stream and compares with the truth; each jet has the truth of its event. Memory grows by the numbers that are compared alone.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - stream: the events, with a column for each truth column of a head.
  ///   - threads: the number of threads.
  ///   - progress: called after each batch of events.
  /// - Throws: `EventInputError` where events cannot be read, ``TrainingError`` where they have no jets or
  ///   truth cannot be compared with, such as that of a single class.
  public init(
    of model: Model, on stream: EventStream, threads: Int,
    progress: (EventPipeline.Progress) -> Void = { _ in }
  ) throws {
    let network = model.network
    let columns = Set(network.heads.flatMap(\.head.truthColumns))
    var truth = EventTruth(of: columns)
    var outputs = Array(repeating: [Float](), count: network.heads.count)
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let predictor = try Predictor(model)
        var prediction = Prediction()
        return { events in
          try predictor.predict(events, into: &prediction)
          let truth = try EventTruth(of: columns, events: events, jets: prediction.jets)
          return (truth, prediction.heads.map(\.values))
        }
      },
      consume: { (batchTruth: EventTruth, batchOutputs: [[Float]]) in
        truth.append(batchTruth)
        for (index, values) in batchOutputs.enumerated() { outputs[index] += values }
      }, progress: progress)

    let source = stream.inputs.joined(separator: ", ")
    let jetCount = truth.jetCounts.reduce(0, +)
    guard jetCount > 0 || network.heads.allSatisfy({ $0.head.rows == .events }), truth.eventCount > 0 else {
      throw TrainingError(
        "\(source): there are \(truth.eventCount) events and no jets to evaluate; "
          + "compare the events with the model's jet definition.")
    }
    try truth.check(for: network.heads, inputs: stream.inputs)
    eventCount = truth.eventCount
    self.jetCount = jetCount
    heads = try network.heads.indices.map { index in
      let named = network.heads[index]
      let truth = truth.truth(of: named.head.rows, of: 0..<truth.eventCount)
      let width = named.head.outputs.reduce(0) { $0 + $1.width }
      let matrix = Matrix(rows: truth.rows, columns: width, values: outputs[index])
      do {
        return HeadResult(
          head: model.description.heads[index], rows: named.head.rows,
          evaluation: try named.head.evaluate(
            matrix, truth: truth, weights: Array(repeating: 1, count: truth.rows)))
      } catch let error as MetricError {
        throw TrainingError("\(source): \(named.name) cannot be evaluated: \(error)")
      }
    }
  }

  /// The curves and score distributions of all heads that classify.
  public var classifiers: [ClassifierEvaluation] { heads.flatMap(\.evaluation.classifiers) }
}

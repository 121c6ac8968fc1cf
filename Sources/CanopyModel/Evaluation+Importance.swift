// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import PluginKit

/// How much a head loses if a number that the network reads tells nothing any more.
public struct InputImportance: Sendable, Equatable {
  /// The number: a feature of nodes, a number of items of events, an input of events, or one of an observable that the head
  /// reads itself.
  public let input: String
  /// The head's first metric less the same with the number shuffled: the mean over several shuffles and, as its error,
  /// their standard deviation; nil for a single one.
  public let loss: Estimate
}

/// The events of an evaluation as the network reads them, to be read again with one number shuffled.
///
/// Source: L. Breiman, Machine Learning 45, 5 (2001).
struct ImportanceSample {
  private let model: Model
  private var sample: EventSample

  /// No events, for a model.
  init(_ model: Model) {
    self.model = model
    sample = EventSample(model)
  }

  /// Adds events whose features are scaled.
  mutating func append(_ other: EventSample) { sample.append(other) }

  /// What each head loses by each number, most first.
  ///
  /// - Parameters:
  ///   - heads: the heads with their truth, in the order of the model.
  ///   - repetitions: how often each number is shuffled.
  ///   - threads: the number of threads.
  /// - Returns: the losses of each head; none for a head whose first metric the events do not tell.
  /// - Throws: `PluginError` if a plugin gives other rows or columns than it declares.
  func importances(
    of heads: [EvaluatedRows], repetitions: Int, threads: Int
  ) throws -> [[InputImportance]] {
    let observables = model.network.heads.reduce(into: Set<String>()) { $0.formUnion($1.head.observables) }
      .sorted()
    let names = sample.shuffledNames + observables
    let known = heads.map(\.firstMetric)
    var losses = heads.map { _ in names.map { _ in [Double]() } }
    // The same in every run.
    var generator = SeededGenerator(seed: 1)
    for (place, name) in names.enumerated() {
      for _ in 0..<repetitions {
        var shuffled = sample
        if place < names.count - observables.count {
          shuffled.shuffle(sample.numberPlace(place), using: &generator)
        } else {
          shuffled.shuffle(observable: name, using: &generator)
        }
        let outputs = try outputs(shuffled, threads: threads)
        for head in heads.indices {
          guard let metric = known[head], let other = heads[head].with(outputs[head]).firstMetric else {
            continue
          }
          losses[head][place].append(metric - other)
        }
      }
    }
    return losses.map { losses in
      zip(names, losses).filter { !$1.isEmpty }.map {
        InputImportance(input: $0, loss: Estimate(spreadOf: $1))
      }
      .sorted { $0.loss.value > $1.loss.value }
    }
  }

  /// What the heads predict for all events.
  private func outputs(_ sample: EventSample, threads: Int) throws -> [[Float]] {
    let count = max(1, min(threads, sample.eventCount))
    let parts = Parts(count)
    let model = model
    DispatchQueue.concurrentPerform(iterations: count) { part in
      let events = sample.eventCount * part / count..<sample.eventCount * (part + 1) / count
      parts[part] = Result { try Predictor(model).predict(sample, events: events) }
    }
    var outputs = model.network.heads.map { _ in [Float]() }
    for part in 0..<count {
      for (head, values) in try parts[part]!.get().enumerated() { outputs[head] += values }
    }
    return outputs
  }
}

/// What the threads predict, each for its part of the events.
private final class Parts: @unchecked Sendable {
  private let lock = NSLock()
  private var results: [Result<[[Float]], any Error>?]

  init(_ count: Int) { results = Array(repeating: nil, count: count) }

  subscript(part: Int) -> Result<[[Float]], any Error>? {
    get { lock.withLock { results[part] } }
    set { lock.withLock { results[part] = newValue } }
  }
}

extension EvaluatedRows {
  /// The first metric; nil if the rows do not tell it.
  fileprivate var firstMetric: Double? { (try? evaluation())?.metrics[0].estimate?.value }

  /// The same rows with other predictions.
  fileprivate func with(_ outputs: [Float]) -> EvaluatedRows {
    EvaluatedRows(named: named, outputs: outputs, truth: truth, weights: weights, numbers: [:], yields: nil)
  }
}

extension Estimate {
  /// The mean of some values and, as the error, their standard deviation; nil for a single one.
  fileprivate init(spreadOf values: [Double]) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.init(value: mean, error: values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil)
  }
}

extension Evaluation.HeadResult {
  /// What the head loses by each number that tells nothing any more, as a table; nil if it was not asked for.
  public var importanceTable: HeadTable? {
    guard let metric = evaluation?.metrics[0].name, !importances.isEmpty else { return nil }
    return HeadTable(
      "importance",
      columns: [
        HeadTable.Column("input", texts: importances.map(\.input)),
        HeadTable.Column("loss of \(metric)", estimates: importances.map(\.loss)),
      ])
  }
}

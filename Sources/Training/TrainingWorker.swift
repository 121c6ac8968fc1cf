// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import PluginKit

/// One thread's share of a training: its own tape, batch and gradients, so that threads share nothing they write.
///
/// It is handed from thread to thread between steps, and never used by two at a time: see `Trainer.divide`.
final class TrainingWorker: @unchecked Sendable {
  let gradients: Parameters
  /// The sum of weight times loss over the rows of the last step, for each head.
  private(set) var lossSums: [Double]
  /// What the forward pass of each head gave in the last validation step: `[rows × anything]`.
  private(set) var results: [[Float]] = []
  /// What each head predicted in the last validation step: `[rows × width]`.
  private(set) var outputs: [[Float]] = []

  private let network: Network
  private let headWeights: [Float]
  private let freezesEmbedding: Bool
  private let learning: Tape
  private let predicting: Tape
  private let weights: NetworkWeights
  private let batch = NetworkBatch()

  init(_ network: Network, headWeights: [Float], freezesEmbedding: Bool, parameters: Parameters) {
    self.network = network
    self.headWeights = headWeights
    self.freezesEmbedding = freezesEmbedding
    weights = NetworkWeights(network, parameters)
    gradients = Parameters(layout: network.layout)
    learning = Tape(parameters: parameters, gradients: gradients)
    predicting = Tape(parameters: parameters)
    lossSums = Array(repeating: 0, count: network.heads.count)
  }

  /// Puts the gradients of the mean loss of a batch, as far as these events contribute, into `gradients`.
  ///
  /// - Parameter totalWeights: for each head the sum of the absolute weights of its rows in the whole batch, other
  ///   threads' included.
  func learn(_ dataset: EventDataset, _ events: ArraySlice<Int>, totalWeights: [Double]) {
    gradients.clear()
    weights.pack(learning.parameters)
    learning.reset()
    batch.fill(dataset.sample, events)
    let inputs = network(batch, weights, on: learning, freezingEmbedding: freezesEmbedding).headInputs
    for (index, named) in network.heads.enumerated() {
      let rows = named.head.rows
      let rowWeights = dataset.weights(for: named.head, of: events)
      let loss = named.head.loss(inputs, dataset.truth(of: rows, of: events))
      lossSums[index] = Self.weightedSum(loss, rowWeights)
      guard totalWeights[index] > 0 else { continue }
      let scale = headWeights[index] / Float(totalWeights[index])
      let seed = learning.scratch(count: rowWeights.count)
      for (row, weight) in rowWeights.enumerated() { seed[row] = scale * weight }
      learning.seedGradient(of: loss, UnsafeBufferPointer(seed))
    }
    learning.backward()
  }

  /// Puts what every head predicts for some events into `outputs`, and the losses into `lossSums`.
  func predict(_ dataset: EventDataset, _ events: ArraySlice<Int>) {
    weights.pack(predicting.parameters)
    predicting.reset()
    batch.fill(dataset.sample, events)
    let inputs = network(batch, weights, on: predicting).headInputs
    results.removeAll(keepingCapacity: true)
    outputs.removeAll(keepingCapacity: true)
    for (index, named) in network.heads.enumerated() {
      let rows = named.head.rows
      let prediction = named.head.predict(inputs, dataset.truth(of: rows, of: events))
      lossSums[index] = Self.weightedSum(prediction.loss, dataset.weights(for: named.head, of: events))
      results.append(Array(prediction.result.values))
      outputs.append(Array(prediction.outputs.values))
    }
  }

  /// Makes sure that every head gives what it declares for some events, and evaluates it, before it is trained.
  ///
  /// - Throws: `PluginError` if the rows or columns of its loss or its outputs are others, or a metric is no number.
  func checkHeads(_ dataset: EventDataset, _ events: ArraySlice<Int>) throws {
    weights.pack(predicting.parameters)
    predicting.reset()
    batch.fill(dataset.sample, events)
    let pass = network(batch, weights, on: predicting)
    try pass.check()
    let inputs = pass.headInputs
    for named in network.heads {
      let head = named.head
      let truth = dataset.truth(of: head.rows, of: events)
      let prediction = head.predict(inputs, truth)
      try head.check(shapeOfLoss: prediction.loss, rows: truth.rows, name: named.name)
      try head.check(shapeOfOutputs: prediction.outputs, rows: truth.rows, name: named.name)
      guard truth.rows > 0 else { continue }
      let outputs = Matrix(
        rows: truth.rows, columns: prediction.outputs.columns, values: Array(prediction.outputs.values))
      let rowWeights = dataset.weights(for: head, of: events).map { Double($0) }
      do {
        try named.check(metricsOf: head.evaluate(outputs, truth: truth, weights: rowWeights))
      } catch is MetricError {
        // So few events may well tell nothing of it.
      }
    }
  }

  private static func weightedSum(_ loss: Variable, _ weights: [Float]) -> Double {
    zip(loss.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}

extension Head {
  fileprivate func loss(_ inputs: HeadInputs, _ truth: HeadTruth) -> Variable {
    loss(of: self(inputs), truth: truth)
  }

  fileprivate func predict(
    _ inputs: HeadInputs, _ truth: HeadTruth
  ) -> (result: Variable, loss: Variable, outputs: Variable) {
    let result = self(inputs)
    return (result, loss(of: result, truth: truth), outputs(of: result))
  }
}

extension Network.NamedHead {
  /// Throws if a metric is no number.
  ///
  /// - Throws: `PluginError` that names the head and the metric.
  func check(metricsOf evaluation: HeadEvaluation) throws {
    guard let metric = evaluation.metricWithoutNumber else { return }
    throw PluginError(
      "The head \(name) gives \(metric.estimate!.value) for its metric \(metric.name): mend the plugin "
        + "\(type(of: head).identifier), and let a metric that the rows cannot tell have no estimate.")
  }
}

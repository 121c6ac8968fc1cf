// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import PluginKit

/// One thread's share of a training: its own tape, batch and gradients, so that threads share nothing they write.
///
/// It is handed from thread to thread between steps, and never used by two at a time: see `Trainer.divide`.
final class TrainingWorker: @unchecked Sendable {
  let gradients: Parameters
  /// The number of the thread, from 0.
  let thread: Int
  /// The sum of weight times loss over the rows of the last step, for each head.
  private(set) var lossSums: [Double]
  /// What the forward pass of each head gave in the last validation step: `[rows × anything]`.
  private(set) var results: [[Float]] = []
  /// What the heads gave in a step that is not finished, by their numbers, of those with objectives of the whole batch.
  private var unfinished: [Int: Variable] = [:]
  /// What each head predicted in the last validation step: `[rows × width]`.
  private(set) var outputs: [[Float]] = []

  private let network: Network
  /// The heads as they learn, with smoothed labels if the training smooths them.
  let learningHeads: [any Head]
  private let headWeights: [Float]
  private let freezesEmbedding: Bool
  private let dropout: [StagePlace: Double]
  private let learning: Tape
  private let predicting: Tape
  private let weights: NetworkWeights
  private let batch = NetworkBatch()
  private var window: EventWindow
  /// Why the last step failed; nil if it did not.
  var failure: (any Error)?

  init(
    _ network: Network, headWeights: [Float], section: TrainingSection, parameters: Parameters, thread: Int
  ) {
    self.network = network
    window = EventWindow(network)
    self.thread = thread
    self.headWeights = headWeights
    learningHeads = network.heads.map { $0.head.smoothingLabels(by: Float(section.labelSmoothing)) }
    freezesEmbedding = section.rates.shares["embedding"] == 0
    dropout = section.dropout.probabilities
    weights = NetworkWeights(network, parameters)
    gradients = Parameters(layout: network.layout)
    learning = Tape(parameters: parameters, gradients: gradients)
    predicting = Tape(parameters: parameters)
    lossSums = Array(repeating: 0, count: network.heads.count)
  }

  /// Puts the gradients of the mean losses of a batch, as far as these events contribute, into `gradients`.
  ///
  /// - Parameters:
  ///   - dataset: the events, of which some are learnt from.
  ///   - events: the numbers of these.
  ///   - group: for each head the objectives that are learnt from.
  ///   - totalWeights: for each head the sum of the absolute weights of its rows in the whole batch, other threads'
  ///     included.
  ///   - isPart: whether other threads work on other events of the batch, so that objectives of the whole batch are left
  ///     to ``finish(_:)``.
  ///   - phase: where the training is, for a head or a stage of a name.
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  func learn(
    _ dataset: EventDataset, _ events: ArraySlice<Int>, _ group: [[ObjectiveGroup.Member]],
    totalWeights: [Double], isPart: Bool, phase: (String) -> TrainingPhase
  ) throws {
    unfinished = [:]
    gradients.clear()
    weights.pack(learning.parameters)
    learning.reset()
    try dataset.fill(batch, events, &window)
    var inputs = network(
      batch, weights, on: learning, freezingEmbedding: freezesEmbedding, phase: phase, dropout: dropout
    ).headInputs
    for (index, named) in network.heads.enumerated() where !group[index].isEmpty {
      let head = learningHeads[index]
      let rowWeights = dataset.weights(for: named, of: events)
      inputs.give(phase: phase(named.name), rowWeights: rowWeights)
      let result = head(inputs)
      let members = isPart ? group[index].filter { $0.scope == .rows } : group[index]
      if members.count < group[index].count { unfinished[index] = result }
      lossSums[index] = 0
      guard !members.isEmpty else { continue }
      let losses = head.losses(of: result, truth: dataset.truth(of: named, of: events), inputs: inputs)
      lossSums[index] = members.reduce(0) {
        $0 + Self.weightedSum(losses[$1.index], $1.scope, rowWeights)
      }
      guard totalWeights[index] > 0 else { continue }
      for member in members {
        seed(losses[member.index], member.scope, index, rowWeights, totalWeights)
      }
    }
    if unfinished.isEmpty { learning.backward() }
  }

  /// What a head gave in a step that is not finished: `[rows × anything]`; nil if none of its objectives is of the whole
  /// batch.
  func unfinishedResult(ofHead index: Int) -> Matrix? { unfinished[index]?.matrix }

  /// Adds the gradients of objectives of the whole batch by the results of heads, and those that follow from them.
  ///
  /// - Parameter gradients: by the numbers of the heads: `[rows × anything]` each.
  func finish(_ gradients: [Int: [Float]]) {
    for (index, gradient) in gradients.sorted(by: { $0.key < $1.key }) {
      gradient.withUnsafeBufferPointer { learning.seedGradient(of: unfinished[index]!, $0) }
    }
    learning.backward()
  }

  /// Adds to the sum of weight times loss of a head.
  func add(lossSum: Double, ofHead index: Int) { lossSums[index] += lossSum }

  /// Seeds the gradient of a loss of the head of an index.
  private func seed(
    _ loss: Variable, _ scope: Objective.Scope, _ index: Int, _ rowWeights: [Float], _ totalWeights: [Double]
  ) {
    let seed = learning.scratch(count: loss.count)
    switch scope {
    case .rows:
      let scale = headWeights[index] / Float(totalWeights[index])
      for (row, weight) in rowWeights.enumerated() { seed[row] = scale * weight }
    case .batch:
      seed[0] = headWeights[index]
    }
    learning.seedGradient(of: loss, UnsafeBufferPointer(seed))
  }

  /// Puts what every head predicts for some events into `outputs`, and the losses of objectives of rows into `lossSums`.
  ///
  /// - Throws: ``TrainingError`` if an event of a cache cannot be read back.
  func predict(_ dataset: EventDataset, _ events: ArraySlice<Int>) throws {
    weights.pack(predicting.parameters)
    predicting.reset()
    try dataset.fill(batch, events, &window)
    var inputs = network(batch, weights, on: predicting).headInputs
    results.removeAll(keepingCapacity: true)
    outputs.removeAll(keepingCapacity: true)
    for (index, named) in network.heads.enumerated() {
      let head = named.head
      let rowWeights = dataset.weights(for: named, of: events)
      inputs.give(phase: TrainingPhase(), rowWeights: rowWeights)
      let prediction = head.predict(inputs, dataset.truth(of: named, of: events))
      lossSums[index] = zip(head.objectives, prediction.losses).reduce(0) { sum, loss in
        loss.0.parameters == nil && loss.0.scope == .rows
          ? sum + Self.weightedSum(loss.1, .rows, rowWeights) : sum
      }
      results.append(Array(prediction.result.values))
      outputs.append(Array(prediction.outputs.values))
    }
  }

  /// Makes sure that every head gives what it declares for some events, and evaluates it, before it is trained.
  ///
  /// - Returns: the names of all metrics; nil if the events are too few to tell them.
  /// - Throws: `PluginError` if the rows or columns of its loss or its outputs are others, a metric is no number, or a
  ///   figure cannot be drawn; ``TrainingError`` if an event of a cache cannot be read back.
  func checkHeads(_ dataset: EventDataset, _ events: ArraySlice<Int>) throws -> [String]? {
    weights.pack(predicting.parameters)
    predicting.reset()
    try dataset.fill(batch, events, &window)
    let pass = network(batch, weights, on: predicting)
    try pass.check()
    var inputs = pass.headInputs
    var metrics: [String]? = []
    for named in network.heads {
      let head = named.head
      let truth = dataset.truth(of: named, of: events)
      let rowWeights = dataset.weights(for: named, of: events)
      inputs.give(phase: TrainingPhase(), rowWeights: rowWeights)
      let prediction = head.predict(inputs, truth)
      try head.check(shapesOfLosses: prediction.losses, rows: truth.rows, name: named.name)
      try head.check(shapeOfOutputs: prediction.outputs, rows: truth.rows, name: named.name)
      guard truth.rows > 0 else {
        metrics = nil
        continue
      }
      let outputs = Matrix(
        rows: truth.rows, columns: prediction.outputs.columns, values: Array(prediction.outputs.values))
      do {
        let evaluation = try head.evaluate(outputs, truth: truth, weights: rowWeights.map { Double($0) })
        try named.check(evaluation)
        metrics? += evaluation.metrics.map { network.label(of: $0, of: named) }
      } catch is MetricError {
        // So few events may well tell nothing of it.
        metrics = nil
      }
    }
    return metrics
  }

  /// What a loss adds to the sum of weight times loss; one of the whole batch counts for each row.
  private static func weightedSum(_ loss: Variable, _ scope: Objective.Scope, _ weights: [Float]) -> Double {
    guard scope == .rows else { return weights.reduce(0) { $0 + Double(abs($1)) } * Double(loss.values[0]) }
    return zip(loss.values, weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}

extension Head {
  fileprivate func predict(
    _ inputs: HeadInputs, _ truth: HeadTruth
  ) -> (result: Variable, losses: [Variable], outputs: Variable) {
    let result = self(inputs)
    return (result, losses(of: result, truth: truth, inputs: inputs), outputs(of: result))
  }
}

extension Network.NamedHead {
  /// Throws if a metric is no number, or a figure or table is none.
  ///
  /// - Throws: `PluginError` that names the head and the metric, figure or table.
  func check(_ evaluation: HeadEvaluation) throws {
    try evaluation.checkFigures(of: name, plugin: type(of: head).identifier)
    guard let metric = evaluation.metricWithoutNumber else { return }
    throw PluginError(
      "The head \(name) gives \(metric.estimate!.value) for its metric \(metric.name): mend the plugin "
        + "\(type(of: head).identifier), and let a metric that the rows cannot tell have no estimate.")
  }
}

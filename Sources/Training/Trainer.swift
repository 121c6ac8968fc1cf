// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Dispatch
import Foundation
import JetEmbedding
import NeuralEngine
import PluginKit

/// Trains a network on jets, epoch by epoch, and keeps the best.
///
/// Each batch is divided over the threads in parts of about as many nodes, and their gradients are added in the order
/// of the threads: the same seed, data and number of threads give the same bits.
public final class Trainer {
  /// The network that is trained.
  public let network: Network
  /// The weights as they are now.
  public let parameters: Parameters
  /// The weights of the best epoch so far.
  public let bestParameters: Parameters
  /// What was measured after each epoch so far.
  public private(set) var epochs: [EpochSummary] = []

  let section: TrainingSection
  let optimiser: AdamW
  private(set) var generator: SeededGenerator
  private let dataset: JetDataset
  private let trainingJets: [Int]
  private let validationJets: [Int]
  private let headWeights: [Float]
  private let workers: [TrainingWorker]

  /// A trainer that has not begun, or that goes on from a checkpoint.
  ///
  /// - Parameters:
  ///   - network: the network to train.
  ///   - headWeights: the weight of each head's loss.
  ///   - section: how the network learns.
  ///   - dataset: the jets, with scaled features.
  ///   - split: which jets are learnt from and which validate.
  ///   - checkpoint: where to go on.
  public init(
    _ network: Network, headWeights: [Double], section: TrainingSection, dataset: JetDataset, split: JetSplit,
    resuming checkpoint: Checkpoint? = nil
  ) {
    self.network = network
    self.headWeights = headWeights.map { Float($0) }
    self.section = section
    self.dataset = dataset
    trainingJets = split.training
    validationJets = split.validation
    var settings = AdamW.Settings()
    settings.weightDecay = Float(section.weightDecay)
    settings.gradientClip = section.gradientClip.map { Float($0) }
    if let checkpoint {
      generator = checkpoint.generator
      parameters = checkpoint.parameters
      bestParameters = checkpoint.bestParameters
      epochs = checkpoint.epochs
      optimiser = AdamW(
        firstMoment: checkpoint.firstMoment, secondMoment: checkpoint.secondMoment, step: checkpoint.step,
        settings: settings)
    } else {
      generator = SeededGenerator(seed: section.seed)
      parameters = Parameters(layout: network.layout, using: &generator)
      bestParameters = Parameters(layout: network.layout)
      bestParameters.assign(parameters)
      optimiser = AdamW(layout: network.layout, settings: settings)
    }
    let parameters = parameters
    let weights = self.headWeights
    workers = (0..<section.threads).map { _ in
      TrainingWorker(network, headWeights: weights, parameters: parameters)
    }
  }

  /// The number of the epoch whose weights are the best so far; 0 before the first.
  public var bestEpoch: Int { epochs.last(where: \.isBest)?.epoch ?? 0 }

  /// Whether all epochs are done.
  public var isFinished: Bool { epochs.count >= section.epochs }

  /// Trains one more epoch and validates it.
  ///
  /// - Parameter progress: called after each step with the number of jets done and the mean loss so far.
  /// - Returns: what the epoch came to.
  /// - Throws: ``TrainingError`` where loss or gradient are no longer finite or a head cannot be validated, such as
  ///   on jets of one class.
  public func trainEpoch(progress: (_ jetsDone: Int, _ loss: Double) -> Void) throws -> EpochSummary {
    let start = ProcessInfo.processInfo.systemUptime
    let epoch = epochs.count + 1
    let stepsPerEpoch = (trainingJets.count + section.batchSize - 1) / section.batchSize
    let steps = stepsPerEpoch * section.epochs
    let order = trainingJets.shuffled(using: &generator)
    var lossSum = 0.0
    var weightSum = 0.0
    var rate: Float = 0
    for step in 0..<stepsPerEpoch {
      let first = step * section.batchSize
      let jets = order[first..<min(first + section.batchSize, order.count)]
      rate = section.schedule.learningRate(
        step: optimiser.step, of: steps, peak: Float(section.learningRate))
      let (loss, weight, gradientNorm) = learn(jets, rate)
      lossSum += loss
      weightSum += weight
      guard lossSum.isFinite, gradientNorm.isFinite else { throw Self.divergence(epoch) }
      progress(jets.endIndex, weightSum > 0 ? lossSum / weightSum : 0)
    }
    let validation = try validate()
    guard validation.loss.isFinite else { throw Self.divergence(epoch) }
    let metrics = validation.metrics
    let best = epochs.compactMap(\.metrics.first?.value).max() ?? -.infinity
    let summary = EpochSummary(
      epoch: epoch, trainingLoss: weightSum > 0 ? lossSum / weightSum : 0, validationLoss: validation.loss,
      metrics: metrics, learningRate: Double(rate), jetCount: order.count,
      seconds: ProcessInfo.processInfo.systemUptime - start, isBest: (metrics.first?.value ?? 0) > best)
    if summary.isBest { bestParameters.assign(parameters) }
    epochs.append(summary)
    return summary
  }

  private static func divergence(_ epoch: Int) -> TrainingError {
    TrainingError(
      "The loss is no longer finite in epoch \(epoch): lower learning-rate or set gradient-clip.",
      isInputError: false)
  }

  /// One step; returns the sums of weight times loss and of weights, and the norm of the gradient.
  @discardableResult
  package func learn(
    _ jets: ArraySlice<Int>, _ rate: Float
  ) -> (loss: Double, weight: Double, gradientNorm: Float) {
    let totalWeight = jets.reduce(Float(0)) { $0 + dataset.weights[$1] }
    // Jets without weight teach nothing.
    guard totalWeight > 0 else { return (0, 0, 0) }
    let active = divide(jets) { [dataset] worker, part in
      worker.learn(dataset, part, totalWeight: totalWeight)
    }
    for worker in workers[1..<max(active, 1)] { workers[0].gradients.add(worker.gradients) }
    let norm = optimiser.update(parameters, gradient: workers[0].gradients, learningRate: rate)
    var loss = 0.0
    for worker in workers[..<active] {
      for (sum, weight) in zip(worker.lossSums, headWeights) { loss += sum * Double(weight) }
    }
    return (loss, Double(totalWeight), norm)
  }

  /// Gives each worker a part of `jets`, each in its own thread, and waits for all.
  ///
  /// - Returns: how many workers had something to do, from the first.
  private func divide(
    _ jets: ArraySlice<Int>, _ work: @Sendable (TrainingWorker, ArraySlice<Int>) -> Void
  ) -> Int {
    let active = min(workers.count, jets.count)
    let ends = partEnds(of: jets, count: active)
    DispatchQueue.concurrentPerform(iterations: active) { [workers] thread in
      let first = thread == 0 ? jets.startIndex : ends[thread - 1]
      work(workers[thread], jets[first..<ends[thread]])
    }
    return active
  }

  /// Where the parts of `jets` end that have about as many nodes each, so that no thread waits long for another,
  /// and at least one jet.
  private func partEnds(of jets: ArraySlice<Int>, count: Int) -> [Int] {
    let offsets = dataset.trees.offsets
    let total = jets.reduce(0) { $0 + offsets[$1 + 1] - offsets[$1] }
    var ends: [Int] = []
    var end = jets.startIndex
    var nodes = 0
    for part in 1..<max(count, 1) {
      let last = jets.endIndex - (count - part)
      repeat {
        nodes += offsets[jets[end] + 1] - offsets[jets[end]]
        end += 1
      } while end < last && nodes * count < total * part
      ends.append(end)
    }
    return ends + [jets.endIndex]
  }

  /// The heads' metrics and the mean loss on the validation jets.
  private func validate() throws -> (metrics: [EpochSummary.Metric], loss: Double) {
    let jetsAtOnce = 64 * workers.count
    var outputs = Array(repeating: [Float](), count: network.heads.count)
    var lossSum = 0.0
    var first = 0
    while first < validationJets.count {
      let jets = validationJets[first..<min(first + jetsAtOnce, validationJets.count)]
      let active = divide(jets) { [dataset] worker, part in worker.predict(dataset, part) }
      for worker in workers[..<active] {
        for (index, values) in worker.outputs.enumerated() { outputs[index] += values }
        for (sum, weight) in zip(worker.lossSums, headWeights) { lossSum += sum * Double(weight) }
      }
      first = jets.endIndex
    }
    let weights = validationJets.map { Double(dataset.weights[$0]) }
    let truth = dataset.truth(of: validationJets)
    var metrics: [EpochSummary.Metric] = []
    for (named, values) in zip(network.heads, outputs) {
      let columns = named.head.outputs.reduce(0) { $0 + $1.width }
      let matrix = Matrix(rows: validationJets.count, columns: columns, values: values)
      let evaluation: HeadEvaluation
      do {
        evaluation = try named.head.evaluate(matrix, truth: truth, weights: weights)
      } catch let error as MetricError {
        throw TrainingError("\(named.name) cannot be validated: \(error)")
      }
      for metric in evaluation.metrics {
        let name = network.heads.count == 1 ? metric.name : "\(named.name) \(metric.name)"
        metrics.append(EpochSummary.Metric(name: name, value: metric.estimate.value))
      }
    }
    let total = weights.reduce(0, +)
    return (metrics, total > 0 ? lossSum / total : 0)
  }
}

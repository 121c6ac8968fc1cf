// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import JetEmbedding
import NeuralEngine
import PluginKit

/// One thread's share of a training: its own tape, batch and gradients, so that threads share nothing they write.
///
/// It is handed from thread to thread between steps, and never used by two at a time: see `Trainer.divide`.
final class TrainingWorker: @unchecked Sendable {
  let gradients: Parameters
  /// The sum of weight times loss over the jets of the last step, for each head.
  private(set) var lossSums: [Double]
  /// What each head predicted in the last validation step: `[jets × width]`.
  private(set) var outputs: [[Float]] = []

  private let network: Network
  private let headWeights: [Float]
  private let learning: Tape
  private let predicting: Tape
  private let weights: PackedWeights
  private let batch = TreeBatch()

  init(_ network: Network, headWeights: [Float], parameters: Parameters) {
    self.network = network
    self.headWeights = headWeights
    weights = PackedWeights(network.embedding, parameters)
    gradients = Parameters(layout: network.layout)
    learning = Tape(parameters: parameters, gradients: gradients)
    predicting = Tape(parameters: parameters)
    lossSums = Array(repeating: 0, count: network.heads.count)
  }

  /// Puts the gradients of the mean loss of a batch, as far as these jets contribute, into `gradients`.
  ///
  /// - Parameter totalWeight: the sum of the weights of the whole batch, other threads' jets included.
  func learn(_ dataset: JetDataset, _ jets: ArraySlice<Int>, totalWeight: Float) {
    gradients.clear()
    weights.pack(learning.parameters)
    learning.reset()
    batch.fill(dataset.trees, jets)
    let inputs = HeadInputs(jetEmbedding: network.embedding(batch, weights, on: learning))
    let truth = dataset.truth(of: jets)
    for (index, named) in network.heads.enumerated() {
      let loss = named.head.loss(inputs, truth)
      lossSums[index] = weightedSum(loss, dataset, jets)
      let seed = learning.scratch(count: jets.count)
      for (row, jet) in jets.enumerated() {
        seed[row] = headWeights[index] * dataset.weights[jet] / totalWeight
      }
      learning.seedGradient(of: loss, UnsafeBufferPointer(seed))
    }
    learning.backward()
  }

  /// Puts what every head predicts for some jets into `outputs`, and the losses into `lossSums`.
  func predict(_ dataset: JetDataset, _ jets: ArraySlice<Int>) {
    weights.pack(predicting.parameters)
    predicting.reset()
    batch.fill(dataset.trees, jets)
    let inputs = HeadInputs(jetEmbedding: network.embedding(batch, weights, on: predicting))
    let truth = dataset.truth(of: jets)
    outputs = network.heads.enumerated().map { index, named in
      let (loss, outputs) = named.head.lossAndOutputs(inputs, truth)
      lossSums[index] = weightedSum(loss, dataset, jets)
      return Array(outputs.values)
    }
  }

  private func weightedSum(_ loss: Variable, _ dataset: JetDataset, _ jets: ArraySlice<Int>) -> Double {
    var sum = 0.0
    let values = loss.values
    for (row, jet) in jets.enumerated() { sum += Double(dataset.weights[jet]) * Double(values[row]) }
    return sum
  }
}

extension Head {
  fileprivate func loss(_ inputs: HeadInputs, _ truth: HeadTruth) -> Variable {
    loss(of: self(inputs), truth: truth)
  }

  fileprivate func lossAndOutputs(
    _ inputs: HeadInputs, _ truth: HeadTruth
  ) -> (loss: Variable, outputs: Variable) {
    let result = self(inputs)
    return (loss(of: result, truth: truth), outputs(of: result))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import PluginKit

/// Computes the losses of objectives of a whole batch, whose events several threads have worked on.
///
/// It has what the forward passes of all parts gave side by side, in the order of the events, so that such a loss and its
/// gradient are the same to rounding whatever the number of threads.
final class WholeBatch {
  /// The gradients of the parameters that the losses read by themselves.
  let gradients: Parameters

  private let heads: [any Head]
  private let headWeights: [Float]
  private let tape: Tape

  init(_ heads: [any Head], headWeights: [Float], parameters: Parameters) {
    self.heads = heads
    self.headWeights = headWeights
    gradients = Parameters(layout: parameters.layout)
    tape = Tape(parameters: parameters, gradients: gradients)
  }

  /// The losses of a head of some objectives of a batch, and their gradient.
  ///
  /// - Parameters:
  ///   - index: the number of the head.
  ///   - result: what the forward passes gave: `[rows × anything]`.
  ///   - members: the objectives.
  ///   - dataset: the events.
  ///   - named: the head as the network has it.
  ///   - events: the events of the batch, in the order of the rows.
  ///   - phase: where the training is.
  /// - Returns: the sum of the losses times the absolute weights of the rows, and the gradient of the head's weight times
  ///   the losses by `result`: `[rows × anything]`.
  func learn(
    _ index: Int, _ result: Matrix, _ members: [ObjectiveGroup.Member], _ dataset: EventDataset,
    _ named: Network.NamedHead, _ events: ArraySlice<Int>, phase: TrainingPhase
  ) -> (lossSum: Double, gradient: [Float]) {
    tape.reset()
    let jets = events.enumerated().flatMap { place, event in
      repeatElement(Int32(place), count: dataset.rowCount(of: .jets, of: CollectionOfOne(event)))
    }
    var inputs = HeadInputs(eventCount: events.count, eventOfJet: jets, on: tape)
    let weights = dataset.weights(for: named, of: events)
    inputs.give(phase: phase, rowWeights: weights)
    let variable = tape.input(result)
    let losses = heads[index].losses(
      of: variable, truth: dataset.truth(of: named, of: events), inputs: inputs)
    let total = weights.reduce(0) { $0 + Double(abs($1)) }
    var lossSum = 0.0
    let seed = tape.scratch(count: 1)
    seed[0] = headWeights[index]
    for member in members {
      lossSum += total * Double(losses[member.index].values[0])
      if total > 0 { tape.seedGradient(of: losses[member.index], UnsafeBufferPointer(seed)) }
    }
    tape.backward()
    return (lossSum, Array(variable.gradient!))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventEncoding
import JetEmbedding
import NeuralEngine
import PluginKit

extension Network {
  /// What the stages make of a batch; the heads read it.
  public struct Pass {
    /// The embedding of each jet, `[jets × width]`; nil where jets are not embedded.
    public let jetEmbedding: Variable?
    /// The embedding of each event, `[events × width]`; nil where events are not embedded.
    public let eventEmbedding: Variable?
    /// What a head can read.
    public let headInputs: HeadInputs
  }

  /// Runs all stages but the heads.
  ///
  /// - Parameters:
  ///   - batch: the events, which must stay as they are until the tape has run backward.
  ///   - weights: the weights of the tape's parameters, packed.
  ///   - tape: where the computation is recorded.
  ///   - freezingEmbedding: whether the recursive network is left as it is: no gradient passes through it.
  public func callAsFunction(
    _ batch: NetworkBatch, _ weights: NetworkWeights, on tape: Tape, freezingEmbedding: Bool = false
  ) -> Pass {
    let jetEmbedding = embedding.map {
      $0(batch.trees, weights.embedding!, on: tape, freezing: freezingEmbedding)
    }
    let eventEmbedding = events.map {
      $0(batch.events, jetEmbedding: jetEmbedding, weights.events!, on: tape)
    }
    return Pass(
      jetEmbedding: jetEmbedding, eventEmbedding: eventEmbedding,
      headInputs: HeadInputs(
        eventCount: batch.eventCount, eventOfJet: batch.eventOfJet, on: tape, jetEmbedding: jetEmbedding,
        eventEmbedding: eventEmbedding, eventInputs: events.map { _ in batch.events.inputs(on: tape) },
        kinematics: batch.kinematics))
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Makes an embedding of an event from its jets or particles by a gated recurrent unit (arXiv:1702.00748,
/// section 3.2).
///
/// The unit reads x_t = [v(t); h_jet(t)] by rising pT, so that the hardest is read last.
///
/// A second unit may read by falling pT; its state follows that of the first. An event without items has zeros.
public struct EventEncoder: Sendable {
  /// What is read.
  public let description: EventEncoderDescription
  /// The number of components of a jet's embedding; 0 if it is not read.
  public let jetEmbeddingWidth: Int

  let rising: GatedRecurrentUnit
  let falling: GatedRecurrentUnit?

  /// Adds the encoder's parameters, all named `events.…`, to a layout.
  ///
  /// - Parameters:
  ///   - description: what is read.
  ///   - jetEmbeddingWidth: the number of components of a jet's embedding; nil if jets have none.
  ///   - layout: where the parameters are added.
  /// - Throws: ``EventEncodingError`` if the embedding is read and there is none.
  public init(
    _ description: EventEncoderDescription, jetEmbeddingWidth: Int?, in layout: inout ParameterLayout
  ) throws {
    try EventEncodingError.require(!description.embedding || jetEmbeddingWidth != nil, "embedding") {
      "The event encoder reads the embedding of jets, but the network has none: embed jets, or set embedding to "
        + "false."
    }
    self.description = description
    self.jetEmbeddingWidth = description.embedding ? jetEmbeddingWidth! : 0
    let inputs = description.momenta.count + self.jetEmbeddingWidth
    rising = GatedRecurrentUnit("events.rising", inputs: inputs, width: description.width, in: &layout)
    falling =
      description.bidirectional
      ? GatedRecurrentUnit("events.falling", inputs: inputs, width: description.width, in: &layout) : nil
  }

  /// The number of components of an event's embedding.
  public var width: Int { description.embeddingWidth }

  /// The embeddings of the events of a batch: `[events × width]`.
  ///
  /// - Parameters:
  ///   - batch: the events, with scaled numbers.
  ///   - jetEmbedding: the embeddings of all jets of these events, event after event, each event's in the
  ///     order of its `Jets`, if the encoder reads them: `[jets × jetEmbeddingWidth]`.
  ///   - weights: the weights of the tape's parameters, packed.
  ///   - tape: where the computation is recorded.
  /// - Returns: `[events × width]`.
  public func callAsFunction(
    _ batch: EventSequenceBatch, jetEmbedding: Variable? = nil, _ weights: PackedWeights, on tape: Tape
  ) -> Variable {
    let items = items(batch, jetEmbedding, on: tape)
    let events = tape.segments(offsets: batch.offsets)
    let result = rising(items, events, weights.rising)
    guard let falling else { return result }
    return result.concatenated(with: falling(items, events, reading: .backward, weights.falling!))
  }

  /// x of all items: `[items × inputs]`.
  private func items(_ batch: EventSequenceBatch, _ jetEmbedding: Variable?, on tape: Tape) -> Variable {
    guard description.embedding else { return batch.momenta(on: tape) }
    guard let jetEmbedding, jetEmbedding.rows == batch.jetCount, jetEmbedding.columns == jetEmbeddingWidth
    else {
      preconditionFailure("the encoder needs \(batch.jetCount) embeddings of width \(jetEmbeddingWidth)")
    }
    let embeddings = jetEmbedding.gatheringRows(batch.jetRows)
    guard description.momenta.count > 0 else { return embeddings }
    return batch.momenta(on: tape).concatenated(with: embeddings)
  }

  /// The weights of an encoder arranged for its products.
  ///
  /// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
  public final class PackedWeights {
    let rising: GatedRecurrentUnit.PackedWeights
    let falling: GatedRecurrentUnit.PackedWeights?

    /// Room for the weights of an encoder, filled with those of `parameters`.
    public init(_ encoder: EventEncoder, _ parameters: Parameters) {
      rising = GatedRecurrentUnit.PackedWeights(encoder.rising, parameters)
      falling = encoder.falling.map { GatedRecurrentUnit.PackedWeights($0, parameters) }
    }

    /// Arranges the weights of `parameters`, whose layout is the same as before.
    public func pack(_ parameters: Parameters) {
      rising.pack(parameters)
      falling?.pack(parameters)
    }
  }
}

@available(*, unavailable)
extension EventEncoder.PackedWeights: Sendable {}

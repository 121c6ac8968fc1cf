// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

extension Network {
  /// What the stages make of a batch; the heads read it.
  public struct Pass {
    /// The embedding of each jet, `[jets × width]`; nil if jets are not embedded.
    public let jetEmbedding: Variable?
    /// The embedding of each event, `[events × width]`; nil if events are not embedded.
    public let eventEmbedding: Variable?
    /// What a head can read.
    public let headInputs: HeadInputs
    /// What is wrong with the result of a stage, which zeros replace; nil if nothing is.
    let problem: PluginError?

    /// Throws if a stage gave other rows or columns than it declares.
    ///
    /// - Throws: `PluginError`.
    public func check() throws { if let problem { throw problem } }
  }

  /// Runs all stages but the heads.
  ///
  /// - Parameters:
  ///   - batch: the events, which must stay as they are until the tape has run backward.
  ///   - weights: the weights of the tape's parameters, packed.
  ///   - tape: where the computation is recorded.
  ///   - freezingEmbedding: whether the stage of jets is left as it is: no gradient passes through it.
  ///   - phase: where the training is, for a stage of such a name; not training unless given.
  ///   - dropout: how likely a training leaves out each number of the embedding of a place.
  /// - Returns: what the stages give.
  public func callAsFunction(
    _ batch: NetworkBatch, _ weights: NetworkWeights, on tape: Tape, freezingEmbedding: Bool = false,
    phase: (String) -> TrainingPhase = { _ in TrainingPhase() }, dropout: [StagePlace: Double] = [:]
  ) -> Pass {
    var inputs = HeadInputs(
      eventCount: batch.eventCount, eventOfJet: batch.eventOfJet, on: tape, kinematics: batch.kinematics)
    func dropping(_ embedding: Variable, _ place: StagePlace) -> Variable {
      guard let dropout = dropout[place] else { return embedding }
      // Other random numbers than those that the stage itself may draw.
      var generator = phase("/\(place.rawValue)/dropout").generator()
      return embedding.dropout(Float(dropout), using: &generator)
    }
    var problem: PluginError?
    var (jets, events): (Variable?, Variable?)
    if let embedding {
      inputs.give(phase: phase("/\(embedding.place.rawValue)"))
      let given = run(
        embedding.stage, inputs, batch.embedding!, weights.embedding!, on: tape, freezing: freezingEmbedding,
        eventInputCount: 0, &problem)
      jets = dropping(given.embedding, embedding.place)
      inputs.give(jetEmbedding: jets!)
    }
    if let encoder = self.events {
      inputs.give(phase: phase("/\(encoder.place.rawValue)"))
      let given = run(
        encoder.stage, inputs, batch.events!, weights.events!, on: tape, freezing: false,
        eventInputCount: encoder.eventInputNames.count, &problem)
      events = dropping(given.embedding, encoder.place)
      inputs.give(eventEmbedding: events!, eventInputs: given.inputs!)
    }
    return Pass(jetEmbedding: jets, eventEmbedding: events, headInputs: inputs, problem: problem)
  }

  /// What a stage gives, and for events also what else it knows of them.
  private func run<S: Stage>(
    _ stage: S, _ given: HeadInputs, _ batch: AnyObject, _ weights: any StageWeights, on tape: Tape,
    freezing: Bool, eventInputCount: Int, _ problem: inout PluginError?
  ) -> (embedding: Variable, inputs: Variable?) {
    let inputs = StageInputs<S>(
      given, batch: batch as! S.Features.Batch, weights: weights as! S.Weights, on: tape, isFrozen: freezing)
    let rows = given.count(of: S.rows)
    func checked(_ result: Variable, columns: Int, _ name: String) -> Variable {
      if result.rows == rows, result.columns == columns { return result }
      problem = PluginError(
        "The stage \(S.identifier) gives \(name) of \(result.rows) × \(result.columns) numbers for \(rows) "
          + "\(S.rows.rawValue), but they take \(rows) × \(columns): mend the plugin.")
      return tape.constant([Float](repeating: 0, count: rows * columns), rows: rows, columns: columns)
    }
    var embedding = checked(stage(inputs), columns: stage.width, "embeddings")
    if freezing, embedding.requiresGradient { embedding = embedding.detached() }
    guard S.rows == .events else { return (embedding, nil) }
    return (
      embedding, checked(stage.eventInputs(inputs), columns: eventInputCount, "event inputs")
    )
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit
import RecurrentEncoder
import RecursiveEmbedding

/// A head in a small network of random weights.
struct ConformanceSubject<H: Head>: Sendable {
  /// The network with the head.
  var model: Model
  /// Values of each truth column, which rows take in turn.
  let truth: [String: [Float]]

  static var headName: String { "head" }

  /// The head of an example, in a network that makes no more than the head names.
  init(_ example: HeadExample<H.Configuration>) throws {
    truth = example.truth
    let inputs = try Self.network(example, for: Set(HeadInput.allCases)).headInputs
    let network: Network
    do {
      network = try Self.network(example, for: inputs)
    } catch {
      let names = inputs.map(\.rawValue).sorted().joined(separator: ", ")
      throw ConformanceFailure("The head cannot be made with the inputs that it names (\(names)): \(error)")
    }
    model = try ConformanceEvents.model(of: network)
  }

  /// The head as its network has it.
  var head: H { model.network.heads[0].head as! H }

  /// The truth of `rows` rows.
  func truth(rows: Int) throws -> HeadTruth {
    for column in head.truthColumns {
      try ConformanceFailure.require(
        truth[column]?.isEmpty == false, "The head learns from \(column), of which its example has no values."
      )
    }
    return HeadTruth(
      rows: rows, columns: truth.mapValues { values in (0..<rows).map { values[$0 % values.count] } })
  }

  private static func network(
    _ example: HeadExample<H.Configuration>, for inputs: Set<HeadInput>
  ) throws -> Network {
    try Network(
      embedding: embedding(inputs), events: encoder(inputs),
      heads: [(headName, H.self, JSONValue(encoding: example.configuration))],
      observables: ObservableCatalogue(plugins: ConformanceEvents.plugins))
  }

  private static func embedding(_ inputs: Set<HeadInput>) -> StageChoice? {
    inputs.contains(.jetEmbedding) ? StageChoice(RecursiveStage.self, RecursiveStage.example) : nil
  }

  private static func encoder(_ inputs: Set<HeadInput>) throws -> StageChoice? {
    guard !inputs.isDisjoint(with: [.eventEmbedding, .eventInputs]) else { return nil }
    return StageChoice(
      EventEncoder.self,
      try EventEncoderDescription(
        embedding: inputs.contains(.jetEmbedding), width: 4,
        inputs: EventInputs(
          missingMomentum: true, scalarSum: true, leptons: IsolatedParticles(count: 1),
          conditions: [ConformanceEvents.condition])))
  }
}

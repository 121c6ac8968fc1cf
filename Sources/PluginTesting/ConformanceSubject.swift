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
  /// A value of each derived truth column, for rows that have none.
  private(set) var standIns: [String: Float] = [:]

  static var headName: String { "head" }

  /// The head of an example, in a network that makes no more than the head names.
  init(_ example: HeadExample<H.Configuration>, _ plugins: PluginRegistry) throws {
    truth = example.truth
    let inputs = try Self.network(example, for: Set(HeadInput.allCases), plugins).headInputs
    let network: Network
    do {
      network = try Self.network(example, for: inputs, plugins)
    } catch {
      let names = inputs.map(\.rawValue).sorted().joined(separator: ", ")
      throw ConformanceFailure("The head cannot be made with the inputs that it names (\(names)): \(error)")
    }
    model = try ConformanceEvents.model(of: network)
    let (events, jets) = try find(ConformanceEvents.ordinary)
    standIns = try derivedTruth(of: events, jets).compactMapValues { values in values.first { !$0.isNaN } }
    if H.prepares { try prepare() }
  }

  /// Lets the head learn from ordinary events what it learns before the first step.
  private mutating func prepare() throws {
    let sample = try sample(of: ConformanceEvents.ordinary)
    let inputs = inputs(of: sample)
    let truth = try truth(rows: inputs.count(of: head.rows), sample)
    do {
      try replaceNetwork {
        try $0.prepareHead(
          0, fitting: truth, weights: Array(repeating: 1, count: truth.rows), inputs: inputs)
      }
    } catch let error as ModelError {
      throw ConformanceFailure("\(error.description).")
    }
  }

  /// Changes what the heads of the network have learnt beside their weights.
  mutating func replaceNetwork(_ learn: (inout Network) throws -> Void) throws {
    var network = model.network
    try learn(&network)
    var description = model.description
    description.heads = try network.heads.map { try $0.description() }
    model = Model(description: description, network: network, parameters: model.parameters)
  }

  /// What heads read of all events of a sample as plain numbers, without embeddings.
  func inputs(of sample: ConformanceSample) -> HeadInputs {
    let events = sample.events
    return HeadInputs(
      eventCount: events.eventCount,
      eventOfJet: (0..<events.eventCount).flatMap { event in
        events.jets(ofEvent: event).map { _ in Int32(event) }
      }, on: Tape(parameters: Parameters(layout: ParameterLayout())), kinematics: events.kinematics)
  }

  /// The head as its network has it.
  var head: H { model.network.heads[0].head as! H }

  /// The truth of all rows of a sample: the example's, and what the head derives.
  func truth(rows: Int, _ sample: ConformanceSample) throws -> HeadTruth {
    for column in head.fileTruthColumns {
      try ConformanceFailure.require(
        truth[column]?.isEmpty == false, "The head learns from \(column), of which its example has no values."
      )
    }
    return HeadTruth(
      rows: rows,
      columns: truth.filter { !$0.value.isEmpty }.mapValues { values in
        (0..<rows).map { values[$0 % values.count] }
      }.merging(sample.derived) { _, derived in derived })
  }

  private static func network(
    _ example: HeadExample<H.Configuration>, for inputs: Set<HeadInput>, _ plugins: PluginRegistry
  ) throws -> Network {
    try Network(
      embedding: embedding(inputs), events: encoder(inputs),
      heads: [(headName, H.self, JSONValue(encoding: example.configuration))],
      observables: ObservableCatalogue(plugins: plugins))
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

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

/// What a head makes of some events, with the gradients of its mean loss.
struct ConformancePass: Equatable {
  /// The jets or events that the head has a row for.
  let rows: Int
  /// What the forward pass gives: `[rows × anything]`.
  let result: Matrix
  /// The loss: `[rows × 1]`.
  let loss: Matrix
  /// The predictions: `[rows × sum of the outputs' widths]`.
  let outputs: Matrix
  /// The gradients of all parameters, in the order of the layout.
  let gradients: [Float]

  /// The mean of the loss over the rows.
  var meanLoss: Double { loss.values.reduce(0) { $0 + Double($1) } / Double(max(1, rows)) }
}

/// Some events as a network reads them, with what its head derives of them.
struct ConformanceSample {
  /// The events.
  let events: EventSample
  /// The derived truth of the head's rows by its column, without gaps: `[rows]` each.
  let derived: [String: [Float]]
}

extension ConformanceSubject {
  /// Some events as the network reads them.
  func sample(of events: Events) throws -> ConformanceSample {
    let (events, jets) = try find(events)
    var sample = EventSample(model)
    try sample.replace(with: events, jets: jets)
    sample.scale(by: model.description.scaling)
    let derived = try derivedTruth(of: events, jets)
    return ConformanceSample(
      events: sample,
      derived: derived.reduce(into: [:]) { filled, column in
        // A row without truth has some value, and would not count.
        filled[column.key] = column.value.map { $0.isNaN ? standIns[column.key] ?? 0 : $0 }
      })
  }

  /// The events with the columns that the head may read, and their jets.
  func find(_ events: Events) throws -> (events: Events, jets: Jets) {
    var events = ConformanceEvents.events(events, with: model.network.particleColumns)
    for (name, values) in truth where !values.isEmpty && events.columns[name] == nil {
      events.columns[name] = Column(values: events.eventNumbers.map { Double(values[$0 % values.count]) })
    }
    return (events, try model.makeReconstruction().jets(in: events))
  }

  /// The truth that the head derives, NaN for rows that have none: `[rows]` each.
  func derivedTruth(of events: Events, _ jets: Jets) throws -> [String: [Float]] {
    guard !head.derivedTruthColumns.isEmpty else { return [:] }
    do {
      return try head.checkedDerivedTruth(of: events, jets: jets, name: Self.headName)
    } catch let error as PluginError {
      throw ConformanceFailure(error.description)
    }
  }

  /// Runs the network and the head on all events of a sample, forward and backward.
  ///
  /// - Parameters:
  ///   - sample: the events.
  ///   - parameters: the weights; the model's own unless given.
  /// - Returns: what the head gives, and the gradients of its mean loss.
  /// - Throws: what the head throws.
  func pass(_ sample: ConformanceSample, parameters: Parameters? = nil) throws -> ConformancePass {
    let network = model.network
    let parameters = parameters ?? model.parameters
    let gradients = Parameters(layout: network.layout)
    let tape = Tape(parameters: parameters, gradients: gradients)
    let batch = NetworkBatch()
    batch.fill(sample.events, 0..<sample.events.eventCount)
    var inputs = network(batch, NetworkWeights(network, parameters), on: tape).headInputs
    let rows = inputs.count(of: head.rows)
    inputs.give(phase: TrainingPhase(), rowWeights: Array(repeating: 1, count: rows))
    let result = head(inputs)
    let truth = try truth(rows: rows, sample)
    let loss = head.loss(of: result, truth: truth)
    if head.objectives != [.main] {
      let losses = head.losses(of: result, truth: truth, inputs: inputs)
      try head.check(shapesOfLosses: losses, rows: rows, name: Self.headName)
    }
    let outputs = head.outputs(of: result)
    let seed = tape.scratch(copying: Array(repeating: 1 / Float(max(1, rows)), count: loss.count))
    tape.seedGradient(of: loss, UnsafeBufferPointer(seed))
    tape.backward()
    return ConformancePass(
      rows: rows, result: result.matrix, loss: loss.matrix, outputs: outputs.matrix,
      gradients: network.layout.entries.flatMap { entry in
        gradients.values[entry.offset..<entry.offset + entry.count]
      })
  }
}

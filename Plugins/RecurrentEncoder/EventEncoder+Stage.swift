// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension EventEncoder: Stage {
  /// `recurrent`.
  public static let identifier = "recurrent"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "Embeds an event by a gated recurrent unit on its jets or particles, by rising pT."
  /// A unit that reads momenta alone.
  public static let example = EventEncoderDescription(relativeMomentaOfWidth: 4)
  /// Events.
  public static let rows = HeadRows.events

  /// An encoder whose layers are added by `builder`.
  ///
  /// - Throws: `PluginError` if the embedding of jets is read and there is none.
  public init(configuration: EventEncoderDescription, builder: inout StageBuilder) throws {
    do {
      try self.init(configuration, jetEmbeddingWidth: try? builder.jetEmbeddingWidth, in: &builder.layout)
    } catch let error as EventEncodingError {
      throw PluginError(error.problem)
    }
  }

  /// What is read.
  public var configuration: EventEncoderDescription { description }
  /// The embedding of jets, if it is read.
  public var inputs: Set<HeadInput> { description.embedding ? [.jetEmbedding] : [] }
  /// The event columns that are read as they are.
  public var conditions: [String] { description.inputs.conditions }
  /// The names of the event inputs.
  public var eventInputNames: [String] { description.inputNames }

  /// No events.
  public func makeFeatures() -> EventFeatures { EventFeatures(description) }

  /// The weights, packed.
  public func makeWeights(_ parameters: Parameters) -> PackedWeights { PackedWeights(self, parameters) }

  /// The embeddings of the events: `[events × width]`.
  public func callAsFunction(_ inputs: StageInputs<Self>) -> Variable {
    self(
      inputs.batch, jetEmbedding: description.embedding ? inputs.jetEmbedding : nil, inputs.weights,
      on: inputs.tape)
  }

  /// The event inputs, scaled: `[events × names]`.
  public func eventInputs(_ inputs: StageInputs<Self>) -> Variable { inputs.batch.inputs(on: inputs.tape) }
}

extension EventEncoder.PackedWeights: StageWeights {}

extension EventFeatures: StageFeatures {
  /// Replaces the content by events, with numbers that are not scaled, and keeps the storage.
  public mutating func replace(with events: Events, jets: Jets) throws {
    try replace(with: events, jets: Optional(jets))
  }

  /// The scaling of some events.
  public func scaling(fitting events: [Int], jets: [Int]) -> EventScaling {
    EventScaling(fitting: self, events)
  }

  /// Throws unless there is a scaling for each number of an item and for each event input.
  public func check(_ scaling: EventScaling, at place: String) throws {
    try scaling.momenta.check(count: description.momenta.count, at: "\(place).momenta")
    try scaling.inputs.check(count: inputCount, at: "\(place).inputs")
  }

  /// What the numbers of items and the event inputs were in some events.
  public func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent] {
    FeatureExtent.extents(
      of: momenta, names: description.momenta.names, suffix: " of \(description.reads.rawValue)",
      rows: events.lazy.flatMap { offsets[$0]..<offsets[$0 + 1] })
      + FeatureExtent.extents(of: inputs, names: description.inputNames, rows: events)
  }

  /// The numbers of items, and the event inputs.
  public var shuffledNames: [String] {
    description.momenta.names.map { "\($0) of \(description.reads.rawValue)" } + description.inputNames
  }

  /// Deals a number out again among all items, or among all events.
  public mutating func shuffle(_ place: Int, using generator: inout SeededGenerator) {
    let count = description.momenta.count
    if place < count {
      momenta.shuffle(column: place, of: count, rows: Array(0..<itemCount), using: &generator)
    } else {
      inputs.shuffle(
        column: place - count, of: inputCount, rows: Array(0..<eventCount), using: &generator)
    }
  }

  /// Hands over a number of all items of an event, or an event input.
  public func forEachNumber(_ place: Int, ofEvent event: Int, jets: Range<Int>, _ body: (Float) -> Void) {
    let count = description.momenta.count
    guard place < count else { return body(inputs[event * inputCount + place - count]) }
    for item in offsets[event]..<offsets[event + 1] { body(momenta[item * count + place]) }
  }

  /// An event input; NaN if the event has none.
  public func eventInput(_ place: Int, ofEvent event: Int) -> Float { inputs[event * inputCount + place] }

  /// A batch without events.
  public func makeBatch() -> EventSequenceBatch { EventSequenceBatch() }

  /// Replaces the content of a batch by some events.
  public func fill(_ batch: EventSequenceBatch, events: [Int], jets: [Int]) { batch.fill(self, events) }
}

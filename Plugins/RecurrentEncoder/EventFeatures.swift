// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Events as an event encoder reads them: the momenta of the jets or particles of each, by rising pT, and the event
/// inputs.
public struct EventFeatures: Sendable {
  /// What is read.
  public let description: EventEncoderDescription
  /// The first item of each event, and the number of items at the end: `[events + 1]`.
  public private(set) var offsets: [Int] = [0]
  /// Row-major `[items × description.momenta.count]`.
  public internal(set) var momenta: [Float] = []
  /// The number of each item in its event's jets or particles: `[items]`.
  public private(set) var itemNumbers: [Int32] = []
  /// The number of jets of each event, read or not; 0 if particles are read: `[events]`.
  public private(set) var jetCounts: [Int] = []
  /// Row-major `[events × inputCount]`.
  public internal(set) var inputs: [Float] = []
  /// The number of event inputs.
  public let inputCount: Int

  private var reader = EventReading()

  /// No events, for encoders of a description.
  public init(_ description: EventEncoderDescription) {
    self.description = description
    inputCount = description.inputNames.count
  }

  /// The number of events.
  public var eventCount: Int { jetCounts.count }

  /// The number of items of all events together.
  public var itemCount: Int { itemNumbers.count }

  /// Replaces the content by events, with numbers that are not scaled, and keeps the storage.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - jets: their jets; needed if jets are read.
  /// - Throws: ``EventEncodingError`` for the first event with a particle or condition that is not finite,
  ///   and if identifiers or a condition are missing; the collection is empty then.
  public mutating func replace(with events: Events, jets: Jets?) throws {
    precondition(
      description.reads == .particles || jets?.eventCount == events.eventCount,
      "an encoder that reads jets needs those of each event")
    removeAll()
    do {
      try description.inputs.check(events)
      for event in 0..<events.eventCount {
        let frame = try reader.begin(event, of: events, description)
        let jetRange = jets?.jets(ofEvent: event) ?? 0..<0
        let count: Int
        switch description.reads {
        case .jets:
          count = reader.rank(jetRange.count, description) {
            jets!.momentum(ofJet: jetRange.lowerBound + $0).pt
          }
          jetCounts.append(jetRange.count)
        case .particles:
          let pt = reader.pt
          count = reader.rank(pt.count, description) { pt[$0] }
          jetCounts.append(0)
        }
        for rank in stride(from: reader.ranking.count - 1, through: 0, by: -1) {
          let item = reader.ranking[rank]
          let p =
            description.reads == .jets
            ? jets!.momentum(ofJet: jetRange.lowerBound + item)
            : events.momentum(ofParticle: events.offsets[event] + item)
          description.momenta.append(p, in: frame, to: &momenta)
          itemNumbers.append(Int32(item))
        }
        offsets.append(itemCount)
        try reader.appendInputs(description, event, of: events, frame, itemCount: count, to: &inputs)
      }
    } catch {
      removeAll()
      throw error
    }
  }

  /// Forgets all events and keeps the storage.
  public mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    momenta.removeAll(keepingCapacity: true)
    itemNumbers.removeAll(keepingCapacity: true)
    jetCounts.removeAll(keepingCapacity: true)
    inputs.removeAll(keepingCapacity: true)
  }

  /// Adds the events of another collection after these.
  ///
  /// - Precondition: both have the same description.
  public mutating func append(_ other: EventFeatures) {
    precondition(other.description == description, "events for another encoder")
    let first = itemCount
    offsets.append(contentsOf: other.offsets.dropFirst().map { $0 + first })
    momenta.append(contentsOf: other.momenta)
    itemNumbers.append(contentsOf: other.itemNumbers)
    jetCounts.append(contentsOf: other.jetCounts)
    inputs.append(contentsOf: other.inputs)
  }

  /// Writes the items and the inputs of an event.
  public func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {
    let items = offsets[event]..<offsets[event + 1]
    let width = description.momenta.count
    record.write(offsets: offsets[event...event + 1])
    record.write(itemNumbers[items])
    record.write(momenta[items.lowerBound * width..<items.upperBound * width])
    record.write(jetCounts[event...event])
    record.write(inputs[event * inputCount..<(event + 1) * inputCount])
  }

  /// Adds an event that was written after these.
  ///
  /// - Throws: `PluginError` if the record ends before.
  public mutating func append(from record: inout EventRecordReader) throws {
    try record.read(ontoOffsets: &offsets)
    try record.read(onto: &itemNumbers)
    try record.read(onto: &momenta)
    try record.read(onto: &jetCounts)
    try record.read(onto: &inputs)
  }

  /// Gives an event the conditions of another.
  public mutating func copyConditions(from donor: Int, to event: Int) {
    let count = description.inputs.conditions.count
    for place in 1...max(count, 1) where count > 0 {
      inputs[(event + 1) * inputCount - place] = inputs[(donor + 1) * inputCount - place]
    }
  }

  /// Scales all momenta and inputs.
  public mutating func scale(by scaling: EventScaling) {
    precondition(
      scaling.momenta.count == description.momenta.count && scaling.inputs.count == inputCount,
      "a scaling for another encoder")
    scaling.momenta.apply(to: &momenta)
    scaling.inputs.apply(to: &inputs)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension EventSample {
  /// Parts of the record of an event, which a reader can leave out.
  package struct Parts: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// What the stage of jets works out.
    package static let embedding = Parts(rawValue: 1)
    /// What the stage of events works out.
    package static let events = Parts(rawValue: 2)
    /// What stages and heads read as plain numbers.
    package static let kinematics = Parts(rawValue: 4)
    /// The whole record.
    package static let all: Parts = [.embedding, .events, .kinematics]
  }

  /// Writes all that is held of one event.
  package func write(event: Int, to record: inout EventRecordWriter) {
    let jets = jets(ofEvent: event)
    record.write(offsets: jetOffsets[event...event + 1])
    record.writePart { embedding?.write(event: event, jets: jets, to: &$0) }
    record.writePart { events?.write(event: event, jets: jets, to: &$0) }
    record.writePart { kinematics.write(event: event, jets: jets, to: &$0) }
  }

  /// Adds an event that ``write(event:to:)`` wrote of a sample for the same network.
  ///
  /// - Parameters:
  ///   - bytes: the record, which begins at a multiple of eight bytes in memory.
  ///   - parts: what is read of it; what is not lacks the event then, and must not be asked for it.
  /// - Throws: `PluginError` if it ends early, or a stage reads other than it wrote; the content is lost then.
  package mutating func append(_ bytes: UnsafeRawBufferPointer, _ parts: Parts = .all) throws {
    var record = EventRecordReader(bytes)
    try record.read(ontoOffsets: &jetOffsets)
    var part = try record.takePart()
    if parts.contains(.embedding), embedding != nil { try Self.append(&part, to: &embedding!) }
    part = try record.takePart()
    if parts.contains(.events), events != nil { try Self.append(&part, to: &events!) }
    part = try record.takePart()
    if parts.contains(.kinematics) { try kinematics.append(from: &part) }
  }

  private static func append<F: StageFeatures>(_ record: inout EventRecordReader, to features: inout F) throws
  {
    try features.append(from: &record)
    guard record.isAtEnd else {
      throw PluginError("\(F.self) reads less of an event than it wrote: mend the plugin.")
    }
  }

  /// Forgets all events and keeps the storage.
  package mutating func removeAll() {
    jetOffsets.removeAll(keepingCapacity: true)
    jetOffsets.append(0)
    embedding?.removeAll()
    events?.removeAll()
    kinematics.removeAll()
  }
}

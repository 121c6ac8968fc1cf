// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import Triggers

/// What a journal has of one batch of the input: the events that were accepted, and everything that the run counted up
/// to the end of the batch.
///
/// In bytes it is the length of a description in JSON (u64), the description, and the arrays one after the other.
struct JournalEntry {
  /// How far the run was behind the batch.
  struct Position: Codable, Equatable {
    /// The number of the next event of the input.
    var nextEvent = 0
    /// How many bad events were left out.
    var badEventCount = 0
    /// What was wrong with the first of them, a sentence for each.
    var badEvents: [String] = []
    /// The prescales and counters.
    var state: TriggerState
  }

  var position: Position
  /// How long the decisions of this batch took; none in journals of versions that did not keep it.
  var latency = LatencyHistogram()
  /// With the columns of the trigger.
  var accepted: EventBatch

  private struct Description: Codable {
    struct Column: Codable {
      var name: String
      var width: Int
    }

    var position: Position
    var latency: LatencyHistogram?
    var source: String
    var events: Int
    var particles: Int
    var hasPDGID: Bool
    var columns: [Column]
  }
}

extension JournalEntry {
  /// The entry as a record.
  func encoded() throws -> [UInt8] {
    let columns = accepted.columns.sorted { $0.key < $1.key }
    let description = try JSONEncoder().encode(
      Description(
        position: position, latency: latency, source: accepted.source, events: accepted.eventCount,
        particles: accepted.particleCount, hasPDGID: !accepted.pdgID.isEmpty,
        columns: columns.map { Description.Column(name: $0.key, width: $0.value.width) }))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      description.count + 36 * accepted.particleCount + (16 + 8 * columns.count) * accepted.eventCount + 64)
    func append<Element: BitwiseCopyable>(_ values: [Element]) {
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    append([UInt64(description.count)])
    bytes.append(contentsOf: description)
    append(accepted.eventNumbers)
    append(Array(accepted.offsets.dropFirst()))
    for values in [accepted.px, accepted.py, accepted.pz, accepted.energy] { append(values) }
    append(accepted.pdgID)
    for column in columns { append(column.value.values) }
    return bytes
  }

  /// Reads a record, of which no length is believed.
  ///
  /// - Throws: `DecodingError` where it is no entry.
  init(_ record: UnsafeRawBufferPointer) throws {
    var rest = record[...]
    func take<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type) throws -> [Element] {
      let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
      guard count >= 0, !overflow, size <= rest.count else { throw Self.damage }
      defer { rest = rest.dropFirst(size) }
      return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: rest.prefix(size)))
        filled = count
      }
    }
    guard let length = Int(exactly: try take(1, of: UInt64.self)[0]), length <= rest.count else {
      throw Self.damage
    }
    let description = try JSONDecoder().decode(Description.self, from: Data(try take(length, of: UInt8.self)))
    accepted = EventBatch(source: description.source)
    accepted.eventNumbers = try take(description.events, of: Int.self)
    accepted.offsets += try take(description.events, of: Int.self)
    accepted.px = try take(description.particles, of: Double.self)
    accepted.py = try take(description.particles, of: Double.self)
    accepted.pz = try take(description.particles, of: Double.self)
    accepted.energy = try take(description.particles, of: Double.self)
    if description.hasPDGID { accepted.pdgID = try take(description.particles, of: Int32.self) }
    for column in description.columns {
      let (count, overflow) = description.events.multipliedReportingOverflow(by: column.width)
      guard !overflow else { throw Self.damage }
      accepted.columns[column.name] = EventColumn(
        width: column.width, values: try take(count, of: Double.self))
    }
    guard rest.isEmpty, (try? accepted.checkShape()) != nil else { throw Self.damage }
    position = description.position
    latency = description.latency ?? LatencyHistogram()
  }

  private static var damage: DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: "the lengths do not fit together"))
  }
}

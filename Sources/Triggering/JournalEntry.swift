// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventData
import EventIO
import Foundation
import JetPhysics
import Triggers

/// What a journal has of one batch of the input: the events that were accepted, and everything that the run counted up
/// to the end of the batch.
///
/// In bytes it is the length of a description in JSON (u64), the description, and the arrays one after the other.
struct JournalEntry {
  /// How far the run was after the batch.
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
  /// How long the decisions of this batch took.
  var latency: LatencyHistogram
  /// How long each path took of them; nil if that is not measured.
  var pathTimes: PathTimes?
  /// What the network read of them; nil if it is not watched.
  var inputCounts: [InputCounts]?
  /// With the columns of the trigger.
  var accepted: Events

  private struct Description: Codable {
    struct Column: Codable {
      var name: String
      var width: Int
      var unit: String?
      /// How its numbers are stored; nil in journals of versions that did not keep it.
      var storage: EventData.Column.Storage?
      /// The texts that the numbers stand for; nil for numbers.
      var categories: [String]?
      /// True if the remainders of whole numbers beyond 2⁵³ follow its values.
      var hasRemainders: Bool?
    }

    var position: Position
    var latency: LatencyHistogram
    var pathTimes: PathTimes?
    var inputCounts: [InputCounts]?
    var source: String
    var events: Int
    var particles: Int
    var hasPDGID: Bool
    var columns: [Column]
    var particleColumns: [Column]
    /// The columns of given jets, and how many these are; nil if there are none.
    var jetColumns: [Column]?
    var jets: Int?
  }
}

extension JournalEntry {
  /// The entry as a record.
  func encoded() throws -> [UInt8] {
    func describe(_ columns: Columns) -> [Description.Column] {
      columns.sorted.map {
        Description.Column(
          name: $0.name, width: $0.column.width, unit: $0.column.unit, storage: $0.column.storage,
          categories: $0.column.categories,
          hasRemainders: $0.column.remainders.isEmpty ? nil : true)
      }
    }
    let particles = accepted.particles.content
    let description = try JSONEncoder().encode(
      Description(
        position: position, latency: latency, pathTimes: pathTimes, inputCounts: inputCounts,
        source: accepted.source,
        events: accepted.eventCount,
        particles: accepted.particleCount, hasPDGID: !accepted.pdgID.isEmpty,
        columns: describe(accepted.columns), particleColumns: describe(particles.columns),
        jetColumns: accepted.givenJets.map { describe($0.content) },
        jets: accepted.givenJets?.offsets.last))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      description.count + 36 * accepted.particleCount + 16 * accepted.eventCount + 64
        + 8 * (accepted.columns.valueCount + particles.columns.valueCount)
        + 8 * (accepted.givenJets.map { $0.content.valueCount + $0.count } ?? 0))
    func append<Element: BitwiseCopyable>(_ values: [Element]) {
      values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    append([UInt64(description.count)])
    bytes.append(contentsOf: description)
    append(accepted.eventNumbers)
    append(Array(accepted.offsets.dropFirst()))
    for (_, values) in accepted.momenta.namedComponents { append(values) }
    append(accepted.pdgID)
    if let jets = accepted.givenJets { append(Array(jets.offsets.dropFirst())) }
    for columns in [accepted.columns, particles.columns, accepted.givenJets?.content].compactMap(\.self) {
      for (_, column) in columns.sorted {
        append(column.values)
        append(column.remainders)
      }
    }
    return bytes
  }

  /// Reads a record, and checks every length in it.
  ///
  /// - Throws: `DecodingError` if it is no entry.
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
    accepted = Events(source: description.source)
    accepted.eventNumbers = try take(description.events, of: Int.self)
    accepted.offsets += try take(description.events, of: Int.self)
    accepted.momenta.px = try take(description.particles, of: Double.self)
    accepted.momenta.py = try take(description.particles, of: Double.self)
    accepted.momenta.pz = try take(description.particles, of: Double.self)
    accepted.momenta.energy = try take(description.particles, of: Double.self)
    if description.hasPDGID { accepted.pdgID = try take(description.particles, of: Int32.self) }
    let jetOffsets = try description.jets.map { _ in [0] + (try take(description.events, of: Int.self)) }
    func take(_ described: [Description.Column], rows: Int) throws -> Columns {
      var columns = Columns()
      for column in described {
        let (count, overflow) = rows.multipliedReportingOverflow(by: column.width)
        guard !overflow else { throw Self.damage }
        let values = try take(count, of: Double.self)
        let remainders = column.hasRemainders == true ? try take(count, of: Double.self) : nil
        var found = Column(width: column.width, unit: column.unit, storage: column.storage ?? .float64)
        found.append(values, remainders: remainders)
        if let texts = column.categories {
          guard column.width == 1, let text = Column(places: values, categories: texts) else {
            throw Self.damage
          }
          found = text
        }
        columns[column.name] = found
      }
      return columns
    }
    accepted.columns = try take(description.columns, rows: description.events)
    accepted.particles.content.columns = try take(
      description.particleColumns, rows: description.particles)
    if let jets = description.jets, let jetOffsets {
      accepted.givenJets = Ragged(
        offsets: jetOffsets, content: try take(description.jetColumns ?? [], rows: jets))
    }
    guard rest.isEmpty, (try? accepted.checkShape()) != nil, accepted.givenJetsFit else { throw Self.damage }
    position = description.position
    latency = description.latency
    pathTimes = description.pathTimes
    inputCounts = description.inputCounts
  }

  /// What a record is that does not fit together.
  static var damage: DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: "the lengths do not fit together"))
  }
}

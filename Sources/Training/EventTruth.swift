// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import JetPhysics
import PluginKit

/// Columns of events, such as truth and weights; each jet has those of its event.
struct EventTruth: Sendable {
  /// The number of each event: `[events]`.
  private(set) var eventNumbers: [Int] = []
  /// The number of jets of each event: `[events]`.
  private(set) var jetCounts: [Int] = []
  /// The values of each column: `[events]`.
  private(set) var columns: [String: [Float]]

  /// No events, with columns of these names.
  init(of names: Set<String>) { columns = Dictionary(uniqueKeysWithValues: names.map { ($0, []) }) }

  /// The columns `names` of `events`, whose jets are `jets`; `weight` is that of the names which may be the name of a
  /// weight, see `EventBatch.column(forWeight:)`.
  ///
  /// - Throws: ``TrainingError`` where a column is missing or has several numbers an event.
  init(of names: Set<String>, weight: String? = nil, events: EventBatch, jets: JetBatch) throws {
    self.init(of: names)
    eventNumbers = events.eventNumbers
    jetCounts = (0..<jets.eventCount).map { jets.jets(ofEvent: $0).count }
    for name in names.sorted() {
      let found = name == weight ? events.column(forWeight: name)?.column : events.columns[name]
      guard let column = found else {
        let known = events.columns.keys.sorted()
        throw TrainingError(
          "\(events.source): the events have no column \(name)"
            + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
      }
      guard column.width == 1 else {
        throw TrainingError(
          "\(events.source): \(name) has \(column.width) numbers an event, but one is needed.")
      }
      columns[name] = column.values.map { Float($0) }
    }
  }

  /// The number of events, with jets or without.
  var eventCount: Int { eventNumbers.count }

  /// Adds the columns of further events.
  mutating func append(_ other: EventTruth) {
    eventNumbers += other.eventNumbers
    jetCounts += other.jetCounts
    for name in columns.keys { columns[name]! += other.columns[name]! }
  }

  /// Values of some events, one for each row that a head has of them.
  func spread(_ values: [Float], over rows: HeadRows, of events: some Collection<Int>) -> [Float] {
    switch rows {
    case .events: events.map { values[$0] }
    case .jets: events.flatMap { repeatElement(values[$0], count: jetCounts[$0]) }
    }
  }

  /// The number of rows that a head has of some events.
  func rowCount(of rows: HeadRows, of events: some Collection<Int>) -> Int {
    rows == .events ? events.count : events.reduce(0) { $0 + jetCounts[$1] }
  }

  /// The truth of the rows that a head has of some events.
  func truth(of rows: HeadRows, of events: some Collection<Int>) -> HeadTruth {
    HeadTruth(
      rows: rowCount(of: rows, of: events),
      columns: columns.mapValues { spread($0, over: rows, of: events) })
  }

  /// Makes sure that a column holds weights.
  ///
  /// - Throws: ``TrainingError`` that names `source`, where the events come from, and the event.
  func check(weights column: String, source: String) throws {
    let values = columns[column]!
    guard let event = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) else { return }
    throw TrainingError(
      "\(source), event \(eventNumbers[event]): \(column) is \(values[event]), but a weight is finite and not negative."
    )
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``TrainingError`` that names `inputs`, where the events come from, and the event.
  func check(for heads: [Network.NamedHead], inputs: [String]) throws {
    for named in heads {
      let rows = named.head.rows
      // Events without jets have nothing to say to a head on jets, whatever their truth.
      let events = (0..<eventCount).filter { rows == .events || jetCounts[$0] > 0 }
      do {
        try named.head.check(
          HeadTruth(rows: events.count, columns: columns.mapValues { values in events.map { values[$0] } }))
      } catch let error as PluginError {
        let event = error.row.map { ", event \(eventNumbers[events[$0]])" } ?? ""
        throw TrainingError("\(inputs.joined(separator: ", "))\(event): \(error.description)")
      }
    }
  }
}

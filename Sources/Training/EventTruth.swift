// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import JetPhysics
import PluginKit

/// Columns of events, such as truth and weights; each jet has those of its event.
///
/// This is where every column that a setting names is looked up and checked, before anything is learnt from it.
struct EventTruth: Sendable {
  /// The names of the columns that are kept, by what is asked of them.
  struct Names: Sendable {
    /// Columns whose values heads check for themselves, in the rows that they have.
    var truth: Set<String> = []
    /// Columns that have a finite number in every event.
    var numbers: Set<String> = []
    /// The column of weights, which may also go by the name that its generator gave it.
    var weight: String?

    fileprivate var all: Set<String> { truth.union(numbers).union([weight].compactMap(\.self)) }
  }

  /// Consecutive events of one file.
  struct Run: Sendable {
    /// The file as the user named it.
    let source: String
    /// Its events, by their place here.
    var events: Range<Int>
  }

  /// The number of each event: `[events]`.
  private(set) var eventNumbers: [Int] = []
  /// The number of jets of each event: `[events]`.
  private(set) var jetCounts: [Int] = []
  /// The values of each column: `[events]`.
  private(set) var columns: [String: [Float]]
  /// Where the events come from, in their order.
  private(set) var runs: [Run] = []

  /// No events, with columns of these names.
  init(of names: Names) { columns = Dictionary(uniqueKeysWithValues: names.all.map { ($0, []) }) }

  /// The columns `names` of `events`, whose jets are `jets`.
  ///
  /// - Throws: ``TrainingError`` that names file, event and column if a column is missing, has several numbers an event
  ///   or holds what is not a number or not a weight.
  init(of names: Names, events: EventBatch, jets: JetBatch) throws {
    self.init(of: names)
    eventNumbers = events.eventNumbers
    jetCounts = (0..<jets.eventCount).map { jets.jets(ofEvent: $0).count }
    runs = [Run(source: events.source, events: 0..<events.eventCount)]
    for name in names.all.sorted() {
      let column = name == names.weight ? events.column(forWeight: name)?.column : events.columns[name]
      columns[name] = try Self.numbers(column, name, of: events)
    }
    for name in names.numbers.sorted() {
      guard let event = columns[name]!.firstIndex(where: { !$0.isFinite }) else { continue }
      throw error(
        atEvent: event, "\(name) is \(columns[name]![event]), but a finite number is needed in each event.")
    }
    guard let weight = names.weight else { return }
    if let event = columns[weight]!.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
      throw error(
        atEvent: event, "\(weight) is \(columns[weight]![event]), but a weight is finite and not negative.")
    }
  }

  private static func numbers(_ column: EventColumn?, _ name: String, of events: EventBatch) throws -> [Float]
  {
    guard let column else {
      if let reason = events.unreadableColumns[name] {
        throw TrainingError("\(events.source): the column \(name) cannot be read: \(reason).")
      }
      let known = events.columns.keys.sorted()
      throw TrainingError(
        "\(events.source): the events have no column \(name)"
          + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
    }
    guard column.width == 1 else {
      throw TrainingError(
        "\(events.source): \(name) has \(column.width) numbers an event, but one is needed.")
    }
    return column.values.map { Float($0) }
  }

  /// What is wrong with an event, by its place here; names its file and its number.
  private func error(atEvent event: Int, _ problem: String) -> TrainingError {
    let source = runs.first { $0.events.contains(event) }?.source ?? ""
    return TrainingError("\(source), event \(eventNumbers[event]): \(problem)")
  }

  /// The number of events, with jets or without.
  var eventCount: Int { eventNumbers.count }

  /// Adds the columns of further events.
  mutating func append(_ other: EventTruth) {
    for run in other.runs {
      let events = run.events.lowerBound + eventCount..<run.events.upperBound + eventCount
      if runs.last?.source == run.source {
        runs[runs.count - 1].events = runs[runs.count - 1].events.lowerBound..<events.upperBound
      } else {
        runs.append(Run(source: run.source, events: events))
      }
    }
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

  /// The events that a head has rows of: those without jets have nothing to say to a head on jets.
  func events(for rows: HeadRows) -> [Int] {
    (0..<eventCount).filter { rows == .events || jetCounts[$0] > 0 }
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``TrainingError`` that names the file and the event.
  func check(for heads: [Network.NamedHead]) throws {
    for named in heads {
      let events = events(for: named.head.rows)
      for column in named.head.truthColumns {
        let values = columns[column]!
        guard let event = events.first(where: { !values[$0].isFinite }) else { continue }
        throw error(
          atEvent: event,
          "\(column) is \(values[event]), but \(named.name) needs a finite number there; leave the event out."
        )
      }
      do {
        try named.head.check(
          HeadTruth(rows: events.count, columns: columns.mapValues { values in events.map { values[$0] } }))
      } catch let error as PluginError {
        guard let row = error.row else {
          throw TrainingError("\(runs.map(\.source).joined(separator: ", ")): \(error.description)")
        }
        throw self.error(atEvent: events[row], error.description)
      }
    }
  }
}

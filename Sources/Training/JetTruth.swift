// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import JetPhysics
import PluginKit

/// Event columns, such as truth and weights, handed on to the jets: each jet has those of its event.
struct JetTruth: Sendable {
  /// The number of the event of each jet: `[jets]`.
  private(set) var eventNumbers: [Int] = []
  /// The number of events, with jets or without.
  private(set) var eventCount = 0
  /// The values of each column: `[jets]`.
  private(set) var columns: [String: [Float]]

  /// No jets, for columns of these names.
  init(of names: Set<String>) { columns = Dictionary(uniqueKeysWithValues: names.map { ($0, []) }) }

  /// The columns `names` of the events of `jets`.
  ///
  /// - Throws: ``TrainingError`` where a column is missing or has several numbers an event.
  init(of names: Set<String>, events: EventBatch, jets: JetBatch) throws {
    self.init(of: names)
    eventCount = events.eventCount
    for event in 0..<jets.eventCount {
      for _ in jets.jets(ofEvent: event) { eventNumbers.append(jets.eventNumbers[event]) }
    }
    for name in names.sorted() {
      guard let column = events.columns[name] else {
        let known = events.columns.keys.sorted()
        throw TrainingError(
          "\(events.source): the events have no column \(name)"
            + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
      }
      guard column.width == 1 else {
        throw TrainingError(
          "\(events.source): \(name) has \(column.width) numbers an event, but one is needed.")
      }
      var values: [Float] = []
      values.reserveCapacity(jets.jetCount)
      for event in 0..<jets.eventCount {
        for _ in jets.jets(ofEvent: event) { values.append(Float(column.values[event])) }
      }
      columns[name] = values
    }
  }

  /// Adds the columns of the jets of further events.
  mutating func append(_ other: JetTruth) {
    eventNumbers += other.eventNumbers
    eventCount += other.eventCount
    for name in columns.keys { columns[name]! += other.columns[name]! }
  }

  /// The truth of all jets.
  var all: HeadTruth { HeadTruth(rows: eventNumbers.count, columns: columns) }

  /// The truth of some of the jets.
  func rows(_ jets: some Collection<Int>) -> HeadTruth {
    HeadTruth(rows: jets.count, columns: columns.mapValues { values in jets.map { values[$0] } })
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``TrainingError`` that names `inputs`, where the events come from, and the event.
  func check(for heads: [Network.NamedHead], inputs: [String]) throws {
    let truth = all
    for named in heads {
      do {
        try named.head.check(truth)
      } catch let error as PluginError {
        let event = error.row.map { ", event \(eventNumbers[$0])" } ?? ""
        throw TrainingError("\(inputs.joined(separator: ", "))\(event): \(error.description)")
      }
    }
  }
}

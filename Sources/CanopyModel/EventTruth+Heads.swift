// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Support

// Other modules call what is generic here without a copy of it for their collection, so that each element takes calls; hence the arrays.
extension EventTruth {
  /// The columns of a head's truth that have a value for each of its rows, rather than for each event: `[rows]` each.
  private func rowColumns(of named: Network.NamedHead) -> [String: TruthColumn] {
    var own = derivedColumns[named.name] ?? [:]
    for name in named.fileTruthColumns {
      switch named.head.rows {
      case .constituents: own[name] = constituentColumns[name]!
      case .jets: own[name] = jetColumns[name]
      case .events, .splittings: break
      }
    }
    return own
  }

  /// What the files say of the rows that heads have of some events; what is missing has the value of another event.
  package func truth(of rows: HeadRows, of events: some Collection<Int>) -> HeadTruth {
    let events = Array(events)
    var truth = spreadColumns(over: rows, of: events)
    if rows == .jets {
      for (name, column) in jetColumns { truth[name] = column.filled(values(of: column, rows, events)) }
    }
    return HeadTruth(rows: rowCount(of: rows, of: events), columns: truth)
  }

  /// The values of a column of rows for those of some events.
  private func values(of column: TruthColumn, _ rows: HeadRows, _ events: [Int]) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(rowCount(of: rows, of: events))
    for event in events {
      for row in self.rows(rows, ofEvent: event) { values.append(column.values[row]) }
    }
    return values
  }

  private func spreadColumns(over rows: HeadRows, of events: some Collection<Int>) -> [String: [Float]] {
    columns.mapValues { $0.filled(spread($0.values, over: rows, of: events)) }
  }

  /// The truth of the rows that a head has of some events; what is missing has the value of another row, so that a loss can
  /// be computed that counts for nothing, and NaN in columns that rows may lack.
  package func truth(of named: Network.NamedHead, of events: some Collection<Int>) -> HeadTruth {
    let (rows, events) = (named.head.rows, Array(events))
    let optional = named.head.optionalTruthColumns
    var truth = spreadColumns(over: rows, of: events)
    for name in optional { truth[name] = columns[name].map { spread($0.values, over: rows, of: events) } }
    for (name, column) in rowColumns(of: named) {
      let values = values(of: column, rows, events)
      truth[name] = optional.contains(name) ? values : column.filled(values)
    }
    return HeadTruth(rows: rowCount(of: rows, of: events), columns: truth)
  }

  /// The weight of each of some events for a head: that of `weights` `[events]`, 0 if the event lacks truth.
  private func eventWeights(
    _ weights: [Float], for named: Network.NamedHead, of events: some Collection<Int>
  ) -> [Float] {
    guard named.head.rows == .events || named.head.rows == .jets else { return events.map { weights[$0] } }
    let needed = named.fileTruthColumns.filter { !named.head.optionalTruthColumns.contains($0) }
    let truth = needed.compactMap { columns[$0] }.filter(\.isIncomplete).map(\.values)
    guard !truth.isEmpty else { return events.map { weights[$0] } }
    return events.map { event in truth.contains { $0[event].isNaN } ? 0 : weights[event] }
  }

  /// The weight of each row that a head has of some events: that of its event, 0 if the row lacks truth.
  package func rowWeights(
    _ weights: [Float], for named: Network.NamedHead, of events: some Collection<Int>
  ) -> [Float] {
    let (rows, events) = (named.head.rows, Array(events))
    let weights = eventWeights(weights, for: named, of: events)
    var rowWeights = weights
    if rows != .events {
      rowWeights.removeAll(keepingCapacity: true)
      rowWeights.reserveCapacity(rowCount(of: rows, of: events))
      for (event, weight) in zip(events, weights) {
        for _ in self.rows(rows, ofEvent: event) { rowWeights.append(weight) }
      }
    }
    let optional = named.head.optionalTruthColumns
    for (name, column) in rowColumns(of: named) where column.isIncomplete && !optional.contains(name) {
      var row = 0
      for event in events {
        for place in self.rows(rows, ofEvent: event) {
          if column.values[place].isNaN { rowWeights[row] = 0 }
          row += 1
        }
      }
    }
    return rowWeights
  }

  /// The sum of the absolute weights of the rows that a head has of some events.
  package func totalWeight(
    _ weights: [Float], for named: Network.NamedHead, of events: some Collection<Int>
  ) -> Double {
    let events = Array(events)
    guard rowColumns(of: named).isEmpty else {
      // Rows of one event may lack truth.
      return rowWeights(weights, for: named, of: events).reduce(0) { $0 + Double(abs($1)) }
    }
    return zip(events, eventWeights(weights, for: named, of: events)).reduce(0) { sum, event in
      sum + Double(abs(event.1)) * Double(rows(named.head.rows, ofEvent: event.0).count)
    }
  }

  /// What has a value of a head's truth: the events that it has rows of or, if it has truth of rows, these.
  private struct Holders {
    let noun: String
    /// The truth columns of the head: `[events]` or `[rows]` each.
    let columns: [String: [Float]]
    /// The places in the columns that the head has to do with.
    let places: [Int]
    /// The event of a place.
    let event: (Int) -> Int
  }

  private func holders(for named: Network.NamedHead) -> Holders {
    let (head, rows) = (named.head, named.head.rows)
    let own = rowColumns(of: named)
    let ofEvents = rows == .events || rows == .jets && own.isEmpty
    let all = 0..<eventCount
    var truth: [String: [Float]] = [:]
    for name in head.truthColumns {
      let values = own[name]?.values ?? columns[name]!.values
      truth[name] = ofEvents || own[name] != nil ? values : spread(values, over: rows, of: all)
    }
    return Holders(
      noun: ofEvents ? "events" : rows.rawValue, columns: truth,
      places: ofEvents
        ? all.filter { !self.rows(rows, ofEvent: $0).isEmpty } : Array(0..<rowCount(of: rows, of: all)),
      event: { ofEvents ? $0 : event(ofRow: $0, rows)! })
  }

  /// What to say of rows that lack truth which a head learns from or is judged by; nil if there are none.
  package func remarkOnMissingTruth(of named: Network.NamedHead) -> String? {
    let holders = holders(for: named)
    let needed = named.head.truthColumns.filter { !named.head.optionalTruthColumns.contains($0) }
    let missing = needed.compactMap { column -> String? in
      let count = holders.places.count { holders.columns[column]![$0].isNaN }
      return count > 0 ? "\(column) is missing in \(count) of \(holders.places.count)" : nil
    }
    return missing.isEmpty
      ? nil
      : "\(named.name) leaves out the \(holders.noun) without truth: \(missing.joined(separator: ", "))."
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``SampleError`` that names the file and the event.
  package func check(for heads: [Network.NamedHead]) throws {
    for named in heads {
      let holders = holders(for: named)
      var places = holders.places
      for column in named.head.truthColumns {
        let values = holders.columns[column]!
        if let place = places.first(where: { values[$0].isInfinite }) {
          throw error(
            atEvent: holders.event(place),
            "\(column) is \(values[place].text), but \(named.name) needs a finite number there; leave the event out, or write "
              + "NaN for truth that is missing.")
        }
        if named.head.optionalTruthColumns.contains(column) { continue }
        let known = places.filter { !values[$0].isNaN }
        guard !known.isEmpty || places.isEmpty else {
          throw error(
            atEvent: holders.event(places[0]),
            "\(column) is missing (NaN), here and in all other \(holders.noun) that \(named.name) has to do with."
          )
        }
        places = known
      }
      do {
        try named.head.check(
          HeadTruth(
            rows: places.count,
            columns: holders.columns.mapValues { values in places.map { values[$0] } }))
      } catch let error as PluginError {
        guard let row = error.row else {
          throw SampleError("\(runs.map(\.source).joined(separator: ", ")): \(error.description)")
        }
        throw self.error(atEvent: holders.event(places[row]), error.description)
      }
    }
  }
}

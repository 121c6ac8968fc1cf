// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import JetPhysics
import PluginKit

/// Columns of events, such as truth and weights; each jet has those of its event.
///
/// Truth that is NaN is missing: the rows that lack a truth column of a head have no weight for it.
///
/// This is where every column that a setting names is looked up and checked, before anything is learnt from it.
struct EventTruth: Sendable {
  /// The names of the columns that are kept, by what is asked of them.
  struct Names: Sendable {
    /// Columns whose values heads check for themselves, in the rows that they have.
    var truth: Set<String> = []
    /// Columns that have a finite number in every event.
    var numbers: Set<String> = []
    /// Columns of particles whose values heads on constituents check for themselves.
    var constituentTruth: Set<String> = []
    /// The column of weights, which may also go by the name that its generator gave it.
    var weight: String?

    fileprivate var all: Set<String> { truth.union(numbers).union([weight].compactMap(\.self)) }
  }

  /// Consecutive events of one file.
  struct Run: Sendable {
    /// The file as the user named it.
    let source: String
    /// The number, through all files, of the first event of the file.
    let firstEvent: Int
    /// Its events, by their place here.
    var events: Range<Int>
  }

  /// The number of each event: `[events]`.
  private(set) var eventNumbers: [Int] = []
  /// The number of jets of each event: `[events]`.
  private(set) var jetCounts: [Int] = []
  /// The first constituent of each event's jets, and the number of constituents at the end: `[events + 1]`.
  private var constituentOffsets = [0]
  /// The values of each column: `[events]`.
  private(set) var columns: [String: [Float]]
  /// The values of each column of particles that is the truth of constituents: `[constituents]`.
  private var constituentColumns: [String: [Float]]
  /// Where the events come from, in their order.
  private(set) var runs: [Run] = []
  /// The first value of each column that is not missing.
  private var firstValues: [String: Float] = [:]
  /// The columns of which values are missing.
  private var incompleteColumns: Set<String> = []

  /// No events, with columns of these names.
  init(of names: Names) {
    columns = Dictionary(uniqueKeysWithValues: names.all.map { ($0, []) })
    constituentColumns = Dictionary(uniqueKeysWithValues: names.constituentTruth.map { ($0, []) })
  }

  /// The columns `names` of `events`, whose jets are `jets`.
  ///
  /// - Throws: ``TrainingError`` that names file, event and column if a column is missing, has several numbers an event
  ///   or holds what is not a number or not a weight.
  init(of names: Names, events: Events, jets: Jets) throws {
    self.init(of: names)
    eventNumbers = events.eventNumbers
    jetCounts = (0..<jets.eventCount).map { jets.jets(ofEvent: $0).count }
    constituentOffsets = jets.offsets.map { jets.constituents.offsets[$0] }
    runs = [
      Run(source: events.source, firstEvent: events.firstEventOfSource, events: 0..<events.eventCount)
    ]
    for name in names.all.sorted() {
      let column = name == names.weight ? events.column(forWeight: name)?.column : events.columns[name]
      columns[name] = try Self.numbers(column, name, of: events)
    }
    for name in names.constituentTruth.sorted() {
      constituentColumns[name] = try Self.constituentNumbers(name, of: events, jets)
    }
    for name in names.numbers.sorted() {
      guard let event = columns[name]!.firstIndex(where: { !$0.isFinite }) else { continue }
      throw error(
        atEvent: event, "\(name) is \(columns[name]![event]), but a finite number is needed in each event.")
    }
    guard let weight = names.weight else { return }
    let written = events.column(forWeight: weight)!.column.values
    if let event = written.firstIndex(where: { !$0.isFinite }) {
      throw error(atEvent: event, "\(weight) is \(written[event]), but a weight is a finite number.")
    }
    if let event = written.firstIndex(where: { $0 != 0 && !Self.sizesOfWeights.contains(abs($0)) }) {
      throw error(
        atEvent: event,
        "\(weight) is \(written[event]), but the size of weights must lie between \(Self.sizesOfWeights.lowerBound) and "
          + "\(Self.sizesOfWeights.upperBound); multiply all of them by one number.")
    }
  }

  /// Weights are kept in single precision, in which their products with losses must be exact enough too.
  private static let sizesOfWeights = 1e-25...1e25

  private static func numbers(_ column: Column?, _ name: String, of events: Events) throws -> [Float] {
    guard let column else {
      if let reason = events.unreadableColumns[name] {
        throw TrainingError("\(events.source): the column \(name) cannot be read: \(reason).")
      }
      let known = events.columns.names
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

  /// The values of a column of particles for the constituents of jets, in their order.
  private static func constituentNumbers(_ name: String, of events: Events, _ jets: Jets) throws -> [Float] {
    guard let values = events.particles.content.numbers(name) else {
      if events.particleCount == 0 { return [] }
      if let reason = events.unreadableColumns["particle/" + name] {
        throw TrainingError("\(events.source): the column \(name) of particles cannot be read: \(reason).")
      }
      let known = events.particles.content.columns.names + (events.pdgID.isEmpty ? [] : ["pdgid"])
      throw TrainingError(
        "\(events.source): the particles have no column \(name) of one number, which is the truth of constituents"
          + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
    }
    var numbers: [Float] = []
    numbers.reserveCapacity(jets.constituents.content.count)
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        for particle in jets.constituents[jet] {
          numbers.append(Float(values[events.offsets[event] + Int(particle)]))
        }
      }
    }
    return numbers
  }

  /// What is wrong with an event, by its place here; names its file and its number in the file.
  private func error(atEvent event: Int, _ problem: String) -> TrainingError {
    let run = runs.first { $0.events.contains(event) }
    return TrainingError(
      "\(run?.source ?? ""), event \(eventNumbers[event] - (run?.firstEvent ?? 0)): \(problem)")
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
        runs.append(Run(source: run.source, firstEvent: run.firstEvent, events: events))
      }
    }
    eventNumbers += other.eventNumbers
    jetCounts += other.jetCounts
    let first = constituentOffsets[constituentOffsets.count - 1]
    constituentOffsets += other.constituentOffsets.dropFirst().map { first + $0 }
    for (name, values) in other.columns {
      columns[name]! += values
      note(values, of: name)
    }
    for (name, values) in other.constituentColumns {
      constituentColumns[name]! += values
      note(values, of: Self.key(ofConstituents: name))
    }
  }

  private mutating func note(_ values: [Float], of name: String) {
    if firstValues[name] == nil { firstValues[name] = values.first { !$0.isNaN } }
    if values.contains(where: \.isNaN) { incompleteColumns.insert(name) }
  }

  /// What `firstValues` and `incompleteColumns` call a column of particles.
  private static func key(ofConstituents name: String) -> String { "particle/" + name }

  /// The constituents of an event's jets.
  private func constituents(ofEvent event: Int) -> Range<Int> {
    constituentOffsets[event]..<constituentOffsets[event + 1]
  }

  /// The number of rows that heads have of one event.
  func rowCount(of rows: HeadRows, ofEvent event: Int) -> Int {
    switch rows {
    case .events: 1
    case .jets: jetCounts[event]
    case .constituents: constituents(ofEvent: event).count
    // A binary tree has one splitting less than leaves.
    case .splittings: constituents(ofEvent: event).count - jetCounts[event]
    }
  }

  /// Values of some events, one for each row that a head has of them.
  func spread(_ values: [Float], over rows: HeadRows, of events: some Collection<Int>) -> [Float] {
    rows == .events
      ? events.map { values[$0] }
      : events.flatMap { repeatElement(values[$0], count: rowCount(of: rows, ofEvent: $0)) }
  }

  /// The number of rows that a head has of some events.
  func rowCount(of rows: HeadRows, of events: some Collection<Int>) -> Int {
    events.reduce(0) { $0 + rowCount(of: rows, ofEvent: $1) }
  }

  /// The truth of the rows that a head has of some events; what is missing has the value of another event, so that a
  /// loss can be computed that counts for nothing.
  func truth(of rows: HeadRows, of events: some Collection<Int>) -> HeadTruth {
    var truth: [String: [Float]] = [:]
    for (name, values) in columns {
      truth[name] = spread(values, over: rows, of: events)
    }
    for name in incompleteColumns {
      guard let values = truth[name] else { continue }
      let standIn = firstValues[name] ?? .nan
      truth[name] = values.map { $0.isNaN ? standIn : $0 }
    }
    if rows == .constituents {
      for (name, values) in constituentColumns {
        let key = Self.key(ofConstituents: name)
        let standIn = incompleteColumns.contains(key) ? firstValues[key] : nil
        truth[name] = events.flatMap { event in
          values[constituents(ofEvent: event)].map { $0.isNaN ? standIn ?? $0 : $0 }
        }
      }
    }
    return HeadTruth(rows: rowCount(of: rows, of: events), columns: truth)
  }

  /// The weight of each of some events for a head: that of `weights` `[events]`, 0 if the event lacks truth.
  func eventWeights(_ weights: [Float], for head: any Head, of events: some Collection<Int>) -> [Float] {
    guard head.rows != .constituents else { return events.map { weights[$0] } }
    let truth = head.truthColumns.map { columns[$0]! }
    return events.map { event in truth.contains { $0[event].isNaN } ? 0 : weights[event] }
  }

  /// The weight of each row that a head has of some events: that of its event, 0 if the row lacks truth.
  func rowWeights(_ weights: [Float], for head: any Head, of events: some Collection<Int>) -> [Float] {
    let weights = eventWeights(weights, for: head, of: events)
    guard head.rows != .events else { return weights }
    var rowWeights = zip(events, weights).flatMap { event, weight in
      repeatElement(weight, count: rowCount(of: head.rows, ofEvent: event))
    }
    guard head.rows == .constituents else { return rowWeights }
    for name in head.truthColumns where incompleteColumns.contains(Self.key(ofConstituents: name)) {
      let values = constituentColumns[name]!
      for (row, constituent) in events.lazy.flatMap(constituents(ofEvent:)).enumerated()
      where values[constituent].isNaN {
        rowWeights[row] = 0
      }
    }
    return rowWeights
  }

  /// What has a value of a head's truth: the events that it has rows of, or the constituents of their jets.
  private struct Holders {
    let noun: String
    /// `[events]` or `[constituents]` each.
    let columns: [String: [Float]]
    /// The places in the columns that the head has to do with.
    let places: [Int]
    /// The event of a place.
    let event: (Int) -> Int
  }

  private func holders(for head: any Head) -> Holders {
    guard head.rows == .constituents else {
      return Holders(noun: "events", columns: columns, places: events(for: head.rows), event: { $0 })
    }
    return Holders(
      noun: "constituents", columns: constituentColumns, places: Array(0..<constituentOffsets[eventCount]),
      event: { place in constituentOffsets.lastIndex { $0 <= place }! })
  }

  /// What to say of rows that lack truth which a head learns from or is judged by; nil if there are none.
  func remarkOnMissingTruth(of named: Network.NamedHead) -> String? {
    let holders = holders(for: named.head)
    let missing = named.head.truthColumns.compactMap { column -> String? in
      let count = holders.places.count { holders.columns[column]![$0].isNaN }
      return count > 0 ? "\(column) is missing in \(count) of \(holders.places.count)" : nil
    }
    return missing.isEmpty
      ? nil
      : "\(named.name) leaves out the \(holders.noun) without truth: \(missing.joined(separator: ", "))."
  }

  /// The events that a head has rows of: those without jets have nothing to say to a head on jets.
  func events(for rows: HeadRows) -> [Int] {
    (0..<eventCount).filter { rowCount(of: rows, ofEvent: $0) > 0 }
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``TrainingError`` that names the file and the event.
  func check(for heads: [Network.NamedHead]) throws {
    for named in heads {
      let holders = holders(for: named.head)
      var places = holders.places
      for column in named.head.truthColumns {
        let values = holders.columns[column]!
        if let place = places.first(where: { values[$0].isInfinite }) {
          throw error(
            atEvent: holders.event(place),
            "\(column) is \(values[place]), but \(named.name) needs a finite number there; leave the event out, or write "
              + "NaN for truth that is missing.")
        }
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
          throw TrainingError("\(runs.map(\.source).joined(separator: ", ")): \(error.description)")
        }
        throw self.error(atEvent: holders.event(places[row]), error.description)
      }
    }
  }
}

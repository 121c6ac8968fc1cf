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
    guard head.rows != .constituents, head.rows != .splittings else { return events.map { weights[$0] } }
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

  /// What to say of events that lack truth which a head learns from or is judged by; nil if there are none.
  func remarkOnMissingTruth(of named: Network.NamedHead) -> String? {
    if named.head.rows == .constituents { return remarkOnMissingConstituents(of: named) }
    guard named.head.rows != .splittings else { return nil }
    let events = events(for: named.head.rows)
    let missing = named.head.truthColumns.map { column in
      (column: column, count: events.count { columns[column]![$0].isNaN })
    }.filter { $0.count > 0 }
    guard !missing.isEmpty else { return nil }
    return "\(named.name) leaves out the events without truth: "
      + missing.map { "\($0.column) is missing in \($0.count) of \(events.count)" }.joined(separator: ", ")
      + "."
  }

  private func remarkOnMissingConstituents(of named: Network.NamedHead) -> String? {
    let missing = named.head.truthColumns.compactMap { column -> String? in
      let values = constituentColumns[column]!
      let count = values.count { $0.isNaN }
      return count > 0 ? "\(column) is missing in \(count) of \(values.count)" : nil
    }
    return missing.isEmpty
      ? nil
      : "\(named.name) leaves out the constituents without truth: \(missing.joined(separator: ", "))."
  }

  /// The events that a head has rows of: those without jets have nothing to say to a head on jets.
  func events(for rows: HeadRows) -> [Int] {
    (0..<eventCount).filter { rowCount(of: rows, ofEvent: $0) > 0 }
  }

  /// Makes sure that the heads can do with this truth.
  ///
  /// - Throws: ``TrainingError`` that names the file and the event.
  func check(for heads: [Network.NamedHead]) throws {
    for named in heads where named.head.rows != .splittings {
      if named.head.rows == .constituents {
        try checkConstituents(for: named)
        continue
      }
      var events = events(for: named.head.rows)
      for column in named.head.truthColumns {
        let values = columns[column]!
        if let event = events.first(where: { values[$0].isInfinite }) {
          throw error(
            atEvent: event,
            "\(column) is \(values[event]), but \(named.name) needs a finite number there; leave the event out, or write "
              + "NaN for truth that is missing.")
        }
        let known = events.filter { !values[$0].isNaN }
        guard !known.isEmpty || events.isEmpty else {
          throw error(
            atEvent: events[0],
            "\(column) is missing (NaN), here and in all other events that \(named.name) has to do with.")
        }
        events = known
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

  /// - Throws: ``TrainingError`` that names the file and the event if a head cannot do with the truth of constituents.
  private func checkConstituents(for named: Network.NamedHead) throws {
    var rows = Array(0..<constituentOffsets[constituentOffsets.count - 1])
    func event(ofRow row: Int) -> Int { constituentOffsets.lastIndex { $0 <= row } ?? 0 }
    for column in named.head.truthColumns {
      let values = constituentColumns[column]!
      if let row = rows.first(where: { values[$0].isInfinite }) {
        throw error(
          atEvent: event(ofRow: row),
          "\(column) is \(values[row]) for a particle, but \(named.name) needs a finite number there; write NaN for truth "
            + "that is missing.")
      }
      let known = rows.filter { !values[$0].isNaN }
      guard !known.isEmpty || rows.isEmpty else {
        throw error(
          atEvent: event(ofRow: rows[0]),
          "\(column) is missing (NaN), here and for all other constituents that \(named.name) has to do with."
        )
      }
      rows = known
    }
    do {
      try named.head.check(
        HeadTruth(
          rows: rows.count, columns: constituentColumns.mapValues { values in rows.map { values[$0] } }))
    } catch let error as PluginError {
      guard let row = error.row else {
        throw TrainingError("\(runs.map(\.source).joined(separator: ", ")): \(error.description)")
      }
      throw self.error(atEvent: event(ofRow: rows[row]), error.description)
    }
  }
}

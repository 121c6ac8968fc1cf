// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit

/// Columns of the input that results have too.
public struct KeptColumns: Sendable, Equatable {
  /// Columns of events.
  public var events: [String]
  /// Columns of particles, which the constituents of jets have in results.
  public var particles: [String]
  /// Columns of given jets, which the jets that they go with have in results.
  public var jets: [String]

  /// What results have of each event in any case, so that no column is kept under these names.
  public static let takenNames: Set<String> = ["event", "input_number", "jets", "number"]

  /// What the names of columns of particles begin with, as in formulas.
  private static let prefix = "particle."

  /// No columns unless they are given.
  public init(events: [String] = [], particles: [String] = [], jets: [String] = []) {
    self.events = events
    self.particles = particles
    self.jets = jets
  }

  /// Columns by their names, such as `label`, `particle.charge` and `jet/flavour`; each is kept once.
  public init(names: [String]) {
    self.init()
    for name in names {
      if name.hasPrefix(Self.prefix) {
        let column = String(name.dropFirst(Self.prefix.count))
        if !particles.contains(column) { particles.append(column) }
      } else if name.hasPrefix(EventTruth.givenJetPrefix) {
        if !jets.contains(name) { jets.append(name) }
      } else if !events.contains(name) {
        events.append(name)
      }
    }
  }

  /// All columns of events, of their particles and of their given jets that results do not have in any case and can have.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - matching: how given jets go with jets.
  /// - Returns: the columns, and what is left out and why, a sentence each.
  public static func all(
    of events: Events, matching: JetMatching = JetMatching()
  ) -> (kept: KeptColumns, leftOut: [String]) {
    let particles = events.particles.content.columns.sorted
    var kept = KeptColumns(
      events: events.columns.names.filter { !takenNames.contains($0) },
      particles: particles.filter { $0.column.width == 1 }.map(\.name),
      jets: events.givenJets?.content.names.map { EventTruth.givenJetPrefix + $0 } ?? [])
    var leftOut = particles.filter { $0.column.width > 1 }.map {
      "\(events.source): the column \($0.name) of particles has \($0.column.width) numbers each, and results have one."
    }
    leftOut += events.unreadableColumns.sorted { $0.key < $1.key }.map {
      "\(events.source): \($0.key) cannot be read: \($0.value)."
    }
    do {
      try matching.check(events)
    } catch {
      kept.jets = []
      leftOut.append("\(error)")
    }
    return (kept, leftOut)
  }
}

extension ResultBatch {
  /// Adds columns of the input under their own names: those of events, those of particles for the constituents of
  /// jets, and, as `given/NAME`, those of the given jets that go with the jets.
  ///
  /// - Parameters:
  ///   - kept: the columns.
  ///   - events: the events of this batch.
  ///   - jets: their jets.
  ///   - matching: how given jets go with jets.
  /// - Throws: ``SampleError`` that names the file if it lacks a column, if given jets cannot be matched, or if results would
  ///   round a whole number.
  public mutating func keep(
    _ kept: KeptColumns, of events: Events, jets: Jets, matching: JetMatching = JetMatching()
  ) throws {
    for name in kept.events {
      guard let column = events.columns[name] else {
        throw SampleError(
          Self.missing(name, "events", events.columns.names, of: events, events.unreadableColumns[name]))
      }
      if column.categories != nil {
        eventColumns.append(
          ResultColumn(name: name, texts: column.values.indices.map(column.text(ofRow:))))
        continue
      }
      try Self.check(column.values, name, of: events) { $0 / column.width }
      eventColumns.append(
        ResultColumn(
          name: name, width: column.width, values: column.values.map { Float($0) }, unit: column.unit))
    }
    var constituents: [ResultColumn] = []
    for name in kept.particles {
      guard let values = events.particles.content.numbers(name) else {
        throw SampleError(
          Self.missing(
            name, "particles", events.particles.content.columns.names, of: events,
            events.unreadableColumns["particle/" + name]))
      }
      var numbers: [Double] = []
      numbers.reserveCapacity(jets.constituents.content.count)
      for event in 0..<jets.eventCount {
        for jet in jets.jets(ofEvent: event) {
          for particle in jets.constituents[jet] {
            numbers.append(values[events.offsets[event] + Int(particle)])
          }
        }
      }
      try Self.check(numbers, "particle.\(name)", of: events) { _ in nil }
      constituents.append(
        ResultColumn(
          name: name, values: numbers.map { Float($0) }, unit: events.particles.content.columns[name]?.unit))
    }
    if !constituents.isEmpty { addConstituentColumns(constituents, of: jets) }
    guard !kept.jets.isEmpty else { return }
    let given = try matching.givenJets(for: jets, in: events)
    for name in kept.jets {
      let column = try EventTruth.givenColumn(name, of: events)
      let own = "given/" + name.dropFirst(EventTruth.givenJetPrefix.count)
      if column.categories != nil {
        jetColumns.append(
          ResultColumn(name: own, texts: given.map { $0.map(column.text(ofRow:)) ?? "" }))
      } else {
        try Self.check(column.values, name, of: events) { events.givenJets!.list(ofElement: $0) }
        jetColumns.append(
          ResultColumn(
            name: own, values: given.map { $0.map { Float(column.values[$0]) } ?? .nan }, unit: column.unit))
      }
    }
  }

  private static func missing(
    _ name: String, _ rows: String, _ known: [String], of events: Events, _ reason: String?
  ) -> String {
    if let reason { return "\(events.source): the column \(name) of \(rows) cannot be read: \(reason)." }
    return "\(events.source): the \(rows) have no column \(name)"
      + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", ")).")
  }

  /// Results are in single precision: a measured number loses nothing that it has, but a whole number would be another.
  private static func check(
    _ values: [Double], _ name: String, of events: Events, event: (Int) -> Int?
  ) throws {
    guard
      let place = values.firstIndex(where: {
        $0 == $0.rounded() && abs($0) > 0x1p24 && Double(Float($0)) != $0
      })
    else { return }
    let number = event(place).map { ", event \(events.eventNumbers[$0] - events.firstEventOfSource)" } ?? ""
    throw SampleError(
      "\(events.source)\(number): \(name) is \(String(format: "%.0f", values[place])), a whole number that results would round, as they are in "
        + "single precision; split it by --define, as in 'low = \(name) % 10000'.")
  }

  /// Throws if columns that are kept are others than in the results before, as writers need the same in all.
  ///
  /// - Throws: ``SampleError`` that names the column and the first event.
  public func checkColumns(before: ResultBatch) throws {
    func check(_ own: [ResultColumn], _ others: [ResultColumn]) throws {
      guard
        let (column, other) = zip(own, others).first(where: {
          $0.width != $1.width || $0.unit != $1.unit || ($0.texts == nil) != ($1.texts == nil)
        })
      else {
        return
      }
      func text(_ column: ResultColumn) -> String {
        if column.texts != nil { return "text" }
        return
          "\(column.width == 1 ? "one number" : "\(column.width) numbers")\(column.unit.map { " in \($0)" } ?? "")"
      }
      throw SampleError(
        "From event \(eventNumbers.first ?? 0) on, \(column.name) has \(text(column)) where it had \(text(other)) before; "
          + "leave it out of what is kept, or use the inputs one by one.")
    }
    try check(eventColumns, before.eventColumns)
    try check(jetColumns, before.jetColumns)
    try check(constituentColumns.columns, before.constituentColumns.columns)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// HDF5 with `/event/offset` and `/particle/…`.
public struct HDF5EventFormat: EventFormat {
  /// `hdf5`.
  public let name = "hdf5"
  /// `HDF5`.
  public let title = "HDF5"

  /// The format.
  public init() {}

  /// Whether the HDF5 signature is at the start or after a user block.
  public func matches(_ start: FileStart) -> Bool {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    return [0, 512, 1024, 2048].contains { start.has(signature, at: $0) }
  }

  /// Opens the file in place, or a copy if it is compressed or comes through a pipe.
  public func open(_ input: EventSource) throws -> any EventReader {
    try input.withFile {
      try HDF5EventReader(
        path: $0, source: input.source, firstEvent: input.firstEvent, options: input.options)
    }
  }
}

/// Event files in HDF5: particles one after the other with `/event/offset`, or padded arrays, any numbers
/// `/event/NAME` `[events]` or `[events × k]` or texts `[events]` as columns, and given jets `/jet/NAME`.
///
/// Only the range that is asked for is read.
final class HDF5EventReader: ParsingEventReader {
  let convertsMomenta = true
  var eventCount: Int? { file.particles.eventCount }
  private let source: String
  private let firstEvent: Int
  private let options: EventReadingOptions
  private let file: HDF5EventFile
  /// Columns that could not be read, on top of those that the file says.
  private var unreadableColumns: [String: String]
  private var next = 0

  /// Opens the file at `path`, which the user named `source`; its first event gets the number `firstEvent`.
  init(path: String, source: String, firstEvent: Int, options: EventReadingOptions) throws {
    self.source = source
    self.options = options
    self.firstEvent = firstEvent
    file = try HDF5.locked { try HDF5EventFile(path: path, source: source, options: options) }
    unreadableColumns = file.unreadableColumns.merging(file.particles.unreadableColumns) { first, _ in first }
  }

  func skip(_ count: Int) throws -> Int {
    let skipped = min(max(count, 0), file.particles.eventCount - next)
    next += skipped
    return skipped
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    // However many numbers the columns have, a batch holds no more of them than of particles.
    let width = file.columns.reduce(0) { $0 + $1.dataset.width }
    let most = max(1, options.limits.particlesOfBatch / max(width, 1))
    let wanted = next..<min(next + min(max(count, 0), most), file.particles.eventCount)
    guard !wanted.isEmpty else { return nil }
    // The lock is not held while the caller hears of bad events.
    let (batch, problems) = try HDF5.locked { try read(wanted) }
    for problem in problems { try onBadEvent(problem) }
    return batch
  }

  /// Reads as many events of `wanted` as one batch takes, and moves on to the place after them.
  private func read(_ wanted: Range<Int>) throws -> (Events, [EventInputError]) {
    let rows = try file.particles.read(wanted, options.limits)
    unreadableColumns.merge(rows.unreadableColumns) { first, _ in first }
    next = rows.events.upperBound
    var problems = rows.problems.map { error(event: $0.event, field: $0.field, $0.problem) }
    var bad = Set(rows.problems.map(\.event))
    if problem(in: rows, 0..<rows.momenta[0].count) != nil {
      for event in rows.events where !bad.contains(event) {
        let place = event - rows.events.lowerBound
        guard let found = problem(in: rows, rows.starts[place]..<rows.starts[place + 1]) else { continue }
        bad.insert(event)
        problems.append(error(event: event, field: found.field, found.problem))
      }
      problems.sort { $0.event! < $1.event! }
    }
    var batch = Events(source: source)
    let good = bad.isEmpty ? [rows.events] : runs(of: rows.events, without: bad)
    for events in good { append(rows, events, to: &batch) }
    for column in file.columns where unreadableColumns[column.name] == nil {
      do {
        var values = try column.dataset.column(rows.events)
        if !bad.isEmpty { values.keep(rows.events.map { !bad.contains($0) }) }
        batch.columns[column.name] = values
      } catch let error as EventInputError {
        unreadableColumns[column.name] = "it " + error.problem
      }
    }
    if let given = try file.givenJets?.read(rows.events) {
      batch.givenJets = given.jets.map { jets in
        bad.isEmpty
          ? jets
          : jets.lists(at: rows.events.filter { !bad.contains($0) }.map { $0 - rows.events.lowerBound })
      }
      unreadableColumns.merge(given.unreadableColumns) { first, _ in first }
    }
    batch.unreadableColumns = unreadableColumns
    return (batch, problems)
  }

  /// The parts of a range that are left without some of its elements.
  private func runs(of events: Range<Int>, without bad: Set<Int>) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for event in events where !bad.contains(event) {
      if let last = runs.last, last.upperBound == event {
        runs[runs.count - 1] = last.lowerBound..<(event + 1)
      } else {
        runs.append(event..<(event + 1))
      }
    }
    return runs
  }

  /// Adds good events that follow each other.
  private func append(_ rows: HDF5ParticleRows, _ events: Range<Int>, to batch: inout Events) {
    let first = events.lowerBound - rows.events.lowerBound
    let particles = rows.starts[first]..<rows.starts[first + events.count]
    let shift = batch.particleCount - particles.lowerBound
    for (place, event) in events.enumerated() {
      batch.eventNumbers.append(firstEvent + event)
      batch.offsets.append(rows.starts[first + place + 1] + shift)
    }
    batch.append(rows.momenta, particles, file.particles.layout)
    if let identifiers = rows.identifiers {
      batch.pdgID.append(contentsOf: identifiers[particles].lazy.map { Int32($0) })
    }
    for (name, column) in rows.columns.sorted where unreadableColumns["particle/" + name] == nil {
      batch.particles.content.columns[name, default: Column(width: column.width, unit: column.unit)]
        .append(particles, of: column)
    }
  }

  /// The first thing wrong with the particles in `range`, or nil.
  private func problem(in rows: HDF5ParticleRows, _ range: Range<Int>) -> (field: String, problem: String)? {
    if let found = file.particles.layout.problem(in: rows.momenta, range) {
      return (file.particles.momentumNames[found.component], found.problem)
    }
    guard let identifiers = rows.identifiers,
      let particle = range.first(where: { Int32(exactly: identifiers[$0]) == nil })
    else { return nil }
    return (
      file.particles.identifierName,
      "is no identifier of 32 bits (\(identifiers[particle])) for particle \(particle - range.lowerBound); correct it"
    )
  }

  private func error(event: Int, field: String, _ problem: String) -> EventInputError {
    EventInputError(source: source, event: firstEvent + event, field: field, problem: problem)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Writes events with all that is known of them, to be read again by an ``EventStream``.
///
/// All events of an output have the same columns: what is missing in some of them is NaN. Particles have identifiers where those of the first events have them,
/// and 0 where those of later events have none. Events without a column `number` get one, their numbers counted through
/// all inputs; the column of others stays as it is, so that they can be traced back to where they came from first.
public protocol EventWriter: AnyObject {
  /// Writes the events of a batch behind those of earlier batches.
  ///
  /// - Throws: `EventInputError` where the events have other columns than earlier ones, `ResultOutputError` where they
  ///   cannot be written.
  func append(_ events: Events) throws

  /// Completes the output; a file gets its name only now.
  ///
  /// - Throws: `ResultOutputError` where it cannot be completed.
  func finish() throws
}

/// A format that events are written in.
public enum EventOutputFormat: String, Sendable, CaseIterable {
  /// HDF5 in the layout of event files: `/event/offset`, `/particle/{px,py,pz,E}` f64, `/particle/pdgid` i32 where the
  /// events have identifiers, `/event/number` i64 and each column as `/event/NAME` f64, in which `%2F` stands for a slash and `%25`
  /// for a per cent sign.
  case hdf5
  /// JSON lines: one object an event, `{"number": …, "particles": [[px, py, pz, E], …], "pdgid": […], "NAME": …}`,
  /// with the shortest digits that read back as the same number; one that is not finite becomes null, which reads
  /// back as NaN.
  case jsonl

  /// Opens `destination` for events in this format.
  ///
  /// - Parameters:
  ///   - destination: where the events go.
  ///   - units: the units of columns, by name; HDF5 has them in the attribute `unit`.
  /// - Throws: `ResultOutputError` where it cannot be written, and for HDF5 on a terminal.
  public func makeWriter(
    to destination: ResultDestination, units: [String: String] = [:]
  ) throws
    -> any EventWriter
  {
    switch self {
    case .hdf5: try HDF5EventWriter(to: destination, units: units)
    case .jsonl: try JSONEventWriter(to: destination)
    }
  }
}

/// What the events of an output have: taken from the first batch, and from others that have more columns.
package struct EventSchema {
  /// Whether identifiers of particles are written; also where the first events have no particles.
  let hasPDGID: Bool
  /// Whether the numbers of the events are written as the column ``number``, as no column has this name.
  let writesNumbers: Bool
  /// The columns of events, by name.
  private(set) var columns: [ColumnShape]
  /// The columns of particles, by name.
  private(set) var particleColumns: [ColumnShape]

  /// A column without its values.
  struct ColumnShape {
    let name: String
    let width: Int
    let unit: String?
  }

  /// The column of the events' numbers.
  static let number = "number"

  /// The names that a format needs itself.
  private static let reservedNames: Set<String> = ["", "offset", "particles", "pdgid"]
  private static let reservedParticleNames: Set<String> = [
    "", "E", "energy", "eta", "mass", "pdgid", "phi", "pt", "px", "py", "pz",
  ]

  /// What the events of a batch have.
  ///
  /// - Throws: `EventInputError` where a column cannot be written under its name.
  package init(_ events: Events) throws {
    hasPDGID = !events.pdgID.isEmpty || events.particleCount == 0
    writesNumbers = events.columns[Self.number] == nil
    columns = Self.shapes(of: events.columns.sorted)
    particleColumns = Self.shapes(of: events.particles.content.columns.sorted)
    try Self.checkNames(columns.map(\.name), Self.reservedNames, of: events)
    try Self.checkNames(particleColumns.map(\.name), Self.reservedParticleNames, of: events)
  }

  /// The identifiers of the particles of a batch, 0 where they have none: `[particles]`.
  func pdgID(of events: Events) -> [Int32] {
    events.pdgID.isEmpty ? Array(repeating: 0, count: events.particleCount) : events.pdgID
  }

  /// Takes up the columns of a batch that earlier events lack.
  ///
  /// - Throws: `EventInputError` that names what cannot stand in one output with the earlier events.
  /// - Returns: how many columns of events and of particles are new; they are the last.
  @discardableResult
  package mutating func admit(_ events: Events) throws -> (events: Int, particles: Int) {
    func refusal(_ field: String, _ problem: String) -> EventInputError {
      EventInputError(
        source: events.source, event: events.eventNumbers.first.map { $0 - events.firstEventOfSource },
        field: field, problem: problem)
    }
    if !hasPDGID, !events.pdgID.isEmpty {
      throw refusal(
        "pdgid", "is given though earlier events lack it; write these events to an output of their own")
    }
    for (known, found) in [(columns, events.columns), (particleColumns, events.particles.content.columns)] {
      for column in known {
        guard let other = found[column.name]?.width, other != column.width else { continue }
        throw refusal(column.name, "has \(other) numbers where earlier events have \(column.width)")
      }
    }
    let surplus = Self.surplus(events.columns, over: columns)
    let particleSurplus = Self.surplus(events.particles.content.columns, over: particleColumns)
    if writesNumbers, surplus.contains(where: { $0.name == Self.number }) {
      throw refusal(
        Self.number, "is given though earlier events lack it; write these events to an output of their own")
    }
    try Self.checkNames(surplus.map(\.name), Self.reservedNames, of: events)
    try Self.checkNames(particleSurplus.map(\.name), Self.reservedParticleNames, of: events)
    columns += surplus
    particleColumns += particleSurplus
    return (surplus.count, particleSurplus.count)
  }

  private static func shapes(of columns: [(name: String, column: Column)]) -> [ColumnShape] {
    columns.map { ColumnShape(name: $0.name, width: $0.column.width, unit: $0.column.unit) }
  }

  private static func surplus(_ columns: Columns, over known: [ColumnShape]) -> [ColumnShape] {
    let names = Set(known.map(\.name))
    return shapes(of: columns.sorted.filter { !names.contains($0.name) })
  }

  /// The values of a column of the schema for the events of a batch, NaN if they lack it: `[events × width]`.
  func values(of column: ColumnShape, in events: Events) -> [Double] {
    events.columns[column.name]?.values
      ?? Array(repeating: .nan, count: events.eventCount * column.width)
  }

  /// The values of a column of particles of the schema, NaN if the events lack it: `[particles × width]`.
  func particleValues(of column: ColumnShape, in events: Events) -> [Double] {
    events.particles.content.columns[column.name]?.values
      ?? Array(repeating: .nan, count: events.particleCount * column.width)
  }

  private static func checkNames(
    _ names: [String], _ reservedNames: Set<String>, of events: Events
  ) throws {
    guard let name = names.first(where: reservedNames.contains) else { return }
    throw EventInputError(
      source: events.source, field: name,
      problem: "cannot be written as a column of this name; rename the column")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Writes events with all that is known of them, to be read again by an ``EventStream``.
///
/// All events of an output have the same columns: what is missing in some of them is NaN. Particles have identifiers where those of the first events have them,
/// and 0 where those of later events have none. Events without a column `number` get one, their numbers counted through
/// all inputs; the column of others stays as it is, so that they can be traced back to where they came from first. A column
/// of particles whose name the format needs, or in JSON lines has for the event, is written as `particle.NAME`; one of several
/// numbers is in JSON lines a list for each of them, `NAME.0`, `NAME.1`, ….
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
  ) throws -> any EventWriter {
    try makeWriter(to: destination, units: units, schema: nil)
  }

  /// Opens `destination` for events that have what `schema` says, if it is known before the first: then the first have all
  /// columns that later ones have.
  package func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter {
    switch self {
    case .hdf5: try HDF5EventWriter(to: destination, units: units, schema: schema?.laidOut(.groups))
    case .jsonl: try JSONEventWriter(to: destination, schema: schema?.laidOut(.members))
    }
  }
}

/// What the events of an output have: taken from the first batch, and from others that have more columns.
package struct EventSchema {
  /// What a format does with the names of columns of particles.
  package enum Layout {
    /// They have a group of their own, which has the momenta too.
    case groups
    /// They are among the columns of events, and have one number each.
    case members
  }

  /// A column without its values.
  struct ColumnShape {
    let name: String
    /// The names under which it is written: one, or one for each number if a format has no columns of several.
    let writtenNames: [String]
    let width: Int
    let unit: String?
  }

  /// Whether identifiers of particles are written; also where the first events have no particles.
  let hasPDGID: Bool
  /// Whether the numbers of the events are written as the column ``number``, as no column has this name.
  let writesNumbers: Bool
  /// The columns of events, by name.
  private(set) var columns: [ColumnShape] = []
  /// The columns of particles, by name.
  private(set) var particleColumns: [ColumnShape] = []

  private let layout: Layout
  /// The names that another column of particles cannot have.
  private var takenNames: Set<String>

  /// The column of the events' numbers.
  static let number = "number"
  /// What comes before the name of a column of particles that is taken.
  private static let prefix = "particle."
  /// The names that a format needs itself, of columns of events.
  private static let reservedNames: Set<String> = ["", "offset", "particles", "pdgid"]

  /// What the events of a batch have.
  ///
  /// - Throws: `EventInputError` where a column cannot be written under its name.
  package init(_ events: Events, _ layout: Layout) throws {
    self.init(
      layout, hasPDGID: !events.pdgID.isEmpty || events.particleCount == 0,
      writesNumbers: events.columns[Self.number] == nil)
    try admit(events)
  }

  private init(_ layout: Layout, hasPDGID: Bool, writesNumbers: Bool) {
    self.layout = layout
    self.hasPDGID = hasPDGID
    self.writesNumbers = writesNumbers
    takenNames =
      layout == .groups
      ? Set(MomentumLayout.allCases.flatMap(\.names) + ["", "pdgid"])
      : Self.reservedNames.union(writesNumbers ? [Self.number] : [])
  }

  /// The same for a format of another layout.
  func laidOut(_ layout: Layout) -> EventSchema {
    var schema = EventSchema(layout, hasPDGID: hasPDGID, writesNumbers: writesNumbers)
    for column in columns { schema.addColumn(column.name, column.width, column.unit) }
    for column in particleColumns { schema.addParticleColumn(column.name, column.width, column.unit) }
    return schema
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
        field: field, problem: problem + "; write these events to an output of their own")
    }
    if !hasPDGID, !events.pdgID.isEmpty { throw refusal("pdgid", "is given though earlier events lack it") }
    let counts = (events: columns.count, particles: particleColumns.count)
    for (name, column) in events.columns.sorted {
      if let known = columns.first(where: { $0.name == name }) {
        guard known.width == column.width else {
          throw refusal(name, "has \(column.width) numbers where earlier events have \(known.width)")
        }
        continue
      }
      if writesNumbers, name == Self.number { throw refusal(name, "is given though earlier events lack it") }
      guard !Self.reservedNames.contains(name) else {
        throw EventInputError(
          source: events.source, field: name.isEmpty ? "a column without a name" : name,
          problem: "cannot be written as a column of this name; rename the column")
      }
      if layout == .members, takenNames.contains(name) {
        throw refusal(name, "is given though earlier events have a column of particles of this name")
      }
      addColumn(name, column.width, column.unit)
    }
    for (name, column) in events.particles.content.columns.sorted {
      if let known = particleColumns.first(where: { $0.name == name }) {
        guard known.width == column.width else {
          throw refusal(
            "particle/" + name, "has \(column.width) numbers where earlier events have \(known.width)")
        }
        continue
      }
      addParticleColumn(name, column.width, column.unit)
    }
    return (columns.count - counts.events, particleColumns.count - counts.particles)
  }

  private mutating func addColumn(_ name: String, _ width: Int, _ unit: String?) {
    columns.append(ColumnShape(name: name, writtenNames: [name], width: width, unit: unit))
    if layout == .members { takenNames.insert(name) }
  }

  /// A name that is taken gets `particle.` before it.
  private mutating func addParticleColumn(_ name: String, _ width: Int, _ unit: String?) {
    var base = name
    func written() -> [String] {
      layout == .groups || width == 1 ? [base] : (0..<width).map { "\(base).\($0)" }
    }
    while !takenNames.isDisjoint(with: written()) { base = Self.prefix + base }
    takenNames.formUnion(written())
    particleColumns.append(ColumnShape(name: name, writtenNames: written(), width: width, unit: unit))
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
}

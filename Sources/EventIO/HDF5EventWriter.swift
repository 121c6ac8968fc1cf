// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Writes events as described at `EventOutputFormat.hdf5`.
final class HDF5EventWriter: EventWriter {
  private let arrays: ResultArrays
  private let units: [String: String]
  private var schema: EventSchema?
  private var particleCount: UInt64 = 0
  private var eventCount = 0

  init(to destination: ResultDestination, units: [String: String]) throws {
    arrays = try ResultArrays(destination, as: HDF5Archive.self)
    self.units = units
  }

  func append(_ events: EventBatch) throws {
    var schema = try self.schema ?? begin(with: events)
    let newColumns = try schema.admit(events)
    for column in schema.columns.suffix(newColumns) {
      declare(column)
      try arrays.append(
        [Double](repeating: .nan, count: eventCount * column.width), to: arrays.count - 1)
    }
    self.schema = schema
    // In the order in which `begin` declared the arrays.
    var index = 0
    func add<Element>(_ values: [Element]) throws {
      try arrays.append(values, to: index)
      index += 1
    }
    try add(events.offsets.dropFirst().map { particleCount + UInt64($0) })
    if schema.writesNumbers { try add(events.eventNumbers.map(Int64.init)) }
    for values in [events.px, events.py, events.pz, events.energy] { try add(values) }
    if schema.hasPDGID { try add(schema.pdgID(of: events)) }
    for column in schema.columns { try add(schema.values(of: column, in: events)) }
    particleCount += UInt64(events.particleCount)
    eventCount += events.eventCount
  }

  func finish() throws {
    if schema == nil { _ = try begin(with: EventBatch()) }
    try arrays.finish()
  }

  private func begin(with events: EventBatch) throws -> EventSchema {
    let new = try EventSchema(events)
    schema = new
    arrays.declare("event/offset", .uint64)
    if new.writesNumbers { arrays.declare("event/\(EventSchema.number)", .int64) }
    for name in ["px", "py", "pz", "E"] { arrays.declare("particle/\(name)", .float64, unit: "GeV") }
    if new.hasPDGID { arrays.declare("particle/pdgid", .int32) }
    for column in new.columns { declare(column) }
    return new
  }

  private func declare(_ column: (name: String, width: Int)) {
    arrays.declare(
      "event/\(HDF5ColumnName.link(ofColumn: column.name))", .float64,
      columns: column.width == 1 ? nil : column.width, unit: units[column.name])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Support

/// HDF5 in the layout of event files.
///
/// It has `/event/offset`, `/particle/{px,py,pz,E}` f64, `/particle/pdgid` i32 if the events have identifiers,
/// `/event/number` i64 and each column as `/event/NAME`, in which `%2F` stands for a slash and `%25` for a per cent sign: as
/// i32, i64, u64 or truth values if the events have it as such from HDF5 or it has whole numbers beyond 2⁵³, else as f64; texts
/// have a fixed length of 64 bytes, or more if the first events need it. Given jets are `/jet/offset` and `/jet/NAME`.
public struct HDF5EventOutputFormat: EventOutputFormat {
  /// `hdf5`.
  public let name = "hdf5"
  /// What a file has.
  public let summary = "has the layout of event files in HDF5"
  /// The endings.
  public let fileExtensions = ["h5", "hdf5"]

  /// The format.
  public init() {}

  /// Opens `destination`; units are the attributes `unit`.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written, and on a terminal.
  public func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter {
    try HDF5EventWriter(to: destination, units: units, schema: schema?.laidOut(.groups))
  }
}

/// Writes events as described at `HDF5EventOutputFormat`.
final class HDF5EventWriter: EventWriter {
  private let arrays: ResultArrays
  private let units: [String: String]
  private var schema: EventSchema?
  /// The number of each array, by its name.
  private var places: [String: Int] = [:]
  /// How the datasets of columns store their numbers, by their names.
  private var storages: [String: Column.Storage] = [:]
  /// The bytes that the datasets of texts have for each, by their names.
  private var textSizes: [String: Int] = [:]
  private var particleCount: UInt64 = 0
  private var jetCount: UInt64 = 0
  private var eventCount = 0

  init(to destination: ResultDestination, units: [String: String], schema: EventSchema?) throws {
    arrays = try ResultArrays(destination, as: HDF5Archive.self)
    self.units = units
    if let schema { declareAll(schema) }
  }

  func append(_ events: Events) throws {
    if self.schema == nil { declareAll(try EventSchema(events, .groups)) }
    var schema = self.schema!
    let new = try schema.admit(events)
    for column in schema.columns.suffix(new.events) {
      declare(column, in: "event")
      try fill(column, rows: eventCount)
    }
    for column in schema.particleColumns.suffix(new.particles) {
      declare(column, in: "particle")
      try fill(column, rows: Int(particleCount))
    }
    if schema.hasGivenJets, places[Self.jetOffset] == nil {
      declare(Self.jetOffset, .uint64, isOffset: true)
      try arrays.append([UInt64](repeating: 0, count: eventCount), to: places[Self.jetOffset]!)
    }
    for column in schema.jetColumns.suffix(new.jets) {
      declare(column, in: "jet")
      try fill(column, rows: Int(jetCount))
    }
    self.schema = schema
    func add<Element>(_ values: [Element], to name: String) throws {
      try arrays.append(values, to: places[name]!)
    }
    try add(events.offsets.dropFirst().map { particleCount + UInt64($0) }, to: "event/offset")
    if schema.writesNumbers {
      try add(events.eventNumbers.map(Int64.init), to: "event/\(EventSchema.number)")
    }
    for (name, values) in events.momenta.namedComponents { try add(values, to: "particle/\(name)") }
    if schema.hasPDGID { try add(schema.pdgID(of: events), to: "particle/pdgid") }
    for column in schema.columns {
      try store(schema.column(column, in: events), of: events, in: Self.dataset(of: column, in: "event"))
    }
    for column in schema.particleColumns {
      try store(
        schema.particleColumn(column, in: events), of: events,
        in: Self.dataset(of: column, in: "particle"))
    }
    if schema.hasGivenJets {
      let offsets = events.givenJets?.offsets ?? Array(repeating: 0, count: events.eventCount + 1)
      try add(offsets.dropFirst().map { jetCount + UInt64($0) }, to: Self.jetOffset)
      for column in schema.jetColumns {
        try store(schema.jetColumn(column, in: events), of: events, in: Self.dataset(of: column, in: "jet"))
      }
      jetCount += UInt64(offsets[events.eventCount])
    }
    particleCount += UInt64(events.particleCount)
    eventCount += events.eventCount
  }

  /// Writes the numbers of a column as its dataset stores them, if none is lost by that.
  private func store(_ column: Column, of events: Events, in name: String) throws {
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(
        source: events.source, field: name,
        problem: problem + "; write these events to an output of their own")
    }
    func wholeNumbers<Whole: FixedWidthInteger>(_ type: Whole.Type) throws -> [Whole] {
      try column.values.indices.map { place in
        guard let number = column.wholeNumber(at: place, as: type) else {
          throw refusal(
            "has \(column.values[place].text), but earlier events have whole numbers of \(Whole.bitWidth) bits alone"
          )
        }
        return number
      }
    }
    let place = places[name]!
    if let size = textSizes[name] {
      var bytes: [UInt8] = []
      for row in column.values.indices {
        let text = column.text(ofRow: row)
        guard let filled = text.bytes(filledTo: size) else {
          throw refusal("has a text of \(text.utf8.count) bytes, but earlier events have room for \(size)")
        }
        bytes += filled
      }
      try arrays.append(bytes, to: place)
      return
    }
    switch storages[name]! {
    case .float64:
      // What is rounded here is among `EventSchema.roundedColumns`.
      try arrays.append(column.values, to: place)
    case .int32: try arrays.append(wholeNumbers(Int32.self), to: place)
    case .int64: try arrays.append(wholeNumbers(Int64.self), to: place)
    case .uint64: try arrays.append(wholeNumbers(UInt64.self), to: place)
    case .bool:
      let numbers = try wholeNumbers(Int8.self)
      if let other = numbers.first(where: { $0 & ~1 != 0 }) {
        throw refusal("has \(other), but earlier events have true and false alone")
      }
      try arrays.append(numbers, to: place)
    }
  }

  /// Writes NaN, or no text, for rows that were written before a column was known.
  private func fill(_ column: EventSchema.ColumnShape, rows: Int) throws {
    if column.isText {
      let size = Self.textSize(of: column)
      try arrays.append([UInt8](repeating: 0, count: rows * size), to: arrays.count - 1)
      return
    }
    try arrays.append([Double](repeating: .nan, count: rows * column.width), to: arrays.count - 1)
  }

  func finish() throws {
    if schema == nil { declareAll(try EventSchema(Events(), .groups)) }
    try arrays.finish()
  }

  private func declareAll(_ new: EventSchema) {
    schema = new
    declare("event/offset", .uint64, isOffset: true)
    if new.writesNumbers { declare("event/\(EventSchema.number)", .int64) }
    for (name, _) in FourMomenta().namedComponents { declare("particle/\(name)", .float64, unit: "GeV") }
    if new.hasPDGID { declare("particle/pdgid", .int32) }
    for column in new.columns { declare(column, in: "event") }
    for column in new.particleColumns { declare(column, in: "particle") }
    if new.hasGivenJets {
      declare(Self.jetOffset, .uint64, isOffset: true)
      for column in new.jetColumns { declare(column, in: "jet") }
    }
  }

  private static let jetOffset = "jet/offset"

  /// The bytes that texts of a column get: room for those of later events.
  private static func textSize(of column: EventSchema.ColumnShape) -> Int {
    var size = 64
    while size < column.textSize { size *= 2 }
    return size
  }

  private static func dataset(of column: EventSchema.ColumnShape, in group: String) -> String {
    "\(group)/\(HDF5ColumnName.link(ofColumn: column.writtenNames[0]))"
  }

  private func declare(_ column: EventSchema.ColumnShape, in group: String) {
    let name = Self.dataset(of: column, in: group)
    if column.isText {
      textSizes[name] = Self.textSize(of: column)
      return declare(name, .text(size: textSizes[name]!))
    }
    storages[name] = column.storage
    declare(
      name, ResultArray.Element(column.storage), columns: column.width == 1 ? nil : column.width,
      unit: units[column.name] ?? column.unit)
  }

  private func declare(
    _ name: String, _ type: ResultArray.Element, columns: Int? = nil, unit: String? = nil,
    isOffset: Bool = false
  ) {
    places[name] = arrays.count
    arrays.declare(name, type, columns: columns, unit: unit, isOffset: isOffset)
  }
}

extension ResultArray.Element {
  /// The type of the numbers of a column.
  fileprivate init(_ storage: Column.Storage) {
    self =
      switch storage {
      case .float64: .float64
      case .int32: .int32
      case .int64: .int64
      case .uint64: .uint64
      case .bool: .bool
      }
  }
}

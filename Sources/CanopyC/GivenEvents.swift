// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Support

/// The events of a call, whose arrays have been found to fit together.
struct GivenEvents {
  private let events: canopy_events
  /// What the numbers of momenta are; nil for those with rapidities.
  private let layout: MomentumLayout?
  private let particleColumns: [GivenColumn]
  private let eventColumns: [GivenColumn]
  private let jetColumns: [GivenColumn]

  /// Looks at all that a call gives, but not at the numbers.
  ///
  /// - Throws: ``CallError`` that names what does not fit.
  init(_ given: UnsafePointer<canopy_events>?) throws {
    guard let given else { throw CallError("The pointer to the events is null.") }
    // A program that was built against a later header may ask for what is not known here.
    guard given.pointee.size == MemoryLayout<canopy_events>.size else {
      throw CallError(
        "The size of canopy_events is \(given.pointee.size), and that of this library \(MemoryLayout<canopy_events>.size); "
          + "begin with canopy_no_events(), and build against the header of the library.")
    }
    events = given.pointee
    (eventCount, particleCount) = (
      try Self.count(events.event_count, "event_count"),
      try Self.count(events.particle_count, "particle_count")
    )
    layout =
      switch events.momenta {
      case CANOPY_PX_PY_PZ_E: .cartesian
      case CANOPY_PX_PY_PZ_MASS: .cartesianMass
      case CANOPY_PT_ETA_PHI_E: .cylindrical
      case CANOPY_PT_ETA_PHI_MASS: .cylindricalMass
      case CANOPY_PT_RAPIDITY_PHI_MASS: nil
      default: throw CallError("momenta is \(events.momenta.rawValue), which is none of canopy_momenta.")
      }
    let components = events.components
    guard
      particleCount == 0
        || components.0 != nil && components.1 != nil && components.2 != nil && components.3 != nil
    else {
      throw CallError("One of the four components is null, but there are \(particleCount) particles.")
    }
    particleColumns = try Self.columns(
      events.particle_columns, events.particle_column_count, "particle_columns", rows: particleCount)
    eventColumns = try Self.columns(
      events.event_columns, events.event_column_count, "event_columns", rows: eventCount)
    let jetCount = try Self.count(events.jet_count, "jet_count")
    jetColumns = try Self.columns(
      events.jet_columns, events.jet_column_count, "jet_columns", rows: jetCount)
    for column in jetColumns where column.width != 1 {
      throw CallError(
        "The width of \(column.name) is \(column.width), but columns of jets have one number each.")
    }
    if let offsets = events.jet_offsets {
      try checkOffsets(offsets, "jet_offsets", of: jetCount, "jets")
    } else if jetCount > 0 || !jetColumns.isEmpty {
      throw CallError("jet_offsets is null, but there are jets.")
    }
    if let offsets = events.offsets {
      try checkOffsets(offsets, "offsets", of: particleCount, "particles")
    } else if eventCount > 1 {
      throw CallError("The offsets are null, but there are \(eventCount) events.")
    }
  }

  private func checkOffsets(
    _ offsets: UnsafePointer<Int64>, _ name: String, of count: Int, _ elements: String
  ) throws {
    var last = Int64(0)
    for place in 0...eventCount {
      guard offsets[place] >= last, offsets[place] <= count else {
        throw CallError(
          "\(name)[\(place)] is \(offsets[place]), but offsets do not fall, from 0 to the \(count) \(elements)."
        )
      }
      last = offsets[place]
    }
  }

  /// The number of events.
  let eventCount: Int
  private let particleCount: Int

  /// The particles of some consecutive events.
  func particles(ofEvents range: Range<Int>) -> Range<Int> {
    guard let offsets = events.offsets else { return range.isEmpty ? 0..<0 : 0..<particleCount }
    return Int(offsets[range.lowerBound])..<Int(offsets[range.upperBound])
  }

  /// Replaces the content of `batch` by some consecutive events, and keeps the storage.
  ///
  /// - Throws: ``GivenEventError`` for the first event that has a number that is not usable.
  func copy(_ range: Range<Int>, to batch: inout Events, using numbers: inout [[Double]]) throws {
    let particles = particles(ofEvents: range)
    batch.particles.content.removeAll()
    batch.particles.content.inputIndices.removeAll(keepingCapacity: true)
    batch.offsets.removeAll(keepingCapacity: true)
    batch.eventNumbers.removeAll(keepingCapacity: true)
    batch.offsets.append(0)
    for event in range {
      batch.eventNumbers.append(event)
      batch.offsets.append(self.particles(ofEvents: event..<event + 1).upperBound - particles.lowerBound)
    }
    if !particles.isEmpty {
      let components = events.components
      Self.replace(&numbers[0], with: components.0!, particles)
      Self.replace(&numbers[1], with: components.1!, particles)
      Self.replace(&numbers[2], with: components.2!, particles)
      Self.replace(&numbers[3], with: components.3!, particles)
      try appendMomenta(numbers, to: &batch)
      if let identifiers = events.pdgid {
        batch.pdgID.append(contentsOf: Self.buffer(identifiers, particles))
      }
    }
    Self.copy(particleColumns, particles, to: &batch.particles.content.columns)
    Self.copy(eventColumns, range, to: &batch.columns)
    batch.givenJets = givenJets(ofEvents: range)
  }

  /// The events as a whole.
  ///
  /// - Throws: ``GivenEventError`` for the first event that has a number that is not usable.
  func all() throws -> Events {
    var events = Events()
    var numbers = Array(repeating: [Double](), count: 4)
    try copy(0..<eventCount, to: &events, using: &numbers)
    return events
  }

  /// The jets that some consecutive events have of themselves; nil if there are none.
  private func givenJets(ofEvents range: Range<Int>) -> Ragged<Columns>? {
    guard let offsets = events.jet_offsets else { return nil }
    let jets = Int(offsets[range.lowerBound])..<Int(offsets[range.upperBound])
    var given = Ragged(
      offsets: (range.lowerBound...range.upperBound).map { Int(offsets[$0]) - jets.lowerBound },
      content: Columns())
    Self.copy(jetColumns, jets, to: &given.content)
    return given
  }

  /// Makes columns those rows of the call's columns, and keeps the storage.
  private static func copy(_ given: [GivenColumn], _ rows: Range<Int>, to columns: inout Columns) {
    // Those of an earlier call that this one lacks.
    for name in columns.names where !given.contains(where: { $0.name == name }) { columns.remove(name) }
    for place in 0..<given.count { given[place].copy(rows, to: &columns) }
  }

  /// Adds the momenta of all events of the batch.
  private func appendMomenta(_ numbers: [[Double]], to batch: inout Events) throws {
    let all = 0..<numbers[0].count
    guard let layout else {
      for particle in all {
        batch.momenta.append(
          FourMomentum(
            pt: numbers[0][particle], rapidity: numbers[1][particle], phi: numbers[2][particle],
            mass: numbers[3][particle]))
      }
      return
    }
    if !Self.areUsable(numbers, layout), layout.problem(in: numbers, all) != nil {
      for event in 0..<batch.eventCount {
        guard let found = layout.problem(in: numbers, batch.particles(ofEvent: event)) else { continue }
        throw GivenEventError(
          event: batch.eventNumbers[event], field: layout.names[found.component], problem: found.problem)
      }
    }
    batch.append(numbers, all, layout)
  }

  /// Whether all momenta are seen to be usable at once, as they mostly are.
  private static func areUsable(_ numbers: [[Double]], _ layout: MomentumLayout) -> Bool {
    guard layout == .cartesian else { return false }
    for component in 0..<4 {
      let values = numbers[component]
      var place = 0
      while place < values.count {
        guard abs(values[place]) <= MomentumLimit.largestComponent, component < 3 || values[place] >= 0 else {
          return false
        }
        place += 1
      }
    }
    return true
  }

  private static func replace(
    _ numbers: inout [Double], with component: UnsafePointer<Double>, _ particles: Range<Int>
  ) {
    numbers.removeAll(keepingCapacity: true)
    numbers.append(contentsOf: buffer(component, particles))
  }

  private static func buffer<Number>(
    _ pointer: UnsafePointer<Number>, _ range: Range<Int>
  ) -> UnsafeBufferPointer<Number> {
    UnsafeBufferPointer(start: pointer + range.lowerBound, count: range.count)
  }

  /// A number of rows, which C gives without a sign.
  private static func count(_ given: Int, _ name: String) throws -> Int {
    // Eight bytes each must have a place in memory.
    guard given >= 0, given < Int.max / 64 else { throw CallError("\(name) is \(UInt(bitPattern: given)).") }
    return given
  }

  private static func columns(
    _ pointer: UnsafePointer<canopy_column>?, _ count: Int, _ list: String, rows: Int
  ) throws -> [GivenColumn] {
    guard count != 0 else { return [] }
    guard let pointer else { throw CallError("\(list) is null, but there are \(count) columns.") }
    var columns: [GivenColumn] = []
    for place in 0..<(try Self.count(count, list)) {
      let column = try GivenColumn(pointer[place], "\(list)[\(place)]", rows: rows)
      guard !columns.contains(where: { $0.name == column.name }) else {
        throw CallError("\(list) has \(column.name) twice.")
      }
      columns.append(column)
    }
    return columns
  }
}

/// A column of a call.
private struct GivenColumn {
  let name: String
  let width: Int
  private let values: UnsafePointer<Double>?
  /// Numbers of another type, or texts; nil if there are ``values``, or no rows.
  private let data: UnsafeRawPointer?
  private let type: canopy_type
  private let unit: String?

  init(_ column: canopy_column, _ place: String, rows: Int) throws {
    guard let name = column.name else { throw CallError("\(place) has no name.") }
    self.name = String(cString: name)
    guard !self.name.isEmpty else { throw CallError("The name of \(place) is empty.") }
    guard (1...65_536).contains(column.width) else {
      throw CallError(
        "The width of \(self.name) is \(column.width), but from 1 to 65536 numbers a row are read.")
    }
    guard column.values != nil || column.data != nil || rows == 0 else {
      throw CallError("The values of \(self.name) are null.")
    }
    guard CANOPY_FLOAT32.rawValue...CANOPY_TEXT.rawValue ~= column.type.rawValue else {
      throw CallError("The type of \(self.name) is \(column.type.rawValue), which is none of canopy_type.")
    }
    guard column.values != nil || column.type != CANOPY_TEXT || column.width == 1 else {
      throw CallError("The width of \(self.name) is \(column.width), but texts are one a row.")
    }
    width = column.width
    values = column.values
    data = column.values == nil ? column.data : nil
    type = column.type
    unit = column.unit.map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  func copy(_ rows: Range<Int>, to columns: inout Columns) {
    if let data {
      columns[name] = column(of: data, rows)
      return
    }
    if !canTake(columns[name]) { columns[name] = Column(width: width, values: []) }
    columns[name]!.unit = unit
    columns[name]!.values.removeAll(keepingCapacity: true)
    guard let values, !rows.isEmpty else { return }
    columns[name]!.values.append(
      contentsOf: UnsafeBufferPointer(start: values + rows.lowerBound * width, count: rows.count * width))
  }
}

extension GivenColumn {
  /// Whether a column of an earlier call has room for double precision alone.
  private func canTake(_ column: Column?) -> Bool {
    guard let column else { return false }
    return column.width == width && column.storage == .float64 && column.categories == nil
      && column.remainders.isEmpty
  }

  /// Rows of numbers of another type, or of texts.
  private func column(of data: UnsafeRawPointer, _ rows: Range<Int>) -> Column {
    let places = rows.lowerBound * width..<rows.upperBound * width
    func numbers<Number>(_: Number.Type) -> UnsafeBufferPointer<Number> {
      UnsafeBufferPointer(
        rebasing: UnsafeBufferPointer(
          start: data.assumingMemoryBound(to: Number.self), count: places.upperBound)[places])
    }
    func whole<Number: FixedWidthInteger>(_: Number.Type, _ storage: Column.Storage) -> Column {
      Column(width: width, wholeNumbers: Array(numbers(Number.self)), unit: unit, storage: storage)
    }
    switch type {
    case CANOPY_FLOAT32: return Column(width: width, values: numbers(Float.self).map(Double.init), unit: unit)
    case CANOPY_INT32: return whole(Int32.self, .int32)
    case CANOPY_INT64: return whole(Int64.self, .int64)
    case CANOPY_UINT64: return whole(UInt64.self, .uint64)
    case CANOPY_BOOL:
      return Column(
        width: width, values: numbers(UInt8.self).map { $0 == 0 ? 0 : 1 }, unit: unit, storage: .bool)
    case CANOPY_TEXT:
      return Column(
        texts: numbers(UnsafePointer<CChar>?.self).map { $0.map { String(cString: $0) } ?? "" })
    default: return Column(width: width, values: Array(numbers(Double.self)), unit: unit)
    }
  }
}

/// An event of a call with a number that is not usable.
struct GivenEventError: EventError {
  let event: Int?
  let field: String
  let problem: String

  var predicate: String { "has no usable \(field): it \(problem)." }
}

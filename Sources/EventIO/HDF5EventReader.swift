// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Event files in HDF5: `/event/offset` `[events + 1]`, `/particle/{px,py,pz,E}` or
/// `/particle/{pt,eta,phi,mass}` `[particles]`, optionally `/particle/pdgid`, and any numeric `/event/NAME`
/// `[events]` or `[events × k]` as column.
///
/// Only the range that is asked for is read. A negative mass stands for a negative squared mass, as FastJet's
/// `m()` has it.
final class HDF5EventReader: EventReader {
  let format = EventFormat.hdf5
  var eventCount: Int? { offset.rows - 1 }
  private let source: String
  private let firstEvent: Int
  private let offset: HDF5Dataset
  private let momenta: [HDF5Dataset]
  private let isCartesian: Bool
  private let pdgid: HDF5Dataset?
  private let columns: [(name: String, dataset: HDF5Dataset)]
  private var next = 0

  /// Opens the file at `path`, which the user named `source`; its first event gets the number `firstEvent`.
  init(path: String, source: String, firstEvent: Int) throws {
    self.source = source
    self.firstEvent = firstEvent
    let content = try HDF5.locked { try HDF5EventFile(path: path, source: source) }
    offset = content.offset
    momenta = content.momenta
    isCartesian = content.isCartesian
    pdgid = content.pdgid
    columns = content.columns
  }

  func skip(_ count: Int) throws -> Int {
    let skipped = min(max(count, 0), offset.rows - 1 - next)
    next += skipped
    return skipped
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch? {
    let wanted = next..<min(next + max(count, 0), offset.rows - 1)
    guard !wanted.isEmpty else { return nil }
    // The lock is not held while the caller hears of bad events.
    let (batch, problems) = try HDF5.locked { try read(wanted) }
    for problem in problems { try onBadEvent(problem) }
    return batch
  }

  /// Reads as many events of `wanted` as one batch takes, and moves on behind them.
  private func read(_ wanted: Range<Int>) throws -> (EventBatch, [EventInputError]) {
    let bounds = try offset.integers(wanted.lowerBound..<(wanted.upperBound + 1))
    var good: [Int] = []
    var problems: [EventInputError] = []
    var particles = 0
    var considered = 0
    while considered < wanted.count, particles < EventLimits.particlesOfBatch {
      let event = wanted.lowerBound + considered
      if let problem = offsetProblem(from: bounds[considered], to: bounds[considered + 1]) {
        problems.append(error(event: event, field: offset.name, problem))
      } else {
        good.append(considered)
        particles += bounds[considered + 1] - bounds[considered]
      }
      considered += 1
    }
    var batch = EventBatch(source: source)
    // Events that follow each other in the file are read at once; as a rule these are all.
    var first = 0
    while first < good.count {
      var last = first
      while last + 1 < good.count, good[last + 1] == good[last] + 1 { last += 1 }
      try append(
        events: (wanted.lowerBound + good[first])..<(wanted.lowerBound + good[last] + 1),
        bounds: bounds[good[first]...(good[last] + 1)], to: &batch, problems: &problems)
      first = last + 1
    }
    next = wanted.lowerBound + considered
    problems.sort { $0.event! < $1.event! }
    return (batch, problems)
  }

  private func offsetProblem(from lower: Int, to upper: Int) -> String? {
    let particles = momenta[0].rows
    if lower < 0 || lower > upper {
      return "runs backwards from \(lower) to \(upper); offsets must rise"
    }
    if upper > particles {
      return "goes up to \(upper) but there are \(particles) particles; is the file complete?"
    }
    if upper - lower > EventLimits.particlesOfEvent {
      return "gives the event \(upper - lower) particles; at most \(EventLimits.particlesOfEvent) are read"
    }
    return nil
  }

  /// Reads consecutive events whose offsets are in order, leaving out those with bad momenta.
  private func append(
    events: Range<Int>, bounds: ArraySlice<Int>, to batch: inout EventBatch, problems: inout [EventInputError]
  ) throws {
    let range = bounds.first!..<bounds.last!
    let starts = bounds.map { $0 - range.lowerBound }
    let values = try momenta.map { try $0.doubles(range) }
    let identifiers = try pdgid?.shortIntegers(range)
    let columnValues = try columns.map { try $0.dataset.doubles(events) }

    func append(_ part: Range<Int>) {
      let particles = starts[part.lowerBound]..<starts[part.upperBound]
      let shift = batch.particleCount - particles.lowerBound
      for event in part {
        batch.eventNumbers.append(firstEvent + events.lowerBound + event)
        batch.offsets.append(starts[event + 1] + shift)
      }
      batch.append(values, particles, isCartesian: isCartesian)
      if let identifiers { batch.pdgID.append(contentsOf: identifiers[particles]) }
      for (column, values) in zip(columns, columnValues) {
        let width = column.dataset.width
        let rows = (part.lowerBound * width)..<(part.upperBound * width)
        batch.columns[column.name, default: EventColumn(width: width)].values.append(contentsOf: values[rows])
      }
    }

    if problem(in: values, 0..<range.count) == nil {
      append(0..<events.count)
      return
    }
    for event in 0..<events.count {
      let particles = starts[event]..<starts[event + 1]
      if let bad = problem(in: values, particles) {
        problems.append(error(event: events.lowerBound + event, field: bad.field, bad.problem))
      } else {
        append(event..<(event + 1))
      }
    }
  }

  /// The first thing wrong with the particles in `range`, or nil.
  private func problem(in values: [[Double]], _ range: Range<Int>) -> (field: String, problem: String)? {
    for (dataset, component) in zip(momenta, values) {
      if let particle = EventBatch.firstUnusable(in: component, range) {
        let problem = EventBatch.problem(ofValue: component[particle], particle: particle - range.lowerBound)
        return (dataset.name, problem)
      }
    }
    // Energies and transverse momenta are not negative.
    let positive = isCartesian ? 3 : 0
    if let particle = range.first(where: { values[positive][$0] < 0 }) {
      return (momenta[positive].name, EventBatch.negativeProblem(particle: particle - range.lowerBound))
    }
    if !isCartesian,
      let particle = range.first(where: { abs(values[1][$0]) > EventBatch.maximumPseudorapidity })
    {
      return (
        momenta[1].name,
        "is too large (\(values[1][particle])) for particle \(particle - range.lowerBound); "
          + "correct or leave out this particle"
      )
    }
    return nil
  }

  private func error(event: Int, field: String, _ problem: String) -> EventInputError {
    EventInputError(source: source, event: firstEvent + event, field: field, problem: problem)
  }
}
<<<<<<< HEAD
=======

/// The datasets of an event file, checked against each other.
private struct Content {
  let offset: HDF5Dataset
  let momenta: [HDF5Dataset]
  let isCartesian: Bool
  let pdgid: HDF5Dataset?
  let columns: [(name: String, dataset: HDF5Dataset)]

  /// Opens a file and all its datasets; inside `HDF5.locked`.
  init(path: String, source: String) throws {
    func refusal(_ field: String?, _ problem: String) -> EventInputError {
      EventInputError(source: source, field: field, problem: problem)
    }
    guard let access = HDF5Handle(H5Pcreate(canopy_hdf5_file_access()), closedBy: H5Pclose) else {
      throw refusal(nil, "cannot be opened: HDF5 does not start")
    }
    // Some file systems cannot lock files.
    H5Pset_file_locking(access.id, true, true)
    guard let file = HDF5Handle(H5Fopen(path, canopy_hdf5_read_only(), access.id), closedBy: H5Fclose) else {
      throw refusal(nil, "cannot be opened as HDF5; the file is cut short, damaged or being written")
    }
    func dataset(_ name: String) throws -> HDF5Dataset? {
      // A link can exist without its target, and a path only if its group exists.
      let group = String(name.prefix { $0 != "/" })
      guard H5Lexists(file.id, group, 0) > 0, H5Lexists(file.id, name, 0) > 0 else { return nil }
      switch try HDF5Dataset.open(name, in: file, source: source) {
      case .numeric(let dataset): return dataset
      case .notNumeric: throw refusal(name, "does not hold numbers; write integers or floating-point numbers")
      case .notDataset: throw refusal(name, "is no dataset; see the layout of event files")
      }
    }
    func list(_ name: String) throws -> HDF5Dataset? {
      guard let found = try dataset(name) else { return nil }
      guard found.width == 1 else { throw refusal(name, "has \(found.width) numbers a row; give it one") }
      return found
    }

    guard let offset = try list("event/offset") else {
      if H5Lexists(file.id, "jet", 0) > 0, H5Lexists(file.id, "jet/offset", 0) > 0 {
        throw refusal(
          nil, "holds results of Canopy and no particles; name the event file that it was made from")
      }
      throw refusal("event/offset", "is missing; it gives the first particle of each event: [events + 1]")
    }
    guard offset.isInteger else {
      throw refusal("event/offset", "does not hold integers; write unsigned integers")
    }
    guard offset.rows > 0 else {
      throw refusal("event/offset", "is empty; it has one element more than there are events")
    }
    self.offset = offset

    let cartesian = try HDF5EventReader.cartesian.map { try list("particle/\($0)") }
    let cylindrical = try HDF5EventReader.cylindrical.map { try list("particle/\($0)") }
    isCartesian = cartesian.allSatisfy { $0 != nil }
    momenta = (isCartesian ? cartesian : cylindrical).compactMap { $0 }
    guard momenta.count == 4 else {
      let isPartlyCartesian = cartesian.contains { $0 != nil } && cylindrical.allSatisfy { $0 == nil }
      let names = isPartlyCartesian ? HDF5EventReader.cartesian : HDF5EventReader.cylindrical
      let present = isPartlyCartesian ? cartesian : cylindrical
      let missing = zip(names, present).first { $0.1 == nil }!.0
      throw refusal("particle/\(missing)", "is missing; write px, py, pz and E, or pt, eta, phi and mass")
    }
    pdgid = try list("particle/pdgid")
    if let pdgid, !pdgid.isInteger {
      throw refusal(pdgid.name, "does not hold integers; write 32-bit integers")
    }
    for dataset in momenta.dropFirst() + [pdgid].compactMap({ $0 }) where dataset.rows != momenta[0].rows {
      throw refusal(
        dataset.name,
        "has \(dataset.rows) elements but \(momenta[0].name) has \(momenta[0].rows); they must be of one length"
      )
    }

    columns = try Content.names(inGroup: "event", of: file).filter { $0 != "offset" }.compactMap { name in
      guard case .numeric(let column) = try HDF5Dataset.open("event/\(name)", in: file, source: source) else {
        guard name != "label" else { throw refusal("event/label", "does not hold numbers; write integers") }
        return nil
      }
      guard column.rows == offset.rows - 1 else {
        throw refusal(
          column.name, "has \(column.rows) rows for \(offset.rows - 1) events; give it one row for each event"
        )
      }
      return (name, column)
    }
  }

  /// The names of the links of a group, sorted.
  private static func names(inGroup group: String, of file: HDF5Handle) throws -> [String] {
    var info = H5G_info_t()
    guard H5Gget_info_by_name(file.id, group, &info, 0) >= 0 else { return [] }
    return (0..<info.nlinks).compactMap { index in
      let length = H5Lget_name_by_idx(file.id, group, H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
      guard length > 0, length < 1 << 12 else { return nil }
      var name = [CChar](repeating: 0, count: length + 1)
      H5Lget_name_by_idx(file.id, group, H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
      return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
>>>>>>> cli

// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import JetPhysics
import Support

/// The particles of the events of an HDF5 file, in whatever arrays they lie.
///
/// Every use is inside `HDF5.locked`.
protocol HDF5Particles {
  /// The number of events.
  var eventCount: Int { get }
  /// Which four numbers each momentum has.
  var layout: MomentumLayout { get }
  /// What messages call these four numbers.
  var momentumNames: [String] { get }
  /// What messages call the identifiers.
  var identifierName: String { get }
  /// Why columns of particles that the file has cannot be read, as `particle/NAME`.
  var unreadableColumns: [String: String] { get }

  /// Reads the particles of the first of `events`, as many events as one batch takes and at least one.
  func read(_ events: Range<Int>, _ limits: ReadingLimits) throws -> HDF5ParticleRows
}

/// The particles of consecutive events, as a file has them.
struct HDF5ParticleRows {
  /// The events that were looked at.
  var events: Range<Int>
  /// Which of these events have no particles here, and why, as the end of a sentence about a field.
  var problems: [(event: Int, field: String, problem: String)] = []
  /// Where the particles of each event begin, and their number at the end: `[events + 1]`.
  var starts: [Int] = [0]
  /// The four numbers of each momentum, in GeV: `[4][particles]`.
  var momenta: [[Double]]
  /// Identifiers by the Particle Data Group: `[particles]`; nil if the file has none.
  var identifiers: [Int]?
  /// Further numbers: each `[particles × width]`.
  var columns = Columns()
  /// Why columns turned out not to be readable, as `particle/NAME`.
  var unreadableColumns: [String: String] = [:]
}

// MARK: - One after the other

/// `/event/offset` `[events + 1]` and datasets `/particle/NAME` `[particles]`.
struct HDF5RaggedParticles: HDF5Particles {
  let layout: MomentumLayout
  let identifierName = "particle/pdgid"
  private let offset: HDF5Dataset
  private let momenta: [(dataset: HDF5Dataset, inGeV: Double)]
  private let identifiers: HDF5Dataset?
  private let columns: [(name: String, isRequired: Bool, dataset: HDF5Dataset)]
  let unreadableColumns: [String: String]

  var eventCount: Int { offset.rows - 1 }
  var momentumNames: [String] { momenta.map(\.dataset.name) }

  /// Opens the datasets.
  init(_ file: HDF5File, options: EventReadingOptions) throws {
    func refusal(_ field: String?, _ problem: String) -> EventInputError {
      EventInputError(source: file.source, field: field, problem: problem)
    }
    func list(_ name: String) throws -> HDF5Dataset? {
      guard let found = try file.dataset(name) else { return nil }
      guard found.shape.count == 1 || found.width == 1 else {
        throw refusal(name, "has \(found.width) numbers a row; give it one")
      }
      return found
    }
    guard let offset = try list("event/offset") else {
      if file.hasLink("jet/offset") {
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
    // Deflate turns one byte into at most 1,032.
    guard offset.rows / 1032 <= offset.storedBytes else {
      throw refusal(
        "event/offset",
        "claims \(offset.rows) elements but has \(offset.storedBytes) bytes in the file; was it written?")
    }
    var found: [String: HDF5Dataset] = [:]
    for name in Set(MomentumLayout.allCases.flatMap(\.names)).sorted() {
      found[name] = try list("particle/\(name)")
    }
    guard let layout = MomentumLayout.best({ found[$0]?.bits }) else {
      let isPartlyCartesian =
        ["px", "py", "pz"].contains { found[$0] != nil }
        && ["pt", "eta", "phi"].allSatisfy { found[$0] == nil }
      let names = (isPartlyCartesian ? MomentumLayout.cartesian : .cylindricalMass).names
      let missing = names.first { found[$0] == nil }!
      throw refusal(
        "particle/\(missing)", "is missing; write px, py, pz and E or mass, or pt, eta, phi and mass or E")
    }
    let momenta = layout.names.map { found[$0]! }
    identifiers = try list("particle/pdgid")
    if let identifiers, !identifiers.isInteger {
      throw refusal(identifiers.name, "does not hold integers; write 32-bit integers")
    }
    for dataset in momenta.dropFirst() + [identifiers].compactMap({ $0 })
    where dataset.rows != momenta[0].rows {
      throw refusal(
        dataset.name,
        "has \(dataset.rows) elements but \(momenta[0].name) has \(momenta[0].rows); they must be of one length"
      )
    }
    (columns, unreadableColumns) = try Self.columns(of: file, particleCount: momenta[0].rows, options)
    self.layout = layout
    self.offset = offset
    self.momenta = try zip(momenta, layout.areMomenta).map { dataset, isMomentum in
      (
        dataset,
        isMomentum
          ? try HDF5RaggedParticles.inGeV(dataset.unit, dataset.name, file.source, options.units) : 1
      )
    }
    let first = try offset.integers(0..<1)[0]
    let last = try offset.integers(offset.rows - 1..<offset.rows)[0]
    guard first <= 0 else { throw refusal(offset.name, Self.unowned("begins at \(first)", first)) }
    guard last >= momenta[0].rows || last < 0 else {
      throw refusal(offset.name, Self.unowned("ends at \(last)", momenta[0].rows - last))
    }
  }

  /// The further datasets of particles, and why others cannot be read; what is required is an error then.
  private static func columns(
    of file: HDF5File, particleCount: Int, _ options: EventReadingOptions
  ) throws -> ([(name: String, isRequired: Bool, dataset: HDF5Dataset)], [String: String]) {
    let known = Set(MomentumLayout.allCases.flatMap(\.names) + ["pdgid"])
    var columns: [(name: String, isRequired: Bool, dataset: HDF5Dataset)] = []
    var unreadable: [String: String] = [:]
    for (name, link) in try file.columns(inGroup: "particle") where !known.contains(link) {
      guard options.reads(particleColumn: name) else { continue }
      let isRequired = options.requires(particleColumn: name)
      do {
        let column = try file.column("particle/\(link)")
        func refusal(_ problem: String) -> EventInputError {
          EventInputError(source: file.source, field: column.name, problem: problem)
        }
        guard column.rows == particleCount else {
          throw refusal(
            "has \(column.rows) elements for \(particleCount) particles; give one for each particle")
        }
        guard column.shape.count <= 2 else {
          throw refusal(
            "has \(column.shape.count) dimensions; give it one, or two for several numbers a particle")
        }
        guard column.width > 0, column.width <= (isRequired ? 1 : options.limits.numbersOfColumn) else {
          throw refusal("has \(column.width) numbers a row; give it one")
        }
        columns.append((name, isRequired, column))
      } catch let error as EventInputError where !isRequired {
        unreadable["particle/" + name] = "it " + error.problem
      }
    }
    return (columns, unreadable)
  }

  private static func unowned(_ place: String, _ count: Int) -> String {
    "\(place), so that \(count) \(count == 1 ? "particle belongs" : "particles belong") to no event; write "
      + "0 first and the number of particles last"
  }

  /// The unit of a dataset in GeV, from its attribute or, if it has none, as the user says.
  static func inGeV(
    _ attribute: String?, _ name: String, _ source: String, _ given: MomentumUnit?
  ) throws -> Double {
    guard let attribute, !attribute.isEmpty else { return (given ?? .gev).inGeV }
    let base =
      attribute.hasSuffix("/c") || attribute.hasSuffix("/c^2") || attribute.hasSuffix("/c2")
      ? String(attribute.prefix { $0 != "/" }) : attribute
    guard let unit = MomentumUnit.allCases.first(where: { $0.rawValue.lowercased() == base }) else {
      throw EventInputError(
        source: source, field: name,
        problem:
          "has the unit '\(attribute)'; write \(MomentumUnit.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    if let given, given != unit {
      throw EventInputError(
        source: source, field: name, problem: "is in \(unit.rawValue) as the file says; leave out --units")
    }
    return unit.inGeV
  }

  func read(_ events: Range<Int>, _ limits: ReadingLimits) throws -> HDF5ParticleRows {
    let bounds = try offset.integers(events.lowerBound..<(events.upperBound + 1))
    var rows = HDF5ParticleRows(events: events.lowerBound..<events.lowerBound, momenta: [[], [], [], []])
    // Events that follow each other in the file are read at once; as a rule these are all.
    var ranges: [Range<Int>] = []
    var count = 0
    // However many numbers the columns have, a batch holds no more of them than of momenta.
    let most = max(1, limits.particlesOfBatch / max(1, columnWidth / 4))
    for (index, event) in events.enumerated() where index == 0 || count < most {
      rows.events = rows.events.lowerBound..<(event + 1)
      let (lower, upper) = (bounds[index], bounds[index + 1])
      if let problem = problem(from: lower, to: upper, limits) {
        rows.problems.append((event, offset.name, problem))
      } else if let last = ranges.last, last.upperBound == lower {
        ranges[ranges.count - 1] = last.lowerBound..<upper
        count += upper - lower
      } else {
        ranges.append(lower..<upper)
        count += upper - lower
      }
      rows.starts.append(count)
    }
    for (index, momentum) in momenta.enumerated() {
      for range in ranges { rows.momenta[index] += try momentum.dataset.doubles(range) }
      if momentum.inGeV != 1 { rows.momenta[index] = rows.momenta[index].map { $0 * momentum.inGeV } }
    }
    rows.identifiers = try identifiers.map { dataset in try ranges.flatMap { try dataset.integers($0) } }
    for column in columns {
      do {
        let dataset = column.dataset
        var values = Column(width: dataset.width, unit: dataset.unit, storage: dataset.storage)
        for range in ranges { values.append(0..<range.count, of: try dataset.column(range)) }
        rows.columns[column.name] = values
      } catch let error as EventInputError where !column.isRequired {
        rows.unreadableColumns["particle/" + column.name] = "it " + error.problem
      }
    }
    return rows
  }

  /// The numbers that the columns have for each particle.
  private var columnWidth: Int { columns.reduce(0) { $0 + $1.dataset.width } }

  private func problem(from lower: Int, to upper: Int, _ limits: ReadingLimits) -> String? {
    let particles = momenta[0].dataset.rows
    if lower < 0 || lower > upper {
      return "runs backwards from \(lower) to \(upper); offsets must rise"
    }
    if upper > particles {
      return "goes up to \(upper) but there are \(particles) particles; is the file complete?"
    }
    if upper - lower > limits.particlesOfEvent {
      return "gives the event \(upper - lower) particles; at most \(limits.particlesOfEvent) are read"
    }
    if (upper - lower) * columnWidth > limits.bytesOfEvent / 8 {
      return
        "gives the event \(upper - lower) particles, whose columns have \(columnWidth) numbers each; raise --max-memory "
        + "if this is an event"
    }
    return nil
  }
}

// MARK: - Padded

/// `/particles` `[events × particles × features]` with the attribute `features`, and optionally `/mask`
/// `[events × particles]`, which is not 0 for particles that there are.
///
/// Without a mask, which may also be one of the features, a particle whose four momentum numbers are all 0 is none.
struct HDF5PaddedParticles: HDF5Particles {
  let layout: MomentumLayout
  let identifierName = "particles"
  private let array: HDF5Dataset
  private let mask: HDF5Dataset?
  private let inGeV: Double
  /// The places among the features of the four momentum numbers, the identifier, the mask and further columns.
  private let momentumPlaces: [Int]
  private let identifierPlace: Int?
  private let maskPlace: Int?
  private let columnPlaces: [(name: String, place: Int)]
  let unreadableColumns: [String: String] = [:]

  var eventCount: Int { array.rows }
  var momentumNames: [String] { layout.names.map { "particles (\($0))" } }

  /// Opens the arrays, or is nil if the file has none.
  init?(_ file: HDF5File, options: EventReadingOptions) throws {
    func refusal(_ field: String?, _ problem: String) -> EventInputError {
      EventInputError(source: file.source, field: field, problem: problem)
    }
    guard !file.hasLink("event/offset"), file.hasLink("particles"), let array = try file.dataset("particles")
    else { return nil }
    guard array.shape.count == 3 else {
      throw refusal("particles", "has \(array.shape.count) dimensions; write [events × particles × features]")
    }
    guard let features = array.features else {
      throw refusal(
        "particles",
        "needs the attribute features, the names of its last dimension, such as 'pt,eta,phi,mass'")
    }
    for (place, name) in features.enumerated() {
      guard let other = features[..<place].first(where: { $0 == name }) else { continue }
      throw other.utf8.elementsEqual(name.utf8)
        ? refusal("particles", "has the feature \(name) twice; give each a name of its own")
        : refusal("particles (\(name))", NameForms.problem)
    }
    guard features.count == array.shape[2] else {
      throw refusal(
        "particles",
        "has \(array.shape[2]) features, but its attribute features has the names \(features.joined(separator: ", "))"
      )
    }
    guard array.shape[1] <= options.limits.particlesOfEvent,
      array.width <= options.limits.particlesOfEvent * 16
    else {
      throw refusal(
        "particles",
        "gives an event \(array.shape[1]) particles of \(array.shape[2]) features; at most "
          + "\(options.limits.particlesOfEvent) particles are read")
    }
    // Deflate turns one byte into at most 1,032.
    guard array.rows / 1032 <= array.storedBytes else {
      throw refusal(
        "particles",
        "claims \(array.rows) events but has \(array.storedBytes) bytes in the file; was it written?")
    }
    guard let layout = MomentumLayout.best({ features.contains($0) ? array.bits : nil }) else {
      throw refusal(
        "particles",
        "has the features \(features.joined(separator: ", ")); it needs px, py, pz and E or mass, or pt, eta, phi and "
          + "mass or E")
    }
    mask = try file.dataset("mask")
    if let mask, mask.shape != Array(array.shape[..<2]) {
      throw refusal(
        "mask",
        "has \(mask.shape.map(String.init).joined(separator: " × ")) numbers; write [events × particles], "
          + "\(array.shape[0]) × \(array.shape[1])")
    }
    self.array = array
    self.layout = layout
    inGeV = try HDF5RaggedParticles.inGeV(array.unit, "particles", file.source, options.units)
    momentumPlaces = layout.names.map { features.firstIndex(of: $0)! }
    identifierPlace = features.firstIndex(of: "pdgid")
    maskPlace = features.firstIndex(of: "mask")
    let known = Set(MomentumLayout.allCases.flatMap(\.names) + ["pdgid", "mask"])
    columnPlaces = features.enumerated().compactMap { place, name in
      known.contains(name) || !options.reads(particleColumn: name) ? nil : (name, place)
    }
  }

  func read(_ events: Range<Int>, _ limits: ReadingLimits) throws -> HDF5ParticleRows {
    let (length, width) = (array.shape[1], array.shape[2])
    let count = min(events.count, max(1, 4 * limits.particlesOfBatch / max(array.width, 1)))
    let events = events.prefix(count)
    let content = try array.column(events)
    let values = content.values
    let masks = try mask?.doubles(events)
    var rows = HDF5ParticleRows(events: events, momenta: [[], [], [], []])
    if identifierPlace != nil { rows.identifiers = [] }
    for event in 0..<count {
      let places = event * length..<(event + 1) * length
      if let masks, masks[places].contains(where: \.isNaN) {
        rows.problems.append(
          (events.lowerBound + event, "mask", "holds what is not a number; write 0 or 1 for each particle"))
        rows.starts.append(rows.momenta[0].count)
        continue
      }
      for particle in places {
        let first = particle * width
        let isThere =
          if let masks { masks[particle] != 0 } else if let maskPlace { values[first + maskPlace] != 0 } else
          {
            momentumPlaces.contains { values[first + $0] != 0 }
          }
        guard isThere else { continue }
        for (index, place) in momentumPlaces.enumerated() {
          rows.momenta[index].append(values[first + place] * (layout.areMomenta[index] ? inGeV : 1))
        }
        if let identifierPlace {
          let number = values[first + identifierPlace]
          if number != number.rounded() || !number.isFinite,
            rows.problems.last?.event != events.lowerBound + event
          {
            rows.problems.append(
              (
                events.lowerBound + event, identifierName,
                "have the pdgid \(number.text) for particle \(particle - places.lowerBound), which is no whole number; "
                  + "correct it"
              ))
          }
          rows.identifiers!.append(Int(exactly: number) ?? .max)
        }
        for column in columnPlaces {
          let place = first + column.place
          rows.columns[column.name, default: Column(storage: content.storage)].append(
            values[place...place],
            remainders: content.remainders.isEmpty ? nil : content.remainders[place...place])
        }
      }
      rows.starts.append(rows.momenta[0].count)
    }
    return rows
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CHepMC3
import JetPhysics

/// The text of some events of a HepMC file, parsed by libhepmc3.
///
/// The particles of an event are those of the statuses that are asked for, in GeV and in the order of the
/// file. The columns are described at ``GeneratorColumns``.
struct HepMCText: GeneratorText {
  private let source: String
  private let version: HepMCEventFormat.Version
  private let options: EventReadingOptions
  private let schema: GeneratorColumns.Schema?
  private let firstEvent: Int
  /// How many lines of the file stand before the first one here.
  private let linesBefore: Int
  private var bytes: [UInt8] = []

  /// Text without lines so far.
  ///
  /// - Parameters:
  ///   - source: the file as the user named it.
  ///   - version: HepMC 2 or 3.
  ///   - options: which particles are read.
  ///   - schema: the columns of the input; nil if they are not known.
  ///   - firstEvent: the number of the first event.
  ///   - firstLine: the number in the file of the first line that will be added.
  ///   - weightNames: the line of an earlier heading that names the weights.
  init(
    source: String, version: HepMCEventFormat.Version, options: EventReadingOptions,
    schema: GeneratorColumns.Schema?,
    firstEvent: Int, firstLine: Int, weightNames: [UInt8]?
  ) {
    self.source = source
    self.version = version
    self.options = options
    self.schema = schema
    self.firstEvent = firstEvent
    linesBefore = firstLine - (weightNames == nil ? 1 : 2)
    if let weightNames { append(weightNames) }
  }

  /// The number of bytes.
  var size: Int { bytes.count }

  /// Adds a line; the last one of an input may lack its line break.
  mutating func append(_ line: some Collection<UInt8>, hasLineBreak: Bool = true) {
    bytes.append(contentsOf: line)
    if hasLineBreak { bytes.append(0x0A) }
  }

  /// Parses the events; bad ones are left out after they were passed to `onBadEvent`.
  ///
  /// Throws what `onBadEvent` throws.
  func parse(_ onBadEvent: (EventInputError) throws -> Void) throws -> GeneratorEvents {
    var batch = Events(source: source)
    var columns = GeneratorColumns(schema: schema, maximumCount: options.limits.numbersOfColumn)
    let readsStatus = options.particles.columns.contains(Self.status)
    if readsStatus { batch.particles.content.columns[Self.status] = Column() }
    let vertexColumns = Self.vertexColumns.map { options.asks(forParticleColumn: $0) ? $0 : nil }
    let readsVertices = vertexColumns.contains { $0 != nil }
    for case let name? in vertexColumns { batch.particles.content.columns[name] = Column(unit: "mm") }
    let statuses = options.particles.statuses.sorted()
    try bytes.withUnsafeBytes { bytes in
      let text = bytes.assumingMemoryBound(to: CChar.self)
      let reader = canopy_hepmc_create(
        version == .two ? CANOPY_HEPMC2 : CANOPY_HEPMC3, text.baseAddress, text.count, statuses,
        statuses.count, readsVertices)
      guard let reader else {
        throw EventInputError(source: source, problem: "cannot be read: libhepmc3 does not start")
      }
      defer { canopy_hepmc_destroy(reader) }
      var number = firstEvent
      while true {
        var problem: EventInputError?
        var event = canopy_hepmc_event()
        switch canopy_hepmc_read(reader, &event) {
        case CANOPY_HEPMC_EVENT:
          batch.append(event)
          if readsStatus {
            let statuses = UnsafeBufferPointer(start: event.status, count: event.particle_count)
            batch.particles.content.columns[Self.status]!.values += statuses.map(Double.init)
          }
          if let vertices = event.vertices {
            for (place, name) in vertexColumns.enumerated() {
              guard let name else { continue }
              for particle in 0..<event.particle_count {
                batch.particles.content.columns[name]!.values.append(vertices[4 * particle + place])
              }
            }
          }
          if let bad = batch.unfinishedEventProblem() ?? columns.append(HepMCRecord(event: event)) {
            problem = EventInputError(
              source: source, event: number, field: bad.field, problem: bad.problem)
          }
        case CANOPY_HEPMC_END: return
        default:
          let line = canopy_hepmc_line(reader)
          problem = EventInputError(
            source: source, event: number, line: line == 0 ? nil : linesBefore + line,
            problem: String(cString: canopy_hepmc_message(reader)))
        }
        if let problem {
          batch.discardUnfinishedEvent()
          try onBadEvent(problem)
        } else {
          batch.finishEvent(number: number)
        }
        number += 1
      }
    }
    return GeneratorEvents(batch, columns: columns)
  }

  /// The column of particles that a record has.
  private static let status = "status"
  /// The columns of where particles are produced, which are there if they are asked for.
  private static let vertexColumns = ["vertex_x", "vertex_y", "vertex_z", "vertex_t"]
}

extension Events {
  /// Adds the particles of an event to the one that is being filled.
  fileprivate mutating func append(_ event: canopy_hepmc_event) {
    for particle in 0..<event.particle_count {
      let components = event.momenta + 4 * particle
      pdgID.append(event.pdgid[particle])
      momenta.append(
        FourMomentum(px: components[0], py: components[1], pz: components[2], energy: components[3]))
    }
  }
}

/// An event of libhepmc3.
private struct HepMCRecord: GeneratorRecord {
  let event: canopy_hepmc_event

  var eventNumber: Int64? { event.number }
  var weightCount: Int { event.weight_count }
  var hasWeightNames: Bool { event.has_weight_names }
  var weightNamesVersion: Int { event.weight_names_version }
  var crossSection: (value: Double, error: Double)? { event.cross_section.map { ($0[0], $0[1]) } }
  var attributeCount: Int { event.attribute_count }
  func weight(_ place: Int) -> Double { event.weights[place] }
  func weightName(_ place: Int) -> String { String(cString: event.weight_names[place]!) }
  func attributeName(_ place: Int) -> String { String(cString: event.attribute_names[place]!) }
  func attributeValue(_ place: Int) -> Double { event.attribute_values[place] }
}

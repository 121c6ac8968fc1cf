// SPDX-License-Identifier: GPL-3.0-or-later

import CHepMC3
import JetPhysics

/// The text of some events of a HepMC file, parsed by libhepmc3.
///
/// The particles of an event are those of status 1, in GeV and in the order of the file. The nominal (first) event weight is the column `weight`; where there are several, all
/// of them are the column `weights`.
struct HepMCText: Sendable {
  /// What lines begin with that are of a listing as a whole.
  static let mark = Array("HepMC::".utf8)
  /// What the first and the last line of a listing end with.
  static let listingStart = Array("START_EVENT_LISTING".utf8)
  static let listingEnd = Array("END_EVENT_LISTING".utf8)
  /// What the first line of an event begins with.
  static let eventStart = Array("E ".utf8)

  private static let kinds: [EventFormat: [UInt8]] = [
    .hepMC2: Array("HepMC::IO_GenEvent".utf8), .hepMC3: Array("HepMC::Asciiv3".utf8),
  ]

  /// What the first line of a listing of a format begins with.
  static func kind(of format: EventFormat) -> [UInt8] { kinds[format]! }

  private let source: String
  private let format: EventFormat
  private let firstEvent: Int
  /// How many lines of the file stand before the first one here.
  private let linesBefore: Int
  private let weightCount: Int?
  private var bytes: [UInt8] = []

  /// Text without lines so far.
  ///
  /// - Parameters:
  ///   - source: the file as the user named it.
  ///   - format: HepMC 2 or 3.
  ///   - firstEvent: the number of the first event.
  ///   - firstLine: the number in the file of the first line that will be added.
  ///   - isInListing: whether it is in a listing of events.
  ///   - weightCount: how many weights events have; nil where it is not known.
  init(
    source: String, format: EventFormat, firstEvent: Int, firstLine: Int,
    isInListing: Bool,
    weightCount: Int?
  ) {
    self.source = source
    self.format = format
    self.firstEvent = firstEvent
    self.weightCount = weightCount
    linesBefore = firstLine - (isInListing ? 2 : 1)
    if isInListing { append(Self.kind(of: format) + Array("-".utf8) + Self.listingStart) }
  }

  /// The number of bytes.
  var size: Int { bytes.count }

  /// Adds a line.
  mutating func append(_ line: some Collection<UInt8>) {
    bytes.append(contentsOf: line)
    bytes.append(0x0A)
  }

  /// Ends the listing here, as other text has what follows.
  mutating func endListing() { append(Self.kind(of: format) + Array("-".utf8) + Self.listingEnd) }

  /// What came of parsing.
  struct Parsed {
    var batch: EventBatch
    /// How many weights events have; nil where there is no good one.
    var weightCount: Int?
    /// Whether there is nothing left.
    var hasEnded = false
  }

  /// Parses the events, at most `limit`; bad ones are left out after `onBadEvent` was told of them.
  ///
  /// Throws what `onBadEvent` throws.
  func parse(upTo limit: Int = .max, _ onBadEvent: (EventInputError) throws -> Void) throws -> Parsed {
    var parsed = Parsed(batch: EventBatch(source: source), weightCount: weightCount)
    try bytes.withUnsafeBytes { bytes in
      let text = bytes.assumingMemoryBound(to: CChar.self)
      let reader = canopy_hepmc_create(
        format == .hepMC2 ? CANOPY_HEPMC2 : CANOPY_HEPMC3, text.baseAddress, text.count)
      guard let reader else {
        throw EventInputError(source: source, problem: "cannot be read: libhepmc3 does not start")
      }
      defer { canopy_hepmc_destroy(reader) }
      var number = firstEvent
      while number - firstEvent < limit, !parsed.hasEnded {
        var problem: EventInputError?
        var event = canopy_hepmc_event()
        switch canopy_hepmc_read(reader, &event) {
        case CANOPY_HEPMC_EVENT: problem = append(event, number, to: &parsed)
        case CANOPY_HEPMC_END:
          parsed.hasEnded = true
          return
        case CANOPY_HEPMC_CUT_SHORT:
          parsed.hasEnded = true
          problem = error(number, "is cut short: there is no END_EVENT_LISTING line; is the file complete?")
        default:
          let line = canopy_hepmc_line(reader)
          problem = EventInputError(
            source: source, event: number, line: line == 0 ? nil : linesBefore + line,
            problem: String(cString: canopy_hepmc_message(reader)))
        }
        if let problem {
          parsed.batch.discardUnfinishedEvent()
          try onBadEvent(problem)
        } else {
          parsed.batch.finishEvent(number: number)
        }
        number += 1
      }
    }
    return parsed
  }

  /// Adds the particles and weights of an event, or says what is wrong with it.
  private func append(
    _ event: canopy_hepmc_event, _ number: Int, to parsed: inout Parsed
  ) -> EventInputError? {
    for particle in 0..<event.particle_count {
      parsed.batch.pdgID.append(event.pdgid[particle])
      parsed.batch.appendParticle(
        px: event.momenta[4 * particle], py: event.momenta[4 * particle + 1],
        pz: event.momenta[4 * particle + 2], energy: event.momenta[4 * particle + 3])
    }
    if let bad = parsed.batch.unfinishedEventProblem() {
      return error(number, field: bad.field, bad.problem)
    }
    let weights = UnsafeBufferPointer(start: event.weights, count: event.weight_count)
    if let count = parsed.weightCount, count != weights.count {
      return error(
        number, field: "weight", "has \(weights.count) values where earlier events have \(count)")
    }
    guard weights.count <= EventLimits.columnWidth else {
      return error(
        number, field: "weight", "has \(weights.count) values; at most \(EventLimits.columnWidth) are read")
    }
    parsed.weightCount = weights.count
    if let nominal = weights.first {
      parsed.batch.columns["weight", default: EventColumn()].values.append(nominal)
    }
    if weights.count > 1 {
      parsed.batch.columns["weights", default: EventColumn(width: weights.count)].values
        .append(contentsOf: weights)
    }
    return nil
  }

  private func error(_ number: Int, field: String? = nil, _ problem: String) -> EventInputError {
    EventInputError(source: source, event: number, field: field, problem: problem)
  }
}

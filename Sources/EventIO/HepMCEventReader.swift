// SPDX-License-Identifier: GPL-3.0-or-later

import CHepMC3
import JetPhysics

/// HepMC 3 ASCII and HepMC 2 IO_GenEvent, read by libhepmc3.
///
/// The particles of an event are those of status 1, in GeV and in the order of the file, without invisible ones
/// unless these are kept. The nominal (first) event weight is the column `weight`; where there are several, all
/// of them are the column `weights`.
final class HepMCEventReader: EventReader {
  let format: EventFormat
  let eventCount: Int? = nil
  private let lines: LineSource
  private let reader: OpaquePointer
  private let keepInvisible: Bool
  private var nextEvent: Int
  private var weightCount: Int?
  private var hasEnded = false

  /// What the callback of the C reader works on.
  private final class LineSource {
    let buffer: ByteBuffer
    var error: (any Error)?

    init(_ buffer: ByteBuffer) { self.buffer = buffer }
  }

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, format: EventFormat, firstEvent: Int, keepInvisible: Bool) throws {
    let lines = LineSource(buffer)
    let source: canopy_hepmc_line_source = { context, length, failed in
      let lines = Unmanaged<LineSource>.fromOpaque(context!).takeUnretainedValue()
      do {
        guard let line = try lines.buffer.nextLine() else { return nil }
        length!.pointee = line.count
        return line.baseAddress?.assumingMemoryBound(to: CChar.self)
      } catch {
        lines.error = error
        failed!.pointee = 1
        return nil
      }
    }
    guard
      let reader = canopy_hepmc_create(
        format == .hepMC2 ? CANOPY_HEPMC2 : CANOPY_HEPMC3, source, Unmanaged.passUnretained(lines).toOpaque())
    else { throw EventInputError(source: buffer.source, problem: "cannot be read: libhepmc3 does not start") }
    self.lines = lines
    self.reader = reader
    self.format = format
    self.keepInvisible = keepInvisible
    nextEvent = firstEvent
  }

  deinit { canopy_hepmc_destroy(reader) }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      switch canopy_hepmc_skip(reader) {
      case CANOPY_HEPMC_EVENT: nextEvent += 1
      case CANOPY_HEPMC_END: return skipped
      case CANOPY_HEPMC_CUT_SHORT: throw cutShort()
      case CANOPY_HEPMC_INPUT_ERROR: throw lines.error!
      default: throw badEvent()
      }
    }
    return max(count, 0)
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch? {
    var batch = EventBatch(source: lines.buffer.source)
    var considered = 0
    var event = canopy_hepmc_event()
    while considered < count, batch.particleCount < EventLimits.particlesOfBatch, !hasEnded {
      var problem: EventInputError?
      switch canopy_hepmc_read(reader, &event) {
      case CANOPY_HEPMC_EVENT: problem = append(event, to: &batch)
      case CANOPY_HEPMC_END: hasEnded = true
      case CANOPY_HEPMC_CUT_SHORT:
        hasEnded = true
        problem = cutShort()
      case CANOPY_HEPMC_INPUT_ERROR: throw lines.error!
      default: problem = badEvent()
      }
      if hasEnded, problem == nil { break }
      considered += 1
      if problem == nil {
        batch.finishEvent(number: nextEvent)
      } else {
        batch.discardUnfinishedEvent()
      }
      nextEvent += 1
      if let problem { try onBadEvent(problem) }
    }
    return considered == 0 ? nil : batch
  }

  /// Adds the particles and weights of an event, or says what is wrong with it.
  private func append(_ event: canopy_hepmc_event, to batch: inout EventBatch) -> EventInputError? {
    for particle in 0..<event.particle_count {
      let pdgID = event.pdgid[particle]
      if !keepInvisible, InvisibleParticles.contains(pdgID) { continue }
      batch.pdgID.append(pdgID)
      batch.appendParticle(
        px: event.momenta[4 * particle], py: event.momenta[4 * particle + 1],
        pz: event.momenta[4 * particle + 2], energy: event.momenta[4 * particle + 3])
    }
    if let bad = batch.unfinishedEventProblem() {
      return error(field: bad.field, bad.problem)
    }
    let weights = UnsafeBufferPointer(start: event.weights, count: event.weight_count)
    if let weightCount, weightCount != weights.count {
      return error(field: "weight", "has \(weights.count) values where earlier events have \(weightCount)")
    }
    guard weights.count <= EventLimits.columnWidth else {
      return error(
        field: "weight", "has \(weights.count) values; at most \(EventLimits.columnWidth) are read")
    }
    weightCount = weights.count
    if let nominal = weights.first {
      batch.columns["weight", default: EventColumn()].values.append(nominal)
    }
    if weights.count > 1 {
      batch.columns["weights", default: EventColumn(width: weights.count)].values.append(contentsOf: weights)
    }
    return nil
  }

  private func badEvent() -> EventInputError {
    let line = canopy_hepmc_line(reader)
    return EventInputError(
      source: lines.buffer.source, event: nextEvent, line: line == 0 ? nil : line,
      problem: String(cString: canopy_hepmc_message(reader)))
  }

  private func cutShort() -> EventInputError {
    error("is cut short: there is no END_EVENT_LISTING line; is the file complete?")
  }

  private func error(field: String? = nil, _ problem: String) -> EventInputError {
    EventInputError(source: lines.buffer.source, event: nextEvent, field: field, problem: problem)
  }
}

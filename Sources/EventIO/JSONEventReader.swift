// SPDX-License-Identifier: GPL-3.0-or-later

import CTextParsing
import Foundation
import JetPhysics

/// JSON lines: one event a line, `{"particles": [[px, py, pz, E], …], "pdgid": […], "NAME": number or array}`.
///
/// Every number and every array of numbers beside `particles` and `pdgid` is a column, true and false being 1
/// and 0 and null being NaN; other members are left alone. All events of an input have the same columns.
final class JSONEventReader: ParsingEventReader {
  let format = EventFormat.jsonLines
  let eventCount: Int? = nil
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private let parser: OpaquePointer
  private var nextEvent: Int
  private var schema: Schema?

  /// What the first good event has and all others must have.
  private struct Schema {
    var hasPDGID: Bool
    var widths: [String: Int]
  }

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, firstEvent: Int, options: EventReadingOptions) throws {
    guard let parser = canopy_json_parser_create() else {
      throw EventInputError(
        source: buffer.source, problem: "cannot be read: there is no memory for a JSON parser")
    }
    self.buffer = buffer
    self.options = options
    self.parser = parser
    nextEvent = firstEvent
  }

  deinit { canopy_json_parser_destroy(parser) }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      guard try nextLine() != nil else { return skipped }
      nextEvent += 1
    }
    return max(count, 0)
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> EventBatch? {
    var batch = EventBatch(source: buffer.source)
    var considered = 0
    while considered < count, batch.particleCount < EventLimits.particlesOfBatch, let line = try nextLine() {
      considered += 1
      let problem = append(line, to: &batch)
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

  /// The next line that is not blank.
  private func nextLine() throws -> UnsafeRawBufferPointer? {
    while let line = try buffer.nextLine() {
      if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { return line }
    }
    return nil
  }

  /// Adds the particles and columns of a line, or says what is wrong with it.
  private func append(_ line: UnsafeRawBufferPointer, to batch: inout EventBatch) -> EventInputError? {
    var event = canopy_json_event()
    let text = line.baseAddress?.assumingMemoryBound(to: CChar.self)
    guard canopy_json_parse(parser, text, line.count, &event) else {
      let field = String(cString: canopy_json_field(parser))
      return error(field: field.isEmpty ? nil : field, String(cString: canopy_json_message(parser)))
    }
    let momenta = UnsafeBufferPointer(start: event.momenta, count: 4 * event.particle_count)
    for particle in 0..<event.particle_count {
      batch.appendParticle(
        px: momenta[4 * particle], py: momenta[4 * particle + 1], pz: momenta[4 * particle + 2],
        energy: momenta[4 * particle + 3])
    }
    if let bad = batch.unfinishedEventProblem() {
      return error(field: bad.field, bad.problem)
    }
    return appendPDGID(of: event, to: &batch) ?? appendColumns(of: event, to: &batch)
  }

  private func appendPDGID(of event: canopy_json_event, to batch: inout EventBatch) -> EventInputError? {
    if let schema, schema.hasPDGID != event.has_pdgid {
      return error(
        field: "pdgid",
        schema.hasPDGID
          ? "is missing though earlier events have it; give it to all events or to none"
          : "is given though earlier events lack it; give it to all events or to none")
    }
    guard event.has_pdgid else { return nil }
    guard event.pdgid_count == event.particle_count else {
      return error(
        field: "pdgid",
        "has \(event.pdgid_count) elements for \(event.particle_count) particles; give one for each particle")
    }
    batch.pdgID.append(contentsOf: UnsafeBufferPointer(start: event.pdgid, count: event.pdgid_count))
    return nil
  }

  /// Adds the columns last, when nothing else can be wrong, so that there is nothing to take back.
  private func appendColumns(of event: canopy_json_event, to batch: inout EventBatch) -> EventInputError? {
    var names: [String] = []
    for column in 0..<event.column_count {
      let name = String(cString: event.column_names[column]!)
      let width = event.column_widths[column]
      names.append(name)
      if let schema, schema.widths[name] != width {
        guard let expected = schema.widths[name] else {
          return error(field: name, "is missing in earlier events; give it to all events or to none")
        }
        return error(field: name, "has \(width) numbers where earlier events have \(expected)")
      }
      guard width <= EventLimits.columnWidth else {
        return error(field: name, "has \(width) numbers; at most \(EventLimits.columnWidth) are read")
      }
    }
    if let schema, names.count < schema.widths.count {
      let missing = schema.widths.keys.filter { !names.contains($0) }.sorted()[0]
      return error(
        field: missing, "is missing or not numeric though earlier events have it; give it to all events")
    }
    var first = 0
    for (column, name) in names.enumerated() {
      let width = event.column_widths[column]
      let values = UnsafeBufferPointer(start: event.column_values + first, count: width)
      batch.columns[name, default: EventColumn(width: width)].values.append(contentsOf: values)
      first += width
    }
    if schema == nil {
      let widths = names.indices.map { (names[$0], event.column_widths[$0]) }
      schema = Schema(hasPDGID: event.has_pdgid, widths: Dictionary(uniqueKeysWithValues: widths))
    }
    return nil
  }

  private func error(field: String? = nil, _ problem: String) -> EventInputError {
    EventInputError(
      source: buffer.source, event: nextEvent, line: buffer.lineNumber, field: field, problem: problem)
  }
}

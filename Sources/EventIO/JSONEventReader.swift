// SPDX-License-Identifier: GPL-3.0-or-later

import CTextParsing
import Foundation
import JetPhysics

/// One JSON object a line.
public struct JSONLinesEventFormat: EventFormat {
  /// `jsonl`.
  public let name = "jsonl"
  /// `JSON lines`.
  public let title = "JSON lines"

  /// The format.
  public init() {}

  /// Whether the first line that is no comment begins an object.
  public func matches(_ start: FileStart) -> Bool { start.firstContent?.hasPrefix("{") == true }

  /// Opens an input.
  public func open(_ input: EventSource) throws -> any EventReader {
    try JSONEventReader(input.bytes, firstEvent: input.firstEvent, options: input.options)
  }
}

/// JSON lines: one event a line, `{"particles": [[px, py, pz, E], …], "pdgid": […], "jets": [{…}, …], "NAME": number, text or array}`.
///
/// Every number and every array of numbers in addition to `particles` and `pdgid` is a column, true and false being 1
/// and 0 and null being NaN; `Infinity`, `-Infinity` and `NaN`, as Python's `json` writes them, are what they say. A member that is something else, or not of the same shape in all events, cannot be read
/// from the event on in which it differs. An array of a number for each particle, in every event, is a column of particles;
/// if all events of the first batch have the same number of particles, so is an array of that length. A text is one of a column
/// of text. Given jets are objects, whose numbers and texts are columns; what an object lacks is missing.
final class JSONEventReader: ParsingEventReader {
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private let parser: OpaquePointer
  private var nextEvent: Int
  private var schema: Schema?
  /// The given jets of the events of the batch; nil as long as none has some.
  private var givenJets: Ragged<Columns>?
  /// A line that has been read and whose event has columns of other shapes than those before it.
  private var heldLine: UnsafeRawBufferPointer?

  /// The member that has given jets, if it is a list of objects.
  private static let jets = "jets"

  /// What the first good event has and all others must have.
  private struct Schema {
    var hasPDGID: Bool
    /// How many numbers the columns have.
    var widths: [String: Int] = [:]
    /// The columns of text.
    var texts: Set<String> = []
    /// The columns of one number that no event had so far, which may yet turn out to be text.
    var missing: Set<String> = []
    /// Whether an event had given jets, so that those without have none.
    var hasJets = false
    /// The columns of given jets, and whether they are text.
    var jetColumns: [String: Bool] = [:]
    /// The columns of particles.
    var particleColumns: Set<String> = []
    /// Those of them that may yet turn out to be columns of events of so many numbers, as no event so far had another
    /// number of particles.
    var undecided: [String: Int] = [:]
    /// Why the other members cannot be read.
    var unreadable: [String: String] = [:]
  }

  /// Reads from `buffer`; the first event gets the number `firstEvent`.
  init(_ buffer: ByteBuffer, firstEvent: Int, options: EventReadingOptions) throws {
    guard let parser = canopy_json_parser_create(options.limits.particlesOfEvent) else {
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

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    var batch = Events(source: buffer.source)
    givenJets = nil
    var considered = 0
    while considered < count, !batch.isFull(options.limits), let line = try nextLine() {
      var problem: EventInputError?
      switch append(line, to: &batch) {
      case .added: batch.finishEvent(number: nextEvent)
      case .bad(let error):
        problem = error
        batch.discardUnfinishedEvent()
      case .doesNotFit:
        batch.discardUnfinishedEvent()
        heldLine = line
      }
      if heldLine != nil { break }
      considered += 1
      nextEvent += 1
      if let problem { try onBadEvent(problem) }
    }
    schema?.undecided = [:]
    completeJets(eventCount: batch.eventCount)
    batch.givenJets = givenJets
    batch.unreadableColumns = schema?.unreadable ?? [:]
    return considered == 0 ? nil : batch
  }

  /// The next line that is not blank.
  private func nextLine() throws -> UnsafeRawBufferPointer? {
    if let line = heldLine {
      heldLine = nil
      return line
    }
    while let line = try buffer.nextLine() {
      if line.contains(where: { $0 != 0x20 && $0 != 0x09 }) { return line }
    }
    return nil
  }

  /// What came of a line.
  private enum Outcome {
    case added
    case bad(EventInputError)
    /// The event has columns of other shapes than those before it in the batch.
    case doesNotFit
  }

  /// Adds the particles and columns of a line.
  private func append(_ line: UnsafeRawBufferPointer, to batch: inout Events) -> Outcome {
    var event = canopy_json_event()
    let text = line.baseAddress?.assumingMemoryBound(to: CChar.self)
    guard canopy_json_parse(parser, text, line.count, &event) else {
      let field = String(cString: canopy_json_field(parser))
      return .bad(error(field: field.isEmpty ? nil : field, String(cString: canopy_json_message(parser))))
    }
    let momenta = UnsafeBufferPointer(start: event.momenta, count: 4 * event.particle_count)
    for particle in 0..<event.particle_count {
      batch.momenta.append(
        FourMomentum(
          px: momenta[4 * particle], py: momenta[4 * particle + 1], pz: momenta[4 * particle + 2],
          energy: momenta[4 * particle + 3]))
    }
    if let bad = batch.unfinishedEventProblem() { return .bad(error(field: bad.field, bad.problem)) }
    if let bad = appendPDGID(of: event, to: &batch) { return .bad(bad) }
    return appendColumns(of: event, to: &batch)
  }

  private func appendPDGID(of event: canopy_json_event, to batch: inout Events) -> EventInputError? {
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

  /// One member of an event that may be a column.
  private struct Member {
    let name: String
    /// Nil if it has no numbers.
    let values: UnsafeBufferPointer<Double>?
    /// What whole numbers beyond 2⁵³ have in addition; nil if none has anything.
    let remainders: UnsafeBufferPointer<Double>?
    let isArray: Bool
    /// Nil if it is none.
    let text: String?

    /// Whether it is one number that is missing.
    var isMissing: Bool { !isArray && values?.count == 1 && values![0].isNaN }
    /// What a column of text has.
    var textOrMissing: String? { text ?? (isMissing ? "" : nil) }
  }

  private func members(of event: canopy_json_event) -> [Member] {
    var first = 0
    return (0..<event.column_count).map { column in
      let width = event.column_widths[column]
      let hasNumbers = width != Int(bitPattern: UInt.max)
      defer { if hasNumbers { first += width } }
      return Member(
        name: String(cString: event.column_names[column]!),
        // No numbers at all have no place.
        values: hasNumbers
          ? UnsafeBufferPointer(start: event.column_values.map { $0 + first }, count: width) : nil,
        remainders: hasNumbers
          ? event.column_remainders.map { UnsafeBufferPointer(start: $0 + first, count: width) } : nil,
        isArray: event.column_is_array[column] != 0,
        text: event.column_texts[column].map {
          String(
            decoding: UnsafeRawBufferPointer(start: $0, count: event.column_text_lengths[column]),
            as: UTF8.self)
        })
    }
  }

  /// Adds the columns last, when nothing else can be wrong, so that there is nothing to take back.
  private func appendColumns(of event: canopy_json_event, to batch: inout Events) -> Outcome {
    let members = members(of: event)
    if let name = NameForms.firstRepeated(in: members.lazy.map(\.name)) {
      return .bad(error(field: name, NameForms.problem))
    }
    if schema == nil {
      schema = firstSchema(members, of: event)
      lookAhead()
    }
    decide(members, of: event, in: &batch)
    decideTexts(members, in: &batch)
    if let problem = particleColumnProblem(members, of: event) { return .bad(problem) }
    let fitting = members.reduce(0) { count, member in
      if schema!.texts.contains(member.name) { return member.textOrMissing == nil ? count : count + 1 }
      guard let values = member.values else { return count }
      let width =
        schema!.particleColumns.contains(member.name) ? event.particle_count : schema!.widths[member.name]
      return values.count == width ? count + 1 : count
    }
    if fitting < schema!.widths.count + schema!.particleColumns.count + schema!.texts.count {
      // What the events before have is not taken back.
      if batch.eventCount > 0 { return .doesNotFit }
      noteMisfits(members, of: event)
    }
    for member in members {
      if schema!.texts.contains(member.name) {
        batch.columns[member.name, default: Column(texts: [])].append(text: member.textOrMissing!)
        continue
      }
      guard let values = member.values else { continue }
      if schema!.particleColumns.contains(member.name) {
        batch.particles.content.columns[member.name, default: Column()]
          .append(values, remainders: member.remainders)
      } else if let width = schema!.widths[member.name] {
        batch.columns[member.name, default: Column(width: width)]
          .append(values, remainders: member.remainders)
      } else if schema!.unreadable[member.name] == nil,
        schema!.unreadable["particle/" + member.name] == nil,
        schema!.unreadable.count < options.limits.numbersOfColumn
      {
        schema!.unreadable[member.name] = "events before event \(nextEvent) lack it"
      }
    }
    appendJets(of: event, eventsBefore: batch.eventCount)
    return .added
  }

  /// Makes columns whose numbers are all missing so far columns of text if that is what they turn out to be.
  private func decideTexts(_ members: [Member], in batch: inout Events) {
    guard !schema!.missing.isEmpty else { return }
    for member in members where !member.isMissing && schema!.missing.remove(member.name) != nil {
      guard member.text != nil else { continue }
      schema!.widths[member.name] = nil
      schema!.texts.insert(member.name)
      batch.columns[member.name] = Column(texts: Array(repeating: "", count: batch.eventCount))
    }
  }

  // MARK: - Given jets

  private func appendJets(of event: canopy_json_event, eventsBefore: Int) {
    guard event.has_jets || givenJets != nil else { return }
    schema!.hasJets = true
    var jets = givenJets ?? Ragged(offsets: Array(repeating: 0, count: eventsBefore + 1), content: Columns())
    givenJets = nil
    let before = jets.offsets[jets.count]
    for place in 0..<event.jet_column_count {
      let found = canopy_json_jets(parser, place)
      let name = String(cString: found.name)
      guard schema!.unreadable["jet/" + name] == nil, let column = self.column(place, found, of: event, name)
      else {
        jets.content[name] = nil
        continue
      }
      let isText = column.categories != nil
      // Nothing that was known so far tells what a column holds.
      if isText, jets.content[name]?.categories == nil { jets.content[name] = nil }
      jets.content[name, default: Self.missing(isText, count: before)]
        .append(0..<event.jet_count, of: column)
    }
    jets.endList(at: before + event.jet_count)
    for (name, column) in jets.content.sorted where column.values.count < before + event.jet_count {
      jets.content[name]!.append(
        0..<event.jet_count, of: Self.missing(column.categories != nil, count: event.jet_count))
    }
    givenJets = jets
  }

  /// The numbers or texts of the given jets of an event; nil if they go with nothing that events before have.
  private func column(
    _ place: Int, _ found: canopy_json_jet_column, of event: canopy_json_event, _ name: String
  ) -> Column? {
    let count = event.jet_count
    let isText = found.kind == CANOPY_JSON_TEXTS
    if found.kind == CANOPY_JSON_MISSING {
      return Self.missing(schema!.jetColumns[name] ?? false, count: count)
    }
    guard found.kind != CANOPY_JSON_OTHER, schema!.jetColumns[name, default: isText] == isText else {
      schema!.unreadable["jet/" + name] =
        found.kind == CANOPY_JSON_OTHER
        ? "event \(nextEvent) has something else than numbers or texts alone"
        : "event \(nextEvent) has \(isText ? "text" : "numbers"), but earlier events have \(isText ? "numbers" : "text")"
      return nil
    }
    schema!.jetColumns[name] = isText
    guard isText else {
      var column = Column()
      column.append(
        UnsafeBufferPointer(start: found.values, count: count),
        remainders: UnsafeBufferPointer(start: found.remainders, count: count))
      return column
    }
    return Column(
      texts: (0..<count).map { jet in
        var length = 0
        let text = canopy_json_jet_text(parser, place, jet, &length)
        return String(decoding: UnsafeRawBufferPointer(start: text, count: length), as: UTF8.self)
      })
  }

  /// A column of given jets that have nothing of it.
  private static func missing(_ isText: Bool, count: Int) -> Column {
    isText
      ? Column(texts: Array(repeating: "", count: count))
      : Column(values: Array(repeating: .nan, count: count))
  }

  /// Gives the batch given jets if earlier events had some, with the columns that those had.
  private func completeJets(eventCount: Int) {
    guard let schema, schema.hasJets else { return }
    if givenJets == nil {
      givenJets = Ragged(offsets: Array(repeating: 0, count: eventCount + 1), content: Columns())
    }
    let count = givenJets!.offsets[eventCount]
    for (name, isText) in schema.jetColumns
    where schema.unreadable["jet/" + name] == nil && givenJets!.content[name] == nil {
      givenJets!.content[name] = Self.missing(isText, count: count)
    }
  }

  /// How far the first event looks for one that tells what undecided columns are.
  private static let bytesAhead = 1 << 16

  /// Decides what undecided columns are by the events that follow the first one closely, before a batch can end.
  private func lookAhead() {
    guard !schema!.undecided.isEmpty, let ahead = try? buffer.peek(Self.bytesAhead),
      let other = canopy_json_parser_create(options.limits.particlesOfEvent)
    else { return }
    defer { canopy_json_parser_destroy(other) }
    // The last line may go on beyond what was looked at.
    let lines = ahead.split(separator: 0x0A).dropLast(ahead.count == Self.bytesAhead ? 1 : 0)
    for line in lines {
      var event = canopy_json_event()
      let text = UnsafeRawBufferPointer(rebasing: line)
      guard
        canopy_json_parse(other, text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, &event)
      else { continue }
      let members = members(of: event)
      for (name, width) in schema!.undecided where event.particle_count != width {
        schema!.undecided[name] = nil
        guard members.first(where: { $0.name == name })?.values?.count == width else { continue }
        schema!.particleColumns.remove(name)
        schema!.widths[name] = width
      }
      if schema!.undecided.isEmpty { return }
    }
  }

  /// Decides what undecided columns are by the first event that tells.
  private func decide(_ members: [Member], of event: canopy_json_event, in batch: inout Events) {
    for (name, width) in schema!.undecided where event.particle_count != width {
      schema!.undecided[name] = nil
      guard members.first(where: { $0.name == name })?.values?.count == width else { continue }
      schema!.particleColumns.remove(name)
      schema!.widths[name] = width
      if let column = batch.particles.content.columns[name] {
        var ofEvents = column
        ofEvents.width = width
        batch.columns[name] = ofEvents
        batch.particles.content.columns[name] = nil
      }
    }
  }

  /// What is wrong with the members that are columns of particles, or nil.
  private func particleColumnProblem(_ members: [Member], of event: canopy_json_event) -> EventInputError? {
    for name in schema!.particleColumns {
      let values = members.first { $0.name == name }?.values
      if let values, values.count == event.particle_count { continue }
      guard options.requires(particleColumn: name) else { continue }
      return error(
        field: name,
        (values.map { "has \($0.count) number\($0.count == 1 ? "" : "s")" } ?? "is no list of numbers")
          + " for \(event.particle_count) particles; give one for each particle")
    }
    return nil
  }

  /// Notes which columns cannot be read from this event on.
  private func noteMisfits(_ members: [Member], of event: canopy_json_event) {
    for name in schema!.particleColumns {
      guard let reason = misfit(members.first { $0.name == name }, event.particle_count, particles: true)
      else { continue }
      schema!.particleColumns.remove(name)
      schema!.unreadable["particle/" + name] = reason
    }
    for (name, width) in schema!.widths {
      guard let reason = misfit(members.first { $0.name == name }, width) else { continue }
      schema!.widths[name] = nil
      schema!.missing.remove(name)
      schema!.unreadable[name] = reason
    }
    for name in schema!.texts {
      let member = members.first { $0.name == name }
      guard member?.textOrMissing == nil else { continue }
      schema!.texts.remove(name)
      schema!.unreadable[name] =
        member == nil ? "event \(nextEvent) lacks it" : "event \(nextEvent) has something else than text"
    }
  }

  /// Why a member cannot be read as a column of `width` numbers, or of `width` particles; nil if it can.
  private func misfit(_ member: Member?, _ width: Int, particles: Bool = false) -> String? {
    guard let member else { return "event \(nextEvent) lacks it" }
    guard let values = member.values else {
      return
        "event \(nextEvent) has \(member.text == nil ? "something else than numbers" : "text, but earlier events have numbers")"
    }
    guard values.count != width else { return nil }
    return "event \(nextEvent) has \(values.count) numbers"
      + (particles ? " for \(width) particles" : ", but earlier events have \(width)")
  }

  /// What the first good event has.
  private func firstSchema(_ members: [Member], of event: canopy_json_event) -> Schema {
    var schema = Schema(hasPDGID: event.has_pdgid)
    for member in members {
      if member.text != nil {
        schema.texts.insert(member.name)
        continue
      }
      guard let values = member.values else {
        schema.unreadable[member.name] =
          "it is neither a number, a text nor a list of numbers"
          + (member.name == Self.jets ? ", nor a list of jets, such as [{\"pt\": 30}]" : "")
        continue
      }
      if member.isMissing { schema.missing.insert(member.name) }
      if member.isArray, values.count == event.particle_count, options.reads(particleColumn: member.name) {
        schema.particleColumns.insert(member.name)
        if !options.requires(particleColumn: member.name), values.count <= options.limits.numbersOfColumn {
          schema.undecided[member.name] = values.count
        }
        continue
      }
      if options.requires(particleColumn: member.name) {
        schema.unreadable["particle/" + member.name] =
          "event \(nextEvent) does not have a list of one number for each particle"
      }
      if values.isEmpty {
        schema.unreadable[member.name] = "it has no numbers"
      } else if values.count <= options.limits.numbersOfColumn {
        schema.widths[member.name] = values.count
      } else {
        schema.unreadable[member.name] =
          "it has \(values.count) numbers; at most \(options.limits.numbersOfColumn) are read"
      }
    }
    return schema
  }

  private func error(field: String? = nil, _ problem: String) -> EventInputError {
    EventInputError(
      source: buffer.source, event: nextEvent, line: buffer.lineNumber, field: field, problem: problem)
  }
}

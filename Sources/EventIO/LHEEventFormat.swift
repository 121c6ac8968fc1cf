// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Les Houches event files, versions 1 to 3 (arXiv:hep-ph/0609017, arXiv:1405.1067).
///
/// The particles of an event are those of the statuses that are asked for, by default the outgoing ones, ISTUP 1. Its
/// columns are `weight`, which is XWGTUP; `signal_process_id`, IDPRUP; `event_scale`, SCALUP in GeV; `alphaQED`, AQEDUP;
/// and `alphaQCD`, AQCDUP: the names that HepMC has for the same quantities. An event that has further weights, as `<wgt
/// id="NAME">` or in a list `<weights>` whose names stand in the header, has each as `weight.NAME`, XWGTUP as
/// `weight.XWGTUP`, and all in `weights`.
///
/// Lines are read, not XML: tags stand at the beginning of their lines, as the standard has it, nothing is
/// expanded, and the content of the header is passed over, except for the names of weights.
public struct LHEEventFormat: EventFormat {
  /// `lhe`.
  public let name = "lhe"
  /// `LHE`.
  public let title = "LHE"
  /// `LHE`, spelled out.
  public let summary = "Les Houches events"
  /// True: particles have statuses, and momenta are in GeV.
  public let isGeneratorRecord = true
  /// True.
  public let isParsedByAllThreads = true

  /// The format.
  public init() {}

  /// Whether the first tag is `<LesHouchesEvents`, after declarations and comments if there are any.
  public func matches(_ start: FileStart) -> Bool {
    guard let first = start.lines.first else { return false }
    if first.hasPrefix("<LesHouchesEvents") { return true }
    guard first.hasPrefix("<?xml") || first.hasPrefix("<!--") else { return false }
    return start.lines.contains { $0.contains("<LesHouchesEvents") }
  }

  /// Opens an input.
  public func open(_ input: EventSource) throws -> any EventReader { LHEEventReader(input) }
}

/// Finds where events begin and end; their text is parsed as ``LHEText``.
private final class LHEEventReader: EventReader {
  private let buffer: ByteBuffer
  private let options: EventReadingOptions
  private var nextEvent: Int
  /// The columns of the first good event of the input, which all batches have; nil before it.
  private var schema: GeneratorColumns.Schema?
  /// The names of the weights that the header lists.
  private var weightNames: [String] = []
  /// The line by which the next event begins, if it has been read already.
  private var pending: [UInt8]?
  /// What ends the element or comment whose lines are passed over.
  private var ending: String?

  init(_ input: EventSource) {
    buffer = input.bytes
    options = input.options
    nextEvent = input.firstEvent
  }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<max(count, 0) {
      guard try findStart() else { return skipped }
      var text = beginText()
      _ = try fill(&text, upTo: 1)
      // What the columns are does not depend on where reading begins.
      if schema == nil { schema = try text.parse { _ in }.schema }
      nextEvent += 1
    }
    return max(count, 0)
  }

  func take(upTo count: Int) throws -> TakenEvents? {
    guard try findStart() else { return nil }
    var text = beginText()
    let eventCount = try fill(&text, upTo: count)
    nextEvent += eventCount
    return try TakenEvents(text, eventCount: eventCount, schema: &schema)
  }

  private func beginText() -> LHEText {
    LHEText(
      source: buffer.source, options: options, schema: schema, firstEvent: nextEvent,
      linesBefore: buffer.lineNumber - 1, weightNames: weightNames)
  }

  /// Adds up to `count` events to a text and returns how many.
  private func fill(_ text: inout LHEText, upTo count: Int) throws -> Int {
    let longest = options.limits.bytesOfEvent
    var eventCount = 0
    while eventCount < count, text.size < longest {
      // Lines between events are counted, and not kept.
      guard try findStart(passing: { text.append([]) }), let start = pending else { break }
      let before = text.size
      text.append(start)
      pending = nil
      eventCount += 1
      while let line = try buffer.nextLine() {
        if line.isTag("event") {
          pending = Array(line)
          break
        }
        text.append(line)
        guard text.size - before <= longest else {
          throw EventInputError(
            source: buffer.source, event: nextEvent + eventCount - 1,
            problem: "is longer than the \(longest) bytes that one event may have; "
              + "raise --max-memory if this is an event")
        }
        if line.isTag("/event") { break }
      }
    }
    return eventCount
  }

  /// Moves to the line by which the next event begins, which then is pending; false at the end.
  ///
  /// - Parameter passing: hears of each line before it.
  /// - Returns: false at the end of the input.
  /// - Throws: `EventInputError` if the input cannot be read.
  private func findStart(passing: () -> Void = {}) throws -> Bool {
    guard pending == nil else { return true }
    while let line = try buffer.nextLine() {
      if let end = ending {
        if end == "</header>" { noteWeightName(line) }
        if line.contains(end) { ending = nil }
      } else if line.isTag("event") {
        pending = Array(line)
        return true
      } else if line.isTag("header") {
        ending = line.contains("</header>") ? nil : "</header>"
      } else if line.isTag("!--") {
        ending = line.contains("-->") ? nil : "-->"
      } else if line.contains("<![CDATA[") {
        ending = line.contains("]]>") ? nil : "]]>"
      } else {
        noteWeightName(line)
      }
      passing()
    }
    return false
  }

  private func noteWeightName(_ line: UnsafeRawBufferPointer) {
    guard weightNames.count < options.limits.numbersOfColumn else { return }
    if line.isTag("weight"), let name = line.attribute("id") ?? line.attribute("name") {
      weightNames.append(name)
    } else if line.isTag("weightinfo"), let name = line.attribute("name") ?? line.attribute("id") {
      weightNames.append(name)
    }
  }
}

/// The text of some events of a Les Houches file, from `<event>` to `</event>` each.
private struct LHEText: GeneratorText {
  private let source: String
  private let options: EventReadingOptions
  private let schema: GeneratorColumns.Schema?
  private let firstEvent: Int
  /// How many lines of the file stand before the first one here.
  private let linesBefore: Int
  /// The names of the weights that the header lists.
  private let weightNames: [String]
  private var bytes: [UInt8] = []

  init(
    source: String, options: EventReadingOptions, schema: GeneratorColumns.Schema?, firstEvent: Int,
    linesBefore: Int, weightNames: [String]
  ) {
    self.source = source
    self.options = options
    self.schema = schema
    self.firstEvent = firstEvent
    self.linesBefore = linesBefore
    self.weightNames = weightNames
  }

  /// The number of bytes.
  var size: Int { bytes.count }

  mutating func append(_ line: some Collection<UInt8>) {
    bytes.append(contentsOf: line)
    bytes.append(0x0A)
  }

  /// Parses the events; bad ones are left out after they were passed to `onBadEvent`.
  ///
  /// - Throws: what `onBadEvent` throws.
  func parse(_ onBadEvent: (EventInputError) throws -> Void) throws -> GeneratorEvents {
    var batch = Events(source: source)
    var columns = GeneratorColumns(schema: schema, maximumCount: options.limits.numbersOfColumn)
    let readsStatus = options.particles.columns.contains(Self.status)
    if readsStatus { batch.particles.content.columns[Self.status] = Column() }
    var record = LHERecord()
    try bytes.withUnsafeBytes { bytes in
      var lines = LHELines(bytes)
      var number = firstEvent
      while lines.moveToStart() {
        var problem: EventInputError?
        do {
          try readEvent(&lines, &record, into: &batch, readsStatus: readsStatus)
          if let bad = batch.unfinishedEventProblem() ?? columns.append(record) {
            problem = EventInputError(
              source: source, event: number, field: bad.field, problem: bad.problem)
          }
        } catch let error as LHEProblem {
          problem = EventInputError(
            source: source, event: number, line: error.line.map { linesBefore + $0 }, field: error.field,
            problem: error.problem)
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

  /// Reads the lines of an event after its first.
  ///
  /// - Throws: `LHEProblem`.
  private func readEvent(
    _ lines: inout LHELines, _ record: inout LHERecord, into batch: inout Events, readsStatus: Bool
  ) throws {
    guard let first = lines.nextInEvent(), !first.startsTag else {
      throw lines.problem(nil, "has no line NUP IDPRUP XWGTUP SCALUP AQEDUP AQCDUP; write one after <event>")
    }
    let particleCount = try readEventLine(first, lines, &record)
    for particle in 0..<particleCount {
      guard let line = lines.nextInEvent(), !line.startsTag else {
        throw lines.problem(
          "NUP",
          "is \(particleCount), but \(particle) particle\(particle == 1 ? " is" : "s are") there; "
            + "correct it or add the others")
      }
      try readParticle(line, particle, lines, into: &batch, readsStatus: readsStatus)
    }
    try readRest(&lines, &record, particleCount: particleCount)
  }

  private static let eventFields = ["NUP", "IDPRUP", "XWGTUP", "SCALUP", "AQEDUP", "AQCDUP"]

  /// Reads the first line of an event and returns how many particles it announces.
  private func readEventLine(
    _ line: UnsafeRawBufferPointer, _ lines: LHELines, _ record: inout LHERecord
  ) throws -> Int {
    var values = (0.0, 0.0, 0.0, 0.0)
    var announced = 0
    let count = try TextNumber.forEachField(of: line) { place, field in
      guard place < Self.eventFields.count else { return }
      if place < 2 {
        let whole = try lines.integer(field, Self.eventFields[place])
        if place == 0 { announced = whole } else { record.process = Double(whole) }
      } else {
        let value = try lines.finite(field, Self.eventFields[place])
        switch place {
        case 2: values.0 = value
        case 3: values.1 = value
        case 4: values.2 = value
        default: values.3 = value
        }
      }
    }
    guard count == Self.eventFields.count else {
      throw lines.problem(
        nil, "has \(count) field\(count == 1 ? "" : "s") instead of NUP IDPRUP XWGTUP SCALUP AQEDUP AQCDUP")
    }
    guard (0...options.limits.particlesOfEvent).contains(announced) else {
      throw lines.problem(
        "NUP", "is \(announced); from 0 to \(options.limits.particlesOfEvent) particles are read")
    }
    record.begin(weight: values.0)
    (record.scale, record.alphaQED, record.alphaQCD) = (values.1, values.2, values.3)
    return announced
  }

  private static let particleFields = [
    "IDUP", "ISTUP", "MOTHUP", "MOTHUP", "ICOLUP", "ICOLUP", "PX", "PY", "PZ", "E", "M", "VTIMUP", "SPINUP",
  ]

  private func readParticle(
    _ line: UnsafeRawBufferPointer, _ particle: Int, _ lines: LHELines, into batch: inout Events,
    readsStatus: Bool
  ) throws {
    func name(_ place: Int) -> String { "\(Self.particleFields[place]) of particle \(particle)" }
    var identifier: Int32 = 0
    var status: Int32 = 0
    var (px, py, pz, energy) = (0.0, 0.0, 0.0, 0.0)
    let count = try TextNumber.forEachField(of: line) { place, field in
      switch place {
      case 0, 1:
        let whole = try lines.integer(field, name(place))
        guard let value = Int32(exactly: whole) else {
          throw lines.problem(name(place), "is \(whole), which takes more than 32 bits; correct it")
        }
        if place == 0 { identifier = value } else { status = value }
      case 2...5: _ = try lines.integer(field, name(place))
      case 6: px = try lines.finite(field, name(place))
      case 7: py = try lines.finite(field, name(place))
      case 8: pz = try lines.finite(field, name(place))
      case 9: energy = try lines.finite(field, name(place))
      case 10...12: _ = try lines.finite(field, name(place))
      default: return
      }
    }
    guard count == Self.particleFields.count else {
      throw lines.problem(
        "particle \(particle)",
        "has \(count) field\(count == 1 ? "" : "s") instead of the \(Self.particleFields.count) from IDUP to SPINUP"
      )
    }
    guard options.particles.statuses.contains(status) else { return }
    batch.momenta.append(FourMomentum(px: px, py: py, pz: pz, energy: energy))
    batch.pdgID.append(identifier)
    if readsStatus { batch.particles.content.columns[Self.status]!.values.append(Double(status)) }
  }

  /// Reads what follows the particles: comments, weights, and elements that are passed over.
  private func readRest(_ lines: inout LHELines, _ record: inout LHERecord, particleCount: Int) throws {
    var hasTags = false
    var isInWeights = false
    var listed = 0
    while let line = lines.nextInEvent() {
      if line.isTag("/event") {
        record.finish()
        return
      }
      guard hasTags || line.startsTag else {
        throw lines.problem(
          "NUP", "is \(particleCount), but there are more lines of particles; correct it or leave them out")
      }
      hasTags = true
      if line.isTag("wgt") {
        guard let name = line.attribute("id"), let value = line.content,
          let number = TextNumber.decimal(value)
        else { throw lines.problem("wgt", "is no weight; write <wgt id=\"NAME\"> number </wgt>") }
        try add(number, name, &record, lines)
        continue
      }
      if line.isTag("weights") { isInWeights = true }
      guard isInWeights else { continue }
      var text = line
      if line.isTag("weights") { text = line.afterTag }
      if let end = text.firstIndex(of: UInt8(ascii: "<")) {
        text = UnsafeRawBufferPointer(rebasing: text[..<end])
        isInWeights = false
      }
      try TextNumber.forEachField(of: text) { _, field in
        guard let number = TextNumber.decimal(field) else {
          throw lines.problem(
            "weights", "has a field \(listed) that is no number; write the weights with blanks between")
        }
        try add(number, listed < weightNames.count ? weightNames[listed] : "", &record, lines)
        listed += 1
      }
    }
    throw lines.problem(nil, "is cut short: it has no </event>; leave it out or fetch the file again")
  }

  private func add(_ weight: Double, _ name: String, _ record: inout LHERecord, _ lines: LHELines) throws {
    guard record.weightCount < options.limits.numbersOfColumn else {
      throw lines.problem("weights", "are more than the \(options.limits.numbersOfColumn) that are read")
    }
    record.add(weight, name)
  }

  private static let status = "status"
}

/// What is wrong with an event.
private struct LHEProblem: Error {
  /// Counted from 1 in the text; nil if it is the event as a whole.
  let line: Int?
  let field: String?
  let problem: String
}

/// What the file says of an event, besides its particles.
private struct LHERecord: GeneratorRecord {
  var process = 0.0
  var scale = 0.0
  var alphaQED = 0.0
  var alphaQCD = 0.0
  private var weights: [Double] = []
  private var names: [String] = []
  /// The names of the event before.
  private var earlierNames: [String] = []
  private(set) var weightNamesVersion = 0

  /// Begins an event with its XWGTUP.
  mutating func begin(weight: Double) {
    weights.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
    add(weight, "XWGTUP")
  }

  mutating func add(_ weight: Double, _ name: String) {
    weights.append(weight)
    names.append(name)
  }

  /// Ends an event, all of whose weights are there.
  mutating func finish() {
    guard names != earlierNames else { return }
    earlierNames = names
    weightNamesVersion += 1
  }

  var eventNumber: Int64? { nil }
  var weightCount: Int { weights.count }
  var hasWeightNames: Bool { names.dropFirst().contains { !$0.isEmpty } }
  var crossSection: (value: Double, error: Double)? { nil }
  func weight(_ place: Int) -> Double { weights[place] }
  func weightName(_ place: Int) -> String { names[place] }

  private static let attributes = ["signal_process_id", "event_scale", "alphaQED", "alphaQCD"]
  var attributeCount: Int { Self.attributes.count }
  func attributeName(_ place: Int) -> String { Self.attributes[place] }
  func attributeValue(_ place: Int) -> Double {
    switch place {
    case 0: process
    case 1: scale
    case 2: alphaQED
    default: alphaQCD
    }
  }
}

/// The lines of some events.
private struct LHELines {
  private let bytes: UnsafeRawBufferPointer
  private var next = 0
  private var lineNumber = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Passes over all lines up to the one by which the next event begins; false if there is none.
  mutating func moveToStart() -> Bool {
    while let line = nextLine() {
      if line.isTag("event") { return true }
    }
    return false
  }

  /// The next line of the event that is neither blank nor a comment; nil if the event ends without
  /// `</event>`.
  mutating func nextInEvent() -> UnsafeRawBufferPointer? {
    while true {
      let (place, number) = (next, lineNumber)
      guard let line = nextLine() else { return nil }
      guard let first = line.first(where: { $0 > 0x20 }), first != UInt8(ascii: "#") else { continue }
      if first == UInt8(ascii: "<"), line.isTag("event") {
        (next, lineNumber) = (place, number)
        return nil
      }
      return line
    }
  }

  private mutating func nextLine() -> UnsafeRawBufferPointer? {
    guard next < bytes.count else { return nil }
    let rest = bytes[next...]
    let end = rest.firstIndex(of: 0x0A) ?? bytes.count
    defer { next = end + 1 }
    lineNumber += 1
    return UnsafeRawBufferPointer(rebasing: rest[..<end])
  }

  /// A problem at the line that was read last.
  func problem(_ field: String?, _ problem: String) -> LHEProblem {
    LHEProblem(line: lineNumber, field: field, problem: problem)
  }

  /// - Throws: `LHEProblem` if `text` is no integer.
  func integer(_ text: UnsafeRawBufferPointer, _ field: @autoclosure () -> String) throws -> Int {
    guard let value = TextNumber.integer(text) else {
      throw problem(field(), "is no whole number (\(excerpt(text))); correct it")
    }
    return value
  }

  /// - Throws: `LHEProblem` if `text` is no finite number.
  func finite(_ text: UnsafeRawBufferPointer, _ field: @autoclosure () -> String) throws -> Double {
    guard let value = TextNumber.decimal(text), value.isFinite else {
      throw problem(field(), "is no number, or too large (\(excerpt(text))); correct it")
    }
    return value
  }

  private func excerpt(_ text: UnsafeRawBufferPointer) -> String {
    String(decoding: text.prefix(40), as: UTF8.self)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the line, without the blanks before it, begins a tag.
  fileprivate var startsTag: Bool { first { $0 > 0x20 } == UInt8(ascii: "<") }

  /// Whether the line, without the blanks before it, begins with the tag `name`.
  fileprivate func isTag(_ name: StaticString) -> Bool {
    guard let start = firstIndex(where: { $0 > 0x20 }), self[start] == UInt8(ascii: "<") else { return false }
    let end = start + 1 + name.utf8CodeUnitCount
    guard end <= count else { return false }
    for place in 0..<name.utf8CodeUnitCount where self[start + 1 + place] != name.utf8Start[place] {
      return false
    }
    // `<event` is not `<eventgroup`; a comment may begin with anything.
    return end == count || self[end] <= 0x20 || self[end] == UInt8(ascii: ">") || name.utf8Start[0] == 0x21
  }

  fileprivate func contains(_ text: String) -> Bool { place(of: text) != nil }

  /// Where `text` begins for the first time.
  private func place(of text: String) -> Int? {
    let text = Array(text.utf8)
    guard count >= text.count else { return nil }
    return (0...(count - text.count)).first { self[$0] == text[0] && self[$0...].starts(with: text) }
  }

  /// The value of an attribute of the tag by which the line begins, in quotes of either kind.
  fileprivate func attribute(_ name: String) -> String? {
    guard let place = place(of: " \(name)=") else { return nil }
    let rest = self[(place + name.utf8.count + 2)...]
    guard let quote = rest.first, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(quote) else { return nil }
    let value = rest.dropFirst().prefix { $0 != quote }
    return value.endIndex < count ? String(decoding: value, as: UTF8.self) : nil
  }

  /// What follows the tag by which the line begins.
  fileprivate var afterTag: UnsafeRawBufferPointer {
    let end = firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? count
    return UnsafeRawBufferPointer(rebasing: self[end...])
  }

  /// What stands between the tag by which the line begins and the next one, without blanks; nil if it is nothing.
  fileprivate var content: UnsafeRawBufferPointer? {
    let text = afterTag.prefix { $0 != UInt8(ascii: "<") }
    guard let start = text.firstIndex(where: { $0 > 0x20 }), let end = text.lastIndex(where: { $0 > 0x20 })
    else { return nil }
    return UnsafeRawBufferPointer(rebasing: text[start...end])
  }
}

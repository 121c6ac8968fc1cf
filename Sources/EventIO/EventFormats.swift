// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Support

/// The formats of event files that a program knows, in the order in which an input is compared with them.
///
/// ```swift
/// var formats = EventFormats.builtIn
/// try formats.register(MyFormat())
/// let stream = try EventStream(inputs: ["events.mine"], options: EventReadingOptions(formats: formats))
/// ```
public struct EventFormats: Sendable {
  private enum Entry: Sendable {
    case format(any EventFormat)
    case foreign(ForeignFormat)
  }

  private var entries: [Entry] = []
  /// How many entries `register` has put before the others.
  private var registeredCount = 0

  /// No formats.
  public init() {}

  /// The formats that Canopy reads, and those that it knows by name only.
  public static let builtIn: EventFormats = {
    var formats = EventFormats()
    formats.append(HDF5EventFormat())
    for foreign in ForeignFormat.known { formats.append(foreign) }
    formats.append(LHEEventFormat())
    formats.append(HepMCEventFormat.hepMC3)
    formats.append(HepMCEventFormat.hepMC2)
    formats.append(ForeignFormat.hepMCOfAnotherKind)
    formats.append(JSONLinesEventFormat())
    formats.append(ForeignFormat.jsonOfAnotherKind)
    formats.append(TextEventFormat())
    return formats
  }()

  /// Makes a format known, with which inputs are compared before all built-in ones, and after those that were registered
  /// earlier.
  ///
  /// - Throws: ``EventFormatError`` where the name is taken by another format, or does not serve as one.
  public mutating func register(_ format: any EventFormat) throws {
    try FormatName.check(format.name, known: names)
    entries.insert(.format(format), at: registeredCount)
    registeredCount += 1
  }

  private mutating func append(_ format: any EventFormat) { entries.append(.format(format)) }

  private mutating func append(_ foreign: ForeignFormat) { entries.append(.foreign(foreign)) }

  /// All formats, in the order in which an input is compared with them.
  public var all: [any EventFormat] {
    entries.compactMap { entry in
      if case .format(let format) = entry { format } else { nil }
    }
  }

  /// The names of all formats, in the same order.
  public var names: [String] { all.map(\.name) }

  /// The formats as the end of a sentence, such as “HDF5, HepMC3 or JSON lines”.
  public var summary: String {
    let summaries = all.map(\.summary)
    guard summaries.count > 1 else { return summaries.first ?? "no format" }
    return summaries.dropLast().joined(separator: ", ") + " or " + summaries[summaries.count - 1]
  }

  /// The format of a name; nil if there is none.
  public subscript(name: String) -> (any EventFormat)? { all.first { $0.name == name } }

  /// The format of an input, told from its first bytes.
  ///
  /// - Parameters:
  ///   - start: the first bytes.
  ///   - source: the input as messages name it.
  /// - Returns: the format.
  /// - Throws: `EventInputError` that names the format where it is known but not read, and the formats that are read
  ///   where it is not known.
  public func format(of start: FileStart, source: String) throws -> any EventFormat {
    for entry in entries {
      switch entry {
      case .format(let format): if format.matches(start) { return format }
      case .foreign(let foreign):
        if let problem = foreign.problem(start, source) {
          throw EventInputError(source: source, problem: problem)
        }
      }
    }
    let problem =
      start.lines.isEmpty
      ? "is blank; there are no events to read"
      : "is in no format known here; give \(summary), or name its format with --input-format"
    throw EventInputError(source: source, problem: problem)
  }

  /// The format of the file `source`, told from its content.
  ///
  /// Standard input and pipes lose what is looked at.
  ///
  /// - Throws: `EventInputError` where the file cannot be read or is no event file.
  public func format(ofFile source: String) throws -> any EventFormat {
    let raw = ByteBuffer(try FileBytes(source: source), source: source)
    return try format(startOf: EventInput.decompressed(raw).buffer)
  }

  /// The format of an input, told from the bytes that come next.
  func format(startOf buffer: ByteBuffer) throws -> any EventFormat {
    try buffer.skipByteOrderMark()
    return try format(of: FileStart(buffer.peek(FileStart.maximumCount)), source: buffer.source)
  }

  /// The format that the user named `name`.
  ///
  /// - Throws: `EventInputError` where there is none of this name.
  func format(named name: String, source: String) throws -> any EventFormat {
    guard let format = self[name] else {
      throw EventInputError(
        source: source,
        problem: "is to be read as \(name), which is no format; choose from \(names.joined(separator: ", "))")
    }
    return format
  }
}

extension EventFormats: Equatable {
  /// Whether the formats have the same names and the same order.
  public static func == (first: EventFormats, second: EventFormats) -> Bool { first.names == second.names }
}

/// What is wrong with a format that is to be made known, in one sentence.
public struct EventFormatError: ReportedError, Sendable, Equatable {
  /// The sentence.
  public let description: String
}

/// What the names of formats and the endings of their files have in common.
enum FormatName {
  /// - Throws: ``EventFormatError`` if `name` is taken or is no word of lower-case letters, digits and hyphens, or one of
  ///   `endings` is not an ending in lower case without its dot.
  static func check(_ name: String, endings: [String] = [], known: [String]) throws {
    let isWord = name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
    guard !name.isEmpty, isWord else {
      throw EventFormatError(
        description: "“\(name)” is no name of a format: use lower-case letters, digits and hyphens.")
    }
    guard !known.contains(name) else {
      throw EventFormatError(
        description: "There is a format \(name) already: give this one another name, or leave one out.")
    }
    if let ending = endings.first(where: { $0.isEmpty || $0 != self.ending(of: "file." + $0) }) {
      throw EventFormatError(
        description:
          "“\(ending)” is no ending of files of the format \(name): use lower case, without dots.")
    }
  }

  /// The ending of a file's name, in lower case and without the dot.
  static func ending(of path: String) -> String { path.split(separator: ".").last?.lowercased() ?? "" }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// A format that events are written in, with all that is known of them.
///
/// A format is one type, which ``EventOutputFormats`` makes known; nothing else has to be changed. Its writer keeps an
/// ``EventSchema``, and sends text through a ``ResultText`` and arrays through a ``ResultArrays``, which see to it that a
/// file appears when it is whole.
public protocol EventOutputFormat: Sendable {
  /// What users call the format on the command line, such as `jsonl`.
  var name: String { get }

  /// What a file of the format has, as the end of a sentence that begins with its name, such as “has one JSON object an
  /// event”.
  var summary: String { get }

  /// The endings of the names of files that have this format, in lower case and without the dot.
  var fileExtensions: [String] { get }

  /// Opens `destination` for events in this format.
  ///
  /// - Parameters:
  ///   - destination: where the events go.
  ///   - units: the units of columns, by name, before those that the columns have themselves; a format that has no place
  ///     for units leaves them out.
  ///   - schema: what all events have, if it is known before the first; then the first have all columns that later ones
  ///     have.
  /// - Returns: the writer.
  /// - Throws: `ResultOutputError` if it cannot be written.
  func makeWriter(
    to destination: ResultDestination, units: [String: String], schema: EventSchema?
  ) throws -> any EventWriter
}

extension EventOutputFormat {
  /// Opens `destination` for events in this format, whose columns are taken from the first batch.
  ///
  /// - Parameters:
  ///   - destination: where the events go.
  ///   - units: the units of columns, by name.
  /// - Returns: the writer.
  /// - Throws: `ResultOutputError` if it cannot be written.
  public func makeWriter(
    to destination: ResultDestination, units: [String: String] = [:]
  ) throws -> any EventWriter {
    try makeWriter(to: destination, units: units, schema: nil)
  }
}

/// The formats of events that a program writes.
///
/// ```swift
/// let format = EventOutputFormats.builtIn.format(ofFile: "accepted.jsonl")
/// let writer = try format.makeWriter(to: .file("accepted.jsonl"))
/// ```
public struct EventOutputFormats: Sendable {
  /// All formats; the first is for files of any other ending.
  public private(set) var all: [any EventOutputFormat]

  /// The formats in which Canopy writes events.
  public static let builtIn = EventOutputFormats(all: [HDF5EventOutputFormat(), JSONLinesEventOutputFormat()])

  /// Makes a format known; its endings of files go before those of the formats that are known already.
  ///
  /// - Throws: ``EventFormatError`` if the name is taken by another format, or the name or an ending does not serve as one.
  public mutating func register(_ format: any EventOutputFormat) throws {
    try FormatName.check(format.name, endings: format.fileExtensions, known: names)
    all.append(format)
  }

  /// The names of all formats.
  public var names: [String] { all.map(\.name) }

  /// The endings of names of files, with their dots.
  public var fileExtensions: [String] { all.flatMap { $0.fileExtensions.map { "." + $0 } } }

  /// The format of a name; nil if there is none.
  public subscript(name: String) -> (any EventOutputFormat)? { all.first { $0.name == name } }

  /// The format that the ending of a file's name stands for; the first one if it stands for none.
  public func format(ofFile path: String) -> any EventOutputFormat {
    let ending = FormatName.ending(of: path)
    return all.last { $0.fileExtensions.contains(ending) } ?? all[0]
  }
}

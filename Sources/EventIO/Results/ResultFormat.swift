// SPDX-License-Identifier: GPL-3.0-or-later

/// A format that results are written in.
///
/// A format is one type, which ``ResultFormats`` makes known; nothing else has to be changed. Its writer sends text
/// through a ``ResultText`` and arrays through a ``ResultArrays``, which see to it that a file appears when it is whole.
public protocol ResultFormat: Sendable {
  /// What users call the format on the command line, such as `jsonl`.
  var name: String { get }

  /// What the format holds, as the end of a sentence that begins with its name, such as “has one JSON object an event”.
  var summary: String { get }

  /// The endings of the names of files that have this format, in lower case and without the dot.
  var fileExtensions: [String] { get }

  /// Opens `destination` for results in this format.
  ///
  /// - Throws: `ResultOutputError` where it cannot be written.
  func makeWriter(to destination: ResultDestination) throws -> any ResultWriter
}

/// The formats of results that a program knows.
///
/// ```swift
/// let writer = try ResultFormats.builtIn.format(ofFile: "scores.npz").makeWriter(to: .file("scores.npz"))
/// ```
public struct ResultFormats: Sendable {
  /// All formats; the first is for people, and for files of any other ending.
  public private(set) var all: [any ResultFormat]

  /// The formats in which Canopy writes results.
  public static let builtIn = ResultFormats(
    all: [TableResultFormat(), JSONLinesResultFormat(), HDF5ResultFormat(), NPZResultFormat()])

  /// Makes a format known; its endings of files go before those of the formats that are known already.
  ///
  /// - Throws: ``EventFormatError`` if the name is taken by another format, or the name or an ending does not serve as one.
  public mutating func register(_ format: any ResultFormat) throws {
    try FormatName.check(format.name, endings: format.fileExtensions, known: names)
    all.append(format)
  }

  /// The names of all formats.
  public var names: [String] { all.map(\.name) }

  /// The endings of names of files, with their dots.
  public var fileExtensions: [String] { all.flatMap { $0.fileExtensions.map { "." + $0 } } }

  /// The format of a name; nil if there is none.
  public subscript(name: String) -> (any ResultFormat)? { all.first { $0.name == name } }

  /// The format that the ending of a file's name stands for; the first one if it stands for none.
  public func format(ofFile path: String) -> any ResultFormat {
    let ending = FormatName.ending(of: path)
    return all.last { $0.fileExtensions.contains(ending) } ?? all[0]
  }
}

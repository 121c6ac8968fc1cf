// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A format of event files: how it is told from others, and how its events are read.
///
/// A format is one type, which a library or a program registers; nothing else has to be changed. The built-in formats use
/// nothing of the reading that another one could not. *Adding a format* shows a whole one.
public protocol EventFormat: Sendable {
  /// What users call the format on the command line, such as `hepmc3`.
  var name: String { get }

  /// What messages call the format, such as “HepMC3”.
  var title: String { get }

  /// How lists of formats show the format, such as “'px py pz E' text”; by default ``title``.
  var summary: String { get }

  /// Whether the events are generator records, whose particles have statuses and which state their units; by default
  /// false.
  ///
  /// Momenta of generator records are in GeV when they come from the reader; for all others the stream converts them
  /// from the unit that the user gives.
  var isGeneratorRecord: Bool { get }

  /// Whether events are parsed after they were taken from the input, by all threads side by side; by default false.
  var isParsedByAllThreads: Bool { get }

  /// The bytes of a short file of this format, with a few events to try it on; by default none.
  ///
  /// `canopy plugin check` and `EventFormatConformance` of the module PluginTesting read it.
  var example: [UInt8] { get }

  /// Whether an input of this format starts like this.
  ///
  /// - Parameter start: the first bytes, decompressed, at most ``FileStart/maximumCount``.
  /// - Returns: whether the input is taken for one of this format.
  func matches(_ start: FileStart) -> Bool

  /// Opens an input, which ``matches(_:)`` or the user took for one of this format.
  ///
  /// - Throws: `EventInputError` where the input cannot be read as this format.
  func open(_ input: EventSource) throws -> any EventReader
}

extension EventFormat {
  /// ``title``.
  public var summary: String { title }
  /// False: particles have no statuses, and units are not stated.
  public var isGeneratorRecord: Bool { false }
  /// False: events are parsed as they are read.
  public var isParsedByAllThreads: Bool { false }
  /// None.
  public var example: [UInt8] { [] }
}

/// How an event file is compressed.
public enum Compression: String, Sendable, CaseIterable {
  /// gzip (RFC 1952).
  case gzip
  /// Zstandard (RFC 8878).
  case zstd = "Zstandard"
  /// xz, that is LZMA2.
  case xz
  /// bzip2.
  case bzip2
}

/// The first bytes of an input, decompressed and without a byte order mark, by which its format is told.
public struct FileStart: Sendable {
  /// How many bytes are looked at.
  public static let maximumCount = 4096

  /// The bytes: at most ``maximumCount``, fewer if the input has no more.
  public let bytes: [UInt8]

  /// The lines that are not blank, without blanks at both ends; the last one may be cut short.
  public let lines: [String]

  /// The start of an input that begins with `bytes`.
  public init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes.prefix(Self.maximumCount))
    lines = self.bytes.drop { $0 <= 0x20 }.split(separator: 0x0A).compactMap {
      let line = String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      return line.isEmpty ? nil : line
    }
  }

  /// The first line that is neither blank nor a comment after `#`.
  public var firstContent: String? { lines.first { !$0.hasPrefix("#") } }

  /// Whether the bytes from number `offset` on, counted from 0, begin with `magic`.
  public func has(_ magic: some Collection<UInt8>, at offset: Int = 0) -> Bool {
    bytes.dropFirst(offset).starts(with: magic)
  }
}

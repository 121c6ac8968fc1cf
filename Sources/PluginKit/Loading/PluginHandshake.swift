// SPDX-License-Identifier: GPL-3.0-or-later

import CPluginInterface
import Foundation

/// What a program and the library of a plugin must have in common: it is read from the library's file before
/// anything of the library runs.
///
/// Every library that calls ``PluginRegistration/run(_:_:)`` holds it as two texts, `CANOPY PLUGIN …|version|compiler|`
/// and `CANOPY SOURCES …|fingerprint|`.
public struct PluginHandshake: Sendable, Equatable {
  /// The version of Canopy.
  public let canopyVersion: String
  /// The compiler, as the C compiler inside Swift's calls itself.
  public let compiler: String
  /// The fingerprint of the sources of all modules that a plugin can import, and of those behind them.
  public let sources: String

  /// The two texts of the running program.
  public static let texts = [String(cString: canopy_plugin_handshake()), "\(sourceFingerprint)"]

  /// That of the running program.
  public static let current = PluginHandshake(versions: fields(of: texts[0]), sources: fields(of: texts[1]))!

  /// The handshake in the bytes of a file, if there is one: the first of each text that is complete.
  init?(in file: Data) {
    func first(_ text: String, fields count: Int) -> [String]? {
      let magic = Array((text.prefix { $0 != "|" } + "|").utf8)
      return file.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while let place = rest.firstPlace(of: magic) {
          let found = String(
            decoding: bytes[place...].prefix(Self.longest).prefix { $0 != 0 }, as: UTF8.self)
          let fields = Self.fields(of: found)
          if fields.count == count, fields[count - 1].isEmpty { return fields }
          rest = bytes[(place + 1)...]
        }
        return nil
      }
    }
    guard let versions = first(Self.texts[0], fields: 4), let sources = first(Self.texts[1], fields: 3) else {
      return nil
    }
    self.init(versions: versions, sources: sources)
  }

  private static let longest = 1024

  private static func fields(of text: String) -> [String] {
    text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
  }

  private init?(versions: [String], sources: [String]) {
    guard versions.count == 4, sources.count == 3 else { return nil }
    canopyVersion = versions[1]
    compiler = versions[2]
    self.sources = sources[1]
  }

  /// Why a library with this handshake cannot be loaded, as the end of a sentence; nil if it can.
  var refusal: String? {
    let program = Self.current
    let advice = "build it again with this Canopy and this compiler"
    if canopyVersion != program.canopyVersion {
      return
        "it is built with Canopy \(canopyVersion), and this is Canopy \(program.canopyVersion): \(advice)"
    }
    if compiler != program.compiler {
      return "it is built by another compiler, \(compiler), and this Canopy by \(program.compiler): \(advice)"
    }
    if sources != program.sources {
      return "it is built with other sources of Canopy \(canopyVersion) than this program: \(advice)"
    }
    return nil
  }
}

extension Slice<UnsafeRawBufferPointer> {
  /// Where `bytes` begin for the first time.
  fileprivate func firstPlace(of bytes: [UInt8]) -> Int? {
    var place = startIndex
    while endIndex - place >= bytes.count, let start = base.baseAddress {
      guard let found = memchr(start + place, Int32(bytes[0]), endIndex - place) else { return nil }
      place = UnsafeRawPointer(found) - start
      if endIndex - place >= bytes.count, memcmp(start + place, bytes, bytes.count) == 0 { return place }
      place += 1
    }
    return nil
  }
}

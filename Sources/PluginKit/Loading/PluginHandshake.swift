// SPDX-License-Identifier: GPL-3.0-or-later

import CPluginInterface
import Foundation

/// What a program and the library of a plugin must have in common: it is read from the library's file before
/// anything of the library runs.
///
/// Every library that is built with PluginKit holds it as the text `CANOPY PLUGIN …|interface|version|compiler|`.
public struct PluginHandshake: Sendable, Equatable {
  /// The version of the interface between a program and its plugins.
  public let interfaceVersion: Int
  /// The version of Canopy.
  public let canopyVersion: String
  /// The compiler, as the C compiler inside Swift's calls itself.
  public let compiler: String

  /// The text of the running program.
  public static let text = String(cString: canopy_plugin_handshake())

  /// That of the running program.
  public static let current = PluginHandshake(fields: fields(of: text[...]))!

  /// The first handshake in the bytes of a file, if there is one.
  init?(in file: Data) {
    let magic = Array((Self.text.prefix { $0 != "|" } + "|").utf8)
    let found = file.withUnsafeBytes { bytes -> PluginHandshake? in
      var rest = bytes[...]
      while let place = rest.firstPlace(of: magic) {
        let text = String(decoding: bytes[place...].prefix(Self.longest).prefix { $0 != 0 }, as: UTF8.self)
        if let handshake = PluginHandshake(fields: Self.fields(of: text[...])) { return handshake }
        rest = bytes[(place + 1)...]
      }
      return nil
    }
    guard let found else { return nil }
    self = found
  }

  private static let longest = 1024

  private static func fields(of text: Substring) -> [Substring] {
    text.split(separator: "|", omittingEmptySubsequences: false)
  }

  private init?(fields: [Substring]) {
    guard fields.count == 5, fields[4].isEmpty, let interface = Int(fields[1]) else { return nil }
    interfaceVersion = interface
    canopyVersion = String(fields[2])
    compiler = String(fields[3])
  }

  /// Why a library with this handshake cannot be loaded, as the end of a sentence; nil where it can.
  var refusal: String? {
    let program = Self.current
    let advice = "build it anew with this Canopy and this compiler"
    if interfaceVersion != program.interfaceVersion {
      return "it is built for version \(interfaceVersion) of the plugin interface, and this is version "
        + "\(program.interfaceVersion): \(advice)"
    }
    if canopyVersion != program.canopyVersion {
      return
        "it is built with Canopy \(canopyVersion), and this is Canopy \(program.canopyVersion): \(advice)"
    }
    if compiler != program.compiler {
      return "it is built by another compiler, \(compiler), and this Canopy by \(program.compiler): \(advice)"
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

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The folder that plugins are compiled against: the compiled modules of Canopy's core, and samples to try a plugin on.
struct PluginKitFolder: Sendable {
  /// Its absolute path.
  let path: String

  /// A folder that a user names.
  ///
  /// - Throws: `PluginError` if it is no such folder, or its path cannot stand in a manifest.
  init(_ path: String) throws {
    let folder = URL(fileURLWithPath: path).standardizedFileURL.path
    guard Self.isKit(folder) else {
      throw PluginError(
        "\(folder): holds no plugin kit: give the folder plugin-kit that make build or make install has made."
      )
    }
    guard !folder.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline || $0.isWhitespace }) else {
      throw PluginError(
        "\(folder): a path with spaces, quotes or backslashes cannot stand in a manifest; install Canopy elsewhere."
      )
    }
    self.path = folder
  }

  /// The folder that belongs to the running program: next to it, or in `../lib/canopy` after it is installed.
  ///
  /// - Throws: `PluginError` if there is none.
  init() throws {
    let program = URL(fileURLWithPath: Bundle.main.executablePath ?? "").resolvingSymlinksInPath()
    let folder = program.deletingLastPathComponent()
    let places = ["plugin-kit", "../lib/canopy/plugin-kit"].map {
      folder.appendingPathComponent($0).standardizedFileURL.path
    }
    guard let place = places.first(where: Self.isKit) else {
      throw PluginError(
        "There is no plugin kit for this canopy, neither in \(places.joined(separator: " nor in ")): run make build or "
          + "make install in Canopy's sources, or name a kit by --kit.")
    }
    try self.init(place)
  }

  /// The names of all modules in it.
  var modules: Set<String> {
    let folders = ["modules", "testing"].map { "\(path)/\($0)" }
    let names = folders.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
    return Set(names.map { String($0.prefix { $0 != "." }) })
  }

  private static func isKit(_ folder: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/modules/PluginKit.swiftmodule")
  }
}

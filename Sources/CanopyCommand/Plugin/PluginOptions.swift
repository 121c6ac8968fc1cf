// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// Which plugins there are in addition to those that are built in.
struct PluginOptions: ParsableArguments {
  @Option(
    name: .customLong("plugin"),
    help: ArgumentHelp(
      "Load the library of a plugin; may be given several times.",
      discussion: """
        It is the library, or the folder of its package once that is built: .build/release goes before .build/debug. \
        The environment variable CANOPY_PLUGIN_PATH names libraries too, and folders of them, with colons between.
        """,
      valueName: "path"),
    completion: .file(extensions: ["so"]))
  var libraries: [String] = []

  /// All plugins: those that are built in, those of `CANOPY_PLUGIN_PATH`, and those of the command line.
  ///
  /// - Throws: `PluginError` if a library cannot be loaded.
  func registry() throws -> PluginRegistry { try Self.registry(loading: libraries) }

  /// The plugins that are built in, those of `CANOPY_PLUGIN_PATH`, and those of `libraries`.
  static func registry(loading libraries: [String]) throws -> PluginRegistry {
    var registry = PluginRegistry.builtIn
    try registry.load(searchPath: ProcessInfo.processInfo.environment["CANOPY_PLUGIN_PATH"] ?? "")
    for library in libraries { try registry.load(library) }
    return registry
  }
}

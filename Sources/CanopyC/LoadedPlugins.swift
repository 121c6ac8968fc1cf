// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Foundation

/// The plugins that come with Canopy and those that the program has loaded.
enum LoadedPlugins {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var loaded = PluginRegistry.builtIn

  /// The plugins.
  static var registry: PluginRegistry { lock.withLock { loaded } }

  /// Loads the libraries of a path.
  ///
  /// - Throws: `PluginError` that names the library.
  static func load(_ path: String) throws {
    // Only for a library that is a plugin: what is loaded later sees the symbols of HDF5 and the others too.
    try lock.withLock { try loaded.load(searchPath: path, prepare: canopy_share_symbols) }
  }
}

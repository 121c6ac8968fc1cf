// SPDX-License-Identifier: GPL-3.0-or-later

public import CPluginInterface

/// What a plugin's library receives when it is loaded.
///
/// The library has one function that a program finds by its name:
///
/// ```swift
/// @_cdecl("canopy_plugin")
/// public func canopyPlugin(_ registration: UnsafeMutableRawPointer) {
///   PluginRegistration.run(registration) { registry in
///     try registry.register(LinearTagger.self)
///   }
/// }
/// ```
public final class PluginRegistration {
  /// The name of the function by which a library registers its plugins.
  public static let entryPoint = "canopy_plugin"

  /// The name of a function that is in a library only if it has a copy of PluginKit in it.
  static let copyOfCore = "canopy_plugin_core"

  var result: Result<PluginRegistry, any Error>

  init(_ registry: PluginRegistry) { result = .success(registry) }

  /// Makes the plugins of a library known; if `register` throws, none of them is.
  ///
  /// It is compiled into the library, so that the library's file holds what it was built with.
  ///
  /// - Parameters:
  ///   - registration: what the library's function `canopy_plugin` received.
  ///   - register: registers the plugins.
  @_alwaysEmitIntoClient
  public static func run(
    _ registration: UnsafeMutableRawPointer, _ register: (inout PluginRegistry) throws -> Void
  ) {
    run(registration, versions: canopy_plugin_handshake(), sources: sourceFingerprint, register)
  }

  /// Registers the plugins of a library that was built with what the two texts say.
  @usableFromInline
  static func run(
    _ registration: UnsafeMutableRawPointer, versions: UnsafePointer<CChar>, sources: StaticString,
    _ register: (inout PluginRegistry) throws -> Void
  ) {
    let registration = Unmanaged<PluginRegistration>.fromOpaque(registration).takeUnretainedValue()
    registration.result = registration.result.flatMap { registry in
      Result {
        // A file could hold the texts of another library before its own.
        guard PluginHandshake.texts == [String(cString: versions), "\(sources)"] else {
          throw PluginError("The library is built with another Canopy than this program: build it again.")
        }
        var registry = registry
        try register(&registry)
        return registry
      }
    }
  }
}

/// A function that is in everything that has a copy of PluginKit in it; a program finds it by its name.
@_cdecl("canopy_plugin_core") @usableFromInline
func pluginCore() {}

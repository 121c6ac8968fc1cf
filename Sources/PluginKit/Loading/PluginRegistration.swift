// SPDX-License-Identifier: GPL-3.0-or-later

/// What a plugin's library is handed when it is loaded.
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

  var result: Result<PluginRegistry, any Error>

  init(_ registry: PluginRegistry) { result = .success(registry) }

  /// Makes the plugins of a library known; where `register` throws, none of them is.
  ///
  /// - Parameters:
  ///   - registration: what the library's function `canopy_plugin` was handed.
  ///   - register: registers the plugins.
  public static func run(
    _ registration: UnsafeMutableRawPointer, _ register: (inout PluginRegistry) throws -> Void
  ) {
    let registration = Unmanaged<PluginRegistration>.fromOpaque(registration).takeUnretainedValue()
    registration.result = registration.result.flatMap { registry in
      Result {
        var registry = registry
        try register(&registry)
        return registry
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What `canopy --plugin` calls when it has loaded the library.
@_cdecl("canopy_plugin")
public func registerPlugins(_ registration: UnsafeMutableRawPointer) {
  PluginRegistration.run(registration) { registry in
    try registry.register(JetPull.self)
  }
}

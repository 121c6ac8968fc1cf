// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The configuration of observables that have no settings.
public struct NoSettings: SettingsSection, Encodable {
  /// No settings.
  public init() {}

  /// None.
  public static let settings: [Setting<NoSettings>] = []
}

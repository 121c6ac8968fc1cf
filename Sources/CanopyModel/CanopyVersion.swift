// SPDX-License-Identifier: GPL-3.0-or-later

import CPluginInterface

/// The version of Canopy.
public enum CanopyVersion {
  /// The version, by semantic versioning.
  public static let current = CANOPY_VERSION
}

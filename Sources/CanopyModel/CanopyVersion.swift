// SPDX-License-Identifier: GPL-3.0-or-later

/// The version of Canopy.
public enum CanopyVersion {
  /// The version, by semantic versioning.
  public static let current = "0.1.0"
}

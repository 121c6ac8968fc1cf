// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

/// The limit of four-momenta: what readers accept can be clustered.
public enum MomentumLimit {
  /// The largest absolute value of px, py, pz and E in GeV, 1e50: the squares of sums of anything larger would
  /// overflow.
  public static let largestComponent = cfastjet_largest_component
}

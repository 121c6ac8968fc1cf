// SPDX-License-Identifier: GPL-3.0-or-later

/// What conditions and formulas read of a four-momentum, by its name in them; in GeV as far as it has a unit.
public enum MomentumQuantity: String, Sendable, CaseIterable {
  /// The momentum along x.
  case px
  /// The momentum along y.
  case py
  /// The momentum along the beam.
  case pz
  /// Energy.
  case energy
  /// Transverse momentum.
  case pt
  /// Pseudorapidity.
  case eta
  /// Rapidity.
  case rapidity
  /// Azimuth in [0, 2π).
  case phi
  /// Mass; a negative squared mass gives a negative mass.
  case mass

  /// The quantity of a momentum.
  public func callAsFunction(_ momentum: FourMomentum) -> Double {
    switch self {
    case .px: momentum.px
    case .py: momentum.py
    case .pz: momentum.pz
    case .energy: momentum.energy
    case .pt: momentum.pt
    case .eta: momentum.pseudorapidity
    case .rapidity: momentum.rapidity
    case .phi: momentum.phi
    case .mass: momentum.mass
    }
  }
}

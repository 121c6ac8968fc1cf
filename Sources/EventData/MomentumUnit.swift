// SPDX-License-Identifier: GPL-3.0-or-later

/// A unit of momenta, energies and masses.
public enum MomentumUnit: String, Sendable, CaseIterable, Codable {
  /// 10⁶ eV.
  case mev = "MeV"
  /// 10⁹ eV, which everything is in once it is read.
  case gev = "GeV"
  /// 10¹² eV.
  case tev = "TeV"

  /// The unit in GeV.
  public var inGeV: Double {
    switch self {
    case .mev: 1e-3
    case .gev: 1
    case .tev: 1e3
    }
  }
}

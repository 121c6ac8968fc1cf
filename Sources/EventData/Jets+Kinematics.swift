// SPDX-License-Identifier: GPL-3.0-or-later

extension Jets {
  /// Transverse momenta in GeV: `[jets]`.
  ///
  /// Computed at each use, as the following are.
  public var pt: [Double] { (0..<jetCount).map { momentum(ofJet: $0).pt } }

  /// Rapidities: `[jets]`.
  public var rapidity: [Double] { (0..<jetCount).map { momentum(ofJet: $0).rapidity } }

  /// Azimuths in [0, 2π): `[jets]`.
  public var phi: [Double] { (0..<jetCount).map { momentum(ofJet: $0).phi } }

  /// Masses in GeV, −√(−m²) if m² is negative: `[jets]`.
  public var mass: [Double] { (0..<jetCount).map { momentum(ofJet: $0).mass } }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A four-momentum (px, py, pz, E) in GeV, with z along the beam.
///
/// Kinematic quantities follow FastJet's `PseudoJet`; if FastJet's formula has no finite result, the
/// documentation of the quantity says what it is here.
public struct FourMomentum: Sendable, Hashable, Codable {
  /// Momentum along x in GeV.
  public var px: Double
  /// Momentum along y in GeV.
  public var py: Double
  /// Momentum along the beam in GeV.
  public var pz: Double
  /// Energy in GeV.
  public var energy: Double

  /// The momentum of these components.
  public init(px: Double, py: Double, pz: Double, energy: Double) {
    self.px = px
    self.py = py
    self.pz = pz
    self.energy = energy
  }

  /// The momentum of this transverse momentum, rapidity, azimuth and mass.
  public init(pt: Double, rapidity: Double, phi: Double, mass: Double) {
    let transverseMass = (pt * pt + mass * mass).squareRoot()
    self.init(
      px: pt * cos(phi), py: pt * sin(phi), pz: transverseMass * sinh(rapidity),
      energy: transverseMass * cosh(rapidity))
  }

  /// No momentum and no energy.
  public static let zero = FourMomentum(px: 0, py: 0, pz: 0, energy: 0)

  /// The square of the transverse momentum, px² + py².
  public var pt2: Double { px * px + py * py }

  /// The transverse momentum, √(px² + py²).
  public var pt: Double { pt2.squareRoot() }

  /// The modulus of the momentum, |p| = √(px² + py² + pz²).
  public var modulus: Double { (pt2 + pz * pz).squareRoot() }

  /// The square of the mass, (E + pz)(E − pz) − pT²; negative if rounding made the mass imaginary.
  public var mass2: Double { (energy + pz) * (energy - pz) - pt2 }

  /// The mass m, or −√(−m²) if m² is negative.
  public var mass: Double { mass2 < 0 ? -(-mass2).squareRoot() : mass2.squareRoot() }

  /// The azimuth in [0, 2π); 0 along the beam.
  public var phi: Double {
    guard pt2 != 0 else { return 0 }
    var phi = atan2(py, px)
    if phi < 0 { phi += 2 * .pi }
    // A tiny negative azimuth plus 2π rounds to 2π.
    return phi < 2 * .pi ? phi : 0
  }

  /// The rapidity ½ ln((E + pz)/(E − pz)), with a negative m² taken as 0.
  ///
  /// A massless momentum along the beam has ±(10⁵ + |pz|), as in FastJet, so that different momenta along the
  /// beam have different rapidities; here every momentum whose rapidity would be infinite has that.
  public var rapidity: Double {
    let transverseMass2 = pt2 + max(0, mass2)
    let lightCone = energy + abs(pz)
    let magnitude = -0.5 * log(transverseMass2 / (lightCone * lightCone))
    guard magnitude.isFinite, !(pt2 == 0 && energy == abs(pz)) else {
      let limit = Self.beamRapidity + abs(pz)
      return pz >= 0 ? limit : -limit
    }
    return pz > 0 ? magnitude : -magnitude
  }

  /// The pseudorapidity −ln tan(θ/2); ±10⁵ along the beam, and 10⁵ for no momentum, as in FastJet but for the
  /// sign.
  public var pseudorapidity: Double {
    guard pt2 != 0 else { return pz >= 0 ? Self.beamRapidity : -Self.beamRapidity }
    return asinh(pz / pt)
  }

  /// The polar angle to the beam in [0, π]; 0 for no momentum.
  public var theta: Double { atan2(pt, pz) }

  /// The azimuth of `other` less this one's, in [−π, π].
  public func deltaPhi(to other: FourMomentum) -> Double {
    let difference = other.phi - phi
    if difference > .pi { return difference - 2 * .pi }
    if difference < -.pi { return difference + 2 * .pi }
    return difference
  }

  /// The distance √(Δy² + Δφ²) in rapidity and azimuth.
  public func deltaR(to other: FourMomentum) -> Double {
    let (deltaY, deltaPhi) = (other.rapidity - rapidity, deltaPhi(to: other))
    return (deltaY * deltaY + deltaPhi * deltaPhi).squareRoot()
  }

  /// The sum of two momenta.
  public static func + (a: FourMomentum, b: FourMomentum) -> FourMomentum {
    FourMomentum(px: a.px + b.px, py: a.py + b.py, pz: a.pz + b.pz, energy: a.energy + b.energy)
  }

  /// FastJet's MaxRap.
  private static let beamRapidity = 1e5
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A node of a tree as the generator sees it: a massless prong with the sum of its constituents' transverse momenta, in
/// the direction that is their mean weighted by pT (the pt scheme of FastJet, arXiv:1111.6097, section 3.4).
///
/// In this scheme a prong and one ``Branching`` are its two children, and nothing else: both directions are exact.
struct Prong: Equatable {
  /// The transverse momentum in GeV.
  var pt: Double
  /// The rapidity.
  var rapidity: Double
  /// The azimuth, not reduced to one turn.
  var phi: Double

  /// The least transverse momentum, in GeV, so that its logarithm is a number.
  static let leastPt = 1e-12

  init(pt: Double, rapidity: Double, phi: Double) {
    (self.pt, self.rapidity, self.phi) = (pt, rapidity, phi)
  }

  /// The prong of a constituent, without its mass.
  init(_ momentum: FourMomentum) {
    pt = max(momentum.pt, Self.leastPt)
    rapidity = momentum.rapidity
    phi = momentum.phi
  }

  /// The prong that two others make, and how it branches into them.
  init(harder: Prong, softer: Prong, branching: inout Branching) {
    pt = harder.pt + softer.pt
    let share = softer.pt / pt
    let across = softer.rapidity - harder.rapidity
    let around = (softer.phi - harder.phi).remainder(dividingBy: 2 * .pi)
    rapidity = harder.rapidity + share * across
    phi = harder.phi + share * around
    branching = Branching(across: across, around: around, share: share)
  }

  /// The two prongs that this one branches into.
  func split(_ branching: Branching) -> (harder: Prong, softer: Prong) {
    let share = branching.share
    let across = branching.angle * cos(branching.azimuth)
    let around = branching.angle * sin(branching.azimuth)
    return (
      Prong(pt: (1 - share) * pt, rapidity: rapidity - share * across, phi: phi - share * around),
      Prong(pt: share * pt, rapidity: rapidity + (1 - share) * across, phi: phi + (1 - share) * around)
    )
  }

  /// The four-momentum of a particle with a mass, in GeV, that has this transverse momentum and direction.
  func momentum(mass: Double) -> FourMomentum {
    let transverseMass = hypot(pt, mass)
    return FourMomentum(
      px: pt * cos(phi), py: pt * sin(phi), pz: transverseMass * sinh(rapidity),
      energy: transverseMass * cosh(rapidity))
  }
}

/// How a prong branches into two, by three numbers that each may take any value.
struct Branching: Equatable {
  /// ln ΔR of the two children.
  var logAngle: Double
  /// ln(2z / (1 − 2z)), where z ≤ 1/2 is the softer child's share of the transverse momentum.
  var logitShare: Double
  /// The direction from the harder to the softer child in the plane of rapidity and azimuth, in (−π, π].
  var azimuth: Double

  /// A symmetric branching at ΔR = 1.
  init() { (logAngle, logitShare, azimuth) = (0, Self.shares.upperBound, 0) }

  init(logAngle: Double, logitShare: Double, azimuth: Double) {
    (self.logAngle, self.logitShare, self.azimuth) = (logAngle, logitShare, azimuth)
  }

  init(across: Double, around: Double, share: Double) {
    logAngle = log(max(hypot(across, around), Self.leastAngle))
    let double = 2 * share
    logitShare = min(max(log(double / (1 - double)), Self.shares.lowerBound), Self.shares.upperBound)
    azimuth = atan2(around, across)
  }

  /// Two directions that are nearer are taken as this far from each other.
  private static let leastAngle = 1e-6
  /// The values of ``logitShare``: z from about 10⁻⁹ to 0.49998.
  private static let shares = -20.0...10.0

  /// ΔR.
  var angle: Double { exp(logAngle) }
  /// z.
  var share: Double { 0.5 / (1 + exp(-logitShare)) }
}

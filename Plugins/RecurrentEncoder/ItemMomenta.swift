// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// What an event encoder reads of the four-momentum of a jet or particle, and in which frame: the detector's
/// or the event's own.
///
/// The event's own frame measures azimuths from the direction of the missing transverse momentum −Σ pT or, if
/// that vanishes to rounding, from the direction of the hardest particle. Of the two mirror images of the
/// transverse plane it shows the one with Σ pT sin 2Δφ ≥ 0, and of the two directions of the beam the one
/// with Σ pT cos θ ≥ 0, sums being over all particles. Therefore an event that is rotated around the beam or
/// reflected gives the same numbers; and as the sums are linear in pT, they do not change when a particle
/// splits into collinear ones. An event without transverse momentum is shown unchanged.
///
/// Logarithms stop at pT = 1 MeV and m = 100 MeV, pseudorapidities at ±10, so that momenta along the beam and masses
/// that rounding made imaginary have finite numbers.
public enum ItemMomenta: String, Sendable, Codable, CaseIterable {
  /// pT, η, φ and m in the detector's frame (arXiv:1702.00748, section 3.2).
  case paper
  /// ln pT, η, cos Δφ, sin Δφ and ln m in the event's own frame.
  case relative
  /// Nothing; event inputs are in the event's own frame.
  case none

  /// The names of the numbers, in order.
  public var names: [String] {
    switch self {
    case .paper: ["pT", "η", "φ", "m"]
    case .relative: ["ln pT", "η", "cos Δφ", "sin Δφ", "ln m"]
    case .none: []
    }
  }

  /// The number of numbers.
  public var count: Int {
    switch self {
    case .paper: 4
    case .relative: 5
    case .none: 0
    }
  }

  func append(_ p: FourMomentum, in frame: EventFrame, to numbers: inout [Float]) {
    switch self {
    case .paper:
      numbers.append(Float(p.pt))
      numbers.append(Float(p.boundedPseudorapidity))
      numbers.append(Float(p.phi))
      numbers.append(Float(p.mass))
    case .relative:
      let (cosine, sine) = frame.direction(of: p)
      numbers.append(Float(p.logPt))
      numbers.append(Float(frame.pseudorapidity(of: p)))
      numbers.append(Float(cosine))
      numbers.append(Float(sine))
      numbers.append(Float(log(max(p.mass, FourMomentum.leastMass))))
    case .none: break
    }
  }
}

extension FourMomentum {
  /// Where logarithms of transverse momenta stop, in GeV.
  static let leastPt = 1e-3
  /// Where logarithms of masses stop, in GeV.
  static let leastMass = 0.1
  /// Beyond it there is no detector; a momentum along the beam has a finite place there.
  static let largestPseudorapidity = 10.0

  var boundedPseudorapidity: Double {
    min(max(pseudorapidity, -Self.largestPseudorapidity), Self.largestPseudorapidity)
  }

  /// ln pT, of 1 MeV at least.
  var logPt: Double { Self.logPt(pt) }

  /// ln pT, of 1 MeV at least.
  static func logPt(_ pt: Double) -> Double { log(max(pt, leastPt)) }
}

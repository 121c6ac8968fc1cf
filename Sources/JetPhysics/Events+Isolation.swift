// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Events {
  /// The isolation of a particle: the scalar sum of the transverse momenta of all other particles of its event within
  /// √(Δη² + Δφ²) ≤ R of it, divided by its own, with η the pseudorapidity; 0 for one without transverse momentum.
  ///
  /// - Parameters:
  ///   - particle: counted from the first of all events.
  ///   - particles: the particles of its event.
  ///   - pt: their transverse momenta in GeV: `[particles of the event]`.
  ///   - radius: the radius R.
  public func isolation(
    ofParticle particle: Int, among particles: Range<Int>, pt: [Double], radius: Double
  ) -> Double {
    let momenta = momenta
    let (x, y) = (momenta.px[particle], momenta.py[particle])
    let own = pt[particle - particles.lowerBound]
    guard own > 0 else { return 0 }
    let p = momentum(ofParticle: particle)
    let (eta, phi) = (p.pseudorapidity, p.phi)
    let least = cos(min(radius, .pi)) * own * (1 - 1e-12)
    var sum = 0.0
    for other in particles where other != particle {
      let pt = pt[other - particles.lowerBound]
      // Most are too far in azimuth, which takes no transcendental function to see.
      guard pt > 0, x * momenta.px[other] + y * momenta.py[other] >= least * pt else { continue }
      let q = momentum(ofParticle: other)
      let deltaEta = q.pseudorapidity - eta
      guard abs(deltaEta) <= radius else { continue }
      let deltaPhi = (q.phi - phi).magnitude
      let azimuth = min(deltaPhi, 2 * .pi - deltaPhi)
      if deltaEta * deltaEta + azimuth * azimuth <= radius * radius { sum += pt }
    }
    return sum / own
  }
}

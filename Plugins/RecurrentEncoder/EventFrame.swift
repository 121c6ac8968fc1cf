// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Where the numbers of an event are measured from: see ``ItemMomenta``.
struct EventFrame {
  /// The transverse momentum that is missing, −Σ pT, in GeV.
  private(set) var missingX = 0.0
  private(set) var missingY = 0.0
  /// Σ pT in GeV.
  private(set) var scalarSum = 0.0

  /// The direction that azimuths are measured from, a unit vector.
  private var axisX = 1.0
  private var axisY = 0.0
  /// −1 if the transverse plane is shown reflected.
  private var side = 1.0
  /// −1 if the beam is shown reflected.
  private var hemisphere = 1.0

  /// The transverse momentum that is missing, |Σ pT|, in GeV.
  var missingPt: Double { (missingX * missingX + missingY * missingY).squareRoot() }

  /// The detector's frame, or the event's own, for particles with these transverse momenta.
  ///
  /// - Parameters:
  ///   - events: the batch of the event.
  ///   - particles: the particles of the event.
  ///   - pt: their transverse momenta in GeV: `[particles of the event]`.
  ///   - isOwn: whether the frame is the event's own.
  init(_ events: Events, _ particles: Range<Int>, pt: [Double], isOwn: Bool) {
    var along = 0.0
    var (cosines, sines) = (0.0, 0.0)
    var hardest = (pt: 0.0, x: 1.0, y: 0.0)
    for particle in particles {
      let pt = pt[particle - particles.lowerBound]
      guard pt > 0 else { continue }
      let p = events.momentum(ofParticle: particle)
      let (x, y, z) = (p.px, p.py, p.pz)
      missingX -= x
      missingY -= y
      scalarSum += pt
      along += pt * z / (pt * pt + z * z).squareRoot()
      cosines += (x * x - y * y) / pt
      sines += 2 * x * y / pt
      if pt > hardest.pt { hardest = (pt, x, y) }
    }
    guard isOwn else { return }
    if missingPt > 1e-9 * scalarSum {
      (axisX, axisY) = (missingX / missingPt, missingY / missingPt)
    } else if scalarSum > 0 {
      (axisX, axisY) = (hardest.x / hardest.pt, hardest.y / hardest.pt)
    }
    // sin 2Δφ for Δφ = φ − φ_axis, summed.
    let tilt = sines * (axisX * axisX - axisY * axisY) - cosines * 2 * axisX * axisY
    side = tilt < 0 ? -1 : 1
    hemisphere = along < 0 ? -1 : 1
  }

  /// The cosine and the sine of a momentum's azimuth in this frame; both 0 along the beam.
  func direction(of p: FourMomentum) -> (cosine: Double, sine: Double) {
    let pt = p.pt
    guard pt > 0 else { return (0, 0) }
    return ((p.px * axisX + p.py * axisY) / pt, side * (p.py * axisX - p.px * axisY) / pt)
  }

  /// The pseudorapidity in this frame, within ±10.
  func pseudorapidity(of p: FourMomentum) -> Double { hemisphere * p.boundedPseudorapidity }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

extension TauPair {
  /// The number of features of an event.
  static let featureCount = 24

  /// What a network reads of a pair, of the size of 1, unchanged when the event is rotated around the beam or reflected;
  /// zeros where there is no pair: `[featureCount]`.
  ///
  /// - Parameters:
  ///   - pair: the candidates.
  ///   - missingX: the missing momentum along x in GeV.
  ///   - missingY: the missing momentum along y in GeV.
  ///   - scale: the mass in GeV that others are relative to.
  static func features(_ pair: TauPair?, missingX: Double, missingY: Double, scale: Double) -> [Double] {
    guard let pair else { return Array(repeating: 0, count: featureCount) }
    let missing = FourMomentum(px: missingX, py: missingY, pz: 0, energy: hypot(missingX, missingY))
    let (a, b) = (pair.first.momentum, pair.second.momentum)
    let visible = a + b
    let visibleMass = pair.visibleMass
    let collinear = pair.collinearMass(missingX: missingX, missingY: missingY)
    let shares = pair.neutrinoShares(missingX: missingX, missingY: missingY) ?? (0, 0)
    func logarithm(_ x: Double) -> Double { log(min(max(x, 0.1), 1e6) / scale) }
    func cosine(_ p: FourMomentum, _ q: FourMomentum) -> Double {
      let product = p.pt * q.pt
      return product > 0 ? (p.px * q.px + p.py * q.py) / product : 0
    }
    func candidate(_ tau: TauCandidate) -> [Double] {
      [
        logarithm(tau.momentum.pt), min(abs(tau.momentum.pseudorapidity), 10), tau.isLepton ? 1 : 0,
        tau.isIdentified ? 1 : 0, tau.isolation, log(max(tau.momentum.mass, 0.1)),
        cosine(tau.momentum, missing),
      ]
    }
    return [
      1, logarithm(visibleMass), logarithm(collinear ?? visibleMass), collinear == nil ? 0 : 1,
      asinh(shares.first), asinh(shares.second), cosine(a, b),
      pair.first.charge * pair.second.charge < 0 ? 1 : 0, logarithm(visible.pt),
      logarithm((visible + missing).pt),
    ] + candidate(pair.first) + candidate(pair.second)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The likelihood of fastMTT for a pair of τ candidates.
///
/// It is one of the shares x₁ and x₂ that the visible momenta have of the momenta of the τ leptons (A. Kalinowski and
/// W. Matyszkiewicz, arXiv:2509.26069, and their code, github.com/SVfit/ClassicSVfit).
///
/// The neutrinos of each lepton fly along what is visible of it. The likelihood is the product of
///
/// - a Gaussian of the missing momentum about that of the neutrinos, Σ (1/xᵢ − 1) pᵢ;
/// - 2 m_vis² m⁻⁶ ∫ dz₂/z₂ f₁(m_vis²/(m² z₂)) f₂(z₂), the density of decays of a resonance with the mass m, over all shares
///   z₁ z₂ = m_vis²/m² that the masses allow, (mᵢ/m_τ)² < zᵢ < 1; f is 1 for hadrons and 1 − z for a lepton, whose decay has
///   two neutrinos. m is the mass of both momenta over 1.15.
///
/// The estimate is the mass at the largest likelihood among x₁, x₂ = 0.01, 0.02 … 0.99.
struct FastMTT {
  /// The mass in GeV, and the shares.
  struct Estimate {
    let mass: Double
    let shares: (first: Double, second: Double)
  }

  /// What is needed of a visible momentum.
  private struct Leg {
    let px, py, massSquared: Double
    /// (m / m_τ)², the least share.
    let least: Double
    let isLepton: Bool

    init(_ candidate: TauCandidate) {
      let p = candidate.momentum
      (px, py, isLepton) = (p.px, p.py, candidate.isLepton)
      massSquared = p.mass2
      // Hadrons of a mass that no τ has are taken for what their calorimeter makes of them.
      let mass = isLepton ? p.mass : min(max(p.mass, FastMTT.leastHadronMass), FastMTT.largestHadronMass)
      let ratio = max(0, mass) / FastMTT.tauMass
      least = ratio * ratio
    }
  }

  static let tauMass = 1.77693
  private static let leastHadronMass = 0.13957
  private static let largestHadronMass = 1.5
  /// By how much masses are smaller in the density of decays.
  static let massScale = 1.15
  static let steps = 100

  private let a, b: Leg
  private let product, visibleMassSquared: Double
  private let missingX, missingY, resolution: Double

  /// The likelihood for a pair.
  ///
  /// - Parameters:
  ///   - pair: the pair.
  ///   - missingX: the missing momentum along x in GeV.
  ///   - missingY: the same along y.
  ///   - resolution: the standard deviation of each component of the missing momentum in GeV.
  init(_ pair: TauPair, missingX: Double, missingY: Double, resolution: Double) {
    (a, b) = (Leg(pair.first), Leg(pair.second))
    let (p, q) = (pair.first.momentum, pair.second.momentum)
    product = p.energy * q.energy - p.px * q.px - p.py * q.py - p.pz * q.pz
    visibleMassSquared = a.massSquared + b.massSquared + 2 * product
    (self.missingX, self.missingY, self.resolution) = (missingX, missingY, resolution)
  }

  /// m² for some shares.
  private func massSquared(_ x: Double, _ y: Double) -> Double {
    a.massSquared / (x * x) + b.massSquared / (y * y) + 2 * product / (x * y)
  }

  /// The logarithm of the likelihood of shares, without its constant; −∞ where they are not possible.
  func logLikelihood(_ x: Double, _ y: Double) -> Double {
    guard x >= a.least, y >= b.least else { return -.infinity }
    let square = massSquared(x, y) / (Self.massScale * Self.massScale)
    guard square > 0, visibleMassSquared > 0, square >= visibleMassSquared else { return -.infinity }
    let ratio = visibleMassSquared / square
    let (low, high) = (max(b.least, ratio), min(1, ratio / a.least))
    guard low < high else { return -.infinity }
    let logarithm = log(high / low)
    // ∫ dz/z, and its terms −∫ dz₂/z₂ z₁, −∫ dz₂/z₂ z₂ and ∫ dz₂/z₂ z₁ z₂.
    var density = logarithm
    if a.isLepton { density -= ratio * (1 / low - 1 / high) }
    if b.isLepton { density -= high - low }
    if a.isLepton, b.isLepton { density += ratio * logarithm }
    guard density > 0 else { return -.infinity }
    let (first, second) = (1 / x - 1, 1 / y - 1)
    let pullX = (missingX - first * a.px - second * b.px) / resolution
    let pullY = (missingY - first * a.py - second * b.py) / resolution
    return log(density) + log(visibleMassSquared) - 3 * log(square) - (pullX * pullX + pullY * pullY) / 2
  }

  /// The estimate of the largest likelihood; nil if no shares are possible.
  func estimate() -> Estimate? {
    var best = (likelihood: -Double.infinity, x: 0.0, y: 0.0)
    for i in 1..<Self.steps {
      let x = Double(i) / Double(Self.steps)
      guard x >= a.least else { continue }
      for j in 1..<Self.steps {
        let y = Double(j) / Double(Self.steps)
        let likelihood = logLikelihood(x, y)
        if likelihood > best.likelihood { best = (likelihood, x, y) }
      }
    }
    guard best.likelihood > -.infinity else { return nil }
    return Estimate(
      mass: max(0, massSquared(best.x, best.y)).squareRoot(), shares: (best.x, best.y))
  }
}

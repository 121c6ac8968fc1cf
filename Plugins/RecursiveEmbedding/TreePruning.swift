// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The scale below which splittings of a jet's tree are not resolved, so that soft and collinear particles do not change it.
///
/// The softer branch of a splitting has the pT share z = pT_soft / (pT_soft + pT_hard) and the transverse momentum
/// kT = pT_soft Δ with Δ² = 2 (cosh Δy − cos Δφ), which is ΔR² for small angles. If z or kT is below its least value, the splitting
/// gives way to what its harder branch splits into, or to a leaf if that is one, and keeps its own momentum. So a ghost, and a particle
/// that was split exactly, leave the momenta and the splittings that the network reads as they were.
public struct TreePruning: SettingsSection, Encodable, Equatable {
  /// The least kT of a splitting, in GeV.
  public var minKt = 0.0
  /// The least z of a splitting.
  public var minZ = 0.0

  /// Every splitting is resolved.
  public init() {}

  /// A scale.
  public init(minKt: Double, minZ: Double = 0) {
    self.minKt = minKt
    self.minZ = minZ
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<TreePruning>] = [
    Setting("min-kt", \.minKt, .notNegative, unit: "GeV", "the least kT of a splitting that is resolved"),
    Setting("min-z", \.minZ, .closed(0...0.5), "the least share of the softer branch in the pT of both"),
  ]

  /// Whether a splitting into two momenta is resolved.
  func resolves(_ first: FourMomentum, _ second: FourMomentum) -> Bool {
    let (pt1, pt2) = (first.pt, second.pt)
    let softer = min(pt1, pt2)
    guard softer > 0, softer >= minZ * (pt1 + pt2) else { return false }
    // By products of components, without a logarithm or an angle.
    func transverseMass(_ p: FourMomentum, _ pt: Double) -> Double {
      // Rounding makes those of forward particles smaller than their pT.
      max((p.energy - p.pz) * (p.energy + p.pz), pt * pt).squareRoot()
    }
    let coshine =
      (first.energy * second.energy - first.pz * second.pz)
      / (transverseMass(first, pt1) * transverseMass(second, pt2))
    let cosine = (first.px * second.px + first.py * second.py) / (pt1 * pt2)
    return softer * softer * max(2 * (coshine - cosine), 0) >= minKt * minKt
  }
}

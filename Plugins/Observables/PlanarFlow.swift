// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `planar-flow`: whether the energy of each jet lies on a line around its axis or all around (arXiv:0807.0234, arXiv:0810.0934):
/// Pf = 4 det I / tr² I with I_kl = Σ p_k p_l / E over the constituents, p_k being their momenta perpendicular to the jet.
public struct PlanarFlow: Observable {
  /// `planar-flow`.
  public static let identifier = "planar-flow"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Whether the energy of each jet lies on a line around its axis or all around."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The planar flow of jets.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `planar-flow`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity(
        "planar-flow", "Pf, 0 on a line and 1 all around; none if nothing is perpendicular to the jet")
    ]
  }

  /// Adds the number of each jet.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    for jet in 0..<sample.jets.jetCount {
      let axis = sample.jets.momentum(ofJet: jet)
      let (pt, modulus) = (axis.pt, axis.modulus)
      guard modulus > 0 else {
        values.append(.nan)
        continue
      }
      // One direction perpendicular to jet and beam, the other to both.
      let (cosPhi, sinPhi) = pt > 0 ? (axis.px / pt, axis.py / pt) : (1, 0)
      let (cosTheta, sinTheta) = (axis.pz / modulus, pt / modulus)
      var (xx, xy, yy) = (0.0, 0.0, 0.0)
      for place in sample.jets.constituents(ofJet: jet) {
        let p = sample.momentum(ofConstituent: place, ofJet: jet)
        guard p.energy > 0 else { continue }
        let x = p.py * cosPhi - p.px * sinPhi
        let y = (p.px * cosPhi + p.py * sinPhi) * cosTheta - p.pz * sinTheta
        xx += x * x / p.energy
        xy += x * y / p.energy
        yy += y * y / p.energy
      }
      let trace = xx + yy
      values.append(trace > 0 ? 4 * (xx * yy - xy * xy) / (trace * trace) : .nan)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `jet-pull`: the pull of each jet (arXiv:1001.5027), Σ pT_i |r_i| r_i / pT with r_i = (Δy, Δφ) the place of a constituent from
/// the axis of the jet, which points to where the colour of the jet is connected to.
///
/// Places may be measured from the axis of the hardest branch, which soft particles do not move.
public struct JetPull: Observable {
  /// What stands beside `plugin` in YAML.
  public struct Configuration: SettingsSection, Encodable {
    /// Whether places are measured from the hardest branch rather than from the jet.
    public var hardestBranch = false

    public init() {}

    public static let settings: [Setting<Configuration>] = [
      Setting(
        "hardest-branch", \.hardestBranch,
        "whether places are measured from the direction of the hardest branch (winner takes all), not from that of the jet"
      )
    ]
  }

  public static let identifier = "jet-pull"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "The pull of each jet, which points to where its colour is connected to."
  public static let example = Configuration()

  public let configuration: Configuration

  public init(configuration: Configuration) { self.configuration = configuration }

  public var rows: HeadRows { .jets }

  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("magnitude", "the length of the pull"),
      ObservableQuantity(
        "angle", "its angle to the direction of rapidity, from −π to π; none if it has no length"),
    ]
  }

  /// Adds the numbers of each jet; none if the jet has no transverse momentum.
  ///
  /// - Throws: `JetPhysicsError` if jets cannot be clustered once more.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    // Shared with every other observable that asks for the same.
    let reclustered: Reclustering? =
      configuration.hardestBranch
      ? try sample.reclustered(.wholeJet(.cambridge, recombination: .wtaPt)) : nil
    let hardest = reclustered?.found.momenta.content
    for jet in 0..<sample.jets.jetCount {
      let p = sample.jets.momentum(ofJet: jet)
      let axis = reclustered?.hardest(ofJet: jet).map { hardest![$0] } ?? p
      var (y, phi) = (0.0, 0.0)
      for constituent in sample.jets.constituents(ofJet: jet) {
        let q = sample.momentum(ofConstituent: constituent, ofJet: jet)
        let weight = q.pt * axis.deltaR(to: q) / p.pt
        y += weight * (q.rapidity - axis.rapidity)
        phi += weight * axis.deltaPhi(to: q)
      }
      let magnitude = (y * y + phi * phi).squareRoot()
      values.append(p.pt > 0 ? magnitude : .nan)
      values.append(p.pt > 0 && magnitude > 0 ? atan2(phi, y) : .nan)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `constituent-kinematics`: what follows from the four-momentum of each constituent, by itself and relative to its jet.
public struct ConstituentKinematics: Observable {
  /// `constituent-kinematics`.
  public static let identifier = "constituent-kinematics"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The kinematics of each constituent, by itself and relative to its jet."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The kinematics of constituents.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Constituents.
  public var rows: HeadRows { .constituents }

  /// `pt`, `rapidity`, `phi`, `mass`, `pt-fraction` and `delta-r`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("pt", "the transverse momentum", unit: "GeV"),
      ObservableQuantity("rapidity", "the rapidity"),
      ObservableQuantity("phi", "the azimuth in [0, 2π)"),
      ObservableQuantity("mass", "the mass, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt-fraction", "the transverse momentum over that of the jet"),
      ObservableQuantity("delta-r", "the distance √(Δy² + Δφ²) from the jet"),
    ]
  }

  /// Adds the numbers of each constituent.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let jets = sample.jets
    for jet in 0..<jets.jetCount {
      let axis = jets.momentum(ofJet: jet)
      let jetPt = axis.pt
      for constituent in jets.constituents(ofJet: jet) {
        let p = sample.momentum(ofConstituent: constituent, ofJet: jet)
        let pt = p.pt
        values.append(pt)
        values.append(p.rapidity)
        values.append(p.phi)
        values.append(p.mass)
        values.append(jetPt > 0 ? pt / jetPt : .nan)
        values.append(p.deltaR(to: axis))
      }
    }
  }
}

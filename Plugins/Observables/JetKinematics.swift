// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `kinematics`: what follows from the four-momentum of each jet, and the number of its constituents.
public struct JetKinematics: Observable {
  /// `kinematics`.
  public static let identifier = "kinematics"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The kinematics of each jet and the number of its constituents."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The kinematics of jets.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `pt`, `rapidity`, `eta`, `phi`, `mass`, `energy` and `constituents`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("pt", "the transverse momentum", unit: "GeV"),
      ObservableQuantity("rapidity", "the rapidity"),
      ObservableQuantity("eta", "the pseudorapidity"),
      ObservableQuantity("phi", "the azimuth in [0, 2π)"),
      ObservableQuantity("mass", "the mass, negative if its square is", unit: "GeV"),
      ObservableQuantity("energy", "the energy", unit: "GeV"),
      ObservableQuantity("constituents", "the number of constituents"),
    ]
  }

  /// Adds the numbers of each jet.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let jets = sample.jets
    for jet in 0..<jets.jetCount {
      let p = jets.momentum(ofJet: jet)
      values.append(p.pt)
      values.append(p.rapidity)
      values.append(p.pseudorapidity)
      values.append(p.phi)
      values.append(p.mass)
      values.append(p.energy)
      values.append(Double(jets.constituents(ofJet: jet).count))
    }
  }
}

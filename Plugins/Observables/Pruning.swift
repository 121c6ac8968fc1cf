// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `pruning`: each jet after pruning (arXiv:0903.5081): its constituents are reclustered by the Cambridge algorithm, and in each step
/// the softer branch is dropped if it has less than z_cut of the pT of both and is farther than R_cut from the harder.
public struct Pruning: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The threshold z_cut of the momentum fraction.
    public var zCut = 0.1
    /// R_cut over 2 m/pT of the jet.
    public var rCutFactor = 0.5

    /// z_cut = 0.1 and R_cut = m/pT.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("z-cut", \.zCut, .closed(0...1), "the threshold z_cut of the momentum fraction"),
      Setting("r-cut-factor", \.rCutFactor, .notNegative, "R_cut over 2 m/pT of the jet"),
    ]
  }

  /// `pruning`.
  public static let identifier = "pruning"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Each jet after pruning: its mass and its pT."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The thresholds.
  public let configuration: Configuration

  /// Pruning of `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `mass`, `pt` and `dropped`.
  public var quantities: [ObservableQuantity] { GroomingClustering.quantities }

  /// Memory for the clustering of a jet.
  public func makeScratch() -> GroomingScratch { GroomingScratch() }

  /// Adds the numbers of each jet.
  ///
  /// - Complexity: O(constituents²) for ordinary jets.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let zCut2 = configuration.zCut * configuration.zCut
    for jet in 0..<sample.jets.jetCount {
      let p = sample.jets.momentum(ofJet: jet)
      // Without pT nothing is far enough to be dropped.
      let rCut = p.pt > 0 ? configuration.rCutFactor * 2 * p.mass / p.pt : .infinity
      sample.scratch.groom(jet, of: sample, &values) { step in
        step.distance2 <= rCut * abs(rCut) || step.softerPt * step.softerPt >= zCut2 * step.sum.pt2
      }
    }
  }
}

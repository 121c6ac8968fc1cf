// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `ranked-jets`: the kinematics of the hardest jets of each event, their mass, and the sum over all jets.
public struct RankedJets: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// How many jets have numbers of their own.
    public var count = 2

    /// Two jets.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("count", \.count, .closed(1...20), "how many jets, the hardest, have numbers of their own")
    ]
  }

  /// `ranked-jets`.
  public static let identifier = "ranked-jets"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The kinematics of the hardest jets of each event, and sums over its jets."
  /// An example for users and tests.
  public static let example = Configuration()

  /// How many jets.
  public let configuration: Configuration

  /// The hardest jets of events.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Events.
  public var rows: HeadRows { .events }

  /// `count`, `ht`, `mass`, and `pt-1`, `rapidity-1`, `phi-1`, `mass-1` and so on for each jet.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("count", "the number of jets"),
      ObservableQuantity("ht", "the scalar sum of pT of all jets", unit: "GeV"),
      ObservableQuantity(
        "mass", "the mass of the \(configuration.count) hardest jets together", unit: "GeV"),
    ]
      + (1...configuration.count).flatMap { rank in
        [
          ObservableQuantity("pt-\(rank)", "the pT of jet \(rank) by falling pT", unit: "GeV"),
          ObservableQuantity("rapidity-\(rank)", "the rapidity of jet \(rank)"),
          ObservableQuantity("phi-\(rank)", "the azimuth of jet \(rank) in [0, 2π)"),
          ObservableQuantity("mass-\(rank)", "the mass of jet \(rank)", unit: "GeV"),
        ]
      }
  }

  /// Adds the numbers of each event; NaN for jets that it does not have.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    for event in 0..<sample.events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      var (ht, sum) = (0.0, FourMomentum.zero)
      for jet in jets { ht += sample.jets.momentum(ofJet: jet).pt }
      for jet in jets.prefix(configuration.count) { sum = sum + sample.jets.momentum(ofJet: jet) }
      values.append(Double(jets.count))
      values.append(ht)
      values.append(jets.count < configuration.count ? .nan : sum.mass)
      for rank in 0..<configuration.count {
        let p = rank < jets.count ? sample.jets.momentum(ofJet: jets.lowerBound + rank) : nil
        values.append(p?.pt ?? .nan)
        values.append(p?.rapidity ?? .nan)
        values.append(p?.phi ?? .nan)
        values.append(p?.mass ?? .nan)
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `fast-mtt`: the mass of the two τ candidates of each event by the likelihood of fastMTT (arXiv:2509.26069).
///
/// It asks for memory in each event, and looks at some 10⁴ shares.
public struct FastMTTMass: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The standard deviation of each component of the missing momentum in GeV.
    public var resolution = 10.0

    /// 10 GeV.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "resolution", \.resolution, .positive,
        "the standard deviation of each component of the missing momentum in GeV")
    ]
  }

  /// `fast-mtt`.
  public static let identifier = "fast-mtt"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "The mass of the two τ candidates of each event by the likelihood of fastMTT (arXiv:2509.26069)."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The resolution.
  public let configuration: Configuration

  /// The estimate for events.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Events.
  public var rows: HeadRows { .events }

  /// `mass`, `share-1` and `share-2`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of both τ leptons at the largest likelihood", unit: "GeV"),
      ObservableQuantity("share-1", "the first candidate's share of the momentum of its τ lepton"),
      ObservableQuantity("share-2", "the second candidate's share of the momentum of its τ lepton"),
    ]
  }

  /// Memory for the candidates of an event.
  public func makeScratch() -> TauPairFinder { TauPairFinder() }

  /// Adds the numbers of each event; NaN for one with fewer than two candidates, or without possible shares.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    for event in 0..<sample.events.eventCount {
      let found = sample.scratch.pair(ofEvent: event, of: sample)
      let estimate = found.flatMap { pair, missingX, missingY in
        FastMTT(pair, missingX: missingX, missingY: missingY, resolution: configuration.resolution).estimate()
      }
      values.append(estimate?.mass ?? .nan)
      values.append(estimate?.shares.first ?? .nan)
      values.append(estimate?.shares.second ?? .nan)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `trimming`: each jet after trimming (arXiv:0912.1342): of the subjets that its constituents are reclustered to, those that have at
/// least a fraction of the pT of the jet.
public struct Trimming: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The radius of subjets.
    public var radius = 0.2
    /// The least share in the pT of the jet.
    public var fraction = 0.05
    /// The algorithm that finds subjets.
    public var algorithm = SubjetAlgorithm.kt

    /// kT subjets of radius 0.2 and 5 % of the jet's pT.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("radius", \.radius, .closed(JetDefinition.allowedRadii), "the radius of subjets"),
      Setting("fraction", \.fraction, .closed(0...1), "the least pT of a subjet over that of the jet"),
      Setting("algorithm", \.algorithm, "the algorithm that finds subjets"),
    ]
  }

  /// `trimming`.
  public static let identifier = "trimming"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Each jet after trimming: its mass, its pT and how many subjets are left."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The subjets and which of them are kept.
  public let configuration: Configuration
  private let finder: JetFinder

  /// Trimming of `configuration`.
  ///
  /// - Throws: `PluginError` if there can be no such subjets.
  public init(configuration: Configuration) throws {
    self.configuration = configuration
    finder = try configuration.algorithm.finder(radius: configuration.radius)
  }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `mass`, `pt` and `subjets`.
  public var quantities: [ObservableQuantity] { SubjetAlgorithm.quantities }

  /// Adds the numbers of each jet.
  ///
  /// - Throws: `JetPhysicsError` if subjets cannot be found.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let reclustered = try sample.reclustered(finder)
    let momenta = reclustered.found.momenta.content
    for jet in 0..<sample.jets.jetCount {
      let leastPt2 = configuration.fraction * configuration.fraction * sample.jets.momentum(ofJet: jet).pt2
      // By falling pT.
      let subjets = reclustered.jets(ofJet: jet)
      values.append(subjets: subjets, while: { momenta[$0].pt2 >= leastPt2 }, momenta)
    }
  }
}

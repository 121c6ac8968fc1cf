// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `filtering`: each jet after filtering (arXiv:0802.2470): the hardest of the subjets that its constituents are reclustered to.
public struct Filtering: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The radius of subjets.
    public var radius = 0.3
    /// How many subjets are kept.
    public var count = 3
    /// The algorithm that finds subjets.
    public var algorithm = SubjetAlgorithm.cambridge

    /// The three hardest Cambridge subjets of radius 0.3.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("radius", \.radius, .closed(JetDefinition.allowedRadii), "the radius of subjets"),
      Setting("count", \.count, .positive, "how many subjets, the hardest, are kept"),
      Setting("algorithm", \.algorithm, "the algorithm that finds subjets"),
    ]
  }

  /// `filtering`.
  public static let identifier = "filtering"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Each jet after filtering: its mass, its pT and how many subjets are left."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The subjets and how many of them are kept.
  public let configuration: Configuration
  private let finder: JetFinder

  /// Filtering of `configuration`.
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
      let subjets = reclustered.jets(ofJet: jet)
      values.append(
        subjets: subjets, while: { $0 - subjets.lowerBound < configuration.count }, momenta)
    }
  }
}

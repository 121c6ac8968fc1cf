// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `soft-drop`: each jet after soft drop (arXiv:1402.2657), by its constituents reclustered by the Cambridge algorithm.
public struct SoftDropGrooming: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The threshold z_cut of the momentum fraction.
    public var zCut = 0.1
    /// The angular exponent β.
    public var beta = 0.0
    /// The jet radius R₀, which means nothing for β = 0.
    public var radius = 1.0

    /// z_cut = 0.1 and β = 0, the modified mass drop tagger.
    public init() {}

    /// Soft drop of a threshold and an exponent.
    public init(zCut: Double, beta: Double, radius: Double = 1) {
      self.zCut = zCut
      self.beta = beta
      self.radius = radius
    }

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("z-cut", \.zCut, .notNegative, "the threshold z_cut of the momentum fraction, less than 0.5"),
      Setting("beta", \.beta, .finite, "the angular exponent β"),
      Setting("radius", \.radius, .positive, "the jet radius R₀, which means nothing for β = 0"),
    ]

    /// Makes sure that a softer branch can pass.
    public func check(given: Set<String>) throws {
      if zCut >= 0.5 { throw SettingProblem("z-cut", "must be less than 0.5") }
    }

    /// The grooming of these settings.
    func softDrop() throws -> SoftDrop {
      do {
        return try SoftDrop(zCut: zCut, beta: beta, radius: radius)
      } catch let error as JetPhysicsError {
        throw PluginError(error.problem)
      }
    }
  }

  /// `soft-drop`.
  public static let identifier = "soft-drop"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Each jet after soft drop: its mass, its pT and the splitting that passed."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The threshold, the exponent and the radius.
  public let configuration: Configuration
  private let softDrop: SoftDrop

  /// Soft drop of `configuration`.
  ///
  /// - Throws: `PluginError` if the parameters are out of range.
  public init(configuration: Configuration) throws {
    self.configuration = configuration
    softDrop = try configuration.softDrop()
  }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `mass`, `pt`, `z`, `delta-r` and `dropped`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of what is left, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt", "the transverse momentum of what is left", unit: "GeV"),
      ObservableQuantity("z", "the momentum fraction z_g of the splitting that passed; none if none did"),
      ObservableQuantity("delta-r", "the opening R_g of the splitting that passed; none if none did"),
      ObservableQuantity("dropped", "how many branches were dropped"),
    ]
  }

  /// Adds the numbers of each jet.
  ///
  /// - Throws: `JetPhysicsError` if jets cannot be clustered once more.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let reclustered = try sample.reclustered(.wholeJet(.cambridge))
    let trees = reclustered.found.trees
    for jet in 0..<sample.jets.jetCount {
      guard let tree = reclustered.hardest(ofJet: jet) else {
        // Padding alone makes no jet.
        for _ in 0..<5 { values.append(.nan) }
        continue
      }
      let groomed = softDrop.groom(trees, tree: tree)
      values.append(groomed.momentum.mass)
      values.append(groomed.momentum.pt)
      values.append(groomed.splitting?.z ?? .nan)
      values.append(groomed.splitting?.deltaR ?? .nan)
      values.append(Double(groomed.droppedBranches))
    }
  }
}

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

/// An algorithm that finds subjets; the raw value is what a user writes.
public enum SubjetAlgorithm: String, Codable, Sendable, CaseIterable {
  /// kT.
  case kt
  /// Cambridge/Aachen.
  case cambridge
  /// Anti-kT.
  case antikt

  /// The subjets of a radius.
  fileprivate func finder(radius: Double) throws -> JetFinder {
    do {
      return try JetFinder(
        JetDefinition(JetDefinition.Algorithm(rawValue: rawValue)!, radius: radius), trees: false)
    } catch let error as JetPhysicsError {
      throw PluginError(error.problem)
    }
  }

  /// What observables say of a jet that is groomed by its subjets.
  fileprivate static var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("mass", "the mass of what is left, negative if its square is", unit: "GeV"),
      ObservableQuantity("pt", "the transverse momentum of what is left", unit: "GeV"),
      ObservableQuantity("subjets", "how many subjets are left"),
    ]
  }
}

extension [Double] {
  /// Adds mass, pT and number of the first subjets of a jet for which `isKept` holds; none if there are no subjets.
  fileprivate mutating func append(
    subjets: Range<Int>, while isKept: (Int) -> Bool, _ momenta: FourMomenta
  ) {
    guard !subjets.isEmpty else {
      for _ in 0..<3 { append(.nan) }
      return
    }
    var (sum, kept) = (FourMomentum.zero, 0)
    for subjet in subjets {
      guard isKept(subjet) else { break }
      sum = sum + momenta[subjet]
      kept += 1
    }
    append(sum.mass)
    append(sum.pt)
    append(Double(kept))
  }
}

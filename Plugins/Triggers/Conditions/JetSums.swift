// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Jets that pass cuts, all of them or the hardest ones.
public struct LeadingJets: SettingsSection {
  /// How many of the jets, by falling pT, take part; all unless given.
  public var leading: Int?
  /// Which jets take part.
  public var cuts = JetCuts()

  /// All jets.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<LeadingJets>] =
    [
      Setting(
        "leading", \.leading, .positive, "how many of the jets that pass take part, the hardest",
        default: "all; of `\(JetInvariantMass.identifier)` \(JetInvariantMass.usualCount)")
    ] + JetCuts.settings.map { $0.within(\.cuts) }

  /// Makes sure that a jet can pass.
  public func check(given: Set<String>) throws { try cuts.check(given: given) }
}

/// `ht`: the scalar sum HT of the transverse momenta of the jets that pass cuts.
public struct JetScalarSum: Decision {
  /// `ht`.
  public static let identifier = "ht"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The scalar sum of pT of the jets that pass cuts."
  /// An example for users and tests.
  public static let example = DecisionExample("{min-pt: 30}")
  /// True: a menu says how large it must be.
  public static let isMeasurement = true

  private let leading: Int
  private let selector: JetSelector

  /// The sum over the jets of `configuration`.
  ///
  /// - Throws: `PluginError` if an output is not there.
  public init(configuration: LeadingJets, sources: DecisionSources) throws {
    leading = configuration.leading ?? .max
    selector = try JetSelector(configuration.cuts, sources)
  }

  /// `ht` in GeV.
  public var quantities: [HeadOutput] { [HeadOutput("ht", unit: "GeV")] }

  /// Yes; writes the sum, 0 without jets.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    var (sum, count) = (0.0, 0)
    for jet in 0..<event.jetCount where count < leading && selector.passes(jet, of: event) {
      sum += event.pt(ofJet: jet)
      count += 1
    }
    values[0] = sum
    return true
  }
}

/// `invariant-mass`: the invariant mass of the hardest jets that pass cuts.
public struct JetInvariantMass: Decision {
  /// `invariant-mass`.
  public static let identifier = "invariant-mass"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The invariant mass of the hardest jets that pass cuts, two unless given."
  /// An example for users and tests.
  public static let example = DecisionExample("{leading: 2, min-pt: 30}")

  static let usualCount = 2

  let leading: Int
  private let selector: JetSelector

  /// The mass of the jets of `configuration`, two unless it says how many.
  ///
  /// - Throws: `PluginError` if an output is not there.
  public init(configuration: LeadingJets, sources: DecisionSources) throws {
    leading = configuration.leading ?? Self.usualCount
    selector = try JetSelector(configuration.cuts, sources)
  }

  /// `mass` in GeV.
  public var quantities: [HeadOutput] { [HeadOutput("mass", unit: "GeV")] }

  /// Whether there are as many jets; writes their mass, or −∞ if there are not.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    var (sum, count) = (FourMomentum.zero, 0)
    for jet in 0..<event.jetCount where count < leading && selector.passes(jet, of: event) {
      sum = sum + event.momentum(ofJet: jet)
      count += 1
    }
    values[0] = count == leading ? sum.mass : -.infinity
    return count == leading
  }
}

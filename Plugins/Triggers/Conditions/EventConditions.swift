// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The configuration of a decision that has nothing to configure: a menu writes `{}`.
public struct NoConfiguration: SettingsSection {
  /// No settings.
  public init() {}

  /// None.
  public static let settings: [Setting<NoConfiguration>] = []
}

/// `missing-momentum`: the transverse momentum that is missing, |Σ pT| over all particles.
public struct MissingMomentum: Decision {
  /// `missing-momentum`.
  public static let identifier = "missing-momentum"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The missing transverse momentum."
  /// An example for users and tests.
  public static let example = DecisionExample("{}")
  /// True: a menu says how large it must be.
  public static let isMeasurement = true

  /// The missing momentum.
  public init(configuration: NoConfiguration, sources: DecisionSources) {}

  /// `missing-momentum` in GeV.
  public var quantities: [HeadOutput] { [HeadOutput("missing-momentum", unit: "GeV")] }

  /// Yes; writes the missing momentum.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    values[0] = event.missingMomentum.pt
    return true
  }
}

/// `scalar-sum`: the scalar sum of the transverse momenta of all particles.
public struct ScalarSum: Decision {
  /// `scalar-sum`.
  public static let identifier = "scalar-sum"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The scalar sum of pT of all particles."
  /// An example for users and tests.
  public static let example = DecisionExample("{}")
  /// True: a menu says how large it must be.
  public static let isMeasurement = true

  /// The scalar sum.
  public init(configuration: NoConfiguration, sources: DecisionSources) {}

  /// `scalar-sum` in GeV.
  public var quantities: [HeadOutput] { [HeadOutput("scalar-sum", unit: "GeV")] }

  /// Yes; writes the sum, 0 without particles.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    values[0] = event.scalarSum
    return true
  }
}

/// `event-output`: what a head on events predicts; a menu writes `HEAD/OUTPUT`.
public struct EventOutput: Decision {
  /// `event-output`.
  public static let identifier = "event-output"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "An output of a head on events."
  /// An example for users and tests.
  public static let example = DecisionExample(
    "hh/score",
    sources: DecisionSources(heads: [.init(name: "hh", rows: .events, outputs: [HeadOutput("score")])]))
  /// True: a menu says how large it must be.
  public static let isMeasurement = true

  private let column: DecisionColumn

  /// The output that `configuration` names.
  ///
  /// - Throws: `PluginError` if it is not there.
  public init(configuration: String, sources: DecisionSources) throws {
    column = try sources.column(configuration, of: .events)
  }

  /// The output under its own name.
  public var quantities: [HeadOutput] { [column.output] }

  /// Yes; writes the output.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    values[0] = event[column]
    return true
  }
}

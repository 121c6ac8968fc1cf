// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `jet-count`: how many jets pass cuts.
public struct JetCount: Decision {
  /// `jet-count`.
  public static let identifier = "jet-count"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The number of jets that pass cuts."
  /// An example for users and tests.
  public static let example = DecisionExample("{min-pt: 30, max-abs-rapidity: 2.5}")
  /// True: a menu says how many there must be.
  public static let isMeasurement = true

  private let selector: JetSelector

  /// The number of jets that pass `configuration`.
  ///
  /// - Throws: `PluginError` if an output is not there.
  public init(configuration: JetCuts, sources: DecisionSources) throws {
    selector = try JetSelector(configuration, sources)
  }

  /// `count`.
  public var quantities: [HeadOutput] { [HeadOutput("count")] }

  /// Yes; writes the number of jets.
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    var count = 0
    for jet in 0..<event.jetCount where selector.passes(jet, of: event) { count += 1 }
    values[0] = Double(count)
    return true
  }
}

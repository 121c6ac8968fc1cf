// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `jet`: the largest, second largest … pT, mass or output of a head among the jets that pass cuts.
///
/// `{rank: 2, quantity: HEAD/OUTPUT}` with `min: x` says that at least two jets have x or more, and x can be tuned.
public struct RankedJet: Decision {
  /// What a menu says of the jet.
  public struct Configuration: SettingsSection {
    /// 1 for the largest value, 2 for the second largest, and so on; 1 unless given.
    public var rank = 1
    /// `pt`, `mass` or `HEAD/OUTPUT`; `pt` unless given.
    public var quantity = "pt"
    /// Which jets take part.
    public var cuts = JetCuts()

    /// The largest pT of all jets.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] =
      [
        Setting(
          "rank", \.rank, .closed(1...1000), "1 for the largest value, 2 for the second largest, and so on"),
        Setting(
          "quantity", \.quantity, "what is measured of each jet that passes",
          range: "pt, mass, `HEAD/OUTPUT`, `OBSERVABLE/QUANTITY`"),
      ] + JetCuts.settings.map { $0.within(\.cuts) }

    /// Makes sure that a jet can pass.
    public func check(given: Set<String>) throws { try cuts.check(given: given) }
  }

  private enum Quantity {
    case pt, mass
    case output(DecisionColumn)
  }

  /// `jet`.
  public static let identifier = "jet"
  /// The version of the plugin.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The N-th largest pT, mass or output of a head among the jets that pass cuts."
  /// An example for users and tests.
  public static let example = DecisionExample(
    "{rank: 2, quantity: w-tagger/score, min-pt: 200}",
    sources: DecisionSources(heads: [
      .init(name: "w-tagger", rows: .jets, outputs: [HeadOutput("score")])
    ]))

  let rank: Int
  private let quantity: Quantity
  private let selector: JetSelector

  /// The jet of `configuration`.
  ///
  /// - Throws: `PluginError` if an output is not there.
  public init(configuration: Configuration, sources: DecisionSources) throws {
    rank = configuration.rank
    selector = try JetSelector(configuration.cuts, sources)
    switch configuration.quantity {
    case "pt": quantity = .pt
    case "mass": quantity = .mass
    case let name where name.contains("/"): quantity = .output(try sources.column(name, of: .jets))
    case let name:
      throw PluginError("A jet has no quantity \(name): write pt, mass, HEAD/OUTPUT or OBSERVABLE/QUANTITY.")
    }
  }

  /// `pt`, `mass` or the name of the output.
  public var quantities: [HeadOutput] {
    switch quantity {
    case .pt: [HeadOutput("pt", unit: "GeV")]
    case .mass: [HeadOutput("mass", unit: "GeV")]
    case .output(let column): [column.output]
    }
  }

  /// Whether there are as many jets; writes the value, or −∞ if there are not.
  ///
  /// - Complexity: O(jets × rank).
  public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
    // The last value found, and its place: of equal values, that of the earlier jet counts as the larger.
    var (value, place) = (Double.infinity, -1)
    for _ in 0..<min(rank, event.jetCount) {
      var (next, nextPlace) = (-Double.infinity, -1)
      for jet in 0..<event.jetCount {
        let candidate = self.value(ofJet: jet, of: event)
        let isBehind = candidate < value || (candidate == value && jet > place)
        guard isBehind, candidate > next || nextPlace < 0, selector.passes(jet, of: event) else { continue }
        (next, nextPlace) = (candidate, jet)
      }
      (value, place) = (next, nextPlace)
      if place < 0 { break }
    }
    let isFound = place >= 0 && event.jetCount >= rank
    values[0] = isFound ? value : -.infinity
    return isFound
  }

  private func value(ofJet jet: Int, of event: DecisionInputs) -> Double {
    switch quantity {
    case .pt: event.pt(ofJet: jet)
    case .mass: event.mass(ofJet: jet)
    case .output(let column): event[column, ofJet: jet]
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `jet-charge`: the charge of each jet, Q_κ = Σ q_i pT_i^κ / pT^κ over its constituents (arXiv:1209.2421).
///
/// The charges follow from the identifiers of particles, or are those of a column that the settings name.
public struct JetCharge: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The exponent κ.
    public var kappa = 0.5
    /// The column of particles that has the charges; nil to tell them by the identifiers.
    public var column: String?

    /// κ = ½, and charges by identifiers.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("kappa", \.kappa, .notNegative, "the exponent κ of the transverse momentum"),
      Setting(
        "column", \.column, "the column of particles that has their charges",
        default: "none: by their identifiers"),
    ]
  }

  /// `jet-charge`.
  public static let identifier = "jet-charge"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The charge of each jet, weighted by the pT of its constituents."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The exponent.
  public let configuration: Configuration

  /// The jet charge of `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `charge`, `tracks` and `track-fraction`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("charge", "Q_κ in units of the positron's charge"),
      ObservableQuantity("tracks", "the number of charged constituents"),
      ObservableQuantity("track-fraction", "the share of charged constituents in Σ pT"),
    ]
  }

  /// The column of charges, if one is named.
  public var particleColumns: Set<String> { configuration.column.map { [$0] } ?? [] }

  /// Adds the numbers of each jet.
  ///
  /// - Throws: `PluginError` with the event if the events have no charges.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let events = sample.events
    for event in 0..<events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      let charges = try charges(of: events, event)
      for jet in jets {
        let jetPt = sample.jets.momentum(ofJet: jet).pt
        var (charge, tracks, charged, sum) = (0.0, 0, 0.0, 0.0)
        for place in sample.jets.constituents(ofJet: jet) {
          let particle = sample.particle(ofConstituent: place, ofJet: jet)
          let pt = events.momentum(ofParticle: particle).pt
          // What is not known to be charged counts as neutral.
          let own = charges?[particle] ?? ParticleCharge.ofParticle(events.pdgID[particle]) ?? 0
          sum += pt
          guard own.isFinite, own != 0 else { continue }
          charge += own * pow(pt / jetPt, configuration.kappa)
          tracks += 1
          charged += pt
        }
        values.append(jetPt > 0 ? charge : .nan)
        values.append(Double(tracks))
        values.append(sum > 0 ? charged / sum : .nan)
      }
    }
  }
  /// The charges of a column: `[particles]`; nil if they follow from the identifiers.
  private func charges(of events: Events, _ event: Int) throws -> [Double]? {
    guard let name = configuration.column else {
      if events.pdgID.count == events.particleCount { return nil }
      throw PluginError(
        "The particles have no identifiers to tell their charges by: give them, or name a column of charges by the setting column.",
        row: event)
    }
    if let column = events.particles.content.columns[name], column.width == 1 { return column.values }
    throw PluginError(
      "The particles have no column \(name) of one number, which is to be their charge: give it, or name another by the setting column.",
      row: event)
  }
}

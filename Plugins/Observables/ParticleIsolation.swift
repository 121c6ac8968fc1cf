// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `isolation`: how much transverse momentum there is around each constituent, in its jet and outside.
public struct ParticleIsolation: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The radius R of the cone.
    public var radius = 0.3

    /// The default radius.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("radius", \.radius, .closed(0.01...3), "the radius R of the cone")
    ]
  }

  /// `isolation`.
  public static let identifier = "isolation"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The transverse momentum around each constituent over its own."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The radius.
  public let configuration: Configuration

  /// The isolation of constituents.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Constituents.
  public var rows: HeadRows { .constituents }

  /// `isolation` and `ln-isolation`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity(
        "isolation",
        "Σ pT of all other particles of the event within √(Δη² + Δφ²) ≤ R over the particle's own pT"),
      ObservableQuantity("ln-isolation", "ln(1 + isolation), which suits a network better"),
    ]
  }

  /// Memory for the transverse momenta of an event.
  public func makeScratch() -> Scratch { Scratch() }

  /// The transverse momenta of one event.
  public final class Scratch {
    fileprivate var pt: [Double] = []
  }

  /// Adds the isolation of each constituent.
  ///
  /// - Complexity: O(constituents × particles of their event).
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let (events, scratch) = (sample.events, sample.scratch)
    for event in 0..<events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      let particles = events.particles(ofEvent: event)
      scratch.pt.removeAll(keepingCapacity: true)
      for particle in particles { scratch.pt.append(events.momentum(ofParticle: particle).pt) }
      for jet in jets {
        for constituent in sample.jets.constituents(ofJet: jet) {
          let particle = sample.particle(ofConstituent: constituent, ofJet: jet)
          let isolation = events.isolation(
            ofParticle: particle, among: particles, pt: scratch.pt, radius: configuration.radius)
          let isKnown = scratch.pt[particle - particles.lowerBound] > 0
          values.append(isKnown ? isolation : .nan)
          values.append(isKnown ? log1p(isolation) : .nan)
        }
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `vertex-surroundings`: how much transverse momentum of each origin there is around each constituent, in its jet and outside.
public struct VertexSurroundings: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The radius R of the cone.
    public var radius = 0.3
    /// The column of particles that tells the vertex.
    public var vertex = "vertex"

    /// The default radius.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("radius", \.radius, .closed(0.01...3), "the radius R of the cone, in rapidity and azimuth"),
      Setting(
        "vertex", \.vertex,
        "the column of particles that is positive for tracks of the leading vertex, negative for those of others and 0 for particles "
          + "without a track"),
    ]
  }

  /// `vertex-surroundings`.
  public static let identifier = "vertex-surroundings"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "The transverse momentum around each constituent, by the vertex that it comes from."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The radius and the column.
  public let configuration: Configuration

  /// The surroundings of constituents.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Constituents.
  public var rows: HeadRows { .constituents }

  /// `leading`, `pile-up` and `unknown`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity(
        "leading", "ln(1 + Σ pT/GeV) of all other tracks of the leading vertex within √(Δy² + Δφ²) ≤ R"),
      ObservableQuantity("pile-up", "the same of the tracks of other vertices"),
      ObservableQuantity("unknown", "the same of the particles without a track"),
    ]
  }

  /// The column that tells the vertex.
  public var particleColumns: Set<String> { [configuration.vertex] }

  /// Memory for the particles of an event.
  public func makeScratch() -> Scratch { Scratch() }

  /// The particles of one event.
  public final class Scratch {
    fileprivate var particles = ParticleNeighbours()
  }

  /// Adds the sums around each constituent.
  ///
  /// - Complexity: O(particles + pairs of neighbours).
  /// - Throws: `PluginError` with the event if the events lack the column of the vertex.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let (scratch, radius) = (sample.scratch, configuration.radius)
    for event in 0..<sample.events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      try scratch.particles.replace(
        with: event, of: sample.events, vertex: configuration.vertex, radius: radius)
      for jet in jets {
        for constituent in sample.jets.constituents(ofJet: jet) {
          let particle = Int(sample.jets.constituents.content[constituent])
          var (leading, pileUp, unknown) = (0.0, 0.0, 0.0)
          scratch.particles.forEachNeighbour(of: particle, within: radius) { other, _ in
            let pt = scratch.particles.pt[other]
            switch scratch.particles.origin[other] {
            case .leading: leading += pt
            case .pileUp: pileUp += pt
            case .unknown: unknown += pt
            }
          }
          values.append(log1p(leading))
          values.append(log1p(pileUp))
          values.append(log1p(unknown))
        }
      }
    }
  }
}

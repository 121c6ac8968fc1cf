// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `softkiller`: SoftKiller, arXiv:1407.0408: which constituents are harder than what pile-up leaves in half of the event.
///
/// A grid in rapidity and azimuth covers the event. The threshold is the median over its cells of the pT of the hardest particle
/// in each, 0 in an empty one: without what is softer, half of the cells are empty.
public struct SoftKiller: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The size of a cell.
    public var cell = 0.4
    /// Up to where the cells reach.
    public var maxAbsRapidity = 5.0
    /// Whether tracks are kept or left out by their vertex.
    public var tracks = true
    /// The column of particles that tells the vertex.
    public var vertex = "vertex"

    /// The defaults.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("cell", \.cell, .closed(0.05...3), "the size of a cell in rapidity and azimuth, about"),
      Setting("max-abs-rapidity", \.maxAbsRapidity, .closed(0.1...10), "up to which |y| the cells reach"),
      Setting(
        "tracks", \.tracks,
        "whether tracks are kept if they are of the leading vertex and left out if they are of another, so that the threshold is that "
          + "of particles without a track alone"),
      Setting(
        "vertex", \.vertex,
        "the column of particles that is positive for tracks of the leading vertex, negative for those of others and 0 for particles "
          + "without a track; read with `tracks`"),
    ]
  }

  /// `softkiller`.
  public static let identifier = "softkiller"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "SoftKiller: which constituents are harder than what pile-up leaves in half of the event."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The settings.
  public let configuration: Configuration

  /// The weights of constituents.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Constituents.
  public var rows: HeadRows { .constituents }

  /// `weight` and `threshold`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("weight", "1 for what is kept, 0 for what is left out"),
      ObservableQuantity("threshold", "the least pT of what is kept in the event", unit: "GeV"),
    ]
  }

  /// The column that tells the vertex, if it is read.
  public var particleColumns: Set<String> { configuration.tracks ? [configuration.vertex] : [] }

  /// Memory for the cells of an event.
  public func makeScratch() -> Scratch { Scratch() }

  /// The pT of the hardest particle of each cell.
  public final class Scratch {
    fileprivate var hardest: [Double] = []
  }

  /// Adds the weight of each constituent.
  ///
  /// - Complexity: O(particles + cells · ln cells).
  /// - Throws: `PluginError` with the event if the events lack the column of the vertex, which is read.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    for event in 0..<sample.events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      let vertex =
        try configuration.tracks ? sample.events.vertexColumn(configuration.vertex, event: event) : nil
      let threshold = threshold(ofEvent: event, sample.events, vertex, sample.scratch)
      for jet in jets {
        for constituent in sample.jets.constituents(ofJet: jet) {
          let particle = sample.particle(ofConstituent: constituent, ofJet: jet)
          let isKept: Bool
          switch VertexOrigin(vertex?[particle] ?? 0) {
          case .leading: isKept = true
          case .pileUp: isKept = false
          case .unknown: isKept = sample.events.momentum(ofParticle: particle).pt >= threshold
          }
          values.append(isKept ? 1 : 0)
          values.append(threshold)
        }
      }
    }
  }

  private func threshold(
    ofEvent event: Int, _ events: Events, _ vertex: [Double]?, _ scratch: Scratch
  ) -> Double {
    let rows = max(1, Int((2 * configuration.maxAbsRapidity / configuration.cell).rounded()))
    let columns = max(1, Int((2 * .pi / configuration.cell).rounded()))
    scratch.hardest.removeAll(keepingCapacity: true)
    scratch.hardest.append(contentsOf: repeatElement(0, count: rows * columns))
    for particle in events.particles(ofEvent: event) {
      guard case .unknown = VertexOrigin(vertex?[particle] ?? 0) else { continue }
      let p = events.momentum(ofParticle: particle)
      let y = p.rapidity
      guard abs(y) < configuration.maxAbsRapidity else { continue }
      let row = Int((y / configuration.maxAbsRapidity + 1) / 2 * Double(rows))
      let column = Int(p.phi / (2 * .pi) * Double(columns))
      let cell = min(row, rows - 1) * columns + min(column, columns - 1)
      scratch.hardest[cell] = max(scratch.hardest[cell], p.pt)
    }
    scratch.hardest.sort()
    let middle = rows * columns / 2
    return rows * columns % 2 == 1
      ? scratch.hardest[middle] : 0.5 * (scratch.hardest[middle - 1] + scratch.hardest[middle])
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `puppi`: pile-up per particle identification, arXiv:1407.6013: how likely each constituent is not from pile-up, by what is
/// around it.
///
/// For a particle i, α_i = ln Σ_j (pT_j/ΔR_ij)^β over particles j with ΔR_min < ΔR_ij ≤ R, which are tracks of the leading vertex
/// within the tracker and all particles elsewhere. Its distance above the median of pile-up tracks in units of their width below
/// it, χ² = max(0, α − median)²/σ², makes the weight: the share of a χ² distribution of one degree of freedom below.
public struct Puppi: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The radius R of the cone.
    public var radius = 0.4
    /// Nothing closer than this counts.
    public var leastDistance = 0.02
    /// The exponent β.
    public var power = 2.0
    /// The largest |η| of tracks.
    public var tracker = 2.5
    /// The least weight; a smaller one is 0.
    public var leastWeight = 0.1
    /// The least weighted pT of a particle without a track in GeV, within the tracker.
    public var centralPt = 0.45
    /// The same outside of the tracker.
    public var forwardPt = 1.1
    /// The column of particles that tells the vertex.
    public var vertex = "vertex"

    /// The defaults.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("radius", \.radius, .closed(0.01...3), "the radius R of the cone, in rapidity and azimuth"),
      Setting("least-distance", \.leastDistance, .notNegative, "ΔR_min: nothing that is as close counts"),
      Setting("power", \.power, .closed(0.1...10), "the exponent β of pT/ΔR"),
      Setting("tracker", \.tracker, .notNegative, "the largest |η| of tracks"),
      Setting("least-weight", \.leastWeight, .closed(0...1), "a smaller weight is 0"),
      Setting(
        "central-pt", \.centralPt, .notNegative, unit: "GeV",
        "within the tracker, a particle without a track whose pT times its weight is less has the weight 0"),
      Setting("forward-pt", \.forwardPt, .notNegative, unit: "GeV", "the same outside of the tracker"),
      Setting(
        "vertex", \.vertex,
        "the column of particles that is positive for tracks of the leading vertex, negative for those of others and 0 for particles "
          + "without a track"),
    ]
  }

  /// `puppi`.
  public static let identifier = "puppi"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "PUPPI: how likely each constituent is not from pile-up, by what is around it."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The settings.
  public let configuration: Configuration

  /// The weights of constituents.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Constituents.
  public var rows: HeadRows { .constituents }

  /// `alpha`, `alpha-all` and `weight`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity(
        "alpha", "ln Σ (pT/ΔR)^β, pT in GeV, over the tracks of the leading vertex around; none without any"),
      ObservableQuantity("alpha-all", "the same over all particles around"),
      ObservableQuantity(
        "weight",
        "the weight of PUPPI from 0 to 1, 1 for tracks of the leading vertex, 0 for those of others"),
    ]
  }

  /// The column that tells the vertex.
  public var particleColumns: Set<String> { [configuration.vertex] }

  /// Memory for the particles of an event.
  public func makeScratch() -> Scratch { Scratch() }

  /// The particles of one event and their α: `[particles]`, −∞ without neighbours.
  public final class Scratch {
    fileprivate var particles = ParticleNeighbours()
    fileprivate var charged: [Double] = []
    fileprivate var all: [Double] = []
    fileprivate var isCentral: [Bool] = []
    fileprivate var sorted: [Double] = []
    fileprivate var terms: [(value: Double, isLeading: Bool)] = []
  }

  /// Adds α and the weight of each constituent.
  ///
  /// - Complexity: O(particles · ln particles + pairs of neighbours).
  /// - Throws: `PluginError` with the event if the events lack the column of the vertex.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let scratch = sample.scratch
    for event in 0..<sample.events.eventCount {
      let jets = sample.jets.jets(ofEvent: event)
      guard !jets.isEmpty else { continue }
      try scratch.particles.replace(
        with: event, of: sample.events, vertex: configuration.vertex, radius: configuration.radius)
      findAlpha(scratch, sample.events, firstParticle: sample.events.offsets[event])
      let charged = scratch.pileUp(\.charged)
      let all = scratch.pileUp(\.all)
      for jet in jets {
        for constituent in sample.jets.constituents(ofJet: jet) {
          let particle = Int(sample.jets.constituents.content[constituent])
          for alpha in [scratch.charged[particle], scratch.all[particle]] {
            values.append(alpha.isFinite ? alpha : .nan)
          }
          values.append(weight(ofParticle: particle, scratch, charged: charged, all: all))
        }
      }
    }
  }

  private func findAlpha(_ scratch: Scratch, _ events: Events, firstParticle: Int) {
    scratch.charged.removeAll(keepingCapacity: true)
    scratch.all.removeAll(keepingCapacity: true)
    scratch.isCentral.removeAll(keepingCapacity: true)
    let least = configuration.leastDistance * configuration.leastDistance
    for particle in 0..<scratch.particles.count {
      scratch.terms.removeAll(keepingCapacity: true)
      scratch.particles.forEachNeighbour(of: particle, within: configuration.radius) { other, square in
        guard square > least else { return }
        let term = pow(scratch.particles.pt[other] / square.squareRoot(), configuration.power)
        if case .leading = scratch.particles.origin[other] {
          scratch.terms.append((term, true))
        } else {
          scratch.terms.append((term, false))
        }
      }
      // Added by their size, so that the order of the particles does not matter to the last bit.
      scratch.terms.sort { $0.value < $1.value }
      var (charged, all) = (0.0, 0.0)
      for term in scratch.terms {
        all += term.value
        if term.isLeading { charged += term.value }
      }
      scratch.charged.append(log(charged))
      scratch.all.append(log(all))
      let p = events.momentum(ofParticle: firstParticle + particle)
      scratch.isCentral.append(abs(p.pseudorapidity) < configuration.tracker)
    }
  }

  private func weight(
    ofParticle particle: Int, _ scratch: Scratch, charged: Spread?, all: Spread?
  ) -> Double {
    switch scratch.particles.origin[particle] {
    case .leading: return 1
    case .pileUp: return 0
    case .unknown: break
    }
    let isCentral = scratch.isCentral[particle]
    let alpha = isCentral ? scratch.charged[particle] : scratch.all[particle]
    // Without pile-up tracks there is nothing to tell it by.
    guard let spread = isCentral ? charged : all else { return 1 }
    guard alpha > spread.median else { return 0 }
    let distance = (alpha - spread.median) / spread.width
    // The distribution of χ² with one degree of freedom.
    let weight = erf(distance / 2.0.squareRoot())
    let least = isCentral ? configuration.centralPt : configuration.forwardPt
    return weight < configuration.leastWeight || weight * scratch.particles.pt[particle] < least ? 0 : weight
  }
}

/// The median of α of pile-up, and its width below.
private struct Spread {
  let median: Double
  let width: Double
}

extension Puppi.Scratch {
  /// How α of the pile-up tracks that have any is spread; nil if there are none.
  fileprivate func pileUp(_ alpha: KeyPath<Puppi.Scratch, [Double]>) -> Spread? {
    sorted.removeAll(keepingCapacity: true)
    let values = self[keyPath: alpha]
    for particle in 0..<particles.count {
      guard case .pileUp = particles.origin[particle], values[particle].isFinite else { continue }
      sorted.append(values[particle])
    }
    guard !sorted.isEmpty else { return nil }
    sorted.sort()
    let middle = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle])
    var (sum, count) = (0.0, 0)
    for value in sorted where value < median {
      sum += (value - median) * (value - median)
      count += 1
    }
    // Without a width, all above the median is far above it.
    return Spread(median: median, width: sum > 0 ? (sum / Double(count)).squareRoot() : .leastNormalMagnitude)
  }
}

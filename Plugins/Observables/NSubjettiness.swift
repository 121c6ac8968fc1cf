// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `n-subjettiness`: how well each jet is described by one, two and three subjets (arXiv:1011.2268).
///
/// τ_N = Σ pT min_k ΔR_k^β / Σ pT R₀^β over the constituents, with ΔR_k the distance from the k-th of N axes. The axes are
/// the exclusive kT subjets of the jet, in the E scheme; they are not moved to the minimum of τ_N.
public struct NSubjettiness: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The angular exponent β.
    public var beta = 1.0
    /// The jet radius R₀.
    public var radius = 1.0

    /// β = 1 and R₀ = 1.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("beta", \.beta, .positive, "the angular exponent β"),
      Setting("radius", \.radius, .positive, "the jet radius R₀, which divides all distances"),
    ]
  }

  /// `n-subjettiness`.
  public static let identifier = "n-subjettiness"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "How well each jet is described by one, two and three subjets, and the ratios."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The exponent and the radius.
  public let configuration: Configuration

  /// N-subjettiness of `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `tau-1`, `tau-2`, `tau-3`, `tau-21` and `tau-32`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("tau-1", "τ₁"), ObservableQuantity("tau-2", "τ₂, 0 for up to two constituents"),
      ObservableQuantity("tau-3", "τ₃, 0 for up to three constituents"),
      ObservableQuantity("tau-21", "τ₂ / τ₁, small for two prongs; none if τ₁ is 0"),
      ObservableQuantity("tau-32", "τ₃ / τ₂, small for three prongs; none if τ₂ is 0"),
    ]
  }

  /// Clusterers for one, two and three axes.
  ///
  /// - Throws: `JetPhysicsError` if there is not enough memory.
  public func makeScratch() throws -> Scratch { try Scratch() }

  /// Finds the axes of jets.
  public final class Scratch {
    private let clusterers: [JetClusterer]
    /// An event for each jet, empty if the jet has no more constituents than axes.
    private var constituents = Events()
    private var axes = Jets()
    /// τ of each jet, for one to three axes: row-major `[3 × jets]`.
    fileprivate private(set) var tau: [Double] = []

    fileprivate init() throws {
      clusterers = try (1...3).map { count in
        try JetClusterer(
          JetFinder(
            JetDefinition(.kt, radius: 1000), selection: JetSelection(.exclusiveJets(count)), trees: false))
      }
    }

    fileprivate func find(_ sample: ObservableInputs<NSubjettiness>, _ configuration: Configuration) throws {
      tau.removeAll(keepingCapacity: true)
      for count in 1...3 {
        fill(sample, moreThan: count)
        try clusterers[count - 1].findJets(in: constituents, into: &axes)
        for jet in 0..<sample.jets.jetCount { tau.append(value(ofJet: jet, sample, configuration)) }
      }
    }

    private func fill(_ sample: ObservableInputs<NSubjettiness>, moreThan count: Int) {
      constituents.eventNumbers.removeAll(keepingCapacity: true)
      constituents.particles.removeOffsets()
      constituents.momenta.removeAll()
      for jet in 0..<sample.jets.jetCount {
        constituents.eventNumbers.append(jet)
        let its = sample.jets.constituents(ofJet: jet)
        if its.count > count {
          for place in its { constituents.momenta.append(sample.momentum(ofConstituent: place, ofJet: jet)) }
        }
        constituents.particles.endList(at: constituents.particleCount)
      }
    }

    private func value(
      ofJet jet: Int, _ sample: ObservableInputs<NSubjettiness>, _ configuration: Configuration
    ) -> Double {
      let its = axes.jets(ofEvent: jet)
      // Every constituent is an axis of its own.
      guard !its.isEmpty else { return 0 }
      var (sum, total) = (0.0, 0.0)
      for place in sample.jets.constituents(ofJet: jet) {
        let p = sample.momentum(ofConstituent: place, ofJet: jet)
        var nearest = Double.infinity
        for axis in its { nearest = min(nearest, p.deltaR(to: axes.momentum(ofJet: axis))) }
        let pt = p.pt
        sum += pt * pow(nearest / configuration.radius, configuration.beta)
        total += pt
      }
      return total > 0 ? sum / total : .nan
    }
  }

  /// Adds the numbers of each jet.
  ///
  /// - Throws: `JetPhysicsError` if the axes cannot be found.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let scratch = sample.scratch
    try scratch.find(sample, configuration)
    let count = sample.jets.jetCount
    for jet in 0..<count {
      let (one, two, three) = (scratch.tau[jet], scratch.tau[count + jet], scratch.tau[2 * count + jet])
      values.append(one)
      values.append(two)
      values.append(three)
      values.append(one > 0 ? two / one : .nan)
      values.append(two > 0 ? three / two : .nan)
    }
  }
}

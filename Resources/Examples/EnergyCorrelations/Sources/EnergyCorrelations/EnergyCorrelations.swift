// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `energy-correlations`: the energy correlation functions of each jet (arXiv:1305.0007, section 2) and their ratio D₂
/// (arXiv:1409.6298), which is small for a jet of two prongs.
///
/// With z_i the share of a constituent in Σ pT: e₂ = Σ z_i z_j ΔR_ij^β over all pairs, and
/// e₃ = Σ z_i z_j z_k (ΔR_ij ΔR_ik ΔR_jk)^β over all triplets.
public struct EnergyCorrelations: Observable {
  /// What stands beside `plugin` in YAML.
  public struct Configuration: SettingsSection, Encodable {
    /// The angular exponent β.
    public var beta = 1.0
    /// How many constituents of a jet, the hardest, are correlated.
    public var constituents = 100

    public init() {}

    public static let settings: [Setting<Configuration>] = [
      Setting("beta", \.beta, .positive, "the angular exponent β"),
      Setting(
        "constituents", \.constituents, .closed(3...500), "how many constituents, the hardest, are correlated"
      ),
    ]
  }

  public static let identifier = "energy-correlations"
  public static let version = PluginVersion(1, 0, 0)
  public static let summary = "The energy correlation functions e2 and e3 of each jet, and D2."
  public static let example = Configuration()

  public let configuration: Configuration

  public init(configuration: Configuration) { self.configuration = configuration }

  public var rows: HeadRows { .jets }

  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("e2", "the correlation of pairs"),
      ObservableQuantity("e3", "the correlation of triplets"),
      ObservableQuantity("d2", "e3 / e2³, small for two prongs; none if e2 is 0"),
    ]
  }

  /// What is kept from jet to jet, so that no memory is asked for.
  public final class Scratch {
    fileprivate var momenta: [FourMomentum] = []
    /// ΔR^β of each pair: `[constituents × constituents]`.
    fileprivate var distances: [Double] = []
    fileprivate var shares: [Double] = []
  }

  public func makeScratch() -> Scratch { Scratch() }

  /// Adds the numbers of each jet.
  ///
  /// - Complexity: O(constituents³) for each jet.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let scratch = sample.scratch
    for jet in 0..<sample.jets.jetCount {
      scratch.momenta.removeAll(keepingCapacity: true)
      for constituent in sample.jets.constituents(ofJet: jet) {
        scratch.momenta.append(sample.momentum(ofConstituent: constituent, ofJet: jet))
      }
      if scratch.momenta.count > configuration.constituents {
        scratch.momenta.sort { $0.pt2 > $1.pt2 }
        scratch.momenta.removeLast(scratch.momenta.count - configuration.constituents)
      }
      let (e2, e3) = scratch.correlations(beta: configuration.beta)
      values.append(e2)
      values.append(e3)
      values.append(e2 > 0 ? e3 / (e2 * e2 * e2) : .nan)
    }
  }
}

extension EnergyCorrelations.Scratch {
  fileprivate func correlations(beta: Double) -> (e2: Double, e3: Double) {
    let count = momenta.count
    let total = momenta.reduce(0) { $0 + $1.pt }
    guard total > 0 else { return (.nan, .nan) }
    shares.removeAll(keepingCapacity: true)
    distances.removeAll(keepingCapacity: true)
    for i in 0..<count {
      shares.append(momenta[i].pt / total)
      for j in 0..<count { distances.append(j < i ? pow(momenta[i].deltaR(to: momenta[j]), beta) : 0) }
    }
    var (e2, e3) = (0.0, 0.0)
    for i in 0..<count {
      for j in 0..<i {
        let pair = shares[i] * shares[j] * distances[i * count + j]
        e2 += pair
        for k in 0..<j { e3 += pair * shares[k] * distances[i * count + k] * distances[j * count + k] }
      }
    }
    return (e2, e3)
  }
}

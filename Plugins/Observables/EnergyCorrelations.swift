// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `energy-correlations`: the energy correlation functions of each jet (arXiv:1305.0007), their generalisations (arXiv:1609.07483) and
/// the ratios C₂, D₂ (arXiv:1409.6298), N₂ and M₂.
///
/// With z_i the share of a constituent in Σ pT and θ_ij the distance ΔR of two: e₂ = Σ z_i z_j θ_ij^β over pairs, and
/// v e₃ = Σ z_i z_j z_k times the product of the v smallest of θ_ij^β, θ_ik^β and θ_jk^β over triplets; e₃ is ₃e₃.
public struct EnergyCorrelations: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The angular exponent β.
    public var beta = 1.0
    /// How many constituents, the hardest, are correlated; nil for all.
    public var constituents: Int?

    /// β = 1, and all constituents.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting("beta", \.beta, .positive, "the angular exponent β"),
      Setting(
        "constituents", \.constituents, .positive,
        "how many constituents, the hardest, are correlated; the others count for nothing", default: "all"),
    ]
  }

  /// `energy-correlations`.
  public static let identifier = "energy-correlations"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The energy correlation functions of each jet, and C2, D2, N2 and M2."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The exponent and the number of constituents.
  public let configuration: Configuration

  /// The energy correlations of `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `e2`, `e3`, `e3-1`, `e3-2`, `c2`, `d2`, `n2` and `m2`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("e2", "e₂, the correlation of pairs; 0 for one constituent"),
      ObservableQuantity("e3", "e₃, that of triplets by all three distances; 0 for up to two constituents"),
      ObservableQuantity("e3-1", "₁e₃, by the smallest distance alone"),
      ObservableQuantity("e3-2", "₂e₃, by the two smallest"),
      ObservableQuantity("c2", "C₂ = e₃ / e₂², small for two prongs; none if e₂ is 0"),
      ObservableQuantity("d2", "D₂ = e₃ / e₂³, small for two prongs; none if e₂ is 0"),
      ObservableQuantity("n2", "N₂ = ₂e₃ / e₂², small for two prongs; none if e₂ is 0"),
      ObservableQuantity("m2", "M₂ = ₁e₃ / e₂, small for two prongs; none if e₂ is 0"),
    ]
  }

  /// Memory for the pairs of a jet.
  public func makeScratch() -> Scratch { Scratch() }

  /// The shares of the constituents of a jet, and the distances of pairs.
  public final class Scratch {
    fileprivate var order = ConstituentOrder()
    fileprivate var constituents = ConstituentDirections()
    /// θ^β of each pair, of which j < i are there: row-major `[constituents × constituents]`.
    fileprivate var distances: [Double] = []
  }

  /// Adds the numbers of each jet.
  ///
  /// - Complexity: O(constituents³) for each jet.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let scratch = sample.scratch
    for jet in 0..<sample.jets.jetCount {
      scratch.order.replace(withConstituentsOf: jet, of: sample)
      scratch.constituents.removeAll()
      for place in 0..<min(scratch.order.particles.count, configuration.constituents ?? .max) {
        scratch.constituents.append(sample.events.momentum(ofParticle: scratch.order.particles[place]))
      }
      let (e2, all, one, two) = scratch.correlations(beta: configuration.beta)
      values.append(e2)
      values.append(all)
      values.append(one)
      values.append(two)
      values.append(e2 > 0 ? all / (e2 * e2) : .nan)
      values.append(e2 > 0 ? all / (e2 * e2 * e2) : .nan)
      values.append(e2 > 0 ? two / (e2 * e2) : .nan)
      values.append(e2 > 0 ? one / e2 : .nan)
    }
  }
}

extension EnergyCorrelations.Scratch {
  /// e₂, and e₃ by three, one and two distances.
  fileprivate func correlations(beta: Double) -> (e2: Double, all: Double, one: Double, two: Double) {
    let count = constituents.count
    guard constituents.sumPt > 0 else { return (.nan, .nan, .nan, .nan) }
    distances.removeAll(keepingCapacity: true)
    for i in 0..<count {
      for j in 0..<count {
        let theta =
          j < i ? constituents.directions[i].distance2(to: constituents.directions[j]).squareRoot() : 0
        distances.append(beta == 1 ? theta : pow(theta, beta))
      }
    }
    var (e2, all, one, two) = (0.0, 0.0, 0.0, 0.0)
    constituents.pt.withUnsafeBufferPointer { pt in
      distances.withUnsafeBufferPointer { distances in
        for i in 0..<count {
          for j in 0..<i {
            let pair = distances[i * count + j]
            var (allHere, oneHere, twoHere) = (0.0, 0.0, 0.0)
            for k in 0..<j {
              let (a, b) = (distances[i * count + k], distances[j * count + k])
              let (low, high) = (min(a, b), max(a, b))
              let least = min(low, pair)
              // The middle one of three.
              let middle = max(low, min(high, pair))
              oneHere += pt[k] * least
              twoHere += pt[k] * least * middle
              allHere += pt[k] * a * b
            }
            let weight = pt[i] * pt[j]
            e2 += weight * pair
            all += weight * pair * allHere
            one += weight * oneHere
            two += weight * twoHere
          }
        }
      }
    }
    let square = constituents.sumPt * constituents.sumPt
    let cube = square * constituents.sumPt
    return (e2 / square, all / cube, one / cube, two / cube)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `angularities`: the generalised angularities of each jet (arXiv:1408.3122), λ^κ_β = Σ z_i^κ (ΔR_i/R₀)^β with z_i the share of a
/// constituent in Σ pT and ΔR_i its distance from the axis.
public struct Angularities: Observable {
  /// The axis of a jet; the raw value is what a user writes.
  public enum Axis: String, Codable, Sendable, CaseIterable {
    /// The direction of the jet.
    case jet
    /// The direction of the hardest branch of the Cambridge tree (winner takes all, arXiv:1401.2158).
    case wta
  }

  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The exponent κ of the momentum fraction.
    public var kappa = 1.0
    /// The angular exponent β.
    public var beta = 1.0
    /// The jet radius R₀.
    public var radius = 1.0
    /// The axis from which distances are.
    public var axis = Axis.jet

    /// κ = 1, β = 1, R₀ = 1 and the axis of the jet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "kappa", \.kappa, .notNegative, "the exponent κ of the momentum fraction, read for `angularity`"),
      Setting("beta", \.beta, .notNegative, "the angular exponent β, read for `angularity`"),
      Setting("radius", \.radius, .positive, "the jet radius R₀, which divides all distances"),
      Setting(
        "axis", \.axis, "the axis: the direction of the jet, or that of its hardest branch (winner takes all)"
      ),
    ]
  }

  /// `angularities`.
  public static let identifier = "angularities"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary =
    "The generalised angularities of each jet: multiplicity, pTD, Les Houches angularity, width, thrust."
  /// An example for users and tests.
  public static let example = Configuration()

  /// The exponents, the radius and the axis.
  public let configuration: Configuration

  /// The angularities of `configuration`.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `multiplicity`, `ptd`, `lha`, `width`, `thrust`, `girth` and `angularity`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("multiplicity", "λ⁰₀, the number of constituents"),
      ObservableQuantity("ptd", "√λ²₀ = √Σ pT² / Σ pT, from 0 to 1"),
      ObservableQuantity("lha", "λ¹ of β = ½, the Les Houches angularity"),
      ObservableQuantity("width", "λ¹ of β = 1"),
      ObservableQuantity("thrust", "λ¹ of β = 2"),
      ObservableQuantity("girth", "Σ pT ΔR / pT of the jet, by no R₀"),
      ObservableQuantity("angularity", "λ of the settings κ and β"),
    ]
  }

  /// Memory for the constituents of a jet.
  public func makeScratch() -> Scratch { Scratch() }

  /// The constituents of a jet.
  public final class Scratch {
    fileprivate var constituents = ConstituentDirections()
  }

  /// Adds the numbers of each jet; none if the jet has no transverse momentum.
  ///
  /// - Throws: `JetPhysicsError` if the axes cannot be found.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws {
    let reclustered: Reclustering? =
      configuration.axis == .wta
      ? try sample.reclustered(.wholeJet(.cambridge, recombination: .wtaPt)) : nil
    let axes = reclustered?.found.momenta.content
    for jet in 0..<sample.jets.jetCount {
      sample.scratch.constituents.replace(withConstituentsOf: jet, of: sample)
      let p = sample.jets.momentum(ofJet: jet)
      let axis = Direction(reclustered?.hardest(ofJet: jet).map { axes![$0] } ?? p)
      append(sample.scratch.constituents, axis, jetPt: p.pt, &values)
    }
  }

  private func append(
    _ constituents: ConstituentDirections, _ axis: Direction, jetPt: Double, _ values: inout [Double]
  ) {
    var (squares, lha, width, thrust, angularity) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for place in 0..<constituents.count {
      let z = constituents.pt[place] / constituents.sumPt
      let theta = constituents.directions[place].distance2(to: axis).squareRoot() / configuration.radius
      squares += z * z
      lha += z * theta.squareRoot()
      width += z * theta
      thrust += z * theta * theta
      angularity += pow(z, configuration.kappa) * pow(theta, configuration.beta)
    }
    values.append(Double(constituents.count))
    guard constituents.sumPt > 0 else {
      for _ in 0..<6 { values.append(.nan) }
      return
    }
    values.append(squares.squareRoot())
    values.append(lha)
    values.append(width)
    values.append(thrust)
    values.append(jetPt > 0 ? width * configuration.radius * constituents.sumPt / jetPt : .nan)
    values.append(angularity)
  }
}

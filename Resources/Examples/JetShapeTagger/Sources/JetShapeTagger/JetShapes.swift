// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// Three of a jet's generalised angularities λ^κ_β = Σ zᵢ^κ ΔRᵢ^β over its constituents, which tell quarks from gluons
/// (A. J. Larkoski, J. Thaler and W. J. Waalewijn, arXiv:1408.3122).
///
/// z is a constituent's share of the scalar sum of pT, ΔR its distance to the jet in rapidity and azimuth.
public struct JetShapes: Sendable, Equatable {
  /// How many numbers there are.
  public static let count = 3

  /// The number of constituents, λ⁰₀.
  public let multiplicity: Double
  /// How much of the pT few constituents have: pTD = √λ²₀, from 0 to 1.
  public let dispersion: Double
  /// The width, λ¹₁.
  public let width: Double

  /// The shapes of one jet.
  public init(ofJet jet: Int, _ inputs: HeadInputs) {
    let axis = inputs.jetMomenta[jet]
    let constituents = inputs.constituents
    let range = constituents.constituents(ofJet: jet)
    var (sum, squares, moment) = (0.0, 0.0, 0.0)
    for constituent in range {
      let p = constituents.momenta[constituent]
      // Along the beam there is no pT, and no angle that matters.
      guard p.pt > 0 else { continue }
      sum += p.pt
      squares += p.pt2
      moment += p.pt * p.deltaR(to: axis)
    }
    multiplicity = Double(range.count)
    dispersion = sum > 0 ? squares.squareRoot() / sum : 0
    width = sum > 0 ? moment / sum : 0
  }

  /// The shapes as numbers of the order of one.
  var features: [Float] { [Float(log(multiplicity) - 3), Float(4 * dispersion - 1), Float(8 * width - 1)] }
}

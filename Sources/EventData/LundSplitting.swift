// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The Lund coordinates of a splitting into a harder and a softer branch, by pT (arXiv:1807.04758, section 2.1).
public struct LundSplitting: Sendable, Hashable {
  /// The opening Δ = √(Δy² + Δφ²).
  public let deltaR: Double
  /// The transverse momentum of the softer branch relative to the other in GeV, kT = pT_soft Δ.
  public let kt: Double
  /// The momentum fraction of the softer branch, z = pT_soft / (pT_soft + pT_hard), from 0 to ½.
  public let z: Double
  /// The invariant mass of the two branches in GeV, −√(−m²) if m² is negative.
  public let mass: Double
  /// The azimuth of the softer branch around the harder, ψ = atan2(y_soft − y_hard, φ_soft − φ_hard).
  public let psi: Double

  /// The splitting into `a` and `b`, in any order.
  ///
  /// Branches without transverse momentum have z = 0.
  public init(_ a: FourMomentum, _ b: FourMomentum) {
    let (hard, soft) = a.pt2 >= b.pt2 ? (a, b) : (b, a)
    let (hardPt, softPt) = (hard.pt, soft.pt)
    let (deltaY, deltaPhi) = (soft.rapidity - hard.rapidity, hard.deltaPhi(to: soft))
    deltaR = (deltaY * deltaY + deltaPhi * deltaPhi).squareRoot()
    kt = softPt * deltaR
    z = softPt > 0 ? softPt / (softPt + hardPt) : 0
    mass = (a + b).mass
    psi = atan2(deltaY, deltaPhi)
  }

  /// ln(1/Δ), the abscissa of the Lund plane; infinite for collinear branches.
  public var logInverseDeltaR: Double { -log(deltaR) }

  /// ln(kT/GeV), the ordinate of the Lund plane; −∞ if kT is 0.
  public var logKt: Double { log(kt) }

  /// ln z; −∞ if z is 0.
  public var logZ: Double { log(z) }
}

extension JetTrees {
  /// The Lund coordinates of a node; `nil` for a leaf.
  ///
  /// - Parameters:
  ///   - node: the node, counted from the first of all trees.
  ///   - first: the first node of the node's tree, to which its children are relative.
  /// - Returns: the coordinates; `nil` for a leaf.
  public func lundSplitting(ofNode node: Int, first: Int) -> LundSplitting? {
    guard left[node] >= 0 else { return nil }
    return LundSplitting(
      momentum(ofNode: first + Int(left[node])), momentum(ofNode: first + Int(right[node])))
  }

  /// The primary Lund plane of a tree: its splittings along the harder branch, from the root on.
  ///
  /// It is meant for trees of the Cambridge algorithm, in which it is ordered by falling angle.
  public func primaryLundPlane(ofTree tree: Int) -> [LundSplitting] {
    let nodes = nodes(ofTree: tree)
    var plane: [LundSplitting] = []
    var node = nodes.upperBound - 1
    while let splitting = lundSplitting(ofNode: node, first: nodes.lowerBound) {
      plane.append(splitting)
      node = nodes.lowerBound + Int(left[node])
    }
    return plane
  }
}

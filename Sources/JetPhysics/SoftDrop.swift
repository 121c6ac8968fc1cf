// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Soft drop grooming of a jet's tree (arXiv:1402.2657).
///
/// From the root on, the softer branch of a splitting is dropped and the harder followed, until
/// z > z_cut (ΔR/R₀)^β holds. β = 0 is the modified mass drop tagger. Meant for trees of the Cambridge algorithm.
public struct SoftDrop: Sendable, Hashable, Codable {
  /// The threshold z_cut of the momentum fraction, in [0, ½).
  public let zCut: Double
  /// The angular exponent β.
  public let beta: Double
  /// The jet radius R₀.
  public let radius: Double

  /// A jet after grooming.
  public struct Groomed: Sendable, Hashable {
    /// The node that is left, counted from the first of all trees.
    public let node: Int
    /// Its four-momentum.
    public let momentum: FourMomentum
    /// The splitting that passed; `nil` if none did and the node is a single particle.
    public let splitting: LundSplitting?
    /// How many branches were dropped.
    public let droppedBranches: Int
  }

  /// Grooming with checked parameters.
  ///
  /// - Throws: ``JetPhysicsError`` if `zCut` is outside [0, ½), `beta` not finite or `radius` not positive.
  public init(zCut: Double, beta: Double, radius: Double) throws {
    guard zCut >= 0, zCut < 0.5 else {
      throw JetPhysicsError(
        field: "zCut", problem: "Soft drop's zCut is \(zCut): choose one from 0 to less than 0.5.")
    }
    guard beta.isFinite else {
      throw JetPhysicsError(field: "beta", problem: "Soft drop's beta is \(beta): choose a finite number.")
    }
    guard radius > 0, radius.isFinite else {
      throw JetPhysicsError(
        field: "radius", problem: "Soft drop's radius is \(radius): choose a positive number.")
    }
    self.zCut = zCut
    self.beta = beta
    self.radius = radius
  }

  /// Whether a splitting passes, z > z_cut (ΔR/R₀)^β.
  ///
  /// - Parameters:
  ///   - z: the momentum fraction of the softer branch.
  ///   - deltaR: the opening.
  /// - Returns: whether it passes.
  public func passes(z: Double, deltaR: Double) -> Bool { z > zCut * pow(deltaR / radius, beta) }

  /// Grooms one tree of `trees`.
  public func groom(_ trees: JetTrees, tree: Int) -> Groomed {
    let nodes = trees.nodes(ofTree: tree)
    var node = nodes.upperBound - 1
    var dropped = 0
    while let splitting = trees.lundSplitting(ofNode: node, first: nodes.lowerBound) {
      if passes(z: splitting.z, deltaR: splitting.deltaR) {
        return Groomed(
          node: node, momentum: trees.momentum(ofNode: node), splitting: splitting, droppedBranches: dropped)
      }
      node = nodes.lowerBound + Int(trees.left[node])
      dropped += 1
    }
    return Groomed(
      node: node, momentum: trees.momentum(ofNode: node), splitting: nil, droppedBranches: dropped)
  }
}

extension SoftDrop {
  private enum CodingKeys: String, CodingKey {
    case zCut, beta, radius
  }

  /// Reads `zCut`, `beta` and `radius`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      zCut: container.decode(Double.self, forKey: .zCut),
      beta: container.decode(Double.self, forKey: .beta),
      radius: container.decode(Double.self, forKey: .radius))
  }
}

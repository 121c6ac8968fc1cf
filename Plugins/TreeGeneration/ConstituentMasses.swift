// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The masses that constituents have in the training sample, in intervals of their transverse momentum.
///
/// A mass does not change the tree, which knows transverse momenta and directions alone, but it does change the mass of the jet: a
/// constituent adds m² pT(jet)/pT to the square of that. Masses are those of particles, or few in any case, so that a quantile is one that
/// the sample has, and nothing between two of them.
public struct ConstituentMasses: Codable, Sendable, Equatable {
  /// Where intervals begin but the first, in ln(pT / GeV), rising: `[intervals − 1]`.
  public var edges: [Double] = []
  /// Masses in GeV that are equally probable in an interval: `[intervals][levels]`.
  public var masses: [[Double]] = []

  private static let intervals = 12
  private static let levels = 100

  /// The masses of the leaves of some trees.
  ///
  /// - Parameters:
  ///   - trees: the trees.
  ///   - jets: the numbers of those that count, at least one.
  ///   - weights: the weight of each, above 0: `[jets]`.
  init(_ trees: JetTrees, jets: [Int], weights: [Double]) {
    var constituents: [(logPt: Double, mass: Double, weight: Double)] = []
    for (jet, weight) in zip(jets, weights) {
      for leaf in trees.leaves(ofTree: jet) {
        let momentum = trees.momentum(ofNode: leaf)
        // To a keV, so that photons have none whatever the rounding of their momenta.
        let mass = (max(momentum.mass, 0) * 1e6).rounded() / 1e6
        constituents.append((log(max(momentum.pt, Prong.leastPt)), mass, weight))
      }
    }
    constituents.sort { $0.logPt < $1.logPt }
    let count = min(Self.intervals, constituents.count)
    for interval in 0..<count {
      let first = interval * constituents.count / count
      let part = constituents[first..<(interval + 1) * constituents.count / count]
      if interval > 0 { edges.append(constituents[first].logPt) }
      masses.append(Self.masses(of: part.map { ($0.mass, $0.weight) }))
    }
  }

  /// The masses at the middles of equal shares of the weight.
  private static func masses(of constituents: [(mass: Double, weight: Double)]) -> [Double] {
    let sorted = constituents.sorted { $0.mass < $1.mass }
    let share = sorted.reduce(0) { $0 + $1.weight } / Double(levels)
    var (place, below) = (0, sorted[0].weight)
    return (0..<levels).map { level in
      while place < sorted.count - 1, below < share * (Double(level) + 0.5) {
        place += 1
        below += sorted[place].weight
      }
      return sorted[place].mass
    }
  }

  /// Whether there are as many intervals as edges say, which rise, with masses of at least 0 in each.
  var areValid: Bool {
    masses.count == edges.count + 1 && zip(edges, edges.dropFirst()).allSatisfy(<=)
      && masses.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isFinite && $0 >= 0 } }
  }

  /// A mass of a constituent with a transverse momentum, in GeV.
  func draw(pt: Double, using generator: inout SeededGenerator) -> Double {
    let logPt = log(pt)
    let own = masses[edges.firstIndex { logPt < $0 } ?? edges.count]
    return own[Int.random(in: 0..<own.count, using: &generator)]
  }
}

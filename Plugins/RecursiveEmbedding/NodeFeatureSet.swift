// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A set of numbers that describe each node of a jet's tree to the network.
///
/// A node that has no such number, a leaf asked for its splitting, has NaN here; `FeatureScaling` turns it
/// into 0. Logarithms stop at the values at which rounding begins: momenta at 1 MeV, masses at 100 MeV (a
/// particle's mass does not survive momenta of six digits), angles at 10⁻⁴, momentum fractions at 10⁻⁶.
public enum NodeFeatureSet: String, Sendable, CaseIterable {
  /// |p|, η, φ, E, E/E_jet, pT and θ of the node (arXiv:1702.00748, section 5.1).
  case paper
  /// Logarithms of momenta relative to the jet, the place relative to the jet's axis, the mass, and the Lund
  /// coordinates of the node's splitting (arXiv:1807.04758), with a flag that says whether there is one.
  case lund

  /// The names of the features, in order.
  public var names: [String] {
    switch self {
    case .paper: ["|p|", "η", "φ", "E", "E/E_jet", "pT", "θ"]
    case .lund:
      [
        "ln pT/pT_jet", "ln E/E_jet", "Δη", "Δφ", "ΔR", "ln m", "ln pT", "splitting", "ln ΔR_LR", "ln z",
        "ln kT",
      ]
    }
  }

  /// The number of features.
  public var count: Int {
    switch self {
    case .paper: 7
    case .lund: 11
    }
  }

  /// Writes the features of all nodes of `trees` into columns of a matrix `[nodes × width]`.
  ///
  /// - Parameters:
  ///   - trees: the trees, with momenta in GeV.
  ///   - features: the matrix.
  ///   - width: the number of its columns.
  ///   - column: the first column to write.
  ///   - places: replaced by the numbers that splittings need of their children; its storage is kept.
  func write(
    _ trees: JetTrees, to features: inout [Float], width: Int, column: Int, places: inout [NodePlace]
  ) {
    places.removeAll(keepingCapacity: true)
    features.withUnsafeMutableBufferPointer { features in
      for tree in 0..<trees.treeCount {
        let nodes = trees.offsets[tree]..<trees.offsets[tree + 1]
        let rows = UnsafeMutableBufferPointer(
          rebasing: features[nodes.lowerBound * width..<nodes.upperBound * width])
        switch self {
        case .paper: Self.writePaper(trees, nodes, rows, width: width, column: column)
        case .lund: Self.writeLund(trees, nodes, rows, width: width, column: column, places: &places)
        }
      }
    }
  }

  private static func writePaper(
    _ trees: JetTrees, _ nodes: Range<Int>, _ rows: UnsafeMutableBufferPointer<Float>, width: Int,
    column: Int
  ) {
    let jetEnergy = max(trees.momentum(ofNode: nodes.upperBound - 1).energy, minimumMomentum)
    var at = column
    for node in nodes {
      let p = trees.momentum(ofNode: node)
      rows[at] = Float(p.modulus)
      rows[at + 1] = Float(boundedEta(p))
      rows[at + 2] = Float(p.phi)
      rows[at + 3] = Float(p.energy)
      rows[at + 4] = Float(p.energy / jetEnergy)
      rows[at + 5] = Float(p.pt)
      rows[at + 6] = Float(p.theta)
      at += width
    }
  }

  private static func writeLund(
    _ trees: JetTrees, _ nodes: Range<Int>, _ rows: UnsafeMutableBufferPointer<Float>, width: Int,
    column: Int, places: inout [NodePlace]
  ) {
    let jet = trees.momentum(ofNode: nodes.upperBound - 1)
    let jetEta = boundedEta(jet)
    let jetPhi = jet.phi
    let logJetPt = logarithm(jet.pt, atLeast: minimumMomentum)
    let logJetEnergy = logarithm(jet.energy, atLeast: minimumMomentum)
    var at = column
    for node in nodes {
      let p = trees.momentum(ofNode: node)
      let place = NodePlace(pt: p.pt, logPt: logarithm(p.pt, atLeast: minimumMomentum), phi: p.phi)
      places.append(place)
      let deltaEta = boundedEta(p) - jetEta
      let deltaPhi = wrapped(place.phi - jetPhi)
      rows[at] = Float(place.logPt - logJetPt)
      rows[at + 1] = Float(logarithm(p.energy, atLeast: minimumMomentum) - logJetEnergy)
      rows[at + 2] = Float(deltaEta)
      rows[at + 3] = Float(deltaPhi)
      rows[at + 4] = Float((deltaEta * deltaEta + deltaPhi * deltaPhi).squareRoot())
      rows[at + 5] = Float(logarithm(p.mass, atLeast: minimumMass))
      rows[at + 6] = Float(place.logPt)
      if trees.left[node] < 0 {
        rows[at + 7] = 0
        for splitting in 8...10 { rows[at + splitting] = .nan }
      } else {
        let (left, right) = (
          nodes.lowerBound + Int(trees.left[node]), nodes.lowerBound + Int(trees.right[node])
        )
        let softer = min(places[left].pt, places[right].pt)
        let total = places[left].pt + places[right].pt
        let deltaY = trees.momentum(ofNode: left).rapidity - trees.momentum(ofNode: right).rapidity
        let logDeltaR = logarithm(
          separation(deltaY, places[left].phi - places[right].phi), atLeast: minimumAngle)
        rows[at + 7] = 1
        rows[at + 8] = Float(logDeltaR)
        rows[at + 9] = Float(logarithm(total > 0 ? softer / total : 0, atLeast: minimumFraction))
        rows[at + 10] = Float(min(places[left].logPt, places[right].logPt) + logDeltaR)
      }
      at += width
    }
  }

  static let minimumMomentum = 1e-3
  static let minimumMass = 0.1
  static let minimumAngle = 1e-4
  static let minimumFraction = 1e-6
  /// Beyond any detector; a momentum along the beam has a finite place there.
  static let maximumEta = 10.0

  private static func boundedEta(_ p: FourMomentum) -> Double {
    min(max(p.pseudorapidity, -maximumEta), maximumEta)
  }

  /// ΔR in rapidity and azimuth, the distance of the clustering algorithms.
  private static func separation(_ deltaY: Double, _ deltaPhi: Double) -> Double {
    let rapidity = min(abs(deltaY), 2 * maximumEta)
    let azimuth = wrapped(deltaPhi)
    return (rapidity * rapidity + azimuth * azimuth).squareRoot()
  }

  private static func wrapped(_ azimuth: Double) -> Double {
    azimuth > .pi ? azimuth - 2 * .pi : azimuth < -.pi ? azimuth + 2 * .pi : azimuth
  }

  private static func logarithm(_ x: Double, atLeast minimum: Double) -> Double {
    log(x > minimum ? x : minimum)
  }
}

/// The numbers of a node that are needed again for the splitting that it comes from.
struct NodePlace: Sendable {
  /// The transverse momentum in GeV.
  let pt: Double
  /// ln pT, of 1 MeV at least.
  let logPt: Double
  /// The azimuth.
  let phi: Double
}

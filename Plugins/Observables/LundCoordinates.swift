// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `lund`: the Lund coordinates of each splitting of each jet's tree (arXiv:1807.04758, section 2.1).
///
/// The trees are those of the jet definition; the Lund plane is meant for trees of the Cambridge algorithm.
public struct LundCoordinates: Observable {
  /// `lund`.
  public static let identifier = "lund"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The Lund coordinates of each splitting of each jet's tree."
  /// An example for users and tests.
  public static let example = NoSettings()

  /// Nothing.
  public let configuration: NoSettings

  /// The Lund coordinates of splittings.
  public init(configuration: NoSettings) { self.configuration = configuration }

  /// Splittings.
  public var rows: HeadRows { .splittings }

  /// `delta-r`, `kt`, `z`, `mass`, `psi`, `ln-inverse-delta-r`, `ln-kt`, `ln-z` and `primary`.
  public var quantities: [ObservableQuantity] {
    [
      ObservableQuantity("delta-r", "the opening Δ = √(Δy² + Δφ²)"),
      ObservableQuantity("kt", "the softer branch's pT times Δ", unit: "GeV"),
      ObservableQuantity("z", "the softer branch's share of the sum of pT"),
      ObservableQuantity("mass", "the mass of both branches", unit: "GeV"),
      ObservableQuantity("psi", "the azimuth of the softer branch around the harder"),
      ObservableQuantity("ln-inverse-delta-r", "ln(1/Δ), infinite for collinear branches"),
      ObservableQuantity("ln-kt", "ln(kT/GeV), infinite if kT is 0"),
      ObservableQuantity("ln-z", "ln z, infinite if z is 0"),
      ObservableQuantity("primary", "1 for a splitting along the harder branches from the root on, else 0"),
    ]
  }

  /// Adds the numbers of each splitting.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let trees = sample.jets.trees
    let width = 9
    for tree in 0..<trees.treeCount {
      let nodes = trees.nodes(ofTree: tree)
      let leaves = trees.leaves(ofTree: tree).count
      let firstValue = values.count
      for node in nodes {
        guard let splitting = trees.lundSplitting(ofNode: node, first: nodes.lowerBound) else { continue }
        values.append(splitting.deltaR)
        values.append(splitting.kt)
        values.append(splitting.z)
        values.append(splitting.mass)
        values.append(splitting.psi)
        values.append(splitting.logInverseDeltaR)
        values.append(splitting.logKt)
        values.append(splitting.logZ)
        values.append(0)
      }
      // Splittings follow the leaves, the root last.
      var node = nodes.count - 1
      while node >= leaves {
        values[firstValue + (node - leaves) * width + width - 1] = 1
        node = Int(trees.left[nodes.lowerBound + node])
      }
    }
  }
}

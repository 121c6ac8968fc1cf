// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// `lund`: the Lund coordinates of each splitting of each jet's tree (arXiv:1807.04758, section 2.1).
///
/// The trees are those of the jet definition; the Lund plane is meant for trees of the Cambridge algorithm.
public struct LundCoordinates: Observable {
  /// What a user writes.
  public struct Configuration: SettingsSection, Encodable {
    /// The least momentum fraction of the primary splitting from whose softer branch the secondary plane begins.
    public var zCut = 0.025

    /// z_cut = 0.025.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "z-cut", \.zCut, .closed(0...0.5),
        "the secondary plane begins at the softer branch of the first primary splitting of a larger z")
    ]
  }

  /// `lund`.
  public static let identifier = "lund"
  /// The version that models store.
  public static let version = PluginVersion(1, 1, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "The Lund coordinates of each splitting of each jet's tree."
  /// An example for users and tests.
  public static let example = Configuration()

  /// What the secondary plane is.
  public let configuration: Configuration

  /// The Lund coordinates of splittings.
  public init(configuration: Configuration) { self.configuration = configuration }

  /// Splittings.
  public var rows: HeadRows { .splittings }

  /// `delta-r`, `kt`, `z`, `mass`, `psi`, `ln-inverse-delta-r`, `ln-kt`, `ln-z`, `primary`, `secondary` and `order`.
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
      ObservableQuantity(
        "secondary",
        "1 for one along the harder branches from the softer branch of a primary splitting on, else 0"),
      ObservableQuantity(
        "order", "1 on the primary plane, and 1 more for each softer branch on the way from the root"),
    ]
  }

  /// Adds the numbers of each splitting.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    let trees = sample.jets.trees
    for tree in 0..<trees.treeCount {
      let nodes = trees.nodes(ofTree: tree)
      let leaves = trees.leaves(ofTree: tree).count
      let firstValue = values.count
      // Splittings follow the leaves, the root last.
      var secondary: Int?
      for node in nodes.lowerBound + leaves..<nodes.upperBound {
        let splitting = trees.lundSplitting(ofNode: node, first: nodes.lowerBound)!
        values.append(splitting.deltaR)
        values.append(splitting.kt)
        values.append(splitting.z)
        values.append(splitting.mass)
        values.append(splitting.psi)
        values.append(splitting.logInverseDeltaR)
        values.append(splitting.logKt)
        values.append(splitting.logZ)
        for _ in 0..<3 { values.append(0) }
      }
      func place(_ node: Int, _ quantity: Int) -> Int { firstValue + (node - leaves) * 11 + quantity }
      var node = nodes.count - 1
      while node >= leaves {
        values[place(node, 8)] = 1
        if secondary == nil, values[place(node, 2)] > configuration.zCut {
          secondary = Int(trees.right[nodes.lowerBound + node])
        }
        node = Int(trees.left[nodes.lowerBound + node])
      }
      node = secondary ?? -1
      while node >= leaves {
        values[place(node, 9)] = 1
        node = Int(trees.left[nodes.lowerBound + node])
      }
      // Parents come after children.
      node = nodes.count - 1
      if node >= leaves { values[place(node, 10)] = 1 }
      while node >= leaves {
        let order = values[place(node, 10)]
        let left = Int(trees.left[nodes.lowerBound + node])
        let right = Int(trees.right[nodes.lowerBound + node])
        if left >= leaves { values[place(left, 10)] = order }
        if right >= leaves { values[place(right, 10)] = order + 1 }
        node -= 1
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A recursive network as configurations and models describe it.
public struct EmbeddingDescription: SettingsSection, Encodable, Equatable {
  /// How a splitting combines its children.
  public var cell = RecursiveNetwork.Cell.gated
  /// The number of components of the embedding.
  public var width = 40
  /// What the network reads of each node.
  public var features = NodeFeatures.lund
  /// The scale below which splittings are not resolved; nil if all are.
  public var tree: TreePruning?

  /// The widths that a network may have.
  public static let allowedWidths = 1...1024

  /// A gated network of width 40 on the Lund features.
  public init() {}

  /// A recursive network.
  public init(
    cell: RecursiveNetwork.Cell, width: Int, features: NodeFeatures, tree: TreePruning? = nil
  ) {
    self.cell = cell
    self.width = width
    self.features = features
    self.tree = tree
  }

  /// The settings, in the order of tables.
  public static let settings: [Setting<EmbeddingDescription>] = [
    Setting(
      "cell", \.cell, "how a splitting combines its children",
      range: "\(RecursiveCells.builtIn.names.joined(separator: ", ")), a cell of a plugin"),
    Setting("width", \.width, .closed(allowedWidths), "the number of components of the embedding"),
    Setting(
      "features", \.features,
      "what the network reads of each node: a set, a column of the particles, or a list such as `[lund, particle.charge]`; "
        + "splittings have the sum over their particles",
      default: "`lund`", range: "`lund`, `paper`, `particle.COLUMN`, `OBSERVABLE/QUANTITY`"),
    Setting(
      "tree", \.tree,
      "the scale below which splittings of the tree are not resolved, so that soft and collinear particles do not change it: the "
        + "keys below",
      default: "all are resolved"),
  ]
}

// SPDX-License-Identifier: GPL-3.0-or-later

extension JetTrees {
  /// The nodes of one tree as a range into the node arrays.
  public func nodes(ofTree tree: Int) -> Range<Int> { offsets[tree]..<offsets[tree + 1] }

  /// The four-momentum of a node, counted from the first of all trees.
  public func momentum(ofNode node: Int) -> FourMomentum {
    FourMomentum(px: px[node], py: py[node], pz: pz[node], energy: energy[node])
  }
}

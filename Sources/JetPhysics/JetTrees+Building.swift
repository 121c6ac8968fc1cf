// SPDX-License-Identifier: GPL-3.0-or-later

extension JetTrees {
  /// Forgets all trees and keeps the storage.
  public mutating func removeAll() {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    left.removeAll(keepingCapacity: true)
    right.removeAll(keepingCapacity: true)
    px.removeAll(keepingCapacity: true)
    py.removeAll(keepingCapacity: true)
    pz.removeAll(keepingCapacity: true)
    energy.removeAll(keepingCapacity: true)
    mergeScale.removeAll(keepingCapacity: true)
  }

  /// Adds one tree of another collection behind these.
  public mutating func append(_ tree: Int, of other: JetTrees) {
    for node in other.nodes(ofTree: tree) {
      left.append(other.left[node])
      right.append(other.right[node])
      px.append(other.px[node])
      py.append(other.py[node])
      pz.append(other.pz[node])
      energy.append(other.energy[node])
      mergeScale.append(other.mergeScale[node])
    }
    offsets.append(left.count)
  }
}

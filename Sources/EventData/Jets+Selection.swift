// SPDX-License-Identifier: GPL-3.0-or-later

extension Jets {
  /// Leaves out the jets for which `isKept` `[jets]` is false, with all that belongs to them, and keeps the storage.
  ///
  /// Columns of events stay as they are.
  public mutating func keepJets(_ isKept: [Bool]) {
    precondition(isKept.count == jetCount, "one answer for each jet")
    let hasTrees = trees.treeCount == jetCount
    if !columns.splittings.isEmpty { columns.splittings.keep(rows(splittingOffsets, isKept)) }
    if !columns.constituents.isEmpty { columns.constituents.keep(rows(constituents.offsets, isKept)) }
    columns.jets.keep(isKept)
    constituents.content.keep(rows(constituents.offsets, isKept))
    if hasTrees { trees.keepTrees(isKept) }
    var (kept, constituentCount) = (0, 0)
    for event in 0..<eventCount {
      let first = kept
      for jet in jets(ofEvent: event) where isKept[jet] {
        // Offsets that are written lie at or before those that are read next.
        let count = constituents.offsets[jet + 1] - constituents.offsets[jet]
        constituents.offsets[kept] = constituentCount
        constituentCount += count
        kept += 1
      }
      momenta.offsets[event] = first
    }
    momenta.offsets[eventCount] = kept
    constituents.offsets[kept] = constituentCount
    constituents.offsets.removeLast(constituents.offsets.count - kept - 1)
    momenta.content.keep(isKept)
  }
}

extension JetTrees {
  /// Leaves out the trees for which `isKept` `[trees]` is false.
  fileprivate mutating func keepTrees(_ isKept: [Bool]) {
    let isNodeKept = rows(offsets, isKept)
    left.keep(isNodeKept)
    right.keep(isNodeKept)
    momenta.keep(isNodeKept)
    mergeScale.keep(isNodeKept)
    var (kept, nodeCount) = (0, 0)
    for tree in isKept.indices where isKept[tree] {
      let count = offsets[tree + 1] - offsets[tree]
      offsets[kept] = nodeCount
      nodeCount += count
      kept += 1
    }
    offsets[kept] = nodeCount
    offsets.removeLast(offsets.count - kept - 1)
  }
}

/// Whether each row of ragged lists belongs to a list that is kept.
private func rows(_ offsets: [Int], _ isKept: [Bool]) -> [Bool] {
  isKept.indices.flatMap { repeatElement(isKept[$0], count: offsets[$0 + 1] - offsets[$0]) }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The jets of consecutive events as flat arrays.
///
/// Event `i` owns the jets `offsets[i] ..< offsets[i + 1]`, by falling pT (falling E for e⁺e⁻ algorithms).
/// Jet `j` owns the constituents `constituentOffsets[j] ..< constituentOffsets[j + 1]`.
public struct JetBatch: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int]
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  public var offsets: [Int]
  /// Momentum along x in GeV: `[jets]`.
  public var px: [Double]
  /// Momentum along y in GeV: `[jets]`.
  public var py: [Double]
  /// Momentum along the beam in GeV: `[jets]`.
  public var pz: [Double]
  /// Energy in GeV: `[jets]`.
  public var energy: [Double]
  /// The first constituent of each jet, and the number of constituents at the end: `[jets + 1]`.
  public var constituentOffsets: [Int]
  /// The particles of each jet, counted from the first particle of the jet's event: `[constituents]`.
  public var constituents: [Int32]
  /// The binary tree of each jet; empty where trees were not asked for.
  public var trees: JetTrees

  /// A batch without events.
  public init() {
    eventNumbers = []
    offsets = [0]
    px = []
    py = []
    pz = []
    energy = []
    constituentOffsets = [0]
    constituents = []
    trees = JetTrees()
  }

  /// The number of events.
  public var eventCount: Int { eventNumbers.count }

  /// The number of jets of all events together.
  public var jetCount: Int { energy.count }

  /// The jets of one event as a range into the jet arrays.
  public func jets(ofEvent event: Int) -> Range<Int> { offsets[event]..<offsets[event + 1] }

  /// The constituents of one jet as a range into `constituents`.
  public func constituents(ofJet jet: Int) -> Range<Int> {
    constituentOffsets[jet]..<constituentOffsets[jet + 1]
  }
}

/// The clustering trees of a sequence of jets as flat arrays.
///
/// A jet of n constituents owns 2n − 1 nodes, `offsets[j] ..< offsets[j + 1]`. Within a jet the nodes are
/// numbered from 0: first the n leaves, in the order of the jet's constituents, then the n − 1 splittings in
/// the order in which clustering made them, so that children come before parents and the root comes last.
public struct JetTrees: Sendable, Equatable {
  /// The first node of each jet, and the number of nodes at the end: `[jets + 1]`.
  public var offsets: [Int]
  /// The child of larger pT, numbered within the jet; −1 for a leaf: `[nodes]`.
  public var left: [Int32]
  /// The child of smaller pT, numbered within the jet; −1 for a leaf: `[nodes]`.
  public var right: [Int32]
  /// Momentum along x in GeV: `[nodes]`.
  public var px: [Double]
  /// Momentum along y in GeV: `[nodes]`.
  public var py: [Double]
  /// Momentum along the beam in GeV: `[nodes]`.
  public var pz: [Double]
  /// Energy in GeV: `[nodes]`.
  public var energy: [Double]
  /// The distance d_ij at which the clustering algorithm joined the children; 0 for a leaf: `[nodes]`.
  public var mergeScale: [Double]

  /// No trees.
  public init() {
    offsets = [0]
    left = []
    right = []
    px = []
    py = []
    pz = []
    energy = []
    mergeScale = []
  }

  /// The number of trees.
  public var treeCount: Int { offsets.count - 1 }

  /// The number of nodes of all trees together.
  public var nodeCount: Int { left.count }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventData

/// The clustering histories of consecutive events as flat arrays, as FastJet's `ClusterSequence::history()`
/// has them.
///
/// An event of n particles owns 2n entries, `offsets[i] ..< offsets[i + 1]`. Within an event entries are
/// numbered from 0: first the particles, then the n steps of the clustering in their order. Padding,
/// particles whose components are all 0, joins the beam first, at distance 0. Then follow the joins of groups
/// of more than eight particles of exactly the same direction, which are at distance 0, in pairs and pairs of
/// pairs; FastJet's steps come last.
public struct ClusteringHistories: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int] = []
  /// The first entry of each event, and the number of entries at the end: `[events + 1]`.
  public var offsets: [Int] = [0]
  /// The entry that the step joined, numbered within the event; −2 for a particle: `[entries]`.
  public var parent1: [Int32] = []
  /// The entry that it was joined with; −1 for the beam, −2 for a particle: `[entries]`.
  public var parent2: [Int32] = []
  /// The distance d_ij or d_iB of the step; 0 for a particle: `[entries]`.
  public var distance: [Double] = []
  /// The largest distance up to this step: `[entries]`.
  public var maximumDistance: [Double] = []
  /// The four-momentum of what the step made, or of what it joined with the beam, in GeV: `[entries]`.
  public var momenta = FourMomenta()

  /// No histories.
  public init() {}

  /// The entries of one event as a range into the arrays.
  public func entries(ofEvent event: Int) -> Range<Int> { offsets[event]..<offsets[event + 1] }

  /// The four-momentum of an entry, counted from the first of all histories.
  public func momentum(ofEntry entry: Int) -> FourMomentum {
    momenta[entry]
  }
}

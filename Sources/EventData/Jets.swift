// SPDX-License-Identifier: GPL-3.0-or-later

/// The jets of consecutive events as ragged flat arrays.
///
/// Event `i` owns the jets `offsets[i] ..< offsets[i + 1]`, by falling pT (falling E for e⁺e⁻ algorithms). The
/// constituents of a jet are in rising order of the particles; leaf `i` of a jet's tree is its constituent `i`.
public struct Jets: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int]
  /// The four-momenta of the jets of each event: `[events]` lists.
  public var momenta: Ragged<FourMomenta>
  /// The particles of each jet, counted from the first particle of the jet's event: `[jets]` lists.
  public var constituents: Ragged<[Int32]>
  /// The binary tree of each jet; empty if trees were not asked for.
  public var trees: JetTrees
  /// What observables say of the events, jets, constituents and splittings; none unless they were asked.
  public var columns: ObservedColumns

  /// No events.
  public init() {
    eventNumbers = []
    momenta = Ragged(content: FourMomenta())
    constituents = Ragged(content: [])
    trees = JetTrees()
    columns = ObservedColumns()
  }

  /// The number of events.
  public var eventCount: Int { eventNumbers.count }

  /// The number of jets of all events together.
  public var jetCount: Int { momenta.content.energy.count }

  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  public var offsets: [Int] { momenta.offsets }

  /// The jets of one event as a range into the jet arrays.
  public func jets(ofEvent event: Int) -> Range<Int> { momenta.offsets[event]..<momenta.offsets[event + 1] }

  /// The constituents of one jet as a range into the constituents of all.
  public func constituents(ofJet jet: Int) -> Range<Int> {
    constituents.offsets[jet]..<constituents.offsets[jet + 1]
  }

  /// The first splitting of each jet's tree among the splittings of all, and their number at the end: `[jets + 1]`.
  ///
  /// A binary tree has one splitting less than leaves, which are the constituents.
  public var splittingOffsets: [Int] {
    constituents.offsets.indices.map { constituents.offsets[$0] - $0 }
  }

  /// The constituents of consecutive jets.
  public func constituents(ofJets jets: Range<Int>) -> Range<Int> {
    constituents.offsets[jets.lowerBound]..<constituents.offsets[jets.upperBound]
  }

  /// The splittings of the trees of consecutive jets, which each have one less than constituents.
  public func splittings(ofJets jets: Range<Int>) -> Range<Int> {
    let constituents = constituents(ofJets: jets)
    return constituents.lowerBound - jets.lowerBound..<constituents.upperBound - jets.upperBound
  }

  /// The four-momentum of a jet, counted from the first of all events.
  public func momentum(ofJet jet: Int) -> FourMomentum { momenta.content[jet] }
}

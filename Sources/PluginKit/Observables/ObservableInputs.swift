// SPDX-License-Identifier: GPL-3.0-or-later

/// What an observable reads: consecutive events and their jets.
public struct ObservableInputs<O: Observable> {
  /// The events.
  public let events: Events
  /// The jets of the events, with trees if ``Observable/readsTrees`` says so.
  public let jets: Jets
  /// The memory of this thread.
  public let scratch: O.Scratch
  /// How the jets were found.
  public let finder: JetFinder
  /// The first particle of the event of each jet: `[jets]`.
  private let firstParticles: [Int]
  private let reclusterings: Reclusterings

  init(
    _ events: Events, _ jets: Jets, foundBy finder: JetFinder, scratch: O.Scratch, firstParticles: [Int],
    reclusterings: Reclusterings
  ) {
    self.events = events
    self.jets = jets
    self.finder = finder
    self.scratch = scratch
    self.firstParticles = firstParticles
    self.reclusterings = reclusterings
  }

  /// The particle that a constituent is, counted from the first of all events.
  ///
  /// - Parameters:
  ///   - place: the constituent, one of `jets.constituents(ofJet: jet)`.
  ///   - jet: its jet.
  /// - Returns: its number.
  public func particle(ofConstituent place: Int, ofJet jet: Int) -> Int {
    firstParticles[jet] + Int(jets.constituents.content[place])
  }

  /// The four-momentum of a constituent in GeV.
  ///
  /// - Parameters:
  ///   - place: the constituent, one of `jets.constituents(ofJet: jet)`.
  ///   - jet: its jet.
  /// - Returns: its four-momentum in GeV.
  public func momentum(ofConstituent place: Int, ofJet jet: Int) -> FourMomentum {
    events.momentum(ofParticle: particle(ofConstituent: place, ofJet: jet))
  }

  /// The constituents of each jet, clustered once more; whoever asks for the same shares the result.
  ///
  /// - Parameter finder: how they are clustered.
  /// - Returns: what they are clustered to.
  /// - Throws: `JetPhysicsError` if they cannot be clustered so.
  public func reclustered(_ finder: JetFinder) throws -> Reclustering {
    try reclusterings.reclustering(finder, events, jets, firstParticles)
  }
}

extension [Int] {
  /// Replaces the elements by the first particle of the event of each jet, and keeps the storage.
  mutating func replace(withFirstParticlesOf jets: Jets, in events: Events) {
    removeAll(keepingCapacity: true)
    for event in 0..<jets.eventCount {
      for _ in jets.jets(ofEvent: event) { append(events.offsets[event]) }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The constituents of each jet of a batch, clustered once more.
///
/// All observables of a batch that ask for the same share one: it is found when the first of them asks, by
/// ``ObservableInputs/reclustered(_:)``.
///
/// ```swift
/// let reclustered = try sample.reclustered(finder)
/// let momenta = reclustered.found.momenta.content
/// for jet in 0..<sample.jets.jetCount {
///   var sum = 0.0
///   for subjet in reclustered.jets(ofJet: jet) { sum += momenta[subjet].pt }
///   values.append(sum)
/// }
/// ```
public final class Reclustering {
  /// How the constituents are clustered.
  public let finder: JetFinder
  /// What they are clustered to, of which each jet has a range by ``jets(ofJet:)``.
  ///
  /// The constituents here are numbered within their jet, by falling pT, those of equal pT in the order of the input.
  public private(set) var found = Jets()

  private let clusterer: JetClusterer
  /// The list of `found` that each jet of the batch has: `[jets]`.
  private var lists: [Int] = []
  fileprivate var isCurrent = false

  fileprivate init(_ finder: JetFinder) throws {
    self.finder = finder
    clusterer = try JetClusterer(finder)
  }

  /// What the constituents of a jet are clustered to, by falling pT, as a range into the arrays of ``found``.
  ///
  /// It is empty if the jet has nothing but padding.
  public func jets(ofJet jet: Int) -> Range<Int> { found.jets(ofEvent: lists[jet]) }

  /// The hardest that the constituents of a jet are clustered to, which is the whole jet if all are clustered to one.
  ///
  /// - Parameter jet: the jet.
  /// - Returns: its place in the arrays of ``found``; nil if the jet has nothing but padding.
  public func hardest(ofJet jet: Int) -> Int? {
    // Not `first`, which takes memory if it is not specialised.
    let jets = jets(ofJet: jet)
    return jets.isEmpty ? nil : jets.lowerBound
  }

  fileprivate func replace(with constituents: Events) throws {
    try clusterer.findJets(in: constituents, into: &found)
    lists.removeAll(keepingCapacity: true)
    for list in 0..<constituents.eventCount { lists.append(list) }
    isCurrent = true
  }

  fileprivate func keepJets(_ isKept: [Bool]) {
    guard isCurrent else { return }
    var kept = 0
    for jet in lists.indices where isKept[jet] {
      lists[kept] = lists[jet]
      kept += 1
    }
    lists.removeLast(lists.count - kept)
  }
}

@available(*, unavailable)
extension Reclustering: Sendable {}

extension JetFinder {
  /// Clusters all constituents of a jet to one tree: a radius that reaches everything, and only the hardest jet.
  ///
  /// - Parameters:
  ///   - algorithm: the algorithm, one without a power.
  ///   - recombination: how two become one.
  /// - Returns: the finder.
  /// - Throws: `JetPhysicsError` if the algorithm needs a power.
  public static func wholeJet(
    _ algorithm: JetDefinition.Algorithm, recombination: JetDefinition.RecombinationScheme = .e
  ) throws -> JetFinder {
    try JetFinder(
      JetDefinition(
        algorithm, radius: JetDefinition.allowedRadii.upperBound, recombination: recombination),
      selection: JetSelection(.inclusive(minimumPt: 0), leading: 1))
  }
}

/// The reclusterings of one thread, which keep their memory from batch to batch.
final class Reclusterings {
  private var all: [Reclustering] = []
  /// An event for each jet, its particles by falling pT; of this batch if `hasConstituents`.
  private var constituents = Events()
  private var hasConstituents = false
  private var order = HardestFirst()

  /// Forgets a batch.
  func removeAll() {
    for place in 0..<all.count { all[place].isCurrent = false }
    hasConstituents = false
  }

  /// Leaves out the jets for which `isKept` `[jets]` is false.
  func keepJets(_ isKept: [Bool]) {
    for place in 0..<all.count { all[place].keepJets(isKept) }
    hasConstituents = false
  }

  /// The reclustering of the batch by `finder`, found unless it is there.
  func reclustering(
    _ finder: JetFinder, _ events: Events, _ jets: Jets, _ firstParticles: [Int]
  ) throws -> Reclustering {
    // Not by a function of collections, which takes memory if it is not specialised.
    var place = 0
    while place < all.count, all[place].finder != finder { place += 1 }
    if place == all.count { all.append(try Reclustering(finder)) }
    let reclustering = all[place]
    if !reclustering.isCurrent {
      if !hasConstituents { fill(events, jets, firstParticles) }
      try reclustering.replace(with: constituents)
    }
    return reclustering
  }

  private func fill(_ events: Events, _ jets: Jets, _ firstParticles: [Int]) {
    constituents.eventNumbers.removeAll(keepingCapacity: true)
    constituents.particles.removeOffsets()
    constituents.momenta.removeAll()
    for event in 0..<jets.eventCount {
      for jet in jets.jets(ofEvent: event) {
        order.removeAll()
        for place in jets.constituents(ofJet: jet) {
          let particle = firstParticles[jet] + Int(jets.constituents.content[place])
          order.insert(particle, pt: events.momentum(ofParticle: particle).pt)
        }
        while let particle = order.popFirst() {
          constituents.momenta.append(events.momentum(ofParticle: particle))
        }
        constituents.eventNumbers.append(jets.eventNumbers[event])
        constituents.particles.endList(at: constituents.particleCount)
      }
    }
    hasConstituents = true
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import FastJetComparison
import TestFiles
import Testing

/// Jets, trees and histories of the shipped Pythia events, as they are read, against FastJet's own interface.
///
/// All 300 have their histories and inclusive jets compared, which is a minute's work; the first of each sample has
/// everything compared. Serialised, as FastJet's `exclusive_jets` counts its warnings without a lock.
@Suite(.serialized) struct PythiaJetsTests {
  /// The first full events, at most `count`, of each of the two samples; some 800 particles an event.
  private static func batches(of count: Int) throws -> [Events] {
    try ["w-events.hepmc.zst", "qcd-events.hepmc.zst"].map { name in
      let stream = try EventStream(inputs: [Samples.path(name)])
      return try #require(try stream.next(upTo: count))
    }
  }

  private static let first = Result { try batches(of: 1) }
  private static let all = Result { try batches(of: 150) }

  init() throws {
    // The first clusterer of the process silences FastJet's banner and warnings.
    _ = try JetClusterer(JetFinder(JetDefinition(.kt)))
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func historiesAndJetsAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try FastJetComparison.definition(algorithm, scheme)
    for events in try Self.all.get() {
      try #require(events.eventCount == 150)
      #expect(try FastJetComparison.differingHistories(of: events, definition) == [])
      #expect(try FastJetComparison.differingJets(of: events, JetFinder(definition, trees: false)) == [])
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func jetsAndTreesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    for finder in try FastJetComparison.selections(of: FastJetComparison.definition(algorithm, scheme)) {
      for events in try Self.first.get() {
        #expect(try FastJetComparison.differingJets(of: events, finder) == [], "\(finder.selection)")
      }
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func reclusteredTreesAreFastJets(
    recluster: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let finder = try FastJetComparison.reclustering(by: recluster, scheme)
    for events in try Self.first.get() {
      #expect(try FastJetComparison.differingJets(of: events, finder) == [])
    }
  }
}

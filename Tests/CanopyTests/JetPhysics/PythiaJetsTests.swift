// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import FastJetComparison
import TestFiles
import Testing

/// The first full events, at most `count`, of each of the two shipped samples; some 800 particles an event.
private func batches(of count: Int) throws -> [Events] {
  // The first clusterer of the process silences FastJet's banner and warnings.
  _ = try JetClusterer(JetFinder(JetDefinition(.kt)))
  return try ["w-events.hepmc.zst", "qcd-events.hepmc.zst"].map { name in
    let stream = try EventStream(inputs: [Samples.path(name)])
    return try #require(try stream.next(upTo: count))
  }
}

/// Histories and inclusive jets of all 300 shipped Pythia events, as they are read, against FastJet's own interface; a
/// minute's work.
@Suite struct PythiaHistoriesTests {
  private static let all = Result { try batches(of: 150) }

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
}

/// Every selection of jets and trees of the first shipped Pythia event of each sample against FastJet's own interface.
///
/// Serialised, as FastJet's `exclusive_jets` counts its warnings without a lock.
@Suite(.serialized) struct PythiaJetsTests {
  private static let first = Result { try batches(of: 1) }

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

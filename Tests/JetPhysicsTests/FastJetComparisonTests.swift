// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetComparison
import JetPhysics
import Testing

/// Jets, trees and histories of generated events against FastJet's own interface.
///
/// Serialised, as FastJet's `exclusive_jets` counts its warnings without a lock.
@Suite(.serialized) struct FastJetComparisonTests {
  private static let batches = [
    hadronEvents(6, seed: 1), leptonEvents(6, seed: 2), hadronEvents(1, particles: 700...700, seed: 4),
  ]

  init() throws {
    // The first clusterer of the process silences FastJet's banner and warnings.
    _ = try JetClusterer(JetFinder(JetDefinition(.kt)))
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func historiesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try FastJetComparison.definition(algorithm, scheme)
    for events in Self.batches {
      #expect(try FastJetComparison.differingHistories(of: events, definition) == [])
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func jetsAndTreesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    for finder in try FastJetComparison.selections(of: FastJetComparison.definition(algorithm, scheme)) {
      for events in Self.batches {
        #expect(try FastJetComparison.differingJets(of: events, finder) == [], "\(finder.selection)")
      }
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func reclusteredTreesAreFastJets(
    recluster: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let finder = try FastJetComparison.reclustering(by: recluster, scheme)
    for events in Self.batches {
      #expect(try FastJetComparison.differingJets(of: events, finder) == [])
    }
  }

  @Test func kinematicsAreFastJets() throws {
    let definition = try JetDefinition(.kt, radius: 0.4)
    let events = hadronEvents(20, seed: 5)
    let jets = try JetClusterer(JetFinder(definition)).jets(in: events)
    for event in 0..<events.eventCount {
      let reference = Reference(events.momenta(ofEvent: event), definition)
      _ = reference.select(.inclusive(minimumPt: 0))
      for (number, jet) in jets.jets(ofEvent: event).enumerated() {
        let momentum = jets.momentum(ofJet: jet)
        let ours = [momentum.rapidity, momentum.phi, momentum.mass, momentum.pseudorapidity, momentum.theta]
        for (value, expected) in zip(ours, reference.kinematics(ofJet: number)) {
          #expect(abs(value - expected) < 1e-9 * max(1, abs(expected)))
        }
      }
    }
  }

  /// FastJet itself survives these degenerate events in the E scheme with finite numbers.
  ///
  /// Events of zeros and of many particles of one direction, whose order is arbitrary, are a matter of
  /// `CoincidentParticlesTests`.
  @Test(arguments: JetDefinition.Algorithm.allCases)
  func degenerateEventsAreFastJets(algorithm: JetDefinition.Algorithm) throws {
    let names: Set = ["one particle", "back to back", "beam"]
    let definition = try FastJetComparison.definition(algorithm, .e)
    for (name, event) in degenerateEvents() where names.contains(name) {
      #expect(
        try FastJetComparison.differingHistories(of: Events([event]), definition, tolerance: 0) == [],
        "\(name)")
    }
  }
}

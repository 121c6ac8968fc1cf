// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import FastJetReference
import JetPhysics
import TestFiles
import Testing

/// Jets, trees and histories against FastJet's own interface.
///
/// The 300 shipped Pythia events have their histories and inclusive jets compared, which is a minute's work; the
/// first of each sample and generated events have everything compared.
///
/// Serialised, as FastJet's `exclusive_jets` counts its warnings without a lock.
@Suite(.serialized) struct FastJetComparisonTests {
  private static let generatedBatches = [
    hadronEvents(6, seed: 1), leptonEvents(6, seed: 2), hadronEvents(1, particles: 700...700, seed: 4),
  ]

  /// The first full events, at most `count`, of each of the two samples; some 800 particles an event.
  private static func pythiaBatches(of count: Int) throws -> [Events] {
    try ["w-events.hepmc.zst", "qcd-events.hepmc.zst"].map { name in
      let stream = try EventStream(inputs: [Samples.path(name)])
      return try #require(try stream.next(upTo: count))
    }
  }

  private static let sampleBatches = Result { try generatedBatches + pythiaBatches(of: 1) }
  private static let pythiaBatches = Result { try pythiaBatches(of: 150) }

  init() throws {
    // The first clusterer of the process silences FastJet's banner and warnings.
    _ = try JetClusterer(JetFinder(JetDefinition(.kt)))
  }

  static func definition(
    _ algorithm: JetDefinition.Algorithm, _ scheme: JetDefinition.RecombinationScheme
  ) throws -> JetDefinition {
    try JetDefinition(algorithm, radius: 0.7, power: -0.5, recombination: scheme)
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func historiesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try Self.definition(algorithm, scheme)
    let clusterer = try JetClusterer(JetFinder(definition))
    for events in try Self.sampleBatches.get() {
      let histories = try clusterer.histories(of: events)
      for event in 0..<events.eventCount {
        let reference = Reference(events.momenta(ofEvent: event), definition)
        #expect(reference.differingEntries(histories, event: event) == 0, "event \(event)")
      }
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func pythiaEventsAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try Self.definition(algorithm, scheme)
    let clusterer = try JetClusterer(JetFinder(definition, trees: false))
    for events in try Self.pythiaBatches.get() {
      try #require(events.eventCount == 150)
      let histories = try clusterer.histories(of: events)
      let jets = try clusterer.jets(in: events)
      for event in 0..<events.eventCount {
        let reference = Reference(events.momenta(ofEvent: event), definition)
        #expect(reference.differingEntries(histories, event: event) == 0, "event \(event)")
        try #require(jets.jets(ofEvent: event).count == reference.select(.inclusive(minimumPt: 0)))
        expectSameJets(jets, event: event, reference)
      }
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func jetsAndTreesAreFastJets(
    algorithm: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try Self.definition(algorithm, scheme)
    for events in try Self.sampleBatches.get() {
      for kind in [
        JetSelection.Kind.inclusive(minimumPt: 0), .inclusive(minimumPt: 5), .exclusiveJets(4),
        .exclusiveCut(0.3),
      ] {
        let finder = try JetFinder(definition, selection: JetSelection(kind))
        let jets = try JetClusterer(finder).jets(in: events)
        for event in 0..<events.eventCount {
          let reference = Reference(events.momenta(ofEvent: event), definition)
          try #require(jets.jets(ofEvent: event).count == reference.select(kind), "\(kind)")
          expectSameJets(jets, event: event, reference)
          for (number, jet) in jets.jets(ofEvent: event).enumerated() {
            expectSame(jets.trees, tree: jet, reference.tree(ofJet: number))
          }
        }
      }
    }
  }

  @Test(arguments: JetDefinition.Algorithm.allCases, JetDefinition.RecombinationScheme.allCases)
  func reclusteredTreesAreFastJets(
    recluster: JetDefinition.Algorithm, scheme: JetDefinition.RecombinationScheme
  ) throws {
    let definition = try Self.definition(.antikt, scheme)
    let finder = try JetFinder(
      definition, selection: JetSelection(.inclusive(minimumPt: 2)), recluster: recluster)
    let clusterer = try JetClusterer(finder)
    for events in try Self.sampleBatches.get() {
      let jets = try clusterer.jets(in: events)
      for event in 0..<events.eventCount {
        let reference = Reference(events.momenta(ofEvent: event), definition)
        try #require(jets.jets(ofEvent: event).count == reference.select(finder.selection.kind))
        for (number, jet) in jets.jets(ofEvent: event).enumerated() {
          let expected = reference.reclusteredTree(ofJet: number, recluster, power: definition.power!)
          expectSame(jets.trees, tree: jet, expected)
        }
      }
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
    let definition = try Self.definition(algorithm, .e)
    let clusterer = try JetClusterer(JetFinder(definition))
    for (name, event) in degenerateEvents() where names.contains(name) {
      let histories = try clusterer.histories(of: Events([event]))
      let reference = Reference(event, definition)
      #expect(reference.differingEntries(histories, event: 0, tolerance: 0) == 0, "\(name)")
    }
  }

  private func expectSameJets(_ jets: Jets, event: Int, _ reference: Reference) {
    let differing = jets.jets(ofEvent: event).enumerated().filter { number, jet in
      !agree(jets.momentum(ofJet: jet).components, reference.jet(number))
        || Array(jets.constituents[jet]) != reference.constituents(ofJet: number)
    }
    #expect(differing.isEmpty, "event \(event)")
  }

  private func expectSame(_ trees: JetTrees, tree: Int, _ expected: [FastJetReferenceNode]) {
    let nodes = trees.nodes(ofTree: tree)
    #expect(nodes.count == expected.count)
    let differing = zip(nodes, expected).filter { node, reference in
      trees.left[node] != reference.left || trees.right[node] != reference.right
        || !agree(trees.mergeScale[node], reference.merge_scale)
        || !agree(trees.momentum(ofNode: node).components, reference.components)
    }
    #expect(differing.isEmpty, "tree \(tree)")
  }
}

extension FourMomentum {
  var components: [Double] { [px, py, pz, energy] }
}

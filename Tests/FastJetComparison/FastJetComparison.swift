// SPDX-License-Identifier: GPL-3.0-or-later

import FastJetReference
import JetPhysics

/// What Canopy finds in events against FastJet's own interface.
public enum FastJetComparison {
  /// A definition of each algorithm and scheme, with a power for those that have one.
  public static func definition(
    _ algorithm: JetDefinition.Algorithm, _ scheme: JetDefinition.RecombinationScheme
  ) throws -> JetDefinition {
    try JetDefinition(algorithm, radius: 0.7, power: -0.5, recombination: scheme)
  }

  /// All ways to choose the jets of a definition.
  public static func selections(of definition: JetDefinition) throws -> [JetFinder] {
    try [.inclusive(minimumPt: 0), .inclusive(minimumPt: 5), .exclusiveJets(4), .exclusiveCut(0.3)].map {
      try JetFinder(definition, selection: JetSelection($0))
    }
  }

  /// Anti-kT jets whose trees are those of another algorithm.
  public static func reclustering(
    by recluster: JetDefinition.Algorithm, _ scheme: JetDefinition.RecombinationScheme
  ) throws -> JetFinder {
    try JetFinder(
      definition(.antikt, scheme), selection: JetSelection(.inclusive(minimumPt: 2)), recluster: recluster)
  }

  /// The events whose clustering history is not FastJet's.
  public static func differingHistories(
    of events: Events, _ definition: JetDefinition, tolerance: Double = 1e-12
  ) throws -> [Int] {
    let histories = try JetClusterer(JetFinder(definition, trees: false)).histories(of: events)
    return (0..<events.eventCount).filter { event in
      reference(events, event, definition)
        .differingEntries(histories, event: event, tolerance: tolerance) > 0
    }
  }

  /// The events and jets that differ from FastJet's in number, momentum, constituents or, if there are any, trees.
  public static func differingJets(of events: Events, _ finder: JetFinder) throws -> [String] {
    let jets = try JetClusterer(finder).jets(in: events)
    var differing: [String] = []
    for event in 0..<events.eventCount {
      let reference = reference(events, event, finder.definition)
      let found = jets.jets(ofEvent: event)
      guard found.count == reference.select(finder.selection.kind) else {
        differing.append("event \(event) has \(found.count) jets")
        continue
      }
      for (number, jet) in found.enumerated() {
        if !agree(jets.momentum(ofJet: jet).components, reference.jet(number))
          || Array(jets.constituents[jet]) != reference.constituents(ofJet: number)
        {
          differing.append("event \(event), jet \(number)")
        }
        guard finder.trees else { continue }
        let tree =
          finder.recluster.map {
            reference.reclusteredTree(ofJet: number, $0, power: finder.definition.power!)
          } ?? reference.tree(ofJet: number)
        if !isSame(jets.trees, jet, tree) { differing.append("event \(event), tree \(number)") }
      }
    }
    return differing
  }

  private static func reference(_ events: Events, _ event: Int, _ definition: JetDefinition) -> Reference {
    Reference(events.particles(ofEvent: event).map { events.momentum(ofParticle: $0) }, definition)
  }

  private static func isSame(_ trees: JetTrees, _ tree: Int, _ expected: [FastJetReferenceNode]) -> Bool {
    let nodes = trees.nodes(ofTree: tree)
    return nodes.count == expected.count
      && zip(nodes, expected).allSatisfy { node, reference in
        trees.left[node] == reference.left && trees.right[node] == reference.right
          && agree(trees.mergeScale[node], reference.merge_scale)
          && agree(trees.momentum(ofNode: node).components, reference.components)
      }
  }
}

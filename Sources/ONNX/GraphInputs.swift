// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// What a graph is given of events: jets with their trees, particles and columns, in the layout that all exported models
/// share.
///
/// An input is there if something reads it. All sizes but numbers are dynamic.
package final class GraphInputs {
  /// The graph.
  package let graph: Graph

  /// A graph without inputs so far.
  package init(_ graph: Graph) { self.graph = graph }

  private static let momentum = "px, py, pz and E in GeV"

  private func momenta(_ name: String, _ rows: String, _ summary: String) -> GraphMomenta {
    GraphMomenta(
      graph.input(name, .double, [.named(rows), .known(4)], "\(Self.momentum) of \(summary)."))
  }

  private func counts(_ name: String, _ segments: String, _ summary: String) -> GraphSegments {
    GraphSegments(graph.input(name, .int64, [.named(segments)], summary))
  }

  /// The nodes of all trees.
  package private(set) lazy var nodes = momenta(
    "node_momenta", "nodes",
    "the nodes of the jets' trees: jet after jet, children before parents, the root last")

  /// The children of each node, counted from the first node of its jet; −1 for a leaf: `[nodes × 2]`.
  package private(set) lazy var children = graph.input(
    "node_children", .int64, [.named("nodes"), .known(2)],
    "The children of a node, that of larger pT first, counted from the first node of the jet; -1 for a leaf.")

  /// The nodes of each jet.
  package private(set) lazy var nodesOfJet = counts(
    "nodes_of_jet", "jets", "The number of nodes of a jet's tree.")

  /// The jets.
  package private(set) lazy var jets = momenta("jet_momenta", "jets", "the jets, event after event")

  /// The jets of each event.
  package private(set) lazy var jetsOfEvent = counts(
    "jets_of_event", "events", "The number of jets of an event.")

  /// The particles of all events.
  package private(set) lazy var particles = momenta(
    "particle_momenta", "particles", "all particles, event after event, whether in jets or not")

  /// The particles of each event.
  package private(set) lazy var particlesOfEvent = counts(
    "particles_of_event", "events", "The number of particles of an event.")

  /// The identifiers of the particles: `[particles]`.
  package private(set) lazy var pdgID = graph.input(
    "particle_pdgid", .int64, [.named("particles")],
    "The Particle Data Group's identifiers of the particles.")

  private var columns: [String: GraphValue] = [:]

  /// A column of numbers that the network reads as they are, NaN where there is none: `[rows]`.
  ///
  /// - Parameters:
  ///   - name: the name, such as that of an event column or `soft-drop/mass`.
  ///   - rows: what there is a number for, such as `events`.
  ///   - summary: what the numbers are.
  /// - Returns: `[rows]`, in double precision.
  package func column(_ name: String, rows: String, _ summary: String) -> GraphValue {
    if let known = columns[name] { return known }
    let column = graph.input(name, .double, [.named(rows)], summary)
    columns[name] = column
    return column
  }

  /// A number of an observable, such as `soft-drop/mass`, NaN where there is none: `[rows]`.
  package func observable(_ name: String, rows: HeadRows) -> GraphValue {
    column(name, rows: rows.rawValue, "The number \(name) of the \(rows.rawValue); NaN where there is none.")
  }
}

extension FeatureScaling {
  /// The scaled features in a graph: `[rows × count]`, as `apply` has them.
  package func scaled(_ features: GraphValue) -> GraphValue {
    let graph = features.graph
    let median = graph.constant(median, [1, count])
    let inverse = graph.constant(interquartileRange.map { 1 / $0 }, [1, count])
    let scaled = (features - median) * inverse
    return scaled.replaced(where: scaled.isNotANumber(), by: 0).bounded(-1e6, 1e6)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// What there is a row of in the inputs of a graph; the raw value names their number.
package enum GraphRows: String {
  case nodes, jets, particles, events
}

/// What a graph is given of events: jets with their trees, particles and columns, in the layout that all exported models
/// share.
///
/// An input is there if something reads it. All sizes but numbers are dynamic.
package final class GraphInputs {
  /// The graph.
  package let graph: Graph

  /// Those of all events, if these are of some only, and whether each event is one of them: `[events]`.
  private let whole: (inputs: GraphInputs, isChosen: GraphValue)?

  /// A graph without inputs so far.
  package init(_ graph: Graph) {
    self.graph = graph
    whole = nil
  }

  private init(_ inputs: GraphInputs, where isChosen: GraphValue) {
    graph = inputs.graph
    whole = (inputs, isChosen)
  }

  /// The inputs of some of the events, with all that belongs to these.
  ///
  /// - Parameter isChosen: whether an event is one of them: `[events]`.
  /// - Returns: those inputs, which are no inputs of the graph of their own.
  package func ofEvents(where isChosen: GraphValue) -> GraphInputs { GraphInputs(self, where: isChosen) }

  // MARK: Which rows

  private lazy var chosenEvents = whole!.isChosen.places()
  private lazy var isOfChosenEvent = whole!.isChosen.gathered(whole!.inputs.jetsOfEvent.ofRow)
  private lazy var chosenJets = isOfChosenEvent.places()
  private lazy var chosenNodes = isOfChosenEvent.gathered(whole!.inputs.nodesOfJet.ofRow).places()
  private lazy var chosenParticles = whole!.isChosen.gathered(whole!.inputs.particlesOfEvent.ofRow).places()

  /// The rows of all events' that are those of these: `[rows]`.
  ///
  /// - Precondition: these are the inputs of some of the events.
  package func places(of rows: GraphRows) -> GraphValue {
    switch rows {
    case .nodes: chosenNodes
    case .jets: chosenJets
    case .particles: chosenParticles
    case .events: chosenEvents
    }
  }

  /// An input of the graph, or some rows of it.
  private func input(
    _ rows: GraphRows, of path: KeyPath<GraphInputs, GraphValue>, _ name: String, _ type: ElementType,
    columns: Int? = nil, _ summary: String
  ) -> GraphValue {
    if let whole { return whole.inputs[keyPath: path].gathered(places(of: rows)) }
    return graph.input(
      name, type, [.named(rows.rawValue)] + (columns.map { [.known($0)] } ?? []), summary)
  }

  private func momenta(
    _ rows: GraphRows, of path: KeyPath<GraphInputs, GraphValue>, _ name: String, _ summary: String
  ) -> GraphValue {
    input(rows, of: path, name, .double, columns: 4, "px, py, pz and E in GeV of \(summary).")
  }

  // MARK: As they are given

  private lazy var nodeMomenta: GraphValue = momenta(
    .nodes, of: \.nodeMomenta, "node_momenta",
    "the nodes of the jets' trees: jet after jet, children before parents, the root last")
  private lazy var nodeCounts: GraphValue = input(
    .jets, of: \.nodeCounts, "nodes_of_jet", .int64, "The number of nodes of a jet's tree.")
  private lazy var jetMomenta: GraphValue = momenta(
    .jets, of: \.jetMomenta, "jet_momenta", "the jets, event after event")
  private lazy var jetCounts: GraphValue = input(
    .events, of: \.jetCounts, "jets_of_event", .int64, "The number of jets of an event.")
  private lazy var particleMomenta: GraphValue = momenta(
    .particles, of: \.particleMomenta, "particle_momenta",
    "all particles, event after event, whether in jets or not")
  private lazy var particleCounts: GraphValue = input(
    .events, of: \.particleCounts, "particles_of_event", .int64, "The number of particles of an event.")

  // MARK: As they are read

  /// The nodes of all trees.
  package private(set) lazy var nodes = GraphMomenta(nodeMomenta)

  /// The children of each node, counted from the first node of its jet; −1 for a leaf: `[nodes × 2]`.
  package private(set) lazy var children: GraphValue = input(
    .nodes, of: \.children, "node_children", .int64, columns: 2,
    "The children of a node, that of larger pT first, counted from the first node of the jet; -1 for a leaf.")

  /// The nodes of each jet.
  package private(set) lazy var nodesOfJet = GraphSegments(nodeCounts)

  /// The jets.
  package private(set) lazy var jets = GraphMomenta(jetMomenta)

  /// The jets of each event.
  package private(set) lazy var jetsOfEvent = GraphSegments(jetCounts)

  /// The particles of all events.
  package private(set) lazy var particles = GraphMomenta(particleMomenta)

  /// The particles of each event.
  package private(set) lazy var particlesOfEvent = GraphSegments(particleCounts)

  /// The identifiers of the particles: `[particles]`.
  package private(set) lazy var pdgID: GraphValue = input(
    .particles, of: \.pdgID, "particle_pdgid", .int64,
    "The Particle Data Group's identifiers of the particles.")

  private var columns: [String: GraphValue] = [:]

  /// A column of numbers that the network reads as they are, NaN where there is none: `[rows]`.
  ///
  /// - Parameters:
  ///   - name: the name, such as that of an event column or `soft-drop/mass`.
  ///   - rows: what there is a number for.
  ///   - summary: what the numbers are.
  /// - Returns: `[rows]`, in double precision.
  package func column(_ name: String, rows: GraphRows, _ summary: String) -> GraphValue {
    if let known = columns[name] { return known }
    let column =
      whole.map { $0.inputs.column(name, rows: rows, summary).gathered(places(of: rows)) }
      ?? graph.input(name, .double, [.named(rows.rawValue)], summary)
    columns[name] = column
    return column
  }

  /// A number of an observable, such as `soft-drop/mass`, NaN where there is none: `[rows]`.
  package func observable(_ name: String, rows: GraphRows) -> GraphValue {
    column(name, rows: rows, "The number \(name) of the \(rows.rawValue); NaN where there is none.")
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

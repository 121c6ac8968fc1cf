// SPDX-License-Identifier: GPL-3.0-or-later

import ONNX
import PluginKit

/// The recursive network in ONNX: a loop whose turns make all nodes whose children are made.
extension RecursiveStage: GraphStage {
  package func graph(
    _ inputs: GraphInputs, scaling: FeatureScaling, parameters: Parameters, jetEmbedding: GraphValue?
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    let graph = inputs.graph
    let nodes = try GraphNodes(inputs, resolving: configuration.tree)
    let features = scaling.scaled(configuration.features.graph(nodes, inputs).cast(to: .float))
    let cell = network.definition
    let count = network.featureCount
    func states(
      _ read: [(value: GraphValue, columns: Int)], _ body: ([Variable]) -> Variable
    ) throws -> GraphValue {
      try graph.add(read.map { TracedInput($0.value, columns: $0.columns, rows: .items) }) { _, values, _ in
        body(values)
      }
    }
    let leaves = nodes.isLeaf.places()
    let width = graph.constant([cell.stateWidth])
    let shape = GraphValue.concatenation([nodes.isLeaf.rowCount, width], axis: 0)
    let started = graph.filled(0, .float, shape: shape).replacing(
      rows: leaves, by: try states([(features.gathered(leaves), count)]) { cell.leaves($0[0]) })
    // A tree of n nodes has fewer levels than that, so that links that go round in circles end as well.
    let ended = try graph.loop(
      limit: nodes.isLeaf.rowCount.reshaped([]), while: nodes.isLeaf.not().any(), [started, nodes.isLeaf]
    ) { state in
      let (known, isKnown) = (state[0], state[1])
      let isReady = isKnown.not().and(
        isKnown.gathered(nodes.left).and(isKnown.gathered(nodes.right)))
      let ready = isReady.places()
      let made = try states([
        (known.gathered(nodes.left.gathered(ready)), cell.stateWidth),
        (known.gathered(nodes.right.gathered(ready)), cell.stateWidth), (features.gathered(ready), count),
      ]) { cell.splittings(left: $0[0], right: $0[1], $0[2]) }
      let areKnown = isKnown.or(isReady)
      return ([known.replacing(rows: ready, by: made), areKnown], areKnown.not().any())
    }
    let roots = inputs.nodesOfJet.starts + inputs.nodesOfJet.counts - 1
    let embedding = ended[0].gathered(roots)
    return (cell.stateWidth > cell.width ? embedding.columns(0..<cell.width) : embedding, nil)
  }

  /// The features of nodes that a graph does not compute.
  package func graphNumbers(of events: Events, _ jets: Jets) throws -> [(name: String, values: [Double])] {
    // Of whole trees, as the graph prunes them itself.
    var trees = FeatureTrees(featureCount: configuration.features.count)
    try trees.replace(with: jets, of: events, features: configuration.features)
    return configuration.features.graphInputs.map { name, column in
      let places = stride(from: column, to: trees.features.count, by: trees.featureCount)
      return (name, places.map { Double(trees.features[$0]) })
    }
  }
}

/// The nodes of trees in a graph.
struct GraphNodes {
  /// Of each node: `[nodes]`.
  let momenta: GraphMomenta
  /// Of the jet of each node.
  let jets: GraphMomenta
  /// Whether a node has no children: `[nodes]`.
  let isLeaf: GraphValue
  /// The children among all nodes; for a leaf, any node: `[nodes]`.
  let left, right: GraphValue
  /// The node whose children each has, if the tree is pruned: `[nodes]`.
  let structure: GraphValue?

  init(_ inputs: GraphInputs, resolving pruning: TreePruning?) throws {
    let momenta = inputs.nodes
    let children = inputs.children
    let nodes = inputs.nodesOfJet
    jets = momenta.gathered(nodes.starts + nodes.counts - 1).gathered(nodes.ofRow)
    let starts = nodes.starts.gathered(nodes.ofRow)
    let hasNone = children.column(0).isLess(than: 0)
    let first = starts + children.column(0).maximum(0)
    let second = starts + children.column(1).maximum(0)
    self.momenta = momenta
    structure = try pruning.map {
      try Self.structure(momenta, hasNone.or($0.resolves(momenta, first, second)), first)
    }
    isLeaf = structure.map(hasNone.gathered) ?? hasNone
    left = structure.map(first.gathered) ?? first
    right = structure.map(second.gathered) ?? second
  }

  /// The node whose children each node has: its own, or if it is not resolved that of its harder child.
  private static func structure(
    _ momenta: GraphMomenta, _ keeps: GraphValue, _ harder: GraphValue
  ) throws -> GraphValue {
    let own = keeps.or(keeps.not()).places()
    let started = GraphValue.choice(keeps, own, harder)
    // Each turn doubles the steps, down to where nothing changes.
    let isDone = started.gathered(started).isEqual(to: started)
    return try keeps.graph.loop(
      limit: keeps.rowCount.reshaped([]), while: isDone.not().any(), [started]
    ) { state in
      let next = state[0].gathered(state[0])
      return ([next], next.gathered(next).isEqual(to: next).not().any())
    }[0]
  }
}

extension TreePruning {
  /// Whether splittings into the momenta of two nodes are resolved: `[nodes]`.
  fileprivate func resolves(_ momenta: GraphMomenta, _ left: GraphValue, _ right: GraphValue) -> GraphValue {
    let (first, second) = (momenta.gathered(left), momenta.gathered(right))
    let (pt1, pt2) = (first.pt, second.pt)
    let softer = pt1.minimum(pt2)
    func transverseMass(_ p: GraphMomenta, _ pt: GraphValue) -> GraphValue {
      ((p.energy - p.pz) * (p.energy + p.pz)).maximum(pt * pt).squareRoot()
    }
    let coshine =
      (first.energy * second.energy - first.pz * second.pz)
      / (transverseMass(first, pt1) * transverseMass(second, pt2))
    let cosine = (first.px * second.px + first.py * second.py) / (pt1 * pt2)
    let squaredKt = softer * softer * (2 * (coshine - cosine)).maximum(0)
    return softer.isGreater(than: 0).and(softer.isAtLeast(minZ * (pt1 + pt2)))
      .and(squaredKt.isAtLeast(minKt * minKt))
  }
}

extension NodeFeatures.Part {
  /// The name of the input of a graph that has the feature; nil if the graph computes it.
  fileprivate var graphInput: String? {
    switch self {
    case .set: nil
    case .particle(let column): NodeFeatures.prefix + column
    case .observable(let name): "node/\(name)"
    }
  }
}

extension NodeFeatures {
  /// The names of the inputs of a graph that have features, and the places of these among all.
  fileprivate var graphInputs: [(name: String, place: Int)] {
    var place = 0
    return parts.compactMap { part in
      defer { if case .set(let set) = part { place += set.count } else { place += 1 } }
      return part.graphInput.map { ($0, place) }
    }
  }

  /// The features of all nodes, not scaled: `[nodes × count]`, in double precision.
  func graph(_ nodes: GraphNodes, _ inputs: GraphInputs) -> GraphValue {
    GraphValue.matrix(
      columns: parts.flatMap { part -> [GraphValue] in
        switch part {
        case .set(.paper): NodeFeatureSet.paperFeatures(nodes)
        case .set(.lund): NodeFeatureSet.lundFeatures(nodes)
        case .particle(let column):
          [
            inputs.column(
              part.graphInput!, rows: .nodes,
              "Of a leaf the column \(column) of its particle, of a splitting the sum over its particles; NaN where it is not known."
            )
          ]
        case .observable(let name):
          {
            let column = inputs.column(
              part.graphInput!, rows: .nodes,
              "The number \(name) of each node, or of its jet or event; NaN where there is none.")
            return [nodes.structure.map(column.gathered) ?? column]
          }()
        }
      })
  }
}

extension NodeFeatureSet {
  static func paperFeatures(_ nodes: GraphNodes) -> [GraphValue] {
    let p = nodes.momenta
    return [
      (p.pt2 + p.pz * p.pz).squareRoot(), p.pseudorapidity(within: maximumEta), p.phi, p.energy,
      p.energy / nodes.jets.energy.maximum(minimumMomentum), p.pt, p.theta,
    ]
  }

  static func lundFeatures(_ nodes: GraphNodes) -> [GraphValue] {
    let (p, jet) = (nodes.momenta, nodes.jets)
    let pt = p.pt
    let logPt = pt.logarithm(atLeast: minimumMomentum)
    let logEnergy = p.energy.logarithm(atLeast: minimumMomentum)
    let eta = p.pseudorapidity(within: maximumEta)
    let deltaEta = eta - jet.pseudorapidity(within: maximumEta)
    let deltaPhi = p.azimuth(from: jet)
    let (left, right) = (nodes.left, nodes.right)
    let (ptLeft, ptRight) = (pt.gathered(left), pt.gathered(right))
    let total = ptLeft + ptRight
    let share = GraphValue.choice(
      total.isGreater(than: 0), ptLeft.minimum(ptRight) / total, pt.graph.scalar(0, .double))
    let rapidity = p.rapidity
    let deltaY = (rapidity.gathered(left) - rapidity.gathered(right)).absolute().minimum(2 * maximumEta)
    let azimuth = p.gathered(left).azimuth(from: p.gathered(right))
    let logDeltaR = (deltaY * deltaY + azimuth * azimuth).squareRoot().logarithm(atLeast: minimumAngle)
    func ofSplitting(_ value: GraphValue) -> GraphValue { value.replaced(where: nodes.isLeaf, by: .nan) }
    return [
      logPt - jet.pt.logarithm(atLeast: minimumMomentum),
      logEnergy - jet.energy.logarithm(atLeast: minimumMomentum), deltaEta, deltaPhi,
      (deltaEta * deltaEta + deltaPhi * deltaPhi).squareRoot(), p.mass.logarithm(atLeast: minimumMass),
      logPt, nodes.isLeaf.not().cast(to: .double), ofSplitting(logDeltaR),
      ofSplitting(share.logarithm(atLeast: minimumFraction)),
      ofSplitting(logPt.gathered(left).minimum(logPt.gathered(right)) + logDeltaR),
    ]
  }
}

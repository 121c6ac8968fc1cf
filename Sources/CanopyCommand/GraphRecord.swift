// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// Some events as a graph reads them, and what the model says of them: a line of JSON that has names, types and shapes,
/// and then the bytes of all tensors.
struct GraphRecord {
  private struct Tensor: Encodable {
    let name: String
    let type: String
    let shape: [Int]
    let isInput: Bool
  }

  private var tensors: [Tensor] = []
  private var bytes = Data()

  /// The line and the bytes.
  func data() throws -> Data { try JSONEncoder().encode(tensors) + Data("\n".utf8) + bytes }

  private mutating func add<Element: BitwiseCopyable>(
    _ name: String, _ values: [Element], _ type: String, width: Int? = nil, isInput: Bool = true
  ) {
    let shape = width.map { [values.count / max($0, 1), $0] } ?? [values.count]
    tensors.append(Tensor(name: name, type: type, shape: shape, isInput: isInput))
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  private mutating func add(_ name: String, counts offsets: [Int]) {
    add(name, zip(offsets.dropFirst(), offsets).map { Int64($0 - $1) }, "<i8")
  }

  private mutating func add(_ name: String, _ count: Int, _ momentum: (Int) -> FourMomentum) {
    let values = (0..<count).flatMap { row in
      let p = momentum(row)
      return [p.px, p.py, p.pz, p.energy]
    }
    add(name, values, "<f8", width: 4)
  }

  /// The events and their jets, and what `model` predicts of them.
  init(_ events: Events, _ prediction: Prediction, of model: Model) throws {
    let jets = prediction.jets
    let trees = jets.trees
    add("node_momenta", trees.nodeCount) { trees.momentum(ofNode: $0) }
    add("node_children", zip(trees.left, trees.right).flatMap { [Int64($0), Int64($1)] }, "<i8", width: 2)
    add("nodes_of_jet", counts: trees.offsets)
    add("jet_momenta", jets.jetCount) { jets.momentum(ofJet: $0) }
    add("jets_of_event", counts: jets.offsets)
    add("particle_momenta", events.particleCount) { events.momentum(ofParticle: $0) }
    add("particles_of_event", counts: events.offsets)
    add("particle_pdgid", events.pdgID.map { Int64($0) }, "<i8")
    for condition in model.network.conditions { add(condition, events.columns[condition]!.values, "<f8") }
    for name in model.network.observableInputs.sorted() {
      let column = try model.network.observables.column(name)
      add(name, jets.columns[column.rows][name]!.values, "<f8")
    }
    for stage in [model.network.embedding, model.network.events] {
      guard let exported = stage?.stage as? any GraphStage else { continue }
      for (name, values) in try exported.graphNumbers(of: events, jets) { add(name, values, "<f8") }
    }
    if let folds = model.folds {
      add(Model.foldInput, try folds.folds(of: events, jets: jets).map { Int64($0) }, "<i8")
    }
    func give(_ name: String, _ values: [Float], _ width: Int) {
      add(name, values, "<f4", width: width, isInput: false)
    }
    if prediction.embeddingWidth > 0 {
      give("jet_embedding", prediction.embedding, prediction.embeddingWidth)
    }
    if prediction.eventEmbeddingWidth > 0 {
      give("event_embedding", prediction.eventEmbedding, prediction.eventEmbeddingWidth)
    }
    for head in prediction.heads {
      for output in head.outputs {
        give("\(head.name)/\(output.name)", head[output.name]!.values, output.width)
      }
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import ONNX
import PluginKit

extension Model {
  /// The version of the layout of inputs and outputs that ``onnx(precision:)`` writes.
  public static let graphLayoutVersion = 1

  /// The model as a file of ONNX, which any runtime for ONNX computes with.
  ///
  /// The graph reads jets with their trees, particles and columns of events, and gives the embeddings and the calibrated
  /// outputs of all heads. Finding jets is not a part of it; the metadata say how they are found. The page
  /// “Exporting to ONNX” of Canopy has the layout.
  ///
  /// - Parameter precision: in which precision the weights are stored.
  /// - Returns: the bytes of the file.
  /// - Throws: `GraphError` that names the stage or head that cannot be written, or says that the model is one of folds.
  public func onnx(precision: GraphPrecision = .float32) throws -> Data {
    guard folds == nil else {
      throw GraphError(
        "A model of folds lets another network judge each event, which one graph cannot; export the model of one fold, such as its folder \(Self.folder(ofFold: 0))."
      )
    }
    let graph = Graph(parameters, precision: precision)
    let assembly = try GraphAssembly(self, graph)
    return graph.model(
      name: network.heads.first?.name ?? "embedding", producerVersion: CanopyVersion.current,
      metadata: try assembly.metadata())
  }
}

/// A model's stages and heads in a graph.
private struct GraphAssembly {
  private let model: Model
  private let inputs: GraphInputs
  private var jetEmbedding: GraphValue?
  private var eventEmbedding: GraphValue?
  private var eventInputs: GraphValue?

  init(_ model: Model, _ graph: Graph) throws {
    self.model = model
    inputs = GraphInputs(graph)
    let network = model.network
    if let stage = network.embedding {
      jetEmbedding = try add(stage, model.description.scaling.nodes).embedding
      give(jetEmbedding!, "jet_embedding", rows: .jets, width: stage.width, "The embedding of each jet.")
    }
    if let stage = network.events {
      let made = try add(stage, model.description.scaling.events)
      (eventEmbedding, eventInputs) = (made.embedding, made.eventInputs)
      give(
        made.embedding, "event_embedding", rows: .events, width: stage.width, "The embedding of each event.")
    }
    for named in network.heads { try add(named) }
  }

  private func give(
    _ value: GraphValue, _ name: String, rows: HeadRows, width: Int, _ summary: String
  ) {
    inputs.graph.output(value, name, [.named(rows.rawValue), .known(width)], summary)
  }

  // MARK: Stages

  private func add(
    _ stage: NetworkStage, _ scaling: StageScaling?
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    do {
      guard let exported = stage.stage as? any GraphStage, let scaling else {
        throw GraphError("says of no graph that it is")
      }
      return try add(exported, scaling)
    } catch let error as GraphError {
      throw GraphError(
        "The stage \(stage.place.rawValue) of the plugin \(type(of: stage.stage).identifier) cannot be exported: it \(error.description)."
      )
    }
  }

  private func add<S: GraphStage>(
    _ stage: S, _ scaling: StageScaling
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    try stage.graph(
      inputs, scaling: scaling.decode(S.Features.Scaling.self), parameters: model.parameters,
      jetEmbedding: jetEmbedding)
  }

  // MARK: Heads

  private func add(_ named: Network.NamedHead) throws {
    do {
      try add(named.head, named.name)
    } catch let error as GraphError {
      throw GraphError(
        "The head \(named.name) of the plugin \(type(of: named.head).identifier) cannot be exported: it \(error.description)."
      )
    }
  }

  private func add(_ head: some Head, _ name: String) throws {
    let rows: TracedRows
    switch head.rows {
    case .jets: rows = .items
    case .events: rows = .events
    case .constituents, .splittings:
      throw GraphError(
        "has a row for each of the \(head.rows.rawValue), and only jets and events have some in a graph")
    }
    let written = head as? any GraphHead
    if written == nil, let number = Self.plainNumbers(of: head).first {
      throw GraphError("reads \(number), which it works with beside the operations of NeuralEngine")
    }
    let network = model.network
    let numbers = written?.numbers(inputs) ?? []
    var read = numbers.map { TracedInput($0.value, columns: $0.columns, rows: rows) }
    if let jetEmbedding {
      read.append(TracedInput(jetEmbedding, columns: network.embedding!.width, rows: .items))
    }
    if let eventEmbedding, let eventInputs {
      read.append(TracedInput(eventEmbedding, columns: network.events!.width, rows: .events))
      read.append(
        TracedInput(eventInputs, columns: network.events!.eventInputNames.count, rows: .events))
    }
    let eventOfJet = jetEmbedding != nil && eventEmbedding != nil ? inputs.jetsOfEvent.ofRow : nil
    let result = try inputs.graph.add(read, eventOfItem: eventOfJet) { tape, values, batch in
      var left = values[numbers.count...]
      let ofJets = jetEmbedding == nil ? nil : left.removeFirst()
      let ofEvents = eventEmbedding == nil ? nil : left.removeFirst()
      let given = HeadInputs(
        eventCount: batch.eventCount, eventOfJet: batch.eventOfItem, on: tape, jetEmbedding: ofJets,
        eventEmbedding: ofEvents, eventInputs: left.first)
      return head.outputs(of: written?(given, numbers: Array(values[..<numbers.count])) ?? head(given))
    }
    var column = 0
    for output in head.outputs {
      let unit = output.unit.map { " in \($0)" } ?? ""
      give(
        result.columns(column..<column + output.width), "\(name)/\(output.name)", rows: head.rows,
        width: output.width, "The output \(output.name) of the head \(name)\(unit).")
      column += output.width
    }
  }

  /// What a head reads beside embeddings and event inputs.
  private static func plainNumbers(of head: some Head) -> [String] {
    head.inputs.intersection(HeadInput.kinematics).map(\.rawValue).sorted() + head.observables.sorted()
  }

  // MARK: Metadata

  /// What the model is, beside the graph, in JSON.
  func metadata() throws -> [(key: String, value: String)] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func text(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    let description = model.description
    var entries = [
      (key: "canopy.layout", value: "\(Model.graphLayoutVersion)"),
      (key: "canopy.version", value: CanopyVersion.current),
      (key: "canopy.formatVersion", value: "\(description.formatVersion)"),
      (key: "canopy.jets", value: try text(description.jets)),
      (key: "canopy.cuts", value: try text(description.cuts)),
      (key: "canopy.observables", value: try text(description.observables)),
      (key: "canopy.conditions", value: try text(model.network.conditions)),
      (key: "canopy.heads", value: try text(description.heads)),
      (key: "canopy.outputs", value: try text(outputs)),
    ]
    if let particles = description.particles {
      entries.append((key: "canopy.particles", value: try text(particles)))
    }
    return entries
  }

  /// The outputs of each head by its name.
  private var outputs: [String: [HeadOutput]] {
    Dictionary(uniqueKeysWithValues: model.network.heads.map { ($0.name, $0.head.outputs) })
  }
}

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
  /// outputs of all heads. Finding jets is not a part of it; the metadata say how they are found. The graph of a model of
  /// folds has the networks of all, and the input `fold` says by which one an event is judged. The page “Exporting to ONNX”
  /// of Canopy has the layout.
  ///
  /// - Parameter precision: in which precision the weights are stored.
  /// - Returns: the bytes of the file.
  /// - Throws: `GraphError` that names the stage or head that cannot be written.
  public func onnx(precision: GraphPrecision = .float32) throws -> Data {
    let graph = Graph(parameters, precision: precision)
    for output in try outputs(GraphInputs(graph)) {
      graph.output(
        output.value, output.name, [.named(output.rows.rawValue), .known(output.width)], output.summary)
    }
    return graph.model(
      name: network.heads.first?.name ?? "embedding", producerVersion: CanopyVersion.current,
      metadata: try graphMetadata())
  }

  /// What the model gives out in a graph.
  private func outputs(_ inputs: GraphInputs) throws -> [GraphOutput] {
    guard let folds else { return try GraphAssembly(self, inputs).outputs }
    let graph = inputs.graph
    let number = graph.input(
      Self.foldInput, .int64, [.named(GraphRows.events.rawValue)],
      "A whole number of each event, whose remainder by \(folds.count) is its fold.")
    let fold = graph.add("Mod", [number, graph.scalar(Double(folds.count), .int64)], .int64)
    let parts = try members.enumerated().map { place, member in
      graph.use(member.parameters, prefix: "\(Self.folder(ofFold: place)).")
      let some = inputs.ofEvents(where: fold.isEqual(to: Double(place)))
      return (inputs: some, outputs: try GraphAssembly(member, some).outputs)
    }
    return parts[0].outputs.indices.map { index in
      var output = parts[0].outputs[index]
      let values = GraphValue.concatenation(parts.map { $0.outputs[index].value }, axis: 0)
      let places = GraphValue.concatenation(parts.map { $0.inputs.places(of: output.rows) }, axis: 0)
      output.value = graph.filled(0, .float, shape: graph.add("Shape", [values], .int64))
        .replacing(rows: places, by: values)
      return output
    }
  }

  /// The input of a graph that says by which fold's network an event is judged.
  package static let foldInput = "fold"

  /// What the model is, beside the graph, in JSON.
  private func graphMetadata() throws -> [(key: String, value: String)] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func text(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    let outputs = Dictionary(uniqueKeysWithValues: network.heads.map { ($0.name, $0.head.outputs) })
    var entries = [
      (key: "canopy.layout", value: "\(Model.graphLayoutVersion)"),
      (key: "canopy.version", value: CanopyVersion.current),
      (key: "canopy.formatVersion", value: "\(description.formatVersion)"),
      (key: "canopy.jets", value: try text(description.jets)),
      (key: "canopy.cuts", value: try text(description.cuts)),
      (key: "canopy.observables", value: try text(description.observables)),
      (key: "canopy.conditions", value: try text(network.conditions)),
      (key: "canopy.heads", value: try text(description.heads)),
      (key: "canopy.outputs", value: try text(outputs)),
    ]
    if let particles = description.particles {
      entries.append((key: "canopy.particles", value: try text(particles)))
    }
    if let weighting = description.weighting {
      entries.append((key: "canopy.apply", value: try text(weighting)))
    }
    if let folds { entries.append((key: "canopy.folds", value: try text(folds))) }
    return entries
  }
}

/// Something that a graph gives out.
private struct GraphOutput {
  var value: GraphValue
  let name: String
  let rows: GraphRows
  let width: Int
  let summary: String
}

/// A model's stages and heads in a graph.
private struct GraphAssembly {
  private let model: Model
  private let inputs: GraphInputs
  private var jetEmbedding: GraphValue?
  private var eventEmbedding: GraphValue?
  private var eventInputs: GraphValue?
  /// What the model gives out, in the order of the graph.
  private(set) var outputs: [GraphOutput] = []

  init(_ model: Model, _ inputs: GraphInputs) throws {
    self.model = model
    self.inputs = inputs
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

  private mutating func give(
    _ value: GraphValue, _ name: String, rows: GraphRows, width: Int, _ summary: String
  ) {
    outputs.append(GraphOutput(value: value, name: name, rows: rows, width: width, summary: summary))
  }

  // MARK: Stages

  private func add(
    _ stage: NetworkStage, _ scaling: StageScaling?
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    do {
      guard let exported = stage.stage as? any GraphStage, let scaling else { return try trace(stage.stage) }
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

  /// Adds a stage that embeds events by the engine's operations on the embeddings of jets.
  private func trace<S: Stage>(
    _ stage: S
  ) throws -> (embedding: GraphValue, eventInputs: GraphValue?) {
    try Self.checkInputs(stage.inputs, stage.observables)
    guard S.Features.self == NoStageFeatures.self, let jetEmbedding else {
      throw GraphError("works numbers out of events and jets beside the operations of NeuralEngine")
    }
    let read = TracedInput(jetEmbedding, columns: model.network.embedding!.width, rows: .items)
    let known = stage.eventInputNames.count
    let result = try inputs.graph.add([read], events: { inputs.jetsOfEvent }) { tape, values, batch in
      let given = StageInputs<S>(
        HeadInputs(
          eventCount: batch.eventCount, eventOfJet: batch.eventOfItem, on: tape, jetEmbedding: values[0]),
        batch: stage.makeFeatures().makeBatch(), weights: stage.makeWeights(model.parameters), on: tape)
      let embedding = stage(given)
      return known == 0 ? embedding : embedding.concatenated(with: stage.eventInputs(given))
    }
    let width = stage.width
    return (result.columns(0..<width), result.columns(width..<width + known))
  }

  // MARK: Heads

  private mutating func add(_ named: Network.NamedHead) throws {
    do {
      try add(named.head, named.name)
    } catch let error as GraphError {
      throw GraphError(
        "The head \(named.name) of the plugin \(type(of: named.head).identifier) cannot be exported: it \(error.description)."
      )
    }
  }

  private mutating func add(_ head: some Head, _ name: String) throws {
    let (rows, traced): (GraphRows, TracedRows)
    switch head.rows {
    case .jets: (rows, traced) = (.jets, .items)
    case .events: (rows, traced) = (.events, .events)
    case .constituents, .splittings:
      throw GraphError(
        "has a row for each of the \(head.rows.rawValue), and only jets and events have some in a graph")
    }
    let written = head as? any GraphHead
    if written == nil { try Self.checkInputs(head.inputs, head.observables) }
    let network = model.network
    let numbers = written?.numbers(inputs) ?? []
    var read = numbers.map { TracedInput($0.value, columns: $0.columns, rows: traced) }
    if let jetEmbedding {
      read.append(TracedInput(jetEmbedding, columns: network.embedding!.width, rows: .items))
    }
    if let eventEmbedding, let eventInputs {
      read.append(TracedInput(eventEmbedding, columns: network.events!.width, rows: .events))
      read.append(
        TracedInput(eventInputs, columns: network.events!.eventInputNames.count, rows: .events))
    }
    let result = try inputs.graph.add(read, events: { [inputs] in inputs.jetsOfEvent }) {
      tape, values, batch in
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
        result.columns(column..<column + output.width), "\(name)/\(output.name)", rows: rows,
        width: output.width, "The output \(output.name) of the head \(name)\(unit).")
      column += output.width
    }
  }

  /// Throws if a stage or head reads more than embeddings and event inputs.
  private static func checkInputs(_ inputs: Set<HeadInput>, _ observables: Set<String>) throws {
    let numbers = inputs.intersection(HeadInput.kinematics).map(\.rawValue).sorted() + observables.sorted()
    if let number = numbers.first {
      throw GraphError("reads \(number), which it works with beside the operations of NeuralEngine")
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventEncoding
import JetEmbedding
import JetPhysics
import NeuralEngine
import PluginKit

/// Events as a network reads them: the trees of their jets with features, and what is read of each event.
///
/// A ``Predictor`` fills a sample again and again; a training gathers one in memory.
public struct EventSample: Sendable {
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  public private(set) var jetOffsets: [Int] = [0]
  /// The trees of all jets; none where the network does not embed jets.
  public private(set) var trees: FeatureTrees
  /// What the event encoder reads; nil where events are not embedded.
  public private(set) var events: EventFeatures?
  /// What heads read of events and jets as plain numbers.
  public private(set) var kinematics: Kinematics

  private let nodeFeatures: NodeFeatures?

  /// A sample without events, for networks of these parts, whose heads read `headInputs`.
  public init(
    embedding: EmbeddingDescription?, events: EventEncoderDescription?, headInputs: Set<HeadInput> = []
  ) {
    kinematics = Kinematics(headInputs)
    nodeFeatures = embedding?.features
    self.events = events.map(EventFeatures.init)
    trees = FeatureTrees(featureCount: nodeFeatures?.count ?? 0)
  }

  /// A sample without events, for a model.
  public init(_ model: Model) {
    self.init(
      embedding: model.description.embedding, events: model.description.events,
      headInputs: model.network.headInputs)
  }

  /// The number of events.
  public var eventCount: Int { jetOffsets.count - 1 }

  /// The number of jets of all events together.
  public var jetCount: Int { jetOffsets[jetOffsets.count - 1] }

  /// The jets of one event.
  public func jets(ofEvent event: Int) -> Range<Int> { jetOffsets[event]..<jetOffsets[event + 1] }

  /// The nodes of the trees of one event, which are most of the work that it makes.
  public func nodeCount(ofEvent event: Int) -> Int {
    let jets = jets(ofEvent: event)
    guard nodeFeatures != nil else { return 0 }
    return trees.offsets[jets.upperBound] - trees.offsets[jets.lowerBound]
  }

  /// Replaces the content by events and their jets, with features that are not scaled, and keeps the storage.
  ///
  /// - Throws: `EventEncodingError` for the first event that lacks what the network reads; the content is lost then.
  public mutating func replace(with events: EventBatch, jets: JetBatch) throws {
    try self.events?.replace(with: events, jets: jets)
    jetOffsets.replaceSubrange(jetOffsets.indices, with: jets.offsets)
    if let nodeFeatures { trees.replace(with: jets.trees, features: nodeFeatures) }
    kinematics.replace(with: events, jets: jets)
  }

  /// Adds the events of another sample behind these.
  public mutating func append(_ other: EventSample) {
    let first = jetCount
    jetOffsets.append(contentsOf: other.jetOffsets.dropFirst().map { $0 + first })
    trees.append(other.trees)
    if let others = other.events { events?.append(others) }
    kinematics.append(other.kinematics)
  }

  /// Gives an event the conditions of another.
  public mutating func copyConditions(from donor: Int, to event: Int) {
    events?.copyConditions(from: donor, to: event)
  }

  /// A feature of a node, a number of an item that the event encoder reads, or an event input: what it had in some
  /// events.
  public struct Extent: Sendable {
    /// The name, such as that of a condition, and what it belongs to.
    public let name: String
    /// The least and the largest value; nil if none of the events has one.
    public let values: ClosedRange<Float>?
  }

  /// The least and the largest value in some events of everything that the network reads.
  public func extents(ofEvents chosen: some Collection<Int>) -> [Extent] {
    var extents: [Extent] = []
    func add(_ names: [String], _ suffix: String, _ values: [ClosedRange<Float>?]) {
      extents += zip(names, values).map { Extent(name: $0 + suffix, values: $1) }
    }
    if let nodeFeatures {
      let nodes = chosen.lazy.flatMap { event in
        trees.offsets[jetOffsets[event]]..<trees.offsets[jetOffsets[event + 1]]
      }
      add(
        nodeFeatures.names, " of nodes",
        FeatureScaling.extents(of: trees.features, count: trees.featureCount, rows: nodes))
    }
    if let events {
      let momenta = events.description.momenta
      let items = chosen.lazy.flatMap { events.offsets[$0]..<events.offsets[$0 + 1] }
      add(
        momenta.names, " of \(events.description.reads.rawValue)",
        FeatureScaling.extents(of: events.momenta, count: momenta.count, rows: items))
      add(
        events.description.inputNames, "",
        FeatureScaling.extents(of: events.inputs, count: events.inputCount, rows: chosen))
    }
    return extents
  }

  /// Scales the features.
  public mutating func scale(by scaling: SampleScaling) {
    if let nodes = scaling.nodes { trees.scale(by: nodes) }
    if let scaling = scaling.events { events?.scale(by: scaling) }
  }
}

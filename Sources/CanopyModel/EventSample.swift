// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import NeuralEngine
import PluginKit

/// Events as a network reads them: what its stages work out of events and jets once, and what it reads as plain numbers.
///
/// A ``Predictor`` fills a sample again and again; a training gathers one in memory, or keeps its events in a
/// file and reads some at a time.
public struct EventSample: Sendable {
  /// The first jet of each event, and the number of jets at the end: `[events + 1]`.
  public internal(set) var jetOffsets: [Int] = [0]
  /// What the stage of jets works out; nil where jets are not embedded.
  public internal(set) var embedding: (any StageFeatures)?
  /// What the stage of events works out; nil where events are not embedded.
  public internal(set) var events: (any StageFeatures)?
  /// What stages and heads read of events and jets as plain numbers.
  public internal(set) var kinematics: Kinematics
  /// The columns of particles that heads read.
  private let headColumns: [String]

  /// A sample without events, for a network.
  public init(_ network: Network) {
    headColumns = network.heads.reduce(into: Set<String>()) { $0.formUnion($1.head.particleColumns) }.sorted()
    kinematics = Kinematics(network.kinematicInputs, observables: network.observableInputs)
    embedding = network.embedding?.stage.emptyFeatures
    events = network.events?.stage.emptyFeatures
  }

  /// A sample without events, for a model.
  public init(_ model: Model) { self.init(model.network) }

  /// The number of events.
  public var eventCount: Int { jetOffsets.count - 1 }

  /// The number of jets of all events together.
  public var jetCount: Int { jetOffsets[jetOffsets.count - 1] }

  /// The jets of one event.
  public func jets(ofEvent event: Int) -> Range<Int> { jetOffsets[event]..<jetOffsets[event + 1] }

  /// The nodes of the trees of one event, which are most of the work that it makes.
  public func nodeCount(ofEvent event: Int) -> Int {
    let jets = jets(ofEvent: event)
    if let nodes = embedding?.nodeCount(ofJets: jets), nodes > 0 { return nodes }
    guard kinematics.inputs.contains(.constituents) else { return 0 }
    let offsets = kinematics.constituents.offsets
    return offsets[jets.upperBound] - offsets[jets.lowerBound]
  }

  /// Replaces the content by events and their jets, with features that are not scaled, and keeps the storage.
  ///
  /// - Throws: what the stages throw of the first event that lacks what they read, and `ParticleColumnError` if particles lack
  ///   what heads read; the content is lost then.
  public mutating func replace(with events: Events, jets: Jets) throws {
    if events.particleCount > 0,
      let name = headColumns.first(where: { events.particles.content.numbers($0) == nil })
    {
      throw ParticleColumnError(name, events, isForHead: true)
    }
    try self.events?.replace(with: events, jets: jets)
    jetOffsets.replaceSubrange(jetOffsets.indices, with: jets.offsets)
    try embedding?.replace(with: events, jets: jets)
    kinematics.replace(with: events, jets: jets)
  }

  /// Adds the events of another sample, for the same network, after these.
  public mutating func append(_ other: EventSample) {
    let first = jetCount
    jetOffsets.append(contentsOf: other.jetOffsets.dropFirst().map { $0 + first })
    if let others = other.embedding { Self.append(others, to: &embedding!) }
    if let others = other.events { Self.append(others, to: &events!) }
    kinematics.append(other.kinematics)
  }

  private static func append<F: StageFeatures>(_ other: any StageFeatures, to features: inout F) {
    features.append(other as! F)
  }

  /// Gives an event the conditions of another.
  public mutating func copyConditions(from donor: Int, to event: Int) {
    events?.copyConditions(from: donor, to: event)
  }

  /// The names of the numbers of stages that can be shuffled.
  var shuffledNames: [String] { (embedding?.shuffledNames ?? []) + (events?.shuffledNames ?? []) }

  /// A number of ``shuffledNames``: its stage, and its place among the numbers of the stage.
  struct NumberPlace: Sendable {
    fileprivate let isOfJets: Bool
    fileprivate let place: Int
  }

  /// Where a number is, by its place in ``shuffledNames``.
  func numberPlace(_ place: Int) -> NumberPlace {
    let count = embedding?.shuffledNames.count ?? 0
    return NumberPlace(isOfJets: place < count, place: place < count ? place : place - count)
  }

  /// Hands over the numbers that an event has.
  func forEachNumber(_ number: NumberPlace, ofEvent event: Int, _ body: (Float) -> Void) {
    let jets = jets(ofEvent: event)
    if number.isOfJets {
      embedding!.forEachNumber(number.place, ofEvent: event, jets: jets, body)
    } else {
      events!.forEachNumber(number.place, ofEvent: event, jets: jets, body)
    }
  }

  /// The name of the number of an event that is farthest from 0; nil if stages hand over none.
  func farthestNumber(ofEvent event: Int) -> (name: String, value: Float)? {
    var farthest: (name: String, value: Float)?
    for (place, name) in shuffledNames.enumerated() {
      forEachNumber(numberPlace(place), ofEvent: event) { value in
        if abs(value) > abs(farthest?.value ?? 0) { farthest = (name, value) }
      }
    }
    return farthest
  }

  /// Deals a number of a stage out again among its rows.
  mutating func shuffle(_ number: NumberPlace, using generator: inout SeededGenerator) {
    if number.isOfJets {
      embedding!.shuffle(number.place, using: &generator)
    } else {
      events!.shuffle(number.place, using: &generator)
    }
  }

  /// Deals a number of an observable out again among its rows, as heads read it.
  mutating func shuffle(observable name: String, using generator: inout SeededGenerator) {
    kinematics.shuffle(observable: name, using: &generator)
  }

  /// The least and the largest value in some events of everything that the network reads.
  public func extents(ofEvents chosen: some Collection<Int>) -> [FeatureExtent] {
    let events = Array(chosen)
    let jets = events.flatMap(jets(ofEvent:))
    return (embedding?.extents(ofEvents: events, jets: jets) ?? [])
      + (self.events?.extents(ofEvents: events, jets: jets) ?? [])
  }

  /// Scales the features.
  public mutating func scale(by scaling: SampleScaling) {
    if let scaling = scaling.nodes, embedding != nil { scaling.apply(to: &embedding!) }
    if let scaling = scaling.events, events != nil { scaling.apply(to: &events!) }
  }
}

extension Stage {
  fileprivate var emptyFeatures: any StageFeatures { makeFeatures() }
}

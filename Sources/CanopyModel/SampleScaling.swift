// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine
import PluginKit

/// The scaling of everything that a network reads, learnt from training events.
public struct SampleScaling: Sendable, Equatable, Codable {
  /// The scaling of what the stage of jets reads; nil if it reads nothing of its own.
  public var nodes: StageScaling?
  /// The scaling of what the stage of events reads; nil if it reads nothing of its own.
  public var events: StageScaling?

  /// A given scaling.
  public init(nodes: StageScaling? = nil, events: StageScaling? = nil) {
    self.nodes = nodes
    self.events = events
  }

  /// Reads what a file holds as the scalings of a network's stages.
  ///
  /// - Throws: ``ModelError``, without a full stop, if there are others than the network needs.
  mutating func resolve(for network: Network) throws {
    nodes = try Self.resolved(nodes, for: network.embedding?.stage, at: "scaling.nodes")
    events = try Self.resolved(events, for: network.events?.stage, at: "scaling.events")
  }

  private static func resolved(
    _ scaling: StageScaling?, for stage: (any Stage)?, at place: String
  ) throws -> StageScaling? {
    guard let stage, stage.hasFeatures else {
      if scaling != nil { throw ModelError("\(place) is that of no stage of the network: take it out") }
      return nil
    }
    guard let scaling else { throw ModelError("\(place) is missing") }
    return try scaling.resolved(for: stage, at: place)
  }

  /// Medians and quartiles hardly move beyond some twenty thousand jets or events, and sorting more takes its time.
  private static let largestCount = 20_000

  /// The scaling of some events of `sample`, whose features are not scaled yet.
  ///
  /// Of more than 20,000 events, or jets, it is learnt from so many, chosen at random: the order of a file says nothing.
  ///
  /// - Parameters:
  ///   - sample: the sample.
  ///   - events: the events to learn from.
  ///   - nodes: a scaling for the stage of jets that is known already.
  ///   - seed: decides which events are chosen.
  public init(fitting sample: EventSample, events: [Int], nodes: StageScaling? = nil, seed: UInt64 = 1) {
    self.init(
      fitting: sample, chosen: Self.choice(of: events, seed: seed) { sample.jets(ofEvent: $0).count },
      nodes: nodes)
  }

  /// The events that a scaling is learnt from, in their order: the first 20,000 of them, and of their jets, count.
  ///
  /// - Parameters:
  ///   - events: the events to learn from.
  ///   - seed: decides which of them are chosen.
  ///   - jetCount: the number of jets of an event.
  /// - Returns: the events.
  package static func choice(of events: [Int], seed: UInt64, jetCount: (Int) -> Int) -> [Int] {
    guard max(events.count, events.reduce(0) { $0 + jetCount($1) }) > largestCount else { return events }
    // The seed itself divides the events into those to learn from and those to validate on.
    var generator = SeededGenerator(seed: ~seed)
    let shuffled = events.shuffled(using: &generator)
    var (count, jets) = (0, 0)
    while count < shuffled.count, min(count, jets) < largestCount {
      jets += jetCount(shuffled[count])
      count += 1
    }
    return Array(shuffled[..<count])
  }

  /// The scaling of events of `sample` that ``choice(of:seed:jetCount:)`` gives.
  package init(fitting sample: EventSample, chosen: [Int], nodes: StageScaling?) {
    let jets = Array(chosen.lazy.flatMap(sample.jets(ofEvent:)).prefix(Self.largestCount))
    let some = Array(chosen.prefix(Self.largestCount))
    self.nodes = nodes ?? sample.embedding.flatMap { StageScaling(fitting: $0, events: some, jets: jets) }
    self.events = sample.events.flatMap { StageScaling(fitting: $0, events: some, jets: jets) }
  }
}

/// The scaling of what a stage reads, whose type the stage alone knows.
public struct StageScaling: Sendable {
  /// A stage's own scaling, or a `JSONValue` that is still to be read as one.
  private let value: any Codable & Sendable

  /// A stage's own scaling.
  public init(_ value: some Codable & Sendable) { self.value = value }

  fileprivate init?<F: StageFeatures>(fitting features: F, events: [Int], jets: [Int]) {
    guard F.self != NoStageFeatures.self else { return nil }
    value = features.scaling(fitting: events, jets: jets)
  }

  /// The scaling as the stage's own type.
  ///
  /// - Throws: `DecodingError` if it is another.
  public func decode<T: Codable & Sendable>(_ type: T.Type) throws -> T {
    if let value = value as? T { return value }
    return try JSONValue(encoding: value).decode(type)
  }

  /// Scales the features of a stage.
  ///
  /// - Precondition: the scaling is one of the stage.
  func apply<F: StageFeatures>(to features: inout F) {
    guard let scaling = value as? F.Scaling else { preconditionFailure("a scaling of another stage") }
    features.scale(by: scaling)
  }

  /// The same scaling, read as that of a stage.
  ///
  /// - Throws: `ModelError`, without a full stop, if it does not fit.
  func resolved(for stage: any Stage, at place: String) throws -> StageScaling {
    func resolved<S: Stage>(_ stage: S) throws -> StageScaling {
      let scaling = try decode(S.Features.Scaling.self)
      try stage.makeFeatures().check(scaling, at: place)
      return StageScaling(scaling)
    }
    do {
      return try resolved(stage)
    } catch let error as DecodingError {
      throw ModelError("\(place).\(error.clause)")
    } catch let error as PluginError {
      throw ModelError(error.clause)
    }
  }
}

extension StageScaling: Codable, Equatable {
  /// Reads any JSON value, to be read as a stage's own scaling later.
  public init(from decoder: any Decoder) throws { value = try JSONValue(from: decoder) }

  /// Writes the stage's own scaling.
  public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }

  /// Whether both are written alike.
  public static func == (one: StageScaling, other: StageScaling) -> Bool {
    guard let one = try? JSONValue(encoding: one.value), let other = try? JSONValue(encoding: other.value)
    else {
      return false
    }
    return one == other
  }
}

extension Stage {
  /// Whether anything is worked out of events once.
  fileprivate var hasFeatures: Bool { Features.self != NoStageFeatures.self }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import JetEmbedding
import JetPhysics
import PluginKit

/// The jets of a sample as a network learns from them: trees with features, truth and weights, all in memory.
///
/// Truth and weights belong to events; each jet has those of its event.
public struct JetDataset: Sendable {
  /// The trees of all jets.
  public internal(set) var trees: FeatureTrees
  /// The number of the event of each jet: `[jets]`.
  public private(set) var eventNumbers: [Int] = []
  /// The weight of each jet: `[jets]`.
  public private(set) var weights: [Float] = []
  /// Whether the input had weights.
  public private(set) var isWeighted = false
  /// The number of events, with jets or without.
  public private(set) var eventCount = 0
  private var columns: [String: [Float]] = [:]

  /// The number of jets.
  public var jetCount: Int { weights.count }

  /// Reads all events of a stream and finds their jets, on several threads.
  ///
  /// - Parameters:
  ///   - stream: the events.
  ///   - jets: how jets are found.
  ///   - features: what is written of each node, not scaled yet.
  ///   - truth: the event columns to keep.
  ///   - weight: the event column that holds the weights; all are 1 unless given.
  ///   - threads: the number of threads.
  /// - Throws: ``EventInputError`` where events cannot be read, ``TrainingError`` where a column is missing,
  ///   has several numbers an event or holds what is no weight.
  public init(
    _ stream: EventStream, jets: JetFinder, features: NodeFeatures, truth: Set<String>, weight: String? = nil,
    threads: Int
  ) throws {
    trees = FeatureTrees(featureCount: features.count)
    isWeighted = weight != nil
    for column in truth { columns[column] = [] }
    let needed = truth.union(weight.map { [$0] } ?? [])
    try EventPipeline.run(
      stream: stream, eventsPerBatch: 256, threads: threads,
      makeWorker: {
        let clusterer = try JetClusterer(jets)
        var found = JetBatch()
        return { events in
          try Piece(events, clusterer, &found, features, needed: needed)
        }
      },
      consume: { try append($0, weight: weight) })
  }

  private mutating func append(_ piece: Piece, weight: String?) throws {
    trees.append(piece.trees)
    eventNumbers += piece.eventNumbers
    eventCount += piece.eventCount
    for column in columns.keys { columns[column]! += piece.columns[column]! }
    guard let weight else {
      weights += Array(repeating: 1, count: piece.eventNumbers.count)
      return
    }
    for (jet, value) in piece.columns[weight]!.enumerated() {
      guard value >= 0, value.isFinite else {
        throw TrainingError(
          "\(piece.source): event \(piece.eventNumbers[jet]): \(weight) is \(value), but a weight is finite and "
            + "not negative.")
      }
      weights.append(value)
    }
  }

  /// The truth of some of the jets.
  public func truth(of jets: some Collection<Int>) -> HeadTruth {
    HeadTruth(
      rows: jets.count, columns: columns.mapValues { values in jets.map { values[$0] } })
  }

  /// The truth of all jets.
  public var truth: HeadTruth { HeadTruth(rows: jetCount, columns: columns) }

  /// Scales the features of all nodes.
  public mutating func scale(by scaling: FeatureScaling) { trees.scale(by: scaling) }
}

/// The jets of one batch of events.
private struct Piece: Sendable {
  let source: String
  let eventCount: Int
  var trees: FeatureTrees
  var eventNumbers: [Int] = []
  var columns: [String: [Float]] = [:]

  init(
    _ events: EventBatch, _ clusterer: JetClusterer, _ jets: inout JetBatch, _ features: NodeFeatures,
    needed: Set<String>
  ) throws {
    source = events.source
    eventCount = events.eventCount
    do {
      try clusterer.findJets(in: events, into: &jets)
    } catch let error as JetPhysicsError {
      throw EventInputError(
        source: events.source, event: error.event, field: error.field, problem: error.problem)
    }
    trees = FeatureTrees(featureCount: features.count)
    trees.replace(with: jets.trees, features: features)
    for event in 0..<jets.eventCount {
      for _ in jets.jets(ofEvent: event) { eventNumbers.append(jets.eventNumbers[event]) }
    }
    for name in needed.sorted() {
      guard let column = events.columns[name] else {
        let known = events.columns.keys.sorted()
        throw TrainingError(
          "\(source): the events have no column \(name)"
            + (known.isEmpty ? "." : "; their columns are: \(known.joined(separator: ", "))."))
      }
      guard column.width == 1 else {
        throw TrainingError("\(source): \(name) has \(column.width) numbers an event, but one is needed.")
      }
      var values: [Float] = []
      values.reserveCapacity(jets.jetCount)
      for event in 0..<jets.eventCount {
        for _ in jets.jets(ofEvent: event) { values.append(Float(column.values[event])) }
      }
      columns[name] = values
    }
  }
}

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
  /// The weight of each jet: `[jets]`.
  public private(set) var weights: [Float] = []
  private var jetTruth: JetTruth

  /// The number of the event of each jet: `[jets]`.
  public var eventNumbers: [Int] { jetTruth.eventNumbers }

  /// The number of events, with jets or without.
  public var eventCount: Int { jetTruth.eventCount }

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
  /// - Throws: `EventInputError` where events cannot be read, ``TrainingError`` where a column is missing,
  ///   has several numbers an event or holds what is no weight.
  public init(
    _ stream: EventStream, jets: JetFinder, features: NodeFeatures, truth: Set<String>, weight: String? = nil,
    threads: Int
  ) throws {
    trees = FeatureTrees(featureCount: features.count)
    let columns = truth.union(weight.map { [$0] } ?? [])
    jetTruth = JetTruth(of: columns)
    try EventPipeline.run(
      stream: stream, threads: threads,
      makeWorker: {
        let clusterer = try JetClusterer(jets)
        var found = JetBatch()
        return { events in
          try clusterer.findJets(in: events, into: &found)
          var trees = FeatureTrees(featureCount: features.count)
          trees.replace(with: found.trees, features: features)
          let truth = try JetTruth(of: columns, events: events, jets: found)
          try truth.checkWeights(weight, source: events.source)
          return (trees, truth)
        }
      },
      consume: { (trees: FeatureTrees, truth: JetTruth) in
        self.trees.append(trees)
        jetTruth.append(truth)
        weights +=
          weight.map { truth.columns[$0]! } ?? Array(repeating: 1, count: truth.eventNumbers.count)
      })
  }

  /// The truth of some of the jets.
  public func truth(of jets: some Collection<Int>) -> HeadTruth { jetTruth.rows(jets) }

  /// The truth of all jets.
  public var truth: HeadTruth { jetTruth.all }

  /// Makes sure that the heads can learn from the truth.
  ///
  /// - Throws: ``TrainingError`` that names `inputs`, where the events come from, and the event.
  func checkTruth(for heads: [Network.NamedHead], inputs: [String]) throws {
    try jetTruth.check(for: heads, inputs: inputs)
  }

  /// Scales the features of all nodes.
  public mutating func scale(by scaling: FeatureScaling) { trees.scale(by: scaling) }
}

extension JetTruth {
  fileprivate func checkWeights(_ weight: String?, source: String) throws {
    guard let weight, let jet = columns[weight]!.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) else {
      return
    }
    throw TrainingError(
      "\(source), event \(eventNumbers[jet]): \(weight) is \(columns[weight]![jet]), but a weight is finite and "
        + "not negative.")
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import EventEncoding
import JetEmbedding
import NeuralEngine

/// The scaling of everything that a network reads, learnt from training events.
public struct SampleScaling: Sendable, Equatable, Codable {
  /// The scaling of the nodes' features; nil where jets are not embedded.
  public var nodes: FeatureScaling?
  /// The scaling of what is read of events; nil where events are not embedded.
  public var events: EventScaling?

  /// A given scaling.
  public init(nodes: FeatureScaling? = nil, events: EventScaling? = nil) {
    self.nodes = nodes
    self.events = events
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
  ///   - nodes: a scaling of the nodes' features that is known already.
  ///   - seed: decides which events are chosen.
  public init(fitting sample: EventSample, events: [Int], nodes: FeatureScaling? = nil, seed: UInt64 = 1) {
    var chosen = events
    if max(events.count, events.reduce(0) { $0 + sample.jets(ofEvent: $1).count }) > Self.largestCount {
      // The seed itself divides the events into those to learn from and those to validate on.
      var generator = SeededGenerator(seed: ~seed)
      chosen.shuffle(using: &generator)
    }
    self.nodes = nodes ?? Self.fitNodes(sample, chosen)
    self.events = sample.events.map { EventScaling(fitting: $0, chosen.prefix(Self.largestCount)) }
  }

  private static func fitNodes(_ sample: EventSample, _ events: [Int]) -> FeatureScaling? {
    let trees = sample.trees
    guard trees.featureCount > 0 else { return nil }
    var features: [Float] = []
    for jet in events.lazy.flatMap(sample.jets(ofEvent:)).prefix(largestCount) {
      let nodes = trees.offsets[jet]..<trees.offsets[jet + 1]
      features +=
        trees.features[nodes.lowerBound * trees.featureCount..<nodes.upperBound * trees.featureCount]
    }
    return FeatureScaling(fitting: features, count: trees.featureCount)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// How a number that the network reads was distributed in the events that a model was trained on.
public struct InputDistribution: Sendable, Equatable, Codable {
  /// The name of the number, such as `pt of nodes` or that of an event input.
  public var input: String
  /// Rising values, at most nine, the deciles of the numbers without repetition: `[edges]`.
  public var edges: [Float]
  /// The share of numbers up to each edge, itself included: `[edges]`.
  public var shares: [Double]
  /// How many numbers of different events would say as much: those of one event are alike.
  public var effectiveCount: Double

  /// The distribution of a number in some events; nil if none has one, or all have the same.
  init?(_ input: String, _ place: EventSample.NumberPlace, in sample: EventSample, events: [Int]) {
    var numbers: [Float] = []
    for event in events {
      sample.forEachNumber(place, ofEvent: event) { if !$0.isNaN { numbers.append($0) } }
    }
    numbers.sort()
    guard let first = numbers.first, let last = numbers.last, first < last else { return nil }
    edges = []
    for decile in 1...9 {
      let value = numbers[decile * (numbers.count - 1) / 10]
      if value < last, value > edges.last ?? -.infinity { edges.append(value) }
    }
    // If more than a tenth of the numbers are the largest one, the rest may lie between two deciles.
    if edges.isEmpty { edges.append(first) }
    var counts = InputCounts(edgeCount: edges.count)
    var below: [Int] = []
    for event in events { counts.add(place, ofEvent: event, in: sample, edges: edges, using: &below) }
    self.input = input
    shares = counts.shares
    effectiveCount = counts.effectiveCount
  }

  /// Whether this can be a distribution, if it comes from a file.
  var isSound: Bool {
    !edges.isEmpty && edges.count == shares.count && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }
      && edges.allSatisfy { !$0.isNaN } && shares.allSatisfy { (0...1).contains($0) }
      && effectiveCount > 0 && effectiveCount.isFinite
  }
}

extension EventSample {
  /// The events that ``distributions(of:inEvents:)`` looks at, which chosen again are the same.
  package static func choice(forDistributionsOf events: [Int]) -> [Int] {
    let step = max(1, events.count / 20_000)
    return stride(from: 0, to: events.count, by: step).map { events[$0] }
  }

  /// How the numbers that the network reads, and does not scale yet, are distributed in some events, of whose number twenty
  /// thousand tell enough.
  ///
  /// - Parameters:
  ///   - names: the numbers.
  ///   - events: the events.
  /// - Returns: the distributions of those numbers that differ.
  package func distributions(of names: (String) -> Bool, inEvents events: [Int]) -> [InputDistribution] {
    let chosen = Self.choice(forDistributionsOf: events)
    return shuffledNames.enumerated().compactMap { place, name in
      names(name) ? InputDistribution(name, numberPlace(place), in: self, events: chosen) : nil
    }
  }
}

/// How many numbers of one kind lie up to each edge of a distribution, event by event.
package struct InputCounts: Sendable, Equatable, Codable {
  /// How many events have such numbers.
  package private(set) var events = 0
  /// The numbers, and the sum over events of the square of how many each has.
  private var numbers = 0
  private var squares = 0
  /// The numbers up to each edge, the sum over events of their square, and that of their product with all numbers of the event:
  /// `[edges]`.
  private var below: [Int]
  private var belowSquares: [Int]
  private var products: [Int]

  init(edgeCount: Int) {
    below = Array(repeating: 0, count: edgeCount)
    belowSquares = below
    products = below
  }

  /// Counts the numbers of an event, with memory that is kept from call to call.
  mutating func add(
    _ place: EventSample.NumberPlace, ofEvent event: Int, in sample: EventSample, edges: [Float],
    using found: inout [Int]
  ) {
    found.removeAll(keepingCapacity: true)
    for _ in 0..<edges.count { found.append(0) }
    var count = 0
    sample.forEachNumber(place, ofEvent: event) { number in
      guard !number.isNaN else { return }
      count += 1
      for edge in 0..<edges.count where number <= edges[edge] { found[edge] += 1 }
    }
    guard count > 0 else { return }
    events += 1
    numbers += count
    squares += count * count
    for edge in 0..<edges.count {
      below[edge] += found[edge]
      belowSquares[edge] += found[edge] * found[edge]
      products[edge] += found[edge] * count
    }
  }

  /// Counts the events of others with as many edges.
  private mutating func add(_ other: InputCounts) {
    events &+= other.events
    numbers &+= other.numbers
    squares &+= other.squares
    for edge in below.indices {
      below[edge] &+= other.below[edge]
      belowSquares[edge] &+= other.belowSquares[edge]
      products[edge] &+= other.products[edge]
    }
  }

  /// These and the events of others with as many edges.
  package func adding(_ other: InputCounts) -> InputCounts {
    var sum = self
    sum.add(other)
    return sum
  }

  /// How many edges there are.
  package var edgeCount: Int { below.count }

  /// Whether these can be counts, if they come from a file.
  package var isSound: Bool {
    belowSquares.count == edgeCount && products.count == edgeCount
      && ([events, numbers, squares] + below + belowSquares + products).allSatisfy { $0 >= 0 }
      && events <= numbers && below.allSatisfy { $0 <= numbers } && (events > 0) == (numbers > 0)
  }

  /// The share of numbers up to each edge: `[edges]`; 0 without numbers.
  var shares: [Double] { below.map { numbers > 0 ? Double($0) / Double(numbers) : 0 } }

  /// How many numbers of different events would have the same statistical error, on average over the edges.
  ///
  /// The variance of a share F is Σ (C − F n)² / N² over events with n numbers of which C lie below the edge.
  var effectiveCount: Double {
    // One event has no spread.
    guard events > 1 else { return Double(events) }
    var ratios: [Double] = []
    for (edge, share) in shares.enumerated() where share > 0 && share < 1 {
      let sum =
        Double(belowSquares[edge]) - 2 * share * Double(products[edge]) + share * share * Double(squares)
      ratios.append(sum / (Double(numbers) * Double(numbers)) / (share * (1 - share)))
    }
    let mean = ratios.reduce(0, +) / Double(max(1, ratios.count))
    return mean > 0 ? 1 / mean : Double(events)
  }
}

/// How far a number that the network reads is from what it was in the training events.
public struct InputDrift: Sendable, Equatable, Encodable {
  /// The name of the number.
  public let input: String
  /// How many events have such numbers.
  public let events: Int
  /// The largest difference, over the deciles of the training, of the shares of numbers up to a value: Kolmogorov and Smirnov's
  /// distance, from 0 to 1.
  public let distance: Double
  /// The distance that is expected, on average, if events are like those of the training: √(π/2) ln 2 √(1/n + 1/n₀) for the numbers
  /// of different events that the events and those of the training amount to.
  public let expected: Double
  /// The value at which the difference is largest.
  public let value: Float
  /// The share of numbers up to this value.
  public let share: Double
  /// Their share in the training events.
  public let trainingShare: Double

  fileprivate init?(_ distribution: InputDistribution, _ counts: InputCounts) {
    guard counts.events > 0 else { return nil }
    let shares = counts.shares
    let edge = shares.indices.max {
      abs(shares[$0] - distribution.shares[$0]) < abs(shares[$1] - distribution.shares[$1])
    }!
    input = distribution.input
    events = counts.events
    distance = abs(shares[edge] - distribution.shares[edge])
    expected =
      (Double.pi / 2).squareRoot() * log(2)
      * (1 / counts.effectiveCount + 1 / distribution.effectiveCount).squareRoot()
    value = distribution.edges[edge]
    share = shares[edge]
    trainingShare = distribution.shares[edge]
  }
}

/// Counts what the network of a model reads, to be compared with what it read in its training.
///
/// It belongs to one predictor; counts of several are added.
package final class DriftMonitor {
  private let distributions: [InputDistribution]
  private let places: [EventSample.NumberPlace]
  /// The numbers of each distribution so far.
  private var counts: [InputCounts]
  private var below: [Int] = []

  /// A monitor for a model; nil if the model does not know what its network read in its training.
  package init?(_ model: Model) {
    let sample = EventSample(model.network)
    let names = sample.shuffledNames
    let known = model.inputDistributions.compactMap { distribution in
      names.firstIndex(of: distribution.input).map { (distribution, sample.numberPlace($0)) }
    }
    guard !known.isEmpty else { return nil }
    distributions = known.map(\.0)
    places = known.map(\.1)
    counts = distributions.map { InputCounts(edgeCount: $0.edges.count) }
  }

  /// Counts the events of a sample that is not scaled.
  func look(at sample: EventSample) {
    for index in 0..<places.count {
      for event in 0..<sample.eventCount {
        counts[index].add(
          places[index], ofEvent: event, in: sample, edges: distributions[index].edges, using: &below)
      }
    }
  }

  /// The counts since the last call, one for each distribution.
  package func take() -> [InputCounts] {
    defer { counts = distributions.map { InputCounts(edgeCount: $0.edges.count) } }
    return counts
  }

  /// Whether counts that come from a file can be those of this monitor.
  package func fits(_ counts: [InputCounts]) -> Bool {
    counts.count == distributions.count
      && zip(counts, distributions).allSatisfy { $0.isSound && $0.edgeCount == $1.edges.count }
  }

  /// What counts say of each number, the ones farthest from what is expected first.
  package func drifts(_ counts: [InputCounts]) -> [InputDrift] {
    zip(distributions, counts).compactMap { InputDrift($0, $1) }
      .sorted { ($0.distance / $0.expected, $1.input) > ($1.distance / $1.expected, $0.input) }
  }
}

extension Model {
  /// What the network read in its training; of a model of folds, in the training of the first.
  fileprivate var inputDistributions: [InputDistribution] {
    ((members.first ?? self).description.training?.inputs ?? []).filter(\.isSound)
  }
}

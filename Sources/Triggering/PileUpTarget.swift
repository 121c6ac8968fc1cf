// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Settings
import Support

/// The distribution of the number of interactions, or of another number of events, that rates are wanted for.
public struct PileUpTarget: Sendable, Equatable {
  /// The edges of intervals by rising values, the last one of which is the end of the last interval:
  /// `[intervals + 1]`.
  public let edges: [Double]
  /// The share of events in each interval, its lower edge included and its upper not: `[intervals]`, with the sum 1.
  public let shares: [Double]
  /// Whether it is of whole numbers alone.
  let isWhole: Bool

  /// Poisson's distribution of whole numbers of a mean, without the numbers of a probability below 10⁻⁹.
  ///
  /// - Precondition: the mean is above 0 and at most ``largestMean``.
  public init(mean: Double) {
    precondition(mean > 0 && mean <= Self.largestMean, "a mean that can be worked out")
    let probabilities = (0...Int(mean + 20 * mean.squareRoot() + 20)).map { number in
      exp(Double(number) * log(mean) - mean - lgamma(Double(number) + 1))
    }
    let first = probabilities.firstIndex { $0 >= 1e-9 }!
    let last = probabilities.lastIndex { $0 >= 1e-9 }!
    let sum = probabilities[first...last].reduce(0, +)
    edges = (first...last + 1).map { Double($0) - 0.5 }
    shares = probabilities[first...last].map { $0 / sum }
    isWhole = true
  }

  /// The largest mean of a distribution.
  public static let largestMean = 10_000.0

  /// A histogram of CSV text.
  ///
  /// It has a line `lower,upper,share` for each interval, by rising values without gaps, after an optional line of titles.
  /// Shares need not add up to 1.
  ///
  /// - Throws: ``TriggerError`` that names the line; `source` is what it calls the file.
  public init(csv text: String, source: String) throws {
    var (edges, shares) = ([Double](), [Double]())
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !line.isEmpty else { continue }
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      let numbers = cells.compactMap(Double.init)
      if index == 0, numbers.isEmpty { continue }
      func problem(_ sentence: String) -> TriggerError {
        TriggerError("\(source), line \(index + 1): \(sentence).".printable)
      }
      guard cells.count == 3, numbers.count == 3, numbers.allSatisfy(\.isFinite) else {
        throw problem(
          "write three numbers, as in 30,31,0.05: the lower and the upper edge of an interval and its share")
      }
      guard numbers[0] < numbers[1] else {
        throw problem("the interval from \(numbers[0]) to \(numbers[1]) is empty; write the lower edge first")
      }
      guard numbers[2] >= 0 else {
        throw problem("the share is \(numbers[2]), but must not be negative")
      }
      if let last = edges.last, last != numbers[0] {
        throw problem(
          "the interval begins at \(numbers[0]), but the one before ends at \(last); leave no gap")
      }
      if edges.isEmpty { edges.append(numbers[0]) }
      edges.append(numbers[1])
      shares.append(numbers[2])
    }
    guard shares.contains(where: { $0 > 0 }) else {
      throw TriggerError("\(source) has no share above 0; write lines such as 30,31,0.05.".printable)
    }
    let sum = shares.reduce(0, +)
    guard sum.isFinite else {
      throw TriggerError(
        "\(source): the shares add up to more than can be calculated with; divide all of them by one number."
          .printable)
    }
    self.edges = edges
    self.shares = shares.map { $0 / sum }
    isWhole = false
  }

  /// Reads a histogram of a CSV file.
  ///
  /// - Throws: ``TriggerError`` that names the line, `ConfigurationError` if the file cannot be read as text.
  public init(contentsOf file: URL) throws {
    try self.init(csv: ConfigurationNode.text(of: file, kind: "CSV"), source: file.relativePath)
  }

  /// The interval that a value is in; nil if none.
  func interval(of value: Double) -> Int? {
    guard value >= edges[0], value < edges[edges.count - 1] else { return nil }
    // The first edge above the value.
    var (low, high) = (0, edges.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if edges[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// How long decisions took, counted in bins that are 1 % wide, so that any number of them takes the same memory.
public struct LatencyHistogram: Sendable, Equatable {
  /// From 100 ns on; shorter ones are in the first bin, and those that take longer than an hour are in the
  /// last.
  private static let shortest = 1e-7
  private static let growth = 1.01
  private static let binCount = 2450

  private var counts = [Int](repeating: 0, count: binCount)
  /// How many decisions there were.
  public private(set) var count = 0
  /// The longest in seconds; 0 if there was none.
  public private(set) var longest = 0.0
  /// All of them together in seconds.
  public private(set) var total = 0.0

  /// No decisions.
  public init() {}

  /// Counts a decision that took `seconds`.
  public mutating func add(_ seconds: Double) {
    let bin = log(max(seconds, Self.shortest) / Self.shortest) / log(Self.growth)
    counts[min(Int(bin), Self.binCount - 1)] += 1
    count += 1
    longest = max(longest, seconds)
    total += max(0, seconds)
  }

  /// Counts the decisions of another histogram.
  public mutating func add(_ other: LatencyHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
    count += other.count
    longest = max(longest, other.longest)
    total += other.total
  }

  /// How many seconds they took on average; nil if there was no decision.
  public var mean: Double? { count > 0 ? total / Double(count) : nil }

  /// The number of seconds within which at least `fraction` of the decisions were made, to 1 %.
  ///
  /// It is the upper end of the bin, and not more than the longest; nil if there was no decision.
  public func quantile(_ fraction: Double) -> Double? {
    guard count > 0 else { return nil }
    let wanted = max(1, Int((fraction * Double(count)).rounded(.up)))
    var sum = 0
    for (bin, found) in counts.enumerated() {
      sum += found
      guard sum >= wanted else { continue }
      // The last bin has no end.
      return bin == Self.binCount - 1
        ? longest : min(Self.shortest * pow(Self.growth, Double(bin + 1)), longest)
    }
    return longest
  }
}

extension LatencyHistogram: Codable {
  private enum CodingKeys: String, CodingKey { case bins, counts, longest, total }

  /// Reads the bins that have decisions.
  ///
  /// - Throws: `DecodingError` if there are no such bins or counts.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let bins = try container.decode([Int].self, forKey: .bins)
    let counts = try container.decode([Int].self, forKey: .counts)
    longest = try container.decode(Double.self, forKey: .longest)
    // Those that were written without it have it to half a bin.
    total =
      try container.decodeIfPresent(Double.self, forKey: .total)
      ?? zip(bins, counts).reduce(0) {
        $0 + Double($1.1) * Self.shortest * pow(Self.growth, Double($1.0) + 0.5)
      }
    var isSound = bins.count == counts.count && longest >= 0 && total >= 0 && total.isFinite
    for (bin, number) in zip(bins, counts) where isSound {
      let (sum, overflow) = count.addingReportingOverflow(number)
      isSound = self.counts.indices.contains(bin) && number > 0 && !overflow
      guard isSound else { break }
      self.counts[bin] += number
      count = sum
    }
    guard isSound else {
      throw DecodingError.dataCorruptedError(
        forKey: .bins, in: container, debugDescription: "the counts are none of this histogram")
    }
  }

  /// Writes the bins that have decisions.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let bins = counts.indices.filter { counts[$0] > 0 }
    try container.encode(bins, forKey: .bins)
    try container.encode(bins.map { counts[$0] }, forKey: .counts)
    try container.encode(longest, forKey: .longest)
    try container.encode(total, forKey: .total)
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

/// The weights of some events, summed.
public struct WeightSum: Sendable, Equatable, Codable {
  /// The sum of the weights.
  public private(set) var sum = 0.0
  /// The sum of the squares of the weights: the variance of `sum`, the number of events being Poisson's.
  public private(set) var squares = 0.0

  /// No events.
  public init() {}

  /// So many events, each of which counts as one.
  public init(count: Int) {
    sum = Double(count)
    squares = Double(count)
  }

  /// Adds an event.
  public mutating func add(_ weight: Double) {
    sum += weight
    squares += weight * weight
  }

  /// Adds other events.
  public mutating func add(_ other: WeightSum) {
    sum += other.sum
    squares += other.squares
  }

  /// Takes away events that are among these.
  public mutating func subtract(_ other: WeightSum) {
    sum -= other.sum
    squares = max(0, squares - other.squares)
  }

  /// The number of events of equal weight that would have the same statistical error, (Σw)² / Σw²; 0 without
  /// events.
  public var effectiveCount: Double { squares > 0 ? sum * sum / squares : 0 }

  /// Whether these can be sums over events, if they come from a file.
  public var isSound: Bool { sum.isFinite && squares.isFinite && squares >= 0 }
}

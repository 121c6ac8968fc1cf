// SPDX-License-Identifier: GPL-3.0-or-later

/// The loss at rising learning rates, and the rate that it suggests: the range test of Smith, arXiv:1506.01186.
public struct RateTest: Sendable, Equatable {
  /// One step.
  public struct Step: Sendable, Equatable {
    /// The learning rate.
    public var rate: Double
    /// The mean loss of the step's batch, before the weights change.
    public var loss: Double
    /// The mean of the losses so far, in which each step counts nine tenths of the next.
    public var smoothedLoss: Double
  }

  /// The steps in their order.
  public private(set) var steps: [Step] = []
  private var sum = 0.0
  private var weight = 0.0

  /// The loss is four times its least value: the rates are too large from here on.
  private static let divergence = 4.0
  /// How many steps the smoothed loss takes until single batches no longer decide it.
  private static let settlingStepCount = 10
  /// How many steps a curve needs.
  static let leastStepCount = 2 * settlingStepCount

  /// No steps yet.
  package init() {}

  /// Adds a step.
  ///
  /// - Returns: whether a larger rate is worth trying.
  package mutating func add(rate: Double, loss: Double) -> Bool {
    guard loss.isFinite else { return false }
    sum = 0.9 * sum + 0.1 * loss
    weight = 0.9 * weight + 0.1
    steps.append(Step(rate: rate, loss: loss, smoothedLoss: sum / weight))
    guard let least else { return true }
    return sum / weight < Self.divergence * least.smoothedLoss
  }

  /// The step of the least smoothed loss, after the first ten, in which single batches decide it; nil without so many.
  public var least: Step? {
    steps.dropFirst(Self.settlingStepCount).min { $0.smoothedLoss < $1.smoothedLoss }
  }

  /// A tenth of the rate of the least smoothed loss, at which the loss still falls; nil if it falls nowhere.
  public var suggestedRate: Double? {
    guard let least, least.rate > steps[Self.settlingStepCount].rate else { return nil }
    return least.rate / 10
  }
}

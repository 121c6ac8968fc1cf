// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2).
public final class AdamW {
  /// The settings of the optimiser.
  public struct Settings: Sendable, Equatable {
    /// The decay rate of the mean of the gradients.
    public var beta1: Float = 0.9
    /// The decay rate of the mean of their squares.
    public var beta2: Float = 0.999
    /// Added to the denominator.
    public var epsilon: Float = 1e-8
    /// The fraction of each weight, times the learning rate, that every step removes; biases keep theirs.
    public var weightDecay: Float = 0
    /// The largest norm of the gradient of all parameters together; a longer one is shortened to it.
    public var gradientClip: Float?

    /// The usual settings: no weight decay, no clipping.
    public init() {}
  }

  /// The settings of the optimiser.
  public let settings: Settings
  /// The mean of the gradients.
  public let firstMoment: Parameters
  /// The mean of the squares of the gradients.
  public let secondMoment: Parameters
  /// How many steps were taken.
  public private(set) var step: Int

  private let frozen: Set<ParameterID>

  /// An optimiser for parameters of `layout` that has taken no step; it leaves those of `frozen` as they are.
  public init(layout: ParameterLayout, settings: Settings = Settings(), frozen: Set<ParameterID> = []) {
    self.settings = settings
    self.frozen = frozen
    firstMoment = Parameters(layout: layout)
    secondMoment = Parameters(layout: layout)
    step = 0
  }

  /// An optimiser that continues from earlier moments, which it keeps and changes; it leaves the parameters
  /// of `frozen` as they are.
  public init(
    firstMoment: Parameters, secondMoment: Parameters, step: Int, settings: Settings,
    frozen: Set<ParameterID> = []
  ) {
    self.settings = settings
    self.frozen = frozen
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.step = step
  }

  /// Changes the parameters by one step against their gradient, and takes over what running statistics have seen.
  ///
  /// - Returns: the norm of the gradient before clipping.
  @discardableResult
  public func update(_ parameters: Parameters, gradient: Parameters, learningRate: Float) -> Float {
    step += 1
    let values = gradient.values
    let norm = Float(Self.sumOfSquares(gradient).squareRoot())
    var scale: Float = 1
    if let clip = settings.gradientClip, norm > clip { scale = clip / norm }
    // A step that is not finite would destroy the network; the trainer sees the norm and stops.
    guard norm.isFinite else { return norm }
    let correction1 = 1 - Self.power(settings.beta1, step)
    let correction2 = 1 - Self.power(settings.beta2, step)
    for (index, entry) in parameters.layout.entries.enumerated()
    where !frozen.contains(ParameterID(index: index)) {
      guard entry.isLearnt else {
        parameters.takeOver(entry, from: gradient)
        continue
      }
      let decay = entry.rows == 1 ? 0 : settings.weightDecay
      canopy_adamw(
        entry.count, parameters.values.baseAddress! + entry.offset, values.baseAddress! + entry.offset,
        firstMoment.values.baseAddress! + entry.offset, secondMoment.values.baseAddress! + entry.offset,
        scale,
        learningRate, settings.beta1, settings.beta2, settings.epsilon, correction1, correction2, decay)
    }
    return norm
  }

  /// The sum of the squares of the gradients, without running statistics.
  private static func sumOfSquares(_ gradient: Parameters) -> Double {
    let values = gradient.values
    if gradient.layout.entries.allSatisfy(\.isLearnt) {
      return canopy_sum_of_squares(values.count, values.baseAddress!)
    }
    return gradient.layout.entries.reduce(0) {
      $0 + ($1.isLearnt ? canopy_sum_of_squares($1.count, values.baseAddress! + $1.offset) : 0)
    }
  }

  private static func power(_ base: Float, _ exponent: Int) -> Float {
    var result = 1.0
    var square = Double(base)
    var remaining = exponent
    while remaining > 0 {
      if remaining & 1 == 1 { result *= square }
      square *= square
      remaining >>= 1
    }
    return Float(result)
  }
}

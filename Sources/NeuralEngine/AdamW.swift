// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2).
public final class AdamW: Optimiser {
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

  private let rates: [ParameterID: Float]

  /// An optimiser for parameters of `layout` that has taken no step.
  ///
  /// - Parameters:
  ///   - layout: the parameters.
  ///   - settings: the settings.
  ///   - rates: the shares of the learning rate that parameters have, 1 unless given; those of the share 0 stay as they are.
  public convenience init(
    layout: ParameterLayout, settings: Settings = Settings(), rates: [ParameterID: Float] = [:]
  ) {
    self.init(
      firstMoment: Parameters(layout: layout), secondMoment: Parameters(layout: layout), step: 0,
      settings: settings, rates: rates)
  }

  /// An optimiser that continues from earlier moments, which it keeps and changes.
  ///
  /// - Parameters:
  ///   - firstMoment: the mean of the gradients.
  ///   - secondMoment: the mean of their squares.
  ///   - step: how many steps were taken.
  ///   - settings: the settings.
  ///   - rates: the shares of the learning rate that parameters have, 1 unless given; those of the share 0 stay as they are.
  public init(
    firstMoment: Parameters, secondMoment: Parameters, step: Int, settings: Settings,
    rates: [ParameterID: Float] = [:]
  ) {
    self.settings = settings
    self.rates = rates
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.step = step
  }

  /// Changes the parameters by one step against their gradient, and takes over what running statistics have seen.
  ///
  /// - Returns: the norm of the gradient before clipping; if it is not finite, the parameters stay as they are.
  @discardableResult
  public func update(_ parameters: Parameters, gradient: Parameters, learningRate: Float) -> Float {
    step += 1
    let correction1 = 1 - Self.power(settings.beta1, step)
    let correction2 = 1 - Self.power(settings.beta2, step)
    return parameters.change(against: gradient, clip: settings.gradientClip, rates: rates) {
      entry, scale, rate in
      let decay = entry.rows == 1 ? 0 : settings.weightDecay
      canopy_adamw(
        entry.count, parameters.values.baseAddress! + entry.offset,
        gradient.values.baseAddress! + entry.offset,
        firstMoment.values.baseAddress! + entry.offset, secondMoment.values.baseAddress! + entry.offset,
        scale, rate * learningRate, settings.beta1, settings.beta2, settings.epsilon, correction1,
        correction2, decay)
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

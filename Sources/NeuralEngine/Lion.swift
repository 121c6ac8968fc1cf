// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

/// Lion: steps of the same size for all parameters, along the sign of a mean of the gradients (Chen et al.,
/// arXiv:2302.06675, program 1).
///
/// With c = β₁ m + (1 − β₁) g a step is w ← w − η (sign c + λ w), and m ← β₂ m + (1 − β₂) g after it. Its learning rate is
/// a third to a tenth of that of ``AdamW``, and its weight decay as many times larger.
public final class Lion: Optimiser {
  /// The settings of the optimiser.
  public struct Settings: Sendable, Equatable {
    /// The share β₁ of the mean in the direction of a step.
    public var beta1: Float = 0.9
    /// The decay rate β₂ of the mean of the gradients.
    public var beta2: Float = 0.99
    /// The fraction λ of each weight, times the learning rate, that every step removes; biases keep theirs.
    public var weightDecay: Float = 0
    /// The largest norm of the gradient of all parameters together; a longer one is shortened to it.
    public var gradientClip: Float?

    /// The usual settings: no weight decay, no clipping.
    public init() {}
  }

  /// The settings of the optimiser.
  public let settings: Settings
  /// The mean m of the gradients.
  public let moment: Parameters
  /// How many steps were taken.
  public private(set) var step: Int

  private let rates: [ParameterID: Float]

  /// An optimiser that continues from an earlier mean of the gradients, which it keeps and changes.
  ///
  /// - Parameters:
  ///   - moment: the mean of the gradients; all zero before the first step.
  ///   - step: how many steps were taken.
  ///   - settings: the settings.
  ///   - rates: the shares of the learning rate that parameters have, 1 unless given; those of the share 0 stay as they are.
  public init(
    moment: Parameters, step: Int = 0, settings: Settings = Settings(), rates: [ParameterID: Float] = [:]
  ) {
    self.moment = moment
    self.step = step
    self.settings = settings
    self.rates = rates
  }

  /// Changes the parameters by one step against their gradient, and takes over what running statistics have seen.
  ///
  /// - Returns: the norm of the gradient before clipping; if it is not finite, the parameters stay as they are.
  @discardableResult
  public func update(_ parameters: Parameters, gradient: Parameters, learningRate: Float) -> Float {
    step += 1
    return parameters.change(against: gradient, clip: settings.gradientClip, rates: rates) {
      entry, scale, rate in
      canopy_lion(
        entry.count, parameters.values.baseAddress! + entry.offset,
        gradient.values.baseAddress! + entry.offset, moment.values.baseAddress! + entry.offset, scale,
        rate * learningRate, settings.beta1, settings.beta2, entry.rows == 1 ? 0 : settings.weightDecay)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Robust scaling of what an event encoder reads and of event inputs, learnt from training events.
public struct EventScaling: Sendable, Equatable, Codable {
  /// The scaling of the numbers of `ItemMomenta`.
  public let momenta: FeatureScaling
  /// The scaling of event inputs.
  public let inputs: FeatureScaling

  /// Scaling by given numbers.
  public init(momenta: FeatureScaling, inputs: FeatureScaling) {
    self.momenta = momenta
    self.inputs = inputs
  }

  /// The scaling of some of the events of `features`.
  public init(fitting features: EventFeatures, _ events: some Collection<Int>) {
    let width = features.description.momenta.count
    var momenta: [Float] = []
    var inputs: [Float] = []
    for event in events {
      momenta += features.momenta[features.offsets[event] * width..<features.offsets[event + 1] * width]
      inputs += features.inputs[event * features.inputCount..<(event + 1) * features.inputCount]
    }
    self.init(
      momenta: FeatureScaling(fitting: momenta, count: width),
      inputs: FeatureScaling(fitting: inputs, count: features.inputCount))
  }
}

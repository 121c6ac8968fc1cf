// SPDX-License-Identifier: GPL-3.0-or-later

/// The results of one epoch of a training.
public struct EpochSummary: Sendable, Equatable, Codable {
  /// A metric on the validation sample.
  public struct Metric: Sendable, Equatable, Codable {
    /// What is measured, such as `AUC` or `tagger AUC`.
    public var name: String
    /// The value after the epoch.
    public var value: Double

    /// A metric and its value.
    public init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// The epoch, counted from 1.
  public var epoch: Int
  /// The mean loss over the epoch's training examples.
  public var trainingLoss: Double
  /// The mean loss over the validation sample, if there is one.
  public var validationLoss: Double?
  /// The metrics on the validation sample, the same names in each epoch.
  public var metrics: [Metric]
  /// The step size at the end of the epoch.
  public var learningRate: Double
  /// The number of events that the network was trained on.
  public var eventCount: Int
  /// The time that the epoch took in seconds, validation included.
  public var seconds: Double
  /// Whether the model after this epoch is the best so far.
  public var isBest: Bool

  /// The summary of an epoch.
  public init(
    epoch: Int, trainingLoss: Double, validationLoss: Double? = nil, metrics: [Metric] = [],
    learningRate: Double, eventCount: Int, seconds: Double, isBest: Bool
  ) {
    self.epoch = epoch
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.metrics = metrics
    self.learningRate = learningRate
    self.eventCount = eventCount
    self.seconds = seconds
    self.isBest = isBest
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

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

extension EpochSummary {
  /// The names of all metrics in the order of their first epoch.
  package static func metricNames(of epochs: [EpochSummary]) -> [String] {
    epochs.flatMap { $0.metrics.map(\.name) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The learning curve of a training: a row for each epoch, whose metrics have their names for columns.
  package static func table(of epochs: [EpochSummary]) -> Table {
    let names = metricNames(of: epochs)
    var table = Table(
      columns: ["epoch", "training_loss", "validation_loss", "learning_rate", "events", "seconds", "best"]
        + names)
    for epoch in epochs {
      let metrics = names.map { name in epoch.metrics.first { $0.name == name }?.value }
      table.append(
        [
          Double(epoch.epoch), epoch.trainingLoss, epoch.validationLoss, epoch.learningRate,
          Double(epoch.eventCount), epoch.seconds, epoch.isBest ? 1 : 0,
        ] + metrics)
    }
    return table
  }
}

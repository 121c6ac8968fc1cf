// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine

/// Which events of a dataset are learnt from and which validate what was learnt.
public struct EventSplit: Sendable, Equatable {
  /// The events to learn from.
  public var training: [Int] = []
  /// The events to validate on.
  public var validation: [Int] = []

  /// A split in which the events validate whose value of a column that the dataset keeps is not 0.
  init(_ dataset: EventDataset, validatingWhere column: String) {
    let values = dataset.column(column)
    self.init(dataset.eventCount) { values[$0] != 0 }
  }

  /// A split in which the events of a sample and of those after it validate.
  init(_ dataset: EventDataset, validatingFromSample sample: Int) {
    for (run, place) in zip(dataset.runs, dataset.sampleOfRun) {
      if place >= sample { validation += run.events } else { training += run.events }
    }
  }

  /// A split in which each event validates with the probability `fraction`, or, if a column that the dataset keeps is
  /// given, that share of the events of each of its values, of those that are not of a fold that is left out.
  public init(
    _ dataset: EventDataset, validationFraction fraction: Double, stratifyingBy column: String? = nil,
    leavingOutFold fold: Int? = nil, seed: UInt64
  ) {
    var generator = SeededGenerator(seed: seed)
    guard let column else {
      self.init(dataset.eventCount) { _ in Double.random(in: 0..<1, using: &generator) < fraction }
      return
    }
    var events: [Float: [Int]] = [:]
    for (event, value) in dataset.column(column).enumerated()
    where fold == nil || dataset.foldOfEvent[event] != fold {
      events[value, default: []].append(event)
    }
    var validates = Array(repeating: false, count: dataset.eventCount)
    for (_, ofValue) in events.sorted(by: { $0.key < $1.key }) {
      let count = Int((fraction * Double(ofValue.count)).rounded())
      for event in ofValue.shuffled(using: &generator).prefix(count) { validates[event] = true }
    }
    self.init(dataset.eventCount) { validates[$0] }
  }

  /// The split without the events of a fold.
  func without(fold: Int, of dataset: EventDataset) -> EventSplit {
    var split = self
    split.training.removeAll { dataset.foldOfEvent[$0] == fold }
    split.validation.removeAll { dataset.foldOfEvent[$0] == fold }
    return split
  }

  private init(_ eventCount: Int, validates: (Int) -> Bool) {
    for event in 0..<eventCount {
      if validates(event) { validation.append(event) } else { training.append(event) }
    }
  }
}

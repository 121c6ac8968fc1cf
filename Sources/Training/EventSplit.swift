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
    for (event, value) in dataset.column(column).enumerated() {
      if value != 0 { validation.append(event) } else { training.append(event) }
    }
  }

  /// A split in which each event validates with the probability `fraction`.
  public init(_ dataset: EventDataset, validationFraction fraction: Double, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for event in 0..<dataset.eventCount {
      if Double.random(in: 0..<1, using: &generator) < fraction {
        validation.append(event)
      } else {
        training.append(event)
      }
    }
  }
}

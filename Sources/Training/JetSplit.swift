// SPDX-License-Identifier: GPL-3.0-or-later

import NeuralEngine

/// Which jets of a dataset are learnt from and which validate what was learnt.
public struct JetSplit: Sendable, Equatable {
  /// The jets to learn from.
  public var training: [Int] = []
  /// The jets to validate on.
  public var validation: [Int] = []

  /// A split by events, so that no event is on both sides: each validates with the probability `fraction`.
  public init(_ dataset: JetDataset, validationFraction fraction: Double, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var event: Int?
    var validates = false
    for jet in 0..<dataset.jetCount {
      if dataset.eventNumbers[jet] != event {
        event = dataset.eventNumbers[jet]
        validates = Double.random(in: 0..<1, using: &generator) < fraction
      }
      if validates { validation.append(jet) } else { training.append(jet) }
    }
  }
}

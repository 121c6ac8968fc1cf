// SPDX-License-Identifier: GPL-3.0-or-later

/// Why a training or an evaluation cannot begin or go on, in one sentence.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String
  /// Whether the data is to blame, and not the training.
  public let isInputError: Bool

  /// An error that says `description`.
  public init(_ description: String, isInputError: Bool = true) {
    self.description = description
    self.isInputError = isInputError
  }
}

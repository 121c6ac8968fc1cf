// SPDX-License-Identifier: GPL-3.0-or-later

/// Why a trigger cannot run, in one sentence.
public struct TriggerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String
  /// Whether the input is to blame, rather than something that happened on the way, such as a full disk.
  public let isInputError: Bool

  init(_ description: String, isInputError: Bool = true) {
    self.description = description
    self.isInputError = isInputError
  }
}

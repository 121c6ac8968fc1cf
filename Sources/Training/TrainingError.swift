// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Why a training or an evaluation cannot begin or go on, in one sentence.
public struct TrainingError: ReportedError, Sendable, Equatable {
  /// The sentence.
  public let description: String
  /// What is to be blamed.
  public let fault: Fault

  /// An error that says `description`.
  public init(_ description: String, fault: Fault = .input) {
    self.description = description
    self.fault = fault
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Why a trigger cannot run, in one sentence.
public struct TriggerError: ReportedError, Sendable, Equatable {
  /// The sentence.
  public let description: String
  /// What is to be blamed.
  public let fault: Fault

  init(_ description: String, fault: Fault = .input) {
    self.description = description
    self.fault = fault
  }
}

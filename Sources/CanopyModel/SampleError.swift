// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Why heads can neither learn from a sample nor be judged by it, in one sentence.
public struct SampleError: ReportedError, Sendable, Equatable {
  /// The sentence, which names file, event and column as far as one of them is to blame.
  public let description: String

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

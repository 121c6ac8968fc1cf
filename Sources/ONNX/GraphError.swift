// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// A model, or a part of it, that cannot be written as a graph of ONNX.
public struct GraphError: Error, Sendable, Hashable, ReportedError, CustomStringConvertible {
  /// Why not, and what to do about it.
  public let description: String

  /// An error of one sentence; without a full stop if what it is about is still to be named.
  package init(_ description: String) { self.description = description }

  /// The model is the input that is wrong.
  public var fault: Fault { .input }
}

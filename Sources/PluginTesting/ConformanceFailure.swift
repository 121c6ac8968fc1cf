// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a plugin does wrong, in one sentence.
public struct ConformanceFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Throws if `condition` does not hold.
  static func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(sentence()) }
  }

  /// Throws unless outputs or quantities have names of their own that can stand in files, and widths.
  static func requireUsableNames(of outputs: [HeadOutput], as singular: String, _ plural: String) throws {
    do {
      try HeadOutput.check(outputs, as: singular, plural)
    } catch let error as PluginError {
      throw ConformanceFailure(error.description)
    }
  }
}

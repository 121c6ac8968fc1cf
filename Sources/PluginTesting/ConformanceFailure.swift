// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// What a plugin does wrong, in one sentence.
public struct ConformanceFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Throws where `condition` does not hold.
  static func require(_ condition: Bool, _ sentence: @autoclosure () -> String) throws {
    if !condition { throw ConformanceFailure(sentence()) }
  }

  /// Throws unless outputs or quantities have names of their own that can stand in files, and widths.
  static func requireUsableNames(of outputs: [HeadOutput], as singular: String, _ plural: String) throws {
    let names = outputs.map(\.name)
    try require(
      Set(names).count == names.count, "Two \(plural) have the same name: \(names.joined(separator: ", ")).")
    for output in outputs {
      try require(
        !output.name.isEmpty && !output.name.contains("/"),
        "“\(output.name)” cannot be among the \(plural): leave out slashes and do not leave it empty.")
      try require(
        output.width > 0, "The \(singular) \(output.name) has the width \(output.width): a width is positive."
      )
    }
  }
}

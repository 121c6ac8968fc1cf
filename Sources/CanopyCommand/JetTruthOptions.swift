// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// How jets that the files have go with the jets that are found, other than the model says.
struct JetTruthOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How given jets go with the jets that are found, as data.jet-truth has it (default: as the model says).",
      discussion: "As in order, or '{match: delta-r, radius: 0.2}'.", valueName: "match"))
  var jetTruth: String?

  func validate() throws { _ = try matching() }

  /// What the option says; nil if it is not given.
  ///
  /// - Throws: `ValidationError` if it makes no sense.
  func matching() throws -> JetMatching? {
    do {
      return try jetTruth.map { try ConfigurationNode(yaml: $0, option: "--jet-truth").decode() }
    } catch let error as ConfigurationError {
      throw ValidationError(error.description)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

extension NegativeWeights: ExpressibleByArgument {}

/// How events count.
struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What each event counts: an event column, a weight of the generator by its name, or a formula.",
      discussion: "As in --weight 'xsec * weights[3]'. A weight of the input's sample is a further factor.",
      valueName: "weight"))
  var weight: String?

  @Option(
    help: ArgumentHelp(
      "What becomes of events of negative weight (default: as-they-are).", valueName: "choice"))
  var negativeWeights: NegativeWeights?

  /// Makes sure that there are weights, of which some may be negative.
  func checkThereAreWeights(_ weights: String?...) throws {
    guard negativeWeights != nil, weights.allSatisfy({ $0 == nil }) else { return }
    throw ValidationError("--negative-weights is of weights; name one by --weight.")
  }

  /// What an option that names a weight says.
  static func weight(_ text: String?) -> EventWeight? { text.map { EventWeight($0) } }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// The program `canopy`.
@main
struct CanopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canopy",
    abstract: "Turns the particles of a collision into decisions: jets, embeddings, tags.",
    discussion: """
      Particles are clustered into jets with FastJet; the clustering tree of each jet is read by a QCD-aware \
      recursive network (arXiv:1702.00748) that ends with an embedding of the jet; heads on the embedding tag it.
      """,
    version: version,
    subcommands: [TrainCommand.self])

  private static var version: String {
    """
    canopy \(CanopyVersion.current)
    \(FastJetCredit.citation)
    """
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// `canopy embed`.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract:
      "Embeds events and their jets: a vector of numbers a jet, and one an event, by a model's network.",
    discussion: """
      Jets are found as the model says. Embeddings are called embedding in JSON lines and jet/embedding, \
      [jets × width], in HDF5 and npz; a model that embeds events adds those of the event, event/embedding.

      EXAMPLES:
        canopy embed events.hepmc.gz --model w-tagger -o embeddings.npz
        canopy embed events.h5 --model w-tagger --format jsonl --max-events 10
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var model: ModelOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func run() throws {
    try reportingFailures {
      try writePredictions(of: model, embedding: true, reading: reading, output: output)
    }
  }
}

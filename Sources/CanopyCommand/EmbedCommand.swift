// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// `canopy embed`.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Embeds the jets of events: a vector of numbers a jet, by a model's recursive network.",
    discussion: """
      Jets are found as the model says. Embeddings are called embedding in JSON lines and jet/embedding, \
      [jets × width], in HDF5 and npz.

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
      try writePredictions(of: model.read(), embedding: true, reading: reading, output: output)
    }
  }
}

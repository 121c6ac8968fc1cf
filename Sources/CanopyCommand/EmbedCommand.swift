// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// `canopy embed`.
struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Embeds jets and events: a vector of numbers for each, by a model's network.",
    discussion: """
      Jets are found as the model says. Embeddings are called jet/embedding, [jets × width], and event/embedding, \
      [events × width], in HDF5 and npz; in JSON lines each jet and the event have a member embedding. A model may \
      have one of the two alone.

      EXAMPLES:
        canopy embed events.hepmc.gz --model w-tagger -o embeddings.npz
        canopy embed events.h5 --model w-tagger --format jsonl --max-events 10
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var weighting: WeightingOptions

  @OptionGroup
  var model: ModelOptions

  @OptionGroup(title: "Observables")
  var observables: ObservableOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func validate() throws { try model.conditions.check(reading) }

  func run() throws {
    try reportingFailures {
      try writePredictions(
        of: model, embedding: true, observables: observables, reading: reading, weighting: weighting,
        output: output)
    }
  }
}

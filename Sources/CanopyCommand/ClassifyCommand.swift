// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// `canopy classify`.
struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Says what a model's heads predict for events and their jets.",
    discussion: """
      Jets are found as the model says. The output OUT of the head HEAD is called HEAD/OUT in tables, jet/HEAD/OUT \
      in HDF5 and npz, and is the member OUT of the object HEAD in JSON lines. A score is the probability of the \
      signal, class 1. What a head predicts for the event is called event/HEAD/OUT, and stands beside the jets in JSON \
      lines. A parameterised model needs its conditions: from the events' columns, or by --condition.

      EXAMPLES:
        canopy classify events.hepmc.gz --model w-tagger
        canopy classify events.h5 --model w-tagger -o scores.h5
        canopy classify events.hepmc.gz --model dihiggs --condition resonance_mass=500
        zcat events.txt.gz | canopy classify - --model w-tagger --format jsonl
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var model: ModelOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func run() throws {
    try reportingFailures {
      try writePredictions(of: model, embedding: false, reading: reading, output: output)
    }
  }
}

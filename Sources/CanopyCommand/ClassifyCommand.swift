// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// `canopy classify`.
struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Finds the jets of events and says what a model's heads predict for them.",
    discussion: """
      Jets are found as the model says. The output OUT of the head HEAD is called HEAD/OUT in tables, jet/HEAD/OUT \
      in HDF5 and npz, and is the member OUT of the object HEAD in JSON lines. A score is the probability of the \
      signal, class 1.

      EXAMPLES:
        canopy classify events.hepmc.gz --model w-tagger
        canopy classify events.h5 --model w-tagger -o scores.h5
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
      try writePredictions(of: model.read(), embedding: false, reading: reading, output: output)
    }
  }
}

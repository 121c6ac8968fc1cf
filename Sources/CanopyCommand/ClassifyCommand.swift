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
      or event/HEAD/OUT in HDF5 and npz, and is the member OUT of the object HEAD in JSON lines, which stands in each \
      jet or behind the jets of the event. A score is the probability of the signal, class 1.

      A model may read conditions, such as the mass of a hypothetical particle: columns of the events, or values that \
      --condition gives to all of them. A score is then the probability under this hypothesis.

      EXAMPLES:
        canopy classify events.hepmc.gz --model w-tagger
        canopy classify events.h5 --model w-tagger -o scores.h5 --keep label,weight
        canopy classify events.hepmc --model dihiggs --condition resonance_mass=500
        zcat events.txt.gz | canopy classify - --model w-tagger --format jsonl
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @OptionGroup
  var weighting: WeightingOptions

  @OptionGroup
  var model: ModelOptions

  @OptionGroup(title: "Observables")
  var observables: ObservableOptions

  @Option(
    help: ArgumentHelp(
      "Also write columns of the input, such as label,weight,particle.charge, or all; may be given several times.",
      discussion: """
        They are columns of the events, of the file or of --define, and particle.NAME for columns of particles, which the \
        constituents of jets have in the results, and jet/NAME for columns of given jets, which the jets that they go with have as \
        given/NAME. Results are in single precision; a whole number that would be rounded is an \
        error.
        """,
      valueName: "names"))
  var keep: [String] = []

  @OptionGroup
  var jetTruth: JetTruthOptions

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func validate() throws { try model.conditions.check(reading) }

  func run() throws {
    try reportingFailures {
      try writePredictions(
        of: model, embedding: false, observables: observables, keep: keep, jetTruth: jetTruth.matching(),
        reading: reading, weighting: weighting, output: output)
    }
  }
}

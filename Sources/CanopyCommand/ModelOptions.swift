// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// Which model is used, and under which conditions.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"), help: ArgumentHelp("The folder of the model.", valueName: "dir"),
    completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp(
      "The value of a condition that the model reads, for all events; may be given several times.",
      discussion: "Without it the events' own columns have the values.",
      valueName: "name=value"))
  var condition: [NamedValue] = []

  @OptionGroup
  var plugins: PluginOptions

  func validate() throws { try NamedValue.checkNames(condition, option: "--condition") }

  /// Reads the model.
  ///
  /// - Throws: `ModelError`, also where the model does not read a condition that was given.
  func read() throws -> Model {
    let model = try Model(contentsOf: URL(fileURLWithPath: folder), plugins: plugins.registry())
    let known = model.description.events?.inputs.conditions ?? []
    if let unknown = condition.first(where: { !known.contains($0.name) }) {
      throw ModelError(
        "\(folder): the model reads no condition \(unknown.name)"
          + (known.isEmpty ? "." : "; its conditions are: \(known.joined(separator: ", "))."))
    }
    return model
  }

  /// The conditions as columns of every event.
  var columns: [String: Double] {
    NamedValue.dictionary(condition)
  }
}

/// Writes all events and their jets with their embeddings, or else with what the model's heads predict.
func writePredictions(
  of options: ModelOptions, embedding: Bool, reading: ReadingOptions, output: OutputOptions
) throws {
  let model = try options.read()
  try writeResults(reading: reading, columns: options.columns, output: output) { times in
    let predictor = try Predictor(model)
    var prediction = Prediction()
    return { events in
      try predictor.predict(events, into: &prediction, heads: !embedding)
      times.add(predictor.times)
      predictor.times = Predictor.Times()
      var results = ResultBatch(prediction, embedding: embedding)
      results.identify(by: events)
      return results
    }
  }
}

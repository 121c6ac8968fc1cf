// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// Which model is used.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .customLong("model"), help: ArgumentHelp("The folder of the model.", valueName: "dir"),
    completion: .directory)
  var folder: String

  /// Reads the model.
  func read() throws -> Model {
    try Model(contentsOf: URL(fileURLWithPath: folder), plugins: .builtIn)
  }
}

/// Writes the jets of all events with their embeddings, or else with what the model's heads predict.
func writePredictions(
  of model: Model, embedding: Bool, reading: ReadingOptions, output: OutputOptions
) throws {
  try writeResults(reading: reading, output: output) { times in
    let predictor = try Predictor(model)
    var prediction = Prediction()
    return { events in
      try predictor.predict(events, into: &prediction, heads: !embedding)
      times.add(predictor.times)
      predictor.times = Predictor.Times()
      return ResultBatch(prediction, embedding: embedding)
    }
  }
}

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
      "A condition that the model reads, the same for all events; may be given several times.",
      discussion: "A model with conditions takes them from the events' columns otherwise.",
      valueName: "name=value"))
  var condition: [Condition] = []

  /// A condition and its value.
  struct Condition: ExpressibleByArgument {
    let name: String
    let value: Double

    init?(argument: String) {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let value = Double(parts[1]), value.isFinite else {
        return nil
      }
      name = String(parts[0])
      self.value = value
    }
  }

  func validate() throws {
    let names = condition.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("--condition gives \(name) twice; give it once.")
    }
  }

  /// Reads the model.
  ///
  /// - Throws: `ModelError`, also where the model does not read a condition that was given.
  func read() throws -> Model {
    let model = try Model(contentsOf: URL(fileURLWithPath: folder), plugins: .builtIn)
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
    Dictionary(uniqueKeysWithValues: condition.map { ($0.name, $0.value) })
  }
}

/// Writes all events and their jets with their embeddings, or else with what the model's heads predict.
func writePredictions(
  of options: ModelOptions, embedding: Bool, reading: ReadingOptions, output: OutputOptions
) throws {
  let model = try options.read()
  try writeResults(reading: reading, columns: options.columns, output: output) {
    let predictor = try Predictor(model)
    var prediction = Prediction()
    return { events in
      try predictor.predict(events, into: &prediction, heads: !embedding)
      return ResultBatch(prediction, embedding: embedding)
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine

/// Everything that a training needs to go on as if it had never stopped, in one safetensors file.
public struct Checkpoint {
  /// The name of the file in a model's folder while its training is not finished.
  public static let file = "checkpoint.safetensors"

  /// The weights.
  public let parameters: Parameters
  /// The weights of the best epoch.
  public let bestParameters: Parameters
  /// The optimiser's means of the gradients.
  public let firstMoment: Parameters
  /// The optimiser's means of the squares of the gradients.
  public let secondMoment: Parameters
  /// How many steps the optimiser took.
  public let step: Int
  /// The state of the random numbers.
  public let generator: SeededGenerator
  /// What was measured after each epoch.
  public let epochs: [EpochSummary]
  /// The text of the training configuration.
  public let configuration: String

  private struct State: Codable {
    var step: Int
    var generator: SeededGenerator
    var epochs: [EpochSummary]
    var configuration: String
  }

  private static let prefixes = ["parameters/", "best/", "first-moment/", "second-moment/"]

  /// The state of a training after an epoch.
  public init(_ trainer: Trainer, configuration: String) {
    parameters = trainer.parameters
    bestParameters = trainer.bestParameters
    firstMoment = trainer.optimiser.firstMoment
    secondMoment = trainer.optimiser.secondMoment
    step = trainer.optimiser.step
    generator = trainer.generator
    epochs = trainer.epochs
    self.configuration = configuration
  }

  /// Reads a checkpoint of a network with the parameters of `layout`.
  ///
  /// - Throws: `SafetensorsError` or ``TrainingError``, in one sentence that names the file.
  public init(contentsOf file: URL, layout: ParameterLayout) throws {
    let tensors = try Safetensors(contentsOf: file)
    guard let text = tensors.metadata["state"],
      let state = try? JSONDecoder().decode(State.self, from: Data(text.utf8)),
      (0..<1 << 50).contains(state.step)
    else {
      throw TrainingError("\(file.relativePath): this is no checkpoint of a training.")
    }
    let parts = try Self.prefixes.map { prefix in
      let part = Parameters(layout: layout)
      for entry in layout.entries {
        let numbers = try tensors.values(of: prefix + entry.name, shape: [entry.rows, entry.columns])
        for (i, number) in numbers.enumerated() { part.values[entry.offset + i] = number }
      }
      return part
    }
    (parameters, bestParameters, firstMoment, secondMoment) = (parts[0], parts[1], parts[2], parts[3])
    step = state.step
    generator = state.generator
    epochs = state.epochs
    configuration = state.configuration
  }

  /// Writes the checkpoint, complete before it takes its name.
  ///
  /// - Throws: `SafetensorsError` where the file cannot be written.
  public func write(to file: URL) throws {
    let parts = [parameters, bestParameters, firstMoment, secondMoment]
    var tensors: [SafetensorsTensor] = []
    for (prefix, part) in zip(Self.prefixes, parts) {
      for entry in part.layout.entries {
        tensors.append(
          SafetensorsTensor(
            name: prefix + entry.name, shape: [entry.rows, entry.columns],
            values: Array(part.values[entry.offset..<entry.offset + entry.count])))
      }
    }
    let state = State(step: step, generator: generator, epochs: epochs, configuration: configuration)
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    try Safetensors(tensors, metadata: ["state": text]).write(to: file)
  }
}

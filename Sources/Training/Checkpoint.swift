// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import Foundation
import NeuralEngine
import Support

/// Everything that a training needs to go on as if it had never stopped, in one safetensors file.
public struct Checkpoint {
  /// The name of the file in a model's folder.
  public static let file = "checkpoint.safetensors"

  /// The weights.
  public let parameters: Parameters
  /// The weights of the best epoch.
  public let bestParameters: Parameters
  /// The optimiser's means of the gradients.
  public let firstMoment: Parameters
  /// The optimiser's means of the squares of the gradients; zero for one that has none.
  public let secondMoment: Parameters
  /// The moving average of the weights; nil in a training that does not keep it.
  public let average: Parameters?
  /// How many steps the optimiser took.
  public let step: Int
  /// How many steps each objective with parameters of its own took, by `HEAD/OBJECTIVE`.
  public let objectiveSteps: [String: Int]
  /// What the heads learnt from the training sample before the first step, by their names.
  public let preparations: [String: JSONValue]
  /// The state of the random numbers.
  public let generator: SeededGenerator
  /// What was measured after each epoch.
  public let epochs: [EpochSummary]
  /// The text of the training configuration.
  public let configuration: String
  /// Fingerprints of the events, by what they are of; nil in a checkpoint of a version that had none.
  public let events: [String: String]?

  private struct State: Codable {
    var step: Int
    var objectiveSteps: [String: Int]?
    var preparations: [String: JSONValue]?
    var generator: SeededGenerator
    var epochs: [EpochSummary]
    var configuration: String
    var events: [String: String]?
  }

  private static let prefixes = ["parameters/", "best/", "first-moment/", "second-moment/"]
  private static let averagePrefix = "average/"

  /// The state of a training after an epoch.
  ///
  /// - Parameters:
  ///   - trainer: the training.
  ///   - configuration: the text of its configuration.
  ///   - events: fingerprints of its events, by what they are of.
  public init(_ trainer: Trainer, configuration: String, events: [String: String]? = nil) {
    parameters = trainer.parameters
    bestParameters = trainer.bestParameters
    firstMoment = trainer.firstMoment
    secondMoment = trainer.secondMoment
    average = trainer.average
    step = trainer.optimiser.step
    objectiveSteps = trainer.objectiveSteps
    preparations = Dictionary(
      uniqueKeysWithValues: trainer.network.heads.compactMap { named in
        named.preparation.map { (named.name, $0) }
      })
    generator = trainer.generator
    epochs = trainer.epochs
    self.configuration = configuration
    self.events = events
  }

  /// Reads a checkpoint of a network with the parameters of `layout`.
  ///
  /// - Throws: `SafetensorsError` or ``TrainingError``, in one sentence that names the file.
  public init(contentsOf file: URL, layout: ParameterLayout) throws {
    let (state, tensors) = try Self.readState(file)
    func read(_ prefix: String) throws -> Parameters {
      let part = Parameters(layout: layout)
      for entry in layout.entries {
        let numbers = try tensors.values(of: prefix + entry.name, shape: [entry.rows, entry.columns])
        for (i, number) in numbers.enumerated() { part.values[entry.offset + i] = number }
      }
      return part
    }
    let parts = try Self.prefixes.map(read)
    (parameters, bestParameters, firstMoment, secondMoment) = (parts[0], parts[1], parts[2], parts[3])
    average =
      tensors.names.contains { $0.hasPrefix(Self.averagePrefix) } ? try read(Self.averagePrefix) : nil
    step = state.step
    objectiveSteps = state.objectiveSteps ?? [:]
    preparations = state.preparations ?? [:]
    generator = state.generator
    epochs = state.epochs
    configuration = state.configuration
    events = state.events
  }

  /// The text of the configuration in a checkpoint's file, whatever network it is of.
  ///
  /// - Throws: `SafetensorsError` or ``TrainingError`` if the file is no sound checkpoint.
  static func configuration(of file: URL) throws -> String { try readState(file).state.configuration }

  private static func readState(_ file: URL) throws -> (state: State, tensors: Safetensors) {
    let tensors = try Safetensors(contentsOf: file)
    if let checksum = tensors.metadata["checksum"], checksum != Self.checksum(of: tensors) {
      throw TrainingError(
        "\(file.relativePath): the checkpoint is damaged: its checksum is not that of its content; bring back a copy of "
          + "the file, or begin again in another folder.")
    }
    guard let text = tensors.metadata["state"],
      let state = try? JSONDecoder().decode(State.self, from: Data(text.utf8)),
      ([state.step] + (state.objectiveSteps ?? [:]).values).allSatisfy((0..<1 << 50).contains)
    else {
      throw TrainingError("\(file.relativePath): this is no checkpoint of a training.")
    }
    return (state, tensors)
  }

  /// The checksum of all that a file holds but the checksum itself.
  private static func checksum(of content: Safetensors) -> String {
    var fingerprint = ContentFingerprint()
    fingerprint.update(Array((content.metadata["state"] ?? "").utf8))
    for tensor in content.tensors {
      fingerprint.update(Array(tensor.name.utf8))
      fingerprint.update(tensor.shape.map(Int64.init))
      fingerprint.update(tensor.values)
    }
    return fingerprint.text
  }

  /// Writes the checkpoint, which takes its name when it is complete.
  ///
  /// - Throws: `FileOutputError` if the file cannot be written.
  public func write(to file: URL) throws {
    var parts = Array(zip(Self.prefixes, [parameters, bestParameters, firstMoment, secondMoment]))
    if let average { parts.append((Self.averagePrefix, average)) }
    var tensors: [SafetensorsTensor] = []
    for (prefix, part) in parts {
      for entry in part.layout.entries {
        tensors.append(
          SafetensorsTensor(
            name: prefix + entry.name, shape: [entry.rows, entry.columns],
            values: Array(part.values[entry.offset..<entry.offset + entry.count])))
      }
    }
    let state = State(
      step: step, objectiveSteps: objectiveSteps.isEmpty ? nil : objectiveSteps,
      preparations: preparations.isEmpty ? nil : preparations, generator: generator, epochs: epochs,
      configuration: configuration, events: events)
    let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    var content = try Safetensors(tensors, metadata: ["state": text])
    content.metadata["checksum"] = Self.checksum(of: content)
    try content.write(to: file)
  }
}

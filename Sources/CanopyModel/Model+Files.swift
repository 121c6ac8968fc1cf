// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import PluginKit

extension Model {
  /// The file of a model's folder that describes it.
  public static let descriptionFile = "model.json"
  /// The file of a model's folder that holds its weights.
  public static let weightsFile = "weights.safetensors"
  /// Larger descriptions are refused unread.
  private static let largestDescription = 64 << 20

  /// Reads a model from its folder. Nothing of the folder is executed and no length in it is trusted.
  ///
  /// - Throws: ``ModelError`` or `SafetensorsError`, in one sentence that names the file and what is wrong.
  public init(contentsOf folder: URL, plugins: PluginRegistry) throws {
    let file = folder.appendingPathComponent(Self.descriptionFile)
    let description = try Self.readDescription(file)
    let network: Network
    do {
      network = try Network(
        embedding: description.embedding,
        heads: description.heads.map { head in
          let plugin = try plugins.head(head.plugin)
          guard plugin.version.major == head.version.major else {
            throw ModelError(
              "the head \(head.name) was trained with \(head.plugin) \(head.version), and this is "
                + "\(plugin.version): train it again, or use the older plugin")
          }
          return (head.name, plugin, head.configuration)
        })
    } catch {
      throw ModelError("\(file.relativePath): \(error).")
    }
    guard description.scaling.median.count == network.embedding.featureCount,
      description.scaling.interquartileRange.count == network.embedding.featureCount,
      description.scaling.interquartileRange.allSatisfy({ $0.isFinite && $0 > 0 }),
      description.scaling.median.allSatisfy(\.isFinite)
    else {
      throw ModelError(
        "\(file.relativePath): the scaling needs a finite median and a positive interquartile range for each of "
          + "the \(network.embedding.featureCount) features.")
    }
    let parameters = Parameters(layout: network.layout)
    try parameters.read(from: folder.appendingPathComponent(Self.weightsFile))
    self.init(description: description, network: network, parameters: parameters)
  }

  private static func readDescription(_ file: URL) throws -> ModelDescription {
    let data: Data
    do {
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= largestDescription else {
        throw ModelError("\(file.relativePath): \(size) bytes are too many for the description of a model.")
      }
      data = try Data(contentsOf: file)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError(
        "\(file.relativePath): cannot be read; a model is a folder with \(descriptionFile) and \(weightsFile)."
      )
    }
    do {
      let description = try JSONDecoder().decode(ModelDescription.self, from: data)
      guard description.formatVersion == 1 else {
        throw ModelError("the format is \(description.formatVersion), but this Canopy reads format 1")
      }
      guard description.jets.trees else {
        throw ModelError("jets.trees is false, but the network reads trees")
      }
      return description
    } catch let error as DecodingError {
      throw ModelError("\(file.relativePath): is no description of a model: \(error.sentence).")
    } catch {
      throw ModelError("\(file.relativePath): is no description of a model: \(error).")
    }
  }

  /// Writes the model into a folder, which is made where it does not exist.
  ///
  /// Each file is complete before it takes its name.
  ///
  /// - Throws: ``ModelError`` or `SafetensorsError` where the folder cannot be written.
  public func write(to folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw ModelError(
        "\(folder.relativePath): the folder cannot be made; choose one that can be written to.")
    }
    try parameters.write(to: folder.appendingPathComponent(Self.weightsFile))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let file = folder.appendingPathComponent(Self.descriptionFile)
    do {
      try encoder.encode(description).write(to: file, options: .atomic)
    } catch {
      throw ModelError("\(file.relativePath): cannot be written; choose a folder that can be written to.")
    }
  }
}

extension Parameters {
  /// Takes over the numbers of a safetensors file, which must hold each parameter of the layout and no other.
  ///
  /// - Throws: `SafetensorsError` or ``ModelError``, in one sentence that names the file and the tensor.
  public func read(from file: URL) throws {
    let tensors = try Safetensors(contentsOf: file)
    for entry in layout.entries {
      let numbers = try tensors.values(of: entry.name, shape: entry.tensorShape)
      guard numbers.allSatisfy(\.isFinite) else {
        throw ModelError("\(file.relativePath): the tensor \(entry.name) holds a number that is not finite.")
      }
      for (i, number) in numbers.enumerated() { values[entry.offset + i] = number }
    }
    let known = Set(layout.entries.map(\.name))
    if let unknown = tensors.names.first(where: { !known.contains($0) }) {
      throw ModelError(
        "\(file.relativePath): the network has no parameter \(unknown); is this another model's file?")
    }
  }

  /// Writes the numbers as a safetensors file, complete before it takes its name.
  ///
  /// - Throws: `SafetensorsError` where the file cannot be written.
  public func write(to file: URL) throws {
    try Safetensors(
      layout.entries.map { entry in
        SafetensorsTensor(
          name: entry.name, shape: entry.tensorShape,
          values: Array(values[entry.offset..<entry.offset + entry.count]))
      }
    ).write(to: file)
  }
}

extension ParameterLayout.Entry {
  /// A bias is a vector to others who read the file.
  fileprivate var tensorShape: [Int] { rows == 1 ? [columns] : [rows, columns] }
}

extension DecodingError {
  /// What is wrong and where, without the type names of the program.
  fileprivate var sentence: String {
    func path(_ context: Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch self {
    case .keyNotFound(let key, let context):
      return "\((path(context).isEmpty ? "" : path(context) + ".") + key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context)) has another type than it should"
    case .dataCorrupted(let context):
      return path(context).isEmpty ? "it is no JSON" : "\(path(context)): \(context.debugDescription)"
    @unknown default:
      return "\(self)"
    }
  }
}

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetEmbedding
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
    var network: Network
    do {
      network = try Network(
        embedding: description.embedding, events: description.events,
        heads: description.heads.map { head in
          let plugin: any Head.Type
          do {
            plugin = try plugins.head(head.plugin, version: head.version)
          } catch {
            throw ModelError("the head \(head.name): \(error.clause)")
          }
          guard plugin.version.major == head.version.major else {
            throw ModelError(
              "the head \(head.name) was trained with \(head.plugin) \(head.version), and this is "
                + "\(plugin.version): train it again, or use the older plugin")
          }
          return (head.name, plugin, head.configuration)
        })
      try network.calibrate(by: description.heads.map(\.calibration))
      guard description.jets.trees || !network.readsTrees else {
        throw ModelError("jets.trees is false, but the network reads trees")
      }
    } catch {
      throw ModelError("\(file.relativePath): \(error.clause).")
    }
    let scaling = description.scaling
    try Self.check(scaling.nodes, "nodes", network.embedding?.featureCount ?? 0, file)
    let events = description.events
    try Self.check(scaling.events?.momenta, "events.momenta", events?.momenta.count ?? 0, file)
    try Self.check(scaling.events?.inputs, "events.inputs", events?.inputNames.count ?? 0, file)
    let weights = folder.appendingPathComponent(Self.weightsFile)
    self.init(
      description: description, network: network,
      parameters: try Parameters(layout: network.layout, contentsOf: weights))
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
      // A later format may have other members, so that its number comes first.
      let format = try JSONDecoder().decode(Format.self, from: data).formatVersion
      guard format == 1 else {
        throw ModelError(
          "\(file.relativePath): the format is \(format), and this version of Canopy reads format 1 only: "
            + "use the version that wrote the model.")
      }
      return try JSONDecoder().decode(ModelDescription.self, from: data)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError("\(file.relativePath): is no description of a model: \(error.clause).")
    }
  }

  private static func check(
    _ scaling: FeatureScaling?, _ name: String, _ count: Int, _ file: URL
  ) throws {
    let median = scaling?.median ?? []
    let range = scaling?.interquartileRange ?? []
    guard median.count == count, range.count == count, median.allSatisfy(\.isFinite),
      range.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw ModelError(
        "\(file.relativePath): scaling.\(name) needs a finite median and a positive interquartile range for each of "
          + "\(count) features.")
    }
  }

  private struct Format: Decodable {
    var formatVersion: Int
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
  /// The numbers of a safetensors file, which must hold each parameter of the layout and no other.
  ///
  /// Memory is asked for only when the file was found to hold as much.
  ///
  /// - Throws: `SafetensorsError` or ``ModelError``, in one sentence that names the file and the tensor.
  public convenience init(layout: ParameterLayout, contentsOf file: URL) throws {
    let tensors = try Safetensors(contentsOf: file)
    let numbers = try layout.entries.map { entry in
      let numbers = try tensors.values(of: entry.name, shape: entry.tensorShape)
      guard numbers.allSatisfy(\.isFinite) else {
        throw ModelError("\(file.relativePath): the tensor \(entry.name) holds a number that is not finite.")
      }
      return numbers
    }
    let known = Set(layout.entries.map(\.name))
    if let unknown = tensors.names.first(where: { !known.contains($0) }) {
      throw ModelError(
        "\(file.relativePath): the network has no parameter \(unknown); is this another model's file?")
    }
    self.init(layout: layout)
    for (entry, numbers) in zip(layout.entries, numbers) {
      for (i, number) in numbers.enumerated() { values[entry.offset + i] = number }
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

// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import PluginKit
import Support

extension Model {
  /// The file of a model's folder that describes it.
  public static let descriptionFile = "model.json"
  /// The file of a model's folder that holds its weights.
  public static let weightsFile = "weights.safetensors"
  /// The file that the weights of a new description are in until they replace the old ones.
  private static let newWeightsFile = "weights.new.safetensors"
  /// Larger descriptions are refused unread.
  private static let largestDescription = 64 << 20

  /// Reads a model from its folder.
  ///
  /// Nothing of the folder is executed and no length in it is trusted. The models of folds are in folders of their own.
  ///
  /// - Throws: ``ModelError`` or `SafetensorsError`, in one sentence that names the file and what is wrong.
  public init(contentsOf folder: URL, plugins: PluginRegistry) throws {
    try self.init(contentsOf: folder, plugins: plugins, isApplied: false)
  }

  /// Reads a model, which keeps no weighting of its own if it is the one that weights particles for another, so that folders are
  /// not followed without end.
  init(contentsOf folder: URL, plugins: PluginRegistry, isApplied: Bool) throws {
    let file = folder.appendingPathComponent(Self.descriptionFile)
    let data = try Self.readFile(file)
    if (try? JSONDecoder().decode(Format.self, from: data))?.formatVersion == Self.formatOfFolds {
      self = try Self.readFolds(data, in: folder, plugins: plugins, isApplied: isApplied)
      return
    }
    var (description, members, weightsChecksum) = try Self.readDescription(file)
    var network: Network
    var weighting: AppliedWeighting?
    do {
      guard !isApplied || description.weighting == nil else {
        throw ModelError("a model that weights particles for another cannot be for weighted particles itself")
      }
      network = try Network(
        embedding: description.embedding?.choice(for: .embedding, plugins),
        events: description.events?.choice(for: .events, plugins),
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
        },
        observables: ObservableCatalogue(
          description.observableChoices(plugins), plugins: plugins),
        cuts: description.cuts)
      network.jetMatching = description.jetMatching ?? JetMatching()
      try network.prepare(by: description.heads.map(\.preparation))
      try network.calibrate(by: description.heads.map(\.calibration))
      try description.checkMembers(by: network)
      guard description.jets.trees || !network.readsTrees else {
        throw ModelError("jets.trees is false, but the network reads trees")
      }
      try description.scaling.resolve(for: network)
      // The stages have said what they read of the scaling.
      try description.checkMembers(of: members)
      weighting = try description.weighting.map {
        try AppliedWeighting($0, ofModelIn: folder, plugins: plugins)
      }
    } catch {
      throw ModelError(ModelError("\(file.relativePath): \(error.clause)").sentence)
    }
    let weights = try Self.readWeights(folder, checksum: weightsChecksum)
    let parameters = try Parameters(layout: network.layout, weights.tensors)
    guard weights.isOfDescription else {
      // A writer may have put another description in place since that was read.
      if try Self.readDescription(file).weightsChecksum != weightsChecksum {
        self = try Model(contentsOf: folder, plugins: plugins, isApplied: isApplied)
        return
      }
      throw ModelError(
        "\(folder.appendingPathComponent(Self.weightsFile).relativePath): these are not the weights that "
          + "\(Self.descriptionFile) was written with; copy both files of the model again, or, if you changed the "
          + "weights, take weightsChecksum out of \(Self.descriptionFile).")
    }
    self.init(
      description: description, network: network, parameters: parameters, weighting: weighting)
  }

  /// The weights that belong to a description: those of this checksum, if it has one.
  private static func readWeights(
    _ folder: URL, checksum: String?
  ) throws -> (tensors: Safetensors, isOfDescription: Bool) {
    let file = folder.appendingPathComponent(weightsFile)
    let new = folder.appendingPathComponent(newWeightsFile)
    let data = Result { try Safetensors.bytes(of: file) }
    func isWanted(_ data: Data) -> Bool { checksum == nil || ContentFingerprint(data).text == checksum }
    if let checksum, (try? data.get()).map({ ContentFingerprint($0).text }) != checksum,
      let newData = try? Safetensors.bytes(of: new), isWanted(newData)
    {
      return (try Safetensors(newData, source: new.relativePath), true)
    }
    let found = try data.get()
    return (try Safetensors(found, source: file.relativePath), isWanted(found))
  }

  /// The bytes of a description.
  private static func readFile(_ file: URL) throws -> Data {
    do {
      let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= largestDescription else {
        throw ModelError("\(file.relativePath): \(size) bytes are too many for the description of a model.")
      }
      return try Data(contentsOf: file)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError(
        "\(file.relativePath): cannot be read; a model is a folder with \(descriptionFile) and \(weightsFile)."
      )
    }
  }

  private static func readDescription(
    _ file: URL
  ) throws -> (description: ModelDescription, members: JSONValue, weightsChecksum: String?) {
    let data = try readFile(file)
    do {
      // A later format may have other members, so that its number comes first.
      let format = try JSONDecoder().decode(Format.self, from: data)
      guard format.formatVersion == 1 else {
        throw ModelError(
          "\(file.relativePath): the format is \(format.formatVersion), and this version of Canopy reads formats 1 and \(formatOfFolds) "
            + "only: use the version that wrote the model.")
      }
      let description = try JSONDecoder().decode(ModelDescription.self, from: data)
      let members = try JSONDecoder().decode(JSONValue.self, from: data)
      do {
        try description.checkMembers(of: members)
      } catch let error as ModelError {
        throw ModelError("\(file.relativePath): \(error.sentence)")
      }
      return (description, members, format.weightsChecksum)
    } catch let error as ModelError {
      throw error
    } catch {
      throw ModelError("\(file.relativePath): is no description of a model: \(error.clause).")
    }
  }

  private struct Format: Decodable {
    var formatVersion: Int
    var weightsChecksum: String?
  }

  /// A description that knows which weights it belongs to.
  private struct StoredDescription: Encodable {
    let description: ModelDescription
    let weightsChecksum: String

    private enum CodingKeys: String, CodingKey { case weightsChecksum }

    func encode(to encoder: any Encoder) throws {
      try description.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(weightsChecksum, forKey: .weightsChecksum)
    }
  }

  /// Writes the model into a folder, which is made where it does not exist.
  ///
  /// At any moment the folder holds the old model or the new one: the new weights lie beside the old ones when the
  /// description takes its place, which says by a checksum which of the two are its own.
  ///
  /// - Throws: `FileOutputError` if the folder cannot be written.
  public func write(to folder: URL) throws {
    if let folds {
      for (fold, member) in members.enumerated() {
        try member.write(to: folder.appendingPathComponent(Self.folder(ofFold: fold)))
      }
      try Self.write(folds, to: folder)
      return
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw FileOutputError(folder.relativePath, code: error.systemCode)
    }
    try weighting?.write(to: folder)
    let weights = try parameters.safetensors().encoded()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(
      StoredDescription(description: description, weightsChecksum: ContentFingerprint(weights).text))
    let weightsFile = folder.appendingPathComponent(Self.weightsFile).relativePath
    let newFile = folder.appendingPathComponent(Self.newWeightsFile).relativePath
    func replaceWeights() throws {
      guard rename(newFile, weightsFile) == 0 else { throw FileOutputError(weightsFile, code: errno) }
      try WholeFile.synchroniseFolder(of: weightsFile)
    }
    // Weights that a killed program did not get to their place.
    if Self.newWeightsBelong(to: folder) { try replaceWeights() }
    do {
      try WholeFile.write(weights, to: newFile)
      try WholeFile.write(text, to: folder.appendingPathComponent(Self.descriptionFile).relativePath)
    } catch {
      if !Self.newWeightsBelong(to: folder) { unlink(newFile) }
      throw error
    }
    try replaceWeights()
  }

  /// Whether the description in a folder is that of the new weights in it.
  private static func newWeightsBelong(to folder: URL) -> Bool {
    guard let weights = try? Safetensors.bytes(of: folder.appendingPathComponent(newWeightsFile)) else {
      return false
    }
    let checksum = try? readDescription(folder.appendingPathComponent(descriptionFile)).weightsChecksum
    return checksum == ContentFingerprint(weights).text
  }
}

extension Parameters {
  /// The numbers of a safetensors file, which must hold each parameter of the layout and no other.
  ///
  /// Memory is asked for only when the file was found to hold as much.
  ///
  /// - Throws: `SafetensorsError` or ``ModelError``, in one sentence that names the file and the tensor.
  public convenience init(layout: ParameterLayout, contentsOf file: URL) throws {
    try self.init(layout: layout, Safetensors(contentsOf: file))
  }

  fileprivate convenience init(layout: ParameterLayout, _ tensors: Safetensors) throws {
    let numbers = try layout.entries.map { entry in
      let numbers = try tensors.values(of: entry.name, shape: entry.tensorShape)
      guard numbers.allSatisfy(\.isFinite) else {
        throw ModelError("\(tensors.source): the tensor \(entry.name) holds a number that is not finite.")
      }
      return numbers
    }
    let known = Set(layout.entries.map(\.name))
    if let unknown = tensors.names.first(where: { !known.contains($0) }) {
      throw ModelError(
        "\(tensors.source): the network has no parameter \(unknown); is this another model's file?")
    }
    self.init(layout: layout)
    for (entry, numbers) in zip(layout.entries, numbers) {
      for (i, number) in numbers.enumerated() { values[entry.offset + i] = number }
    }
  }

  /// Writes the numbers as a safetensors file, which takes its name when it is complete.
  ///
  /// - Throws: `FileOutputError` if the file cannot be written.
  public func write(to file: URL) throws { try safetensors().write(to: file) }

  fileprivate func safetensors() throws -> Safetensors {
    try Safetensors(
      layout.entries.map { entry in
        SafetensorsTensor(
          name: entry.name, shape: entry.tensorShape,
          values: Array(values[entry.offset..<entry.offset + entry.count]))
      })
  }
}

extension ParameterLayout.Entry {
  /// A bias is a vector to others who read the file.
  fileprivate var tensorShape: [Int] { rows == 1 ? [columns] : [rows, columns] }
}
